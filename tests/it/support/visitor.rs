//! A visitor of a tenant's site.

use recado::desk::{Actor, LiveChatSettings, PreChatField, PreChatKind};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Answer, Client, Tenant, TestServer, upload_to};

/// By what test sites vouch for their users.
pub(crate) const IDENTITY_SECRET: &str = "only the site knows";

/// Where test sites' chats may be opened.
pub(crate) const SITE: &str = "https://shop.example";

/// Somebody who has opened the chat of a site.
pub(crate) struct Visitor<'a> {
    pub(crate) server: &'a TestServer,
    pub(crate) session: String,
    pub(crate) conversation: String,
    pub(crate) token: String,
    pub(crate) seq: i64,
}

impl<'a> Tenant<'a> {
    /// Puts the chat on the tenant's site; returns its public key.
    pub(crate) async fn site(&self) -> String {
        self.site_with(LiveChatSettings {
            title: Some("Loja".to_owned()),
            allowed_origins: vec![SITE.to_owned()],
            pre_chat: vec![PreChatField {
                key: "order".to_owned(),
                label: "Pedido".to_owned(),
                kind: PreChatKind::Text,
                is_required: false,
                options: Vec::new(),
            }],
            ..LiveChatSettings::default()
        })
        .await
    }

    pub(crate) async fn site_with(&self, settings: LiveChatSettings) -> String {
        let key = format!("pub_{}", self.desk.tenant());
        let by = Actor { user: "eva".into(), name: "Eva".to_owned(), address: None };
        let secret = IDENTITY_SECRET.into();
        let added = self.desk.add_live_chat(&key, "Site".to_owned(), settings, secret, &by);
        added.await.unwrap();
        key
    }

    /// By what agents know a contact of that name.
    pub(crate) async fn card_of(&self, name: &str) -> String {
        let cards = self.cards().await;
        let card = cards.iter().find(|card| card.contact.name.as_deref() == Some(name));
        card.unwrap().contact.id.to_string()
    }

    /// A visitor who opens the chat.
    pub(crate) async fn visitor(&self, name: &str) -> Visitor<'a> {
        let key = format!("pub_{}", self.desk.tenant());
        self.visitor_as(json!({ "inbox": key, "name": name })).await
    }

    pub(crate) async fn visitor_as(&self, opening: Value) -> Visitor<'a> {
        let opened = self.server.ask(Method::POST, "/api/livechat/sessions", opening).await;
        assert_eq!(opened.status, StatusCode::CREATED, "{opened:?}");
        Visitor::of(self.server, &opened)
    }
}

impl<'a> Visitor<'a> {
    pub(crate) fn of(server: &'a TestServer, opened: &Answer) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            server,
            session: text(&opened.body["session"]["id"]),
            conversation: text(&opened.body["session"]["conversationId"]),
            token: text(&opened.body["token"]),
            seq: opened.body["seq"].as_i64().unwrap(),
        }
    }

    /// The address of the chat, or of something about it.
    pub(crate) fn path(&self, what: &str) -> String {
        format!("/api/livechat/sessions/{}{what}", self.session)
    }

    pub(crate) async fn get(&self, what: &str) -> Answer {
        self.ask(Method::GET, &self.path(what), Value::Null).await
    }

    pub(crate) async fn post(&self, what: &str, body: Value) -> Answer {
        self.ask(Method::POST, &self.path(what), body).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        self.server.ask_with(method, path, &[("authorization", &bearer)], body).await
    }

    /// Says something; returns the message.
    pub(crate) async fn says(&self, content: &str) -> Value {
        let said = self.post("/messages", json!({ "content": content })).await;
        assert_eq!(said.status, StatusCode::CREATED, "{said:?}");
        said.body
    }

    /// Uploads a file.
    pub(crate) async fn uploads(
        &self,
        name: &str,
        mime_type: &str,
        bytes: &[u8],
    ) -> (StatusCode, Value) {
        let url = format!("{}{}", self.server.url, self.path("/media"));
        upload_to(&url, &self.token, (name, mime_type), bytes).await
    }

    /// What was said in the chat, as the visitor reads it.
    pub(crate) async fn reads(&self) -> Vec<String> {
        contents(&self.get("/messages").await.body["messages"])
    }

    pub(crate) async fn status(&self) -> String {
        self.get("").await.body["session"]["status"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.server.address(), &self.token).await.unwrap()
    }
}

pub(crate) fn contents(messages: &Value) -> Vec<String> {
    let messages = messages.as_array().unwrap();
    messages.iter().map(|it| it["content"].as_str().unwrap().to_owned()).collect()
}
