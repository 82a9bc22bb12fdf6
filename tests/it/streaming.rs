//! The log as server-sent events.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{PATIENCE, Tenant, TestServer, token};

const ANA: &str = "5511888888888";

/// A stream as `EventSource` reads it.
struct Stream {
    response: Response,
    unread: String,
    /// The number that the first block bears.
    begins_after: String,
}

/// A message of a stream.
#[derive(Debug, PartialEq)]
struct Told {
    id: String,
    event: String,
    data: Value,
}

impl Stream {
    async fn open(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut request = reqwest::Client::new().get(format!("{}{path}", server.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let mut stream = Self { response, unread: String::new(), begins_after: String::new() };
        // The first block has no data: the server follows the log from here on.
        let first = stream.block().await.expect("the stream ends at once");
        let number = first.lines().find_map(|line| line.strip_prefix("id: "));
        number.expect("the first block has a number").clone_into(&mut stream.begins_after);
        stream
    }

    async fn next(&mut self) -> Option<Told> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                let lines =
                    block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                lines.collect::<Vec<_>>().join("\n")
            };
            let data = field("data");
            if !data.is_empty() {
                let data = serde_json::from_str(&data).unwrap();
                return Some(Told { id: field("id"), event: field("event"), data });
            }
        }
    }

    async fn block(&mut self) -> Option<String> {
        while !self.unread.contains("\n\n") {
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("nothing comes");
            self.unread += std::str::from_utf8(&chunk.unwrap()?).unwrap();
        }
        let (block, rest) = self.unread.split_once("\n\n").unwrap();
        let (block, rest) = (block.to_owned(), rest.to_owned());
        self.unread = rest;
        Some(block)
    }
}

fn bearer(acme: &Tenant<'_>) -> String {
    format!("Bearer {}", acme.token())
}

#[tokio::test]
async fn events_are_told_as_they_happen_with_their_number_and_name() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let path = format!("/api/events/stream?token={}", acme.token());
    let mut stream = Stream::open(&server, &path, &[]).await;

    acme.writes(ANA, "wamid.1", "Oi").await;

    let opened = stream.next().await.unwrap();
    assert_eq!((opened.id.as_str(), opened.event.as_str()), ("1", "conversation:new"));
    let message = stream.next().await.unwrap();
    assert_eq!((message.id.as_str(), message.event.as_str()), ("2", "message:new"));
    assert_eq!(message.data["message"]["content"], "Oi");
}

#[tokio::test]
async fn a_stream_resumes_after_the_last_event_id() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    for n in 1..=3 {
        acme.writes(ANA, &format!("wamid.{n}"), "Oi").await;
    }
    let bearer = bearer(&acme);
    let headers = [("authorization", bearer.as_str()), ("last-event-id", "4")];

    let mut stream = Stream::open(&server, "/api/events/stream?after=1", &headers).await;
    acme.writes(ANA, "wamid.4", "Oi").await;

    for id in ["5", "6", "7", "8"] {
        assert_eq!(stream.next().await.unwrap().id, id);
    }
}

#[tokio::test]
async fn who_is_cut_off_before_the_first_event_misses_none() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    for (path, seq) in [("/api/events/stream", "3"), ("/api/chats/realtime-updates/", "5")] {
        let path = format!("{path}?token={}", acme.token());
        let cut = Stream::open(&server, &path, &[]).await.begins_after;
        acme.writes(ANA, &format!("wamid.{seq}"), "Alô?").await;

        let mut stream = Stream::open(&server, &path, &[("last-event-id", &cut)]).await;

        assert_eq!(stream.next().await.unwrap().id, seq);
    }
}

#[tokio::test]
async fn the_updates_stream_is_never_unacceptable() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let slashes = ["", "/"];
    for (n, accept) in
        [Some("text/event-stream"), Some("*/*"), None, Some("application/json")].iter().enumerate()
    {
        let path = format!(
            "/api/chats/realtime-updates{}?token={}&last_check=2025-07-19T03:53:10.655739%2B00:00",
            slashes[n % 2],
            acme.token(),
        );
        let headers: Vec<_> = accept.iter().map(|accept| ("accept", *accept)).collect();
        let mut stream = Stream::open(&server, &path, &headers).await;
        assert_eq!(stream.next().await.unwrap().data["type"], "chat_updated");
        let update = stream.next().await.unwrap();
        assert_eq!(
            (&update.data["type"], &update.data["chat_id"]),
            (&json!("new_message"), &json!(ANA))
        );
        assert_eq!((update.event.as_str(), update.id.as_str()), ("", "2"));
    }
}

#[tokio::test]
async fn a_stream_ends_when_its_token_does() {
    let server = TestServer::start().await;
    server.tenant("acme").await;
    let exp = recado::desk::Time::now().seconds();
    let token = token(&json!({ "sub": "ada", "tenantId": "acme", "role": "agent", "exp": exp }));

    let mut stream = Stream::open(&server, &format!("/api/events/stream?token={token}"), &[]).await;

    assert_eq!(stream.next().await.unwrap().event, "auth:expired");
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn streams_and_polls_do_not_keep_a_server_from_stopping() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let token = acme.token();
    let mut stream = Stream::open(&server, &format!("/api/events/stream?token={token}"), &[]).await;
    let poll = reqwest::Client::new().get(format!("{}/api/events?wait=60", server.url));
    let poll = tokio::spawn(poll.bearer_auth(token).send());

    // Sooner than who does not go is let go.
    let stopped = timeout(PATIENCE / 4, server.stop()).await;

    assert!(stopped.is_ok(), "the server waits for its clients");
    assert_eq!(stream.next().await, None);
    poll.abort();
}

#[tokio::test]
async fn a_stream_without_a_good_token_is_refused() {
    let server = TestServer::start().await;
    server.tenant("acme").await;
    for path in ["/api/events/stream", "/api/chats/realtime-updates/?token=garbage"] {
        let answer = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}
