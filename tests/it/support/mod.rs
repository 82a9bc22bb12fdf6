//! A whole server with a database of its own, and the people who use it.

mod chatwoot;
mod database;
mod day;
mod files;
mod library;
mod person;
mod process;
mod push;
mod raw;
mod screen;
mod shop;
mod simulator;
mod socket;
mod team;
mod visitor;
mod whatsapp;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use clap::Parser as _;
use jsonwebtoken::{EncodingKey, Header};
use recado::app::App;
use recado::config::Cli;
use recado::desk::{Channel, Desk, Desks, Event, Feed, Logged, Sees, TenantId, Time};
use recado::realtime::Signals;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub(crate) use chatwoot::{API_TOKEN, Chatwoot, Fault, admin};
pub(crate) use database::Database;
pub(crate) use day::Day;
pub(crate) use files::{
    ANA, arrived, carrying, file, opened, served_by, stored, until, upload, upload_to, with_library,
};
pub(crate) use library::{Library, base64_of, picture};
pub(crate) use person::{Answer, PASSWORD, Person};
pub(crate) use process::{Process, run};
pub(crate) use push::{Browser, PushService};
pub(crate) use raw::{CLOSE, FIN, Raw, TEXT, frame};
pub(crate) use screen::Screen;
pub(crate) use shop::{SHOP, Shop, sending_to, whatsapp};
pub(crate) use simulator::{
    NOWHERE, NUMBER, Receiver, graph, json_of, quiet, send, simulator, simulator_at, text_to,
};
pub(crate) use socket::{Client, Connecting, Heard};
pub(crate) use team::Team;
pub(crate) use visitor::{IDENTITY_SECRET, SITE, Visitor, contents};
pub(crate) use whatsapp::{change, echo, envelope, notification, reaction, status, text, value};

/// The secret that test servers sign tokens with.
pub(crate) const SECRET: &str = "a secret that only tests know, quite long";

/// How long anything may take before a test fails. Nothing waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A server within the test's own process.
pub(crate) struct TestServer {
    pub(crate) desks: Desks,
    pub(crate) signals: Signals,
    pub(crate) url: String,
    pub(crate) database: Database,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

/// A customer with one WhatsApp number.
pub(crate) struct Tenant<'a> {
    server: &'a TestServer,
    pub(crate) desk: Desk,
    pub(crate) phone: String,
}

impl TestServer {
    /// Starts a server on an empty database that no other test sees.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// As `start`, with more flags.
    pub(crate) async fn with(flags: &[&str]) -> Self {
        Self::on(Database::create().await, flags).await
    }

    /// Starts a server on a database that another may have used, or still uses.
    pub(crate) async fn on(database: Database, flags: &[&str]) -> Self {
        let usual = ["recado", "--host", "127.0.0.1", "--port", "0", "--jwt-secret", SECRET];
        let mut args: Vec<&str> = usual.to_vec();
        let media = database.media_url();
        args.extend(["--database-url", database.url()]);
        if !flags.contains(&"--media-url") {
            args.extend(["--media-url", &media]);
        }
        args.extend(flags);
        let settings = Cli::try_parse_from(args).unwrap().serve;
        let app = App::start(&settings).await.unwrap();
        let (desks, signals) = (app.desks().clone(), app.signals().clone());
        let address = app.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let until = async {
            let _ = stopped.await;
        };
        let running = tokio::spawn(async { app.run(until).await });
        let url = format!("http://{address}");
        Self { desks, signals, url, database, stop: Some(stop), running }
    }

    /// Stops the server as an operator would; returns its database.
    pub(crate) async fn stop(mut self) -> Database {
        drop(self.stop.take());
        timeout(PATIENCE, self.running).await.expect("the server does not stop").unwrap();
        self.database
    }

    /// Signs up a customer.
    pub(crate) async fn tenant(&self, id: &str) -> Tenant<'_> {
        let desk = self.desks.ensure_tenant(&TenantId::from(id), id).await.unwrap();
        let phone = format!("phone-of-{id}");
        desk.ensure_inbox(Channel::WhatsApp, &phone, &phone).await.unwrap();
        Tenant { server: self, desk, phone }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().unwrap()
    }

    /// Sends a webhook as WhatsApp does.
    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> Response {
        post(&self.url, body).await
    }

    /// Sends a webhook that must be taken; answers how often each outcome came out.
    pub(crate) async fn take(&self, body: &Value) -> Value {
        let response = self.post(body.to_string()).await;
        assert_eq!(response.status(), StatusCode::OK, "{body}");
        response.json::<Value>().await.unwrap()["elements"].take()
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        let request = reqwest::Client::new().get(format!("{}{path}", self.url)).bearer_auth(token);
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// Sends a request with a JSON body; an empty answer is null.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.url));
        let response = request.bearer_auth(token).json(body).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }
}

impl Tenant<'_> {
    pub(crate) fn url(&self) -> &str {
        &self.server.url
    }

    /// A token of somebody whom the tenant's own backend knows.
    pub(crate) fn token(&self) -> String {
        self.token_of("ada", "agent")
    }

    pub(crate) fn token_of(&self, user: &str, role: &str) -> String {
        let exp = Time::now().seconds() + 3_600;
        token(&json!({ "sub": user, "tenantId": self.desk.tenant(), "role": role, "exp": exp }))
    }

    /// Sends a request as one of the tenant's agents.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        self.server.send(method, path, &self.token(), body).await
    }

    /// Sends a request without a body as whoever has that token.
    pub(crate) async fn ask_as(
        &self,
        token: &str,
        method: Method,
        path: &str,
    ) -> (StatusCode, Value) {
        self.server.send(method, path, token, &Value::Null).await
    }

    /// Changes something as one of the tenant's agents.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.ask(Method::PATCH, path, body).await
    }

    /// Shows on a screen what followed an event.
    pub(crate) async fn replay(&self, screen: &mut Screen, after: i64, sees: &Sees) {
        let events = self.desk.events_after(after, 1_000_000).await.unwrap();
        for logged in events.iter().filter(|logged| sees.event(&logged.event)) {
            let data = serde_json::from_str(recado::wire::live(logged).get()).unwrap();
            screen.apply(recado::wire::live_name(&logged.event), &data);
        }
    }

    /// Lets WhatsApp deliver a text from `from`.
    pub(crate) async fn writes(&self, from: &str, id: &str, body: &str) -> Value {
        self.server.take(&notification(&self.phone, &[text(from, id, body)])).await
    }

    /// Lets WhatsApp deliver messages and statuses of this tenant's number.
    pub(crate) async fn whatsapp(&self, value: Value) -> Value {
        self.server.take(&whatsapp::envelope(&[whatsapp::change(&self.phone, value)])).await
    }

    /// Connects as one of the tenant's agents.
    pub(crate) async fn agent(&self) -> Client {
        Client::connect(self.server.address(), &self.token()).await.unwrap()
    }

    /// The whole log.
    pub(crate) async fn log(&self) -> Vec<std::sync::Arc<Logged>> {
        self.desk.events_after(0, 1_000_000).await.unwrap()
    }

    /// The log as clients hear it: names, and payloads without what differs from run to run.
    pub(crate) async fn told(&self) -> Vec<&'static str> {
        self.log().await.iter().map(|logged| recado::wire::live_name(&logged.event)).collect()
    }

    pub(crate) async fn feed(&self, after: i64) -> Feed {
        self.desk.follow(Some(after), Sees::everything()).await.unwrap()
    }

    /// All conversations on the board.
    pub(crate) async fn cards(&self) -> Vec<recado::desk::Conversation> {
        let board = self.desk.board(&Sees::everything()).await.unwrap();
        board.columns.into_iter().flat_map(|column| column.conversations).collect()
    }

    /// The one conversation on the board.
    pub(crate) async fn card(&self) -> recado::desk::Conversation {
        let cards = self.cards().await;
        let [card] = cards.as_slice() else { panic!("one conversation, not {cards:?}") };
        card.clone()
    }

    /// The history of the one conversation.
    pub(crate) async fn history(&self) -> Vec<recado::desk::Message> {
        let card = self.card().await;
        self.desk.history(card.id, None, 1_000, &Sees::everything()).await.unwrap().messages
    }
}

/// Waits for the first event of a log that is meant.
pub(crate) async fn happens(desk: &Desk, is_meant: impl Fn(&Event) -> bool) -> Event {
    let mut feed = desk.follow(Some(0), Sees::everything()).await.unwrap();
    let found = async {
        loop {
            let logged = feed.next().await.unwrap();
            if is_meant(&logged.event) {
                return logged.event.clone();
            }
        }
    };
    timeout(PATIENCE, found).await.expect("the log does not say it")
}

pub(crate) async fn post(url: &str, body: impl Into<reqwest::Body>) -> Response {
    let request = reqwest::Client::new().post(format!("{url}/webhooks/whatsapp")).body(body);
    request.header("content-type", "application/json").send().await.unwrap()
}

/// A number that no other call in this process returns.
pub(crate) fn unique() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A token with these claims, signed with the servers' secret.
pub(crate) fn token(claims: &Value) -> String {
    signed(claims, SECRET)
}

pub(crate) fn signed(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::default(), claims, &key).unwrap()
}

/// An answer without the name of its request, by which all differ.
pub(crate) fn nameless(mut told: Value) -> Value {
    if let Some(told) = told.as_object_mut() {
        told.remove("requestId");
    }
    told
}
