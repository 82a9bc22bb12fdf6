//! A day on a desk, as customers, agents, visitors and Chatwoot make it.

use recado::desk::{Conversation, Time};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{Chatwoot, Tenant, admin, change, echo, envelope, post, reaction, status, text};

const ANA: &str = "5511888888888";
const BEA: &str = "5511777777777";

/// A desk on which somebody has written, and whose day is to pass.
pub(crate) struct Day {
    phone: String,
    site: String,
    card: Conversation,
    token: String,
}

impl Day {
    pub(crate) async fn of(tenant: &Tenant<'_>) -> Self {
        let site = tenant.site().await;
        tenant.writes(ANA, "wamid.1", "Oi").await;
        let (phone, token) = (tenant.phone.clone(), admin(&tenant.desk));
        Self { phone, site, card: tenant.card().await, token }
    }

    /// Has all sides tell a server what they have to tell in a day.
    pub(crate) async fn passes(&self, url: &str) {
        let told = Told { url, phone: &self.phone, token: &self.token };
        told.customers_write().await;
        told.agents_work(&self.card).await;
        told.visitor_chats(&self.site).await;
        told.chatwoot_tells().await;
    }
}

/// Who speaks to a server.
struct Told<'a> {
    url: &'a str,
    phone: &'a str,
    token: &'a str,
}

impl Told<'_> {
    async fn customers_write(&self) {
        let mut question = text(ANA, "wamid.2", "Olá?");
        question["timestamp"] = json!(Time::now().seconds().to_string());
        let picture = json!({ "from": ANA, "id": "wamid.5", "timestamp": "1700000001", "type": "image",
            "image": { "id": "picture", "mime_type": "image/jpeg" } });
        self.arrives(json!({ "messages": [&question] })).await;
        self.arrives(json!({ "messages": [&question, text(BEA, "wamid.3", "Oi"), picture] })).await;
        self.arrives(json!({ "statuses": [status("wamid.4", "delivered")] })).await;
        self.arrives(json!({ "message_echoes": [echo(ANA, "wamid.4", "Já vemos")] })).await;
        self.arrives(json!({ "messages": [reaction(ANA, "wamid.4", "👍", 1_700_000_200)] })).await;
    }

    async fn agents_work(&self, card: &Conversation) {
        let conversation = format!("/api/conversations/{}", card.id);
        let later = Time::now().plus_seconds(3_600).to_string();
        for change in [
            json!({ "assigneeId": "boss", "labels": ["troca"] }),
            json!({ "stageId": card.stage_id, "atBottom": true }),
            json!({ "status": "SNOOZED", "snoozedUntil": later }),
            json!({ "status": "RESOLVED" }),
        ] {
            self.asks(Method::PATCH, &conversation, change).await;
        }
        for said in [
            json!({ "type": "TEXT", "content": "Já vai", "clientId": "c-1" }),
            json!({ "type": "TEXT", "content": "Difícil", "isPrivate": true }),
        ] {
            self.asks(Method::POST, &format!("{conversation}/messages"), said).await;
        }
        for done in ["read", "unread"] {
            self.asks(Method::POST, &format!("{conversation}/{done}"), json!({})).await;
        }
        let contacts = self.asks(Method::GET, "/api/contacts", Value::Null).await;
        let others = contacts["contacts"].as_array().unwrap().iter().map(|it| it["id"].clone());
        let other = others.into_iter().find(|it| *it != json!(card.contact.id)).unwrap();
        let contact = format!("/api/contacts/{}", card.contact.id);
        self.asks(Method::PATCH, &contact, json!({ "name": "Ana" })).await;
        for (done, body) in [
            ("block", json!({})),
            ("unblock", json!({})),
            ("merge", json!({ "into": other })),
            ("unmerge", json!({})),
        ] {
            self.asks(Method::POST, &format!("{contact}/{done}"), body).await;
        }
    }

    async fn visitor_chats(&self, site: &str) {
        let opening = json!({ "inbox": site, "name": "Caio" });
        let opened = self.asks(Method::POST, "/api/livechat/sessions", opening).await;
        let session =
            format!("/api/livechat/sessions/{}", opened["session"]["id"].as_str().unwrap());
        let visitor = Told { token: opened["token"].as_str().unwrap(), ..*self };
        for (done, body) in [
            ("messages", json!({ "content": "Oi" })),
            ("read", json!({})),
            ("end", json!({})),
            ("rating", json!({ "score": 5 })),
        ] {
            visitor.asks(Method::POST, &format!("{session}/{done}"), body).await;
        }
    }

    async fn chatwoot_tells(&self) {
        let chatwoot = Chatwoot::start().await;
        chatwoot.connect_at(self.url, self.token, &json!({})).await;
        let talk = chatwoot.begins("Dora", 14).await;
        let question = chatwoot.says(talk, "incoming", "Oi", json!({})).await;
        chatwoot.turns(talk, |standing| "resolved".clone_into(&mut standing.status)).await;
        chatwoot.deletes(talk, question).await;
    }

    async fn arrives(&self, value: Value) {
        let taken = post(self.url, envelope(&[change(self.phone, value)]).to_string()).await;
        assert!(taken.status().is_success());
    }

    async fn asks(&self, method: Method, path: &str, body: Value) -> Value {
        let request = Client::new().request(method, format!("{}{path}", self.url));
        let answer = request.bearer_auth(self.token).json(&body).send().await.unwrap();
        let (status, answer) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }
}
