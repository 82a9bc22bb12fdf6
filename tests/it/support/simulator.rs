//! WhatsApp's side, simulated, and a place that webhooks can be sent to instead of a server.

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use clap::Parser as _;
use recado::config::{Cli, Command};
use recado::simulate::Simulator;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::PATIENCE;

/// The inbox that people write to unless told otherwise.
pub(crate) const NUMBER: &str = "test-phone-id";

/// Starts a simulator, by the flags of `recado simulate`.
pub(crate) async fn simulator(flags: &[&str]) -> Simulator {
    simulator_at("127.0.0.1:0", flags).await
}

/// As `simulator`, where it is expected.
pub(crate) async fn simulator_at(listen: &str, flags: &[&str]) -> Simulator {
    let usual = ["recado", "simulate", "--listen", listen];
    let parsed = Cli::try_parse_from(usual.iter().chain(flags)).unwrap().command;
    let Some(Command::Simulate(options)) = parsed else { panic!("{flags:?}") };
    Simulator::start(&options).await.unwrap()
}

/// A server that nobody is.
pub(crate) const NOWHERE: [&str; 4] = ["--server", "http://127.0.0.1:1", "--retries", "0"];

/// A request to a simulator's Graph API, by somebody who has a token.
pub(crate) fn graph(simulator: &Simulator, method: &str, path: &str) -> RequestBuilder {
    let url = format!("{}/v25.0/{path}", simulator.url);
    reqwest::Client::new().request(method.parse().unwrap(), url).bearer_auth("token")
}

/// Sends `body`, without what every message has, to somebody.
pub(crate) async fn send(simulator: &Simulator, mut body: Value) -> reqwest::Result<Response> {
    body["messaging_product"] = json!("whatsapp");
    graph(simulator, "POST", &format!("{NUMBER}/messages")).json(&body).send().await
}

/// A text to somebody, without what every message has.
pub(crate) fn text_to(to: &str, body: &str) -> Value {
    json!({ "to": to, "type": "text", "text": { "body": body } })
}

/// Where webhooks end that a test wants to see.
pub(crate) struct Receiver {
    pub(crate) url: String,
    webhooks: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let (sender, webhooks) = mpsc::unbounded_channel();
        let receive = move |headers: HeaderMap, body: Bytes| async move {
            sender.send((headers, body)).unwrap();
        };
        let router = Router::new().route("/webhooks/whatsapp", post(receive));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url, webhooks }
    }

    /// The next webhook.
    pub(crate) async fn webhook(&mut self) -> (HeaderMap, Bytes) {
        timeout(PATIENCE, self.webhooks.recv()).await.expect("no webhook comes").unwrap()
    }

    /// The one thing in the next webhook: `messages` or `statuses`.
    pub(crate) async fn only(&mut self, key: &str) -> Value {
        let (_, body) = self.webhook().await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        let list = body["entry"][0]["changes"][0]["value"][key].clone();
        let [only] = <[Value; 1]>::try_from(list.as_array().unwrap().clone()).unwrap();
        only
    }
}

/// A simulator in which nobody writes, and which sends no webhooks anywhere.
pub(crate) async fn quiet(flags: &[&str]) -> Simulator {
    simulator(&[&NOWHERE[..], &["--phones", "0"], flags].concat()).await
}

/// The answer to a request that must be taken.
pub(crate) async fn json_of(request: RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}
