//! A Chatwoot with one account, as seen by whoever is connected to it: it sends each webhook once,
//! echoes what is sent through its API, and keeps what was said.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use recado::desk::{Desk, InboxId, Time};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{TestServer, token};

/// What the API asks for.
pub(crate) const API_TOKEN: &str = "token-of-an-agent";

/// Its address, and what it has done.
#[derive(Clone)]
pub(crate) struct Chatwoot {
    pub(crate) url: String,
    state: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    webhooks_to: Option<String>,
    loses: bool,
    now: i64,
    next: u64,
    talks: BTreeMap<u64, Talk>,
    /// Webhooks that were made, whether they arrived or not.
    sent: Vec<Value>,
    /// What the API was asked, by path and body.
    asked: Vec<(String, Value)>,
    faults: Vec<Fault>,
}

#[derive(Clone)]
struct Talk {
    contact: Value,
    status: String,
    assignee: Value,
    labels: Vec<String>,
    updated_at: i64,
    messages: Vec<Value>,
}

/// What goes wrong with the next send.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// It is refused with that status.
    Answer(u16),
    /// It is taken, and the answer is lost.
    Lost,
}

impl Chatwoot {
    pub(crate) async fn start() -> Self {
        let state =
            Arc::new(Mutex::new(Kept { now: Time::now().seconds(), next: 100, ..Kept::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let chatwoot = Self { url, state };
        let account = "/api/v1/accounts/1";
        let router = Router::new()
            .route(&format!("{account}/agents"), get(agents))
            .route(&format!("{account}/conversations"), get(conversations))
            .route(&format!("{account}/conversations/{{id}}/messages"), get(messages).post(send))
            .route(&format!("{account}/conversations/{{id}}/{{what}}"), post(other))
            .route("/files/{name}", get(|| async { super::picture("") }))
            .with_state(chatwoot.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        chatwoot
    }

    /// Connects it to a tenant, as an admin does; returns the inbox.
    pub(crate) async fn connect(&self, server: &TestServer, desk: &Desk, more: &Value) -> InboxId {
        let mut body = json!({
            "name": "Chatwoot", "baseUrl": self.url, "accountId": 1, "apiAccessToken": API_TOKEN,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (path, token) = ("/api/chatwoot/inboxes", admin(desk));
        let (status, added) = server.send(Method::POST, path, &token, &body).await;
        assert_eq!(status, 201, "{added}");
        let path = added["webhookPath"].as_str().unwrap();
        self.kept().webhooks_to = Some(format!("{}{path}", server.url));
        added["inbox"]["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn webhooks_to(&self) -> String {
        self.kept().webhooks_to.clone().unwrap()
    }

    /// Whether webhooks get lost from now on.
    pub(crate) fn lose(&self, loses: bool) {
        self.kept().loses = loses;
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.kept().faults.push(fault);
    }

    /// What was asked of a path that ends so.
    pub(crate) fn asked(&self, end: &str) -> Vec<Value> {
        let kept = self.kept();
        let asked = kept.asked.iter().filter(|(path, _)| path.ends_with(end));
        asked.map(|(_, body)| body.clone()).collect()
    }

    /// All webhooks that were made.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.kept().sent.clone()
    }

    /// Somebody begins a conversation.
    pub(crate) async fn begins(&self, name: &str, contact: u64) -> u64 {
        let (id, webhook) = {
            let mut kept = self.kept();
            let id = kept.number();
            let contact = json!({
                "id": contact, "name": name, "email": format!("{name}@example.com").to_lowercase(),
                "phone_number": format!("+551198888{contact:04}"), "type": "contact",
            });
            let updated_at = kept.tick();
            let talk = Talk {
                contact,
                status: "open".to_owned(),
                assignee: Value::Null,
                labels: Vec::new(),
                updated_at,
                messages: Vec::new(),
            };
            kept.talks.insert(id, talk);
            let webhook = kept.talk_told(id, "conversation_created");
            (id, webhook)
        };
        self.deliver(webhook).await;
        id
    }

    /// Somebody says something in a conversation: the customer, or an agent in Chatwoot.
    pub(crate) async fn says(&self, talk: u64, kind: &str, content: &str, more: Value) -> u64 {
        let (id, webhook) = self.kept().add(talk, kind, content, &more);
        self.deliver(webhook).await;
        id
    }

    /// Deletes a message.
    pub(crate) async fn deletes(&self, talk: u64, message: u64) {
        let webhook = {
            let mut kept = self.kept();
            let now = kept.tick();
            let told = kept.talks.get_mut(&talk).unwrap();
            told.updated_at = now;
            let told = told.messages.iter_mut().find(|it| it["id"] == message).unwrap();
            told["content"] = json!("This message was deleted");
            told["content_attributes"]["deleted"] = json!(true);
            let told = told.clone();
            kept.message_told(talk, &told, "message_updated")
        };
        self.deliver(webhook).await;
    }

    /// An agent in Chatwoot changes how a conversation stands.
    pub(crate) async fn turns(&self, talk: u64, change: impl FnOnce(&mut Standing)) {
        let webhook = {
            let mut kept = self.kept();
            let now = kept.tick();
            let told = kept.talks.get_mut(&talk).unwrap();
            let mut standing = Standing {
                status: told.status.clone(),
                assignee: told.assignee.clone(),
                labels: told.labels.clone(),
            };
            change(&mut standing);
            (told.status, told.assignee, told.labels) =
                (standing.status, standing.assignee, standing.labels);
            told.updated_at = now;
            kept.talk_told(talk, "conversation_updated")
        };
        self.deliver(webhook).await;
    }

    /// Tries a webhook once, as Chatwoot does.
    pub(crate) async fn deliver(&self, webhook: Value) {
        let to = {
            let mut kept = self.kept();
            kept.sent.push(webhook.clone());
            kept.webhooks_to.clone().filter(|_| !kept.loses)
        };
        if let Some(to) = to {
            let answer = reqwest::Client::new().post(to).json(&webhook).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{webhook}");
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.state.lock().unwrap()
    }
}

/// What agents change about a conversation.
pub(crate) struct Standing {
    pub(crate) status: String,
    pub(crate) assignee: Value,
    pub(crate) labels: Vec<String>,
}

impl Kept {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn tick(&mut self) -> i64 {
        self.now += 1;
        self.now
    }

    fn add(&mut self, talk: u64, kind: &str, content: &str, more: &Value) -> (u64, Value) {
        let (id, now) = (self.number(), self.tick());
        let told = self.talks.get_mut(&talk).unwrap();
        let sender = match kind {
            "incoming" => told.contact.clone(),
            _ => json!({ "id": 1, "name": "Zoe", "type": "user" }),
        };
        let number =
            ["incoming", "outgoing", "activity", "template"].iter().position(|it| *it == kind);
        let mut message = json!({
            "id": id, "content": content, "content_type": "text", "content_attributes": {},
            "message_type": number, "private": false, "source_id": null, "status": "sent",
            "created_at": now, "conversation_id": talk, "inbox_id": 3, "sender": sender,
        });
        message.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        told.messages.push(message.clone());
        told.updated_at = now;
        (id, self.message_told(talk, &message, "message_created"))
    }

    fn talk(&self, id: u64) -> Value {
        let talk = &self.talks[&id];
        json!({
            "id": id, "inbox_id": 3, "status": talk.status, "labels": talk.labels,
            "meta": { "sender": talk.contact, "assignee": talk.assignee },
            "timestamp": talk.updated_at, "updated_at": talk.updated_at,
            "messages": talk.messages.last().into_iter().collect::<Vec<_>>(),
        })
    }

    fn talk_told(&self, id: u64, event: &str) -> Value {
        let mut told = self.talk(id);
        told["event"] = json!(event);
        told
    }

    /// As webhooks write messages: the type as a word, the time in ISO 8601.
    fn message_told(&self, talk: u64, message: &Value, event: &str) -> Value {
        let mut told = message.clone();
        let number = usize::try_from(told["message_type"].as_u64().unwrap()).unwrap();
        told["message_type"] = json!(["incoming", "outgoing", "activity", "template"][number]);
        let at = Time::from_seconds(told["created_at"].as_i64().unwrap()).unwrap();
        told["created_at"] = json!(at.to_string());
        told["event"] = json!(event);
        told["inbox"] = json!({ "id": 3, "name": "Site" });
        told["conversation"] = self.talk(talk);
        told
    }
}

async fn agents(State(chatwoot): State<Chatwoot>, headers: HeaderMap) -> Response {
    if let Some(refused) = refused(&chatwoot, &headers) {
        return refused;
    }
    Json(json!([{ "id": 7, "name": "Ada", "email": "ada@acme.test" }])).into_response()
}

async fn conversations(
    State(chatwoot): State<Chatwoot>,
    Query(asked): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Some(refused) = refused(&chatwoot, &headers) {
        return refused;
    }
    assert!(asked.contains_key("updated_within") && asked["status"] == "all", "{asked:?}");
    let kept = chatwoot.kept();
    let payload: Vec<_> = kept.talks.keys().map(|id| kept.talk(*id)).collect();
    Json(json!({ "data": { "meta": {}, "payload": payload } })).into_response()
}

async fn messages(
    State(chatwoot): State<Chatwoot>,
    Path(id): Path<u64>,
    Query(asked): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Some(refused) = refused(&chatwoot, &headers) {
        return refused;
    }
    let after: u64 = asked["after"].parse().unwrap();
    let kept = chatwoot.kept();
    let found = kept.talks[&id].messages.iter().filter(|it| it["id"].as_u64() >= Some(after));
    Json(json!({ "payload": found.take(3).collect::<Vec<_>>() })).into_response()
}

async fn send(
    State(chatwoot): State<Chatwoot>,
    Path(id): Path<u64>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(refused) = refused(&chatwoot, &headers) {
        return refused;
    }
    let fault = chatwoot.kept().faults.pop();
    if let Some(Fault::Answer(status)) = fault {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    let is_form = headers["content-type"].to_str().unwrap().starts_with("multipart/");
    let asked: Value = if is_form {
        json!({ "form": String::from_utf8_lossy(&body) })
    } else {
        serde_json::from_slice(&body).unwrap()
    };
    let (number, webhook) = {
        let mut kept = chatwoot.kept();
        kept.asked.push((format!("{id}/messages"), asked.clone()));
        let content = asked["content"].as_str().unwrap_or_default().to_owned();
        let attributes = if is_form { json!({}) } else { asked["content_attributes"].clone() };
        kept.add(id, "outgoing", &content, &json!({ "content_attributes": attributes }))
    };
    chatwoot.deliver(webhook).await;
    if fault == Some(Fault::Lost) {
        // An answer that ends before it has begun.
        let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("cut"))]);
        return axum::body::Body::from_stream(broken).into_response();
    }
    Json(json!({ "id": number, "echo_id": asked["echo_id"] })).into_response()
}

async fn other(
    State(chatwoot): State<Chatwoot>,
    Path((id, what)): Path<(u64, String)>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    if let Some(refused) = refused(&chatwoot, &headers) {
        return refused;
    }
    chatwoot.kept().asked.push((format!("{id}/{what}"), asked.clone()));
    match what.as_str() {
        "toggle_status" => {
            let status = asked["status"].as_str().unwrap().to_owned();
            chatwoot.turns(id, |talk| talk.status = status).await;
        }
        "assignments" => {
            let is_ada = asked["assignee_id"] == 7;
            let ada = json!({ "id": 7, "name": "Ada", "email": "ada@acme.test", "type": "user" });
            let assignee = if is_ada { ada } else { Value::Null };
            chatwoot.turns(id, |talk| talk.assignee = assignee).await;
        }
        _ => {}
    }
    Json(json!({})).into_response()
}

fn refused(_: &Chatwoot, headers: &HeaderMap) -> Option<Response> {
    let is_known = headers.get("api_access_token").is_some_and(|told| told == API_TOKEN);
    (!is_known).then(|| StatusCode::UNAUTHORIZED.into_response())
}

/// A token of the tenant's admin.
pub(crate) fn admin(desk: &Desk) -> String {
    let exp = Time::now().seconds() + 3_600;
    token(&json!({ "sub": "boss", "tenantId": desk.tenant(), "role": "admin", "exp": exp }))
}
