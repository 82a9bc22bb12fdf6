//! What somebody is told who does too much at once.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{CLOSE, Client, FIN, PATIENCE, Raw, TEXT, TestServer, notification, text};

/// Emits what nobody minds.
async fn leave(client: &mut Client) -> Value {
    client.ask("conversation:leave", json!("x")).await.0
}

fn is_refused(answer: &Value) -> bool {
    let refused = answer["error"]["code"] == "rate_limited";
    if refused {
        assert_eq!(answer["ok"], false);
        assert!(answer["error"]["retryAfterMs"].as_u64().is_some_and(|it| it > 0), "{answer}");
        assert!(answer["error"]["message"].is_string(), "{answer}");
    }
    refused
}

/// Emits until that is refused; returns how often it was not.
async fn allowed(client: &mut Client) -> usize {
    for allowed in 0..1_000 {
        if is_refused(&leave(client).await) {
            return allowed;
        }
    }
    panic!("nothing is ever refused");
}

/// Asks until something is refused; returns what that is, and what was answered before.
async fn until_refused(server: &TestServer, path: &str, token: &str) -> (Response, usize) {
    for answered in 0..1_000 {
        let request = reqwest::Client::new().get(format!("{}{path}", server.url));
        let answer = request.bearer_auth(token).send().await.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            return (answer, answered);
        }
    }
    panic!("{path} is never refused");
}

async fn assert_problem(refusal: Response) {
    let wait: u64 = refusal.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(refusal.headers()["content-type"], "application/problem+json");
    let problem: Value = refusal.json().await.unwrap();
    assert_eq!((&problem["code"], &problem["status"]), (&json!("rate_limited"), &json!(429)));
}

#[tokio::test]
async fn a_client_that_emits_too_much_is_refused_and_at_last_disconnected() {
    let server = TestServer::with(&["--limit-socket-events", "1:20"]).await;
    let acme = server.tenant("acme").await;
    let (mut ada, mut other) = (acme.agent().await, acme.agent().await);

    assert!(allowed(&mut ada).await >= 20);
    assert!(!is_refused(&leave(&mut other).await), "the other connection has done nothing");
    // Also what nobody knows is too much.
    let flood = async { while ada.emits("nobody knows this").await {} };
    timeout(PATIENCE, flood).await.expect("a flood never ends");

    assert!(!is_refused(&leave(&mut other).await));
}

#[tokio::test]
async fn a_user_may_not_emit_more_by_having_more_connections() {
    let server = TestServer::with(&["--limit-user-events", "1:10"]).await;
    let acme = server.tenant("acme").await;
    let (mut first, mut second) = (acme.agent().await, acme.agent().await);
    let bia = acme.token_of("bia", "agent");
    let mut bia = Client::connect(server.address(), &bia).await.unwrap();

    assert!(allowed(&mut first).await >= 10);

    assert!(allowed(&mut second).await < 10);
    assert!(allowed(&mut bia).await >= 10);
}

#[tokio::test]
async fn an_address_may_not_emit_more_by_having_more_users() {
    let server = TestServer::with(&["--limit-address-events", "1:10"]).await;
    let acme = server.tenant("acme").await;
    let mut ada = acme.agent().await;
    let bia = acme.token_of("bia", "agent");
    let mut bia = Client::connect(server.address(), &bia).await.unwrap();

    assert!(allowed(&mut ada).await >= 10);

    assert!(allowed(&mut bia).await < 10);
}

#[tokio::test]
async fn an_address_may_not_begin_connections_without_end() {
    let server = TestServer::with(&["--limit-address-connections", "1:3"]).await;
    let acme = server.tenant("acme").await;
    let mut ada = acme.agent().await;

    let path = "/socket.io/?EIO=4&transport=polling";
    let (refusal, _) = until_refused(&server, path, "").await;

    assert_problem(refusal).await;
    let upgrade = reqwest::Client::new().get(format!("{}{path}", server.url));
    let upgrade = upgrade.header("connection", "upgrade").header("upgrade", "websocket");
    let status = upgrade.send().await.unwrap().status();
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    // Who is connected stays so.
    assert!(!is_refused(&leave(&mut ada).await));
}

#[tokio::test]
async fn who_asks_again_and_again_to_be_let_in_begins_a_connection_each_time() {
    let server = TestServer::with(&["--limit-address-connections", "1:5"]).await;
    let mut raw = Raw::open(&server, "").await;
    assert_eq!(raw.text().await.chars().next(), Some('0'));

    let mut refused = 0;
    let last = loop {
        raw.send(FIN | TEXT, br#"40{"token":"garbage"}"#).await;
        let (first, told) = raw.frame().await.expect("the connection is closed without a word");
        if first != FIN | TEXT || refused == 1_000 {
            break first;
        }
        assert!(told.starts_with(b"44"), "{}", String::from_utf8_lossy(&told));
        refused += 1;
    };

    assert_eq!(last, FIN | CLOSE);
    assert!(refused >= 5, "{refused}");
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_told_when_to_ask_again() {
    let server = TestServer::with(&["--limit-user-requests", "1:5"]).await;
    let acme = server.tenant("acme").await;
    let (ada, bia) = (acme.token(), acme.token_of("bia", "agent"));

    let (refusal, before) = until_refused(&server, "/api/board", &ada).await;

    assert!(before >= 5, "{before}");
    assert_problem(refusal).await;
    for (path, token) in
        [("/api/board", &bia), ("/api/events?after=0", &ada), ("/api/chats/check-updates", &ada)]
    {
        assert_eq!(server.get(path, token).await.0, StatusCode::OK, "{path}");
    }
    let (refusal, _) = until_refused(&server, "/api/presence", &ada).await;
    assert_problem(refusal).await;
    // Files are requests like others.
    let uploaded = async {
        while server.send(Method::POST, "/api/media", &ada, &json!({})).await.0
            != StatusCode::TOO_MANY_REQUESTS
        {}
    };
    timeout(PATIENCE, uploaded).await.expect("uploads are never refused");
}

#[tokio::test]
async fn an_address_that_asks_too_often_waits_whoever_asks() {
    let limits = ["--limit-address-requests", "1:5", "--limit-address-webhooks", "1:5"];
    let server = TestServer::with(&[&limits[..], &["--limit-user-polls", "1:5"]].concat()).await;
    let acme = server.tenant("acme").await;
    let (ada, bia) = (acme.token(), acme.token_of("bia", "agent"));

    let (refusal, before) = until_refused(&server, "/api/board", "nobody's").await;
    assert!(before >= 5, "{before}");
    assert_problem(refusal).await;

    let (refusal, before) = until_refused(&server, "/api/events?after=0", &ada).await;
    assert!(before >= 5, "{before}");
    assert_problem(refusal).await;
    assert_eq!(server.get("/api/events?after=0", &bia).await.0, StatusCode::OK);

    let webhook = notification(&acme.phone, &[text("5511888888888", "wamid.1", "Oi")]).to_string();
    let mut refused = None;
    for _ in 0..1_000 {
        let answer = server.post(webhook.clone()).await;
        if answer.status() != StatusCode::OK {
            refused = Some(answer);
            break;
        }
    }
    assert_problem(refused.expect("webhooks are never refused")).await;
    for path in ["/health", "/metrics"] {
        let answer = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn nobody_who_behaves_meets_a_limit() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut ada = acme.agent().await;
    let token = acme.token();

    for n in 0..100 {
        assert!(!is_refused(&leave(&mut ada).await));
        let path = ["/api/board", "/api/chats/check-updates"][n % 2];
        assert_eq!(server.get(path, &token).await.0, StatusCode::OK);
    }
}
