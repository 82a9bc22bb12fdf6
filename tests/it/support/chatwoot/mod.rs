//! A Chatwoot with one account, as seen by whoever is connected to it: it tries each webhook once and for
//! 5 s, echoes what is sent through its API, keeps what was said, and tells of other messages what is wrong.

mod api;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use recado::desk::{Desk, InboxId, Time};
use reqwest::Client;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

use super::{TestServer, token};

/// What the API asks for.
pub(crate) const API_TOKEN: &str = "token-of-an-agent";

/// How long it waits for the answer to a webhook.
const UNTIL_GIVEN_UP: Duration = Duration::from_secs(5);

/// Its address, and what it has done.
#[derive(Clone)]
pub(crate) struct Chatwoot {
    pub(crate) url: String,
    client: Client,
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
    /// The token that its API takes, and how it answers any other.
    token: String,
    refusal: u16,
    /// By what it signs webhooks, as newer versions do.
    secret: Option<String>,
    /// Echoes that are told when what they echo has been answered.
    late: Option<Vec<Value>>,
    /// How many bytes its API tells of each conversation that nobody needs.
    padding: usize,
}

#[derive(Clone)]
struct Talk {
    inbox: u64,
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
    /// It is taken, and never answered.
    Silent,
    /// It takes a while to be taken.
    Late(Duration),
    /// It is taken, and answered with that status.
    TakenWith(u16),
}

impl TestServer {
    /// One that gives up requests soon and tries again at once, and asks no Chatwoot by itself.
    pub(crate) async fn beside_chatwoot() -> Self {
        let pace = ["--sending-timeout", "2", "--sending-backoff", "10"];
        Self::with(&[&pace[..], &["--chatwoot-reconcile", "0"]].concat()).await
    }
}

impl Chatwoot {
    pub(crate) async fn start() -> Self {
        let (token, refusal) = (API_TOKEN.to_owned(), 401);
        let now = Time::now().seconds();
        let kept = Kept { now, next: 100, token, refusal, ..Kept::default() };
        let state = Arc::new(Mutex::new(kept));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let chatwoot = Self { url, client: Client::new(), state };
        let api = api::router(chatwoot.clone());
        tokio::spawn(async move { axum::serve(listener, api).await.unwrap() });
        chatwoot
    }

    /// Connects it to a tenant, as an admin does; returns the inbox.
    pub(crate) async fn connect(&self, server: &TestServer, desk: &Desk, more: &Value) -> InboxId {
        self.connect_at(&server.url, &admin(desk), more).await
    }

    /// As `connect`, to a server of which nothing is known but its address.
    pub(crate) async fn connect_at(&self, server: &str, token: &str, more: &Value) -> InboxId {
        let mut body = json!({
            "name": "Chatwoot", "baseUrl": self.url, "accountId": 1, "apiAccessToken": API_TOKEN,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let request = self.client.post(format!("{server}/api/chatwoot/inboxes"));
        let answer = request.bearer_auth(token).json(&body).send().await.unwrap();
        let (status, added) = (answer.status(), answer.json::<Value>().await.unwrap());
        assert_eq!(status, 201, "{added}");
        let path = added["webhookPath"].as_str().unwrap();
        let mut kept = self.kept();
        kept.webhooks_to = Some(format!("{server}{path}"));
        kept.secret = body["webhookSecret"].as_str().map(str::to_owned);
        added["inbox"]["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn webhooks_to(&self) -> String {
        self.kept().webhooks_to.clone().unwrap()
    }

    /// Whether webhooks get lost from now on.
    pub(crate) fn lose(&self, loses: bool) {
        self.kept().loses = loses;
    }

    /// What happens from now on happened so many seconds earlier.
    pub(crate) fn set_back(&self, seconds: i64) {
        self.kept().now -= seconds;
    }

    /// From now on its API tells so many bytes of each conversation that nobody needs.
    pub(crate) fn pads(&self, bytes: usize) {
        self.kept().padding = bytes;
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.kept().faults.push(fault);
    }

    /// From now on its API takes another token, and refuses all others so.
    pub(crate) fn wants(&self, token: &str, refusal: u16) {
        let mut kept = self.kept();
        (kept.token, kept.refusal) = (token.to_owned(), refusal);
    }

    /// From now on echoes wait until they are let go.
    pub(crate) fn holds_echoes(&self) {
        self.kept().late = Some(Vec::new());
    }

    /// Tells the echoes that have waited; how many there were.
    pub(crate) async fn lets_echoes_go(&self) -> usize {
        let late = self.kept().late.take().unwrap_or_default();
        for echo in &late {
            self.deliver(echo.clone()).await;
        }
        late.len()
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
        self.begins_in(3, name, contact).await
    }

    /// Somebody begins a conversation in another inbox of the account.
    pub(crate) async fn begins_in(&self, inbox: u64, name: &str, contact: u64) -> u64 {
        let (id, webhook) = {
            let mut kept = self.kept();
            let id = kept.number();
            let contact = json!({
                "id": contact, "name": name, "email": format!("{name}@example.com").to_lowercase(),
                "phone_number": format!("+551198888{contact:04}"), "type": "contact",
            });
            let updated_at = kept.tick();
            let talk = Talk {
                inbox,
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

    /// Deletes a message, and the files in it.
    pub(crate) async fn deletes(&self, talk: u64, message: u64) {
        let webhook = {
            let mut kept = self.kept();
            let now = kept.tick();
            let told = kept.talks.get_mut(&talk).unwrap();
            told.updated_at = now;
            let told = told.messages.iter_mut().find(|it| it["id"] == message).unwrap();
            told["content"] = json!("This message was deleted");
            told["content_attributes"]["deleted"] = json!(true);
            told.as_object_mut().unwrap().remove("attachments");
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
            let (body, secret) = (webhook.to_string(), self.kept().secret.clone());
            let request = self.client.post(to).header("content-type", "application/json");
            let request = signed(request, &body, secret.as_deref()).timeout(UNTIL_GIVEN_UP);
            let answer = request.body(body).send().await.expect("Chatwoot gives up after 5 s");
            assert_eq!(answer.status(), 200, "{webhook}");
        }
    }

    /// Tells of what came through its API.
    async fn echo(&self, webhook: Value) {
        if let Some(late) = &mut self.kept().late {
            return late.push(webhook);
        }
        self.deliver(webhook).await;
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
            "created_at": now, "conversation_id": talk, "inbox_id": told.inbox, "sender": sender,
        });
        message.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        told.messages.push(message.clone());
        told.updated_at = now;
        (id, self.message_told(talk, &message, "message_created"))
    }

    fn talk(&self, id: u64) -> Value {
        let talk = &self.talks[&id];
        json!({
            "id": id, "inbox_id": talk.inbox, "status": talk.status, "labels": talk.labels,
            "meta": { "sender": talk.contact, "assignee": talk.assignee },
            "timestamp": talk.updated_at, "updated_at": talk.updated_at, "unread_count": 7,
            // What is nested may be another conversation's: chatwoot/chatwoot#15602, #13608.
            "messages": [{
                "id": 1, "content": "de outra conversa", "message_type": 0, "created_at": talk.updated_at,
                "conversation_id": 1, "sender": { "id": 99, "name": "Alguém", "type": "contact" },
            }],
        })
    }

    /// As its API lists it: that nobody looks after it, it leaves out.
    fn listed(&self, id: u64) -> Value {
        let mut told = self.talk(id);
        told["meta"].as_object_mut().unwrap().retain(|_, told| !told.is_null());
        told["additional_attributes"] = json!({ "referer": "x".repeat(self.padding) });
        told
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
        told["inbox"] = json!({ "id": self.talks[&talk].inbox, "name": "Site" });
        told["conversation"] = self.talk(talk);
        told
    }
}

/// A token of the tenant's admin.
pub(crate) fn admin(desk: &Desk) -> String {
    let exp = Time::now().seconds() + 3_600;
    token(&json!({ "sub": "boss", "tenantId": desk.tenant(), "role": "admin", "exp": exp }))
}

/// With the headers of newer versions, if there is something to sign by.
fn signed(
    request: reqwest::RequestBuilder,
    body: &str,
    secret: Option<&str>,
) -> reqwest::RequestBuilder {
    let Some(secret) = secret else { return request };
    let timestamp = Time::now().seconds();
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let mac = mac.chain_update(format!("{timestamp}.{body}"));
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let request = request.header("x-chatwoot-signature", signature);
    let request = request.header("x-chatwoot-timestamp", timestamp);
    request.header("x-chatwoot-delivery", "9b2f5f0e-6f1e-4a0c-9a54-0d6c1a7d1c55")
}
