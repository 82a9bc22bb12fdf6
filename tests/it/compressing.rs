//! What is large is answered in fewer bytes, to whoever takes it so.

use std::io::Read as _;

use flate2::read::GzDecoder;
use recado::desk::Role;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::support::{Person, TestServer};

/// Asks as a client that takes answers so; tells the answer's head, and its bytes as they came.
async fn ask(
    server: &TestServer,
    person: &Person,
    path: &str,
    takes: &str,
) -> (HeaderMap, Vec<u8>) {
    let request = reqwest::Client::new().get(format!("{}{path}", server.url));
    let request = request.bearer_auth(&person.token).header("accept-encoding", takes);
    let answer = request.send().await.unwrap().error_for_status().unwrap();
    (answer.headers().clone(), answer.bytes().await.unwrap().to_vec())
}

fn unpacked(bytes: &[u8]) -> Value {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).expect("it is gzip");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn what_is_large_comes_compressed_to_whoever_takes_it_so() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;
    for n in 0..10 {
        acme.writes(&format!("55118000000{n:02}"), &format!("wamid.{n}"), "Bom dia!").await;
    }

    for path in [
        "/api/conversations",
        "/api/events?after=0",
        "/api/chats/check-updates/?last_check=2025-07-19",
        "/api/openapi.json",
    ] {
        let (head, plain) = ask(&server, &ada, path, "br;q=1, identity;q=0.5").await;
        assert!(!head.contains_key("content-encoding"), "{path}: {head:?}");
        let (head, packed) = ask(&server, &ada, path, "gzip, deflate, br, zstd").await;
        assert_eq!(head["content-encoding"], "gzip", "{path}");
        let varies = head.get_all("vary").iter().any(|on| on == "accept-encoding");
        assert!(varies, "{path}: {head:?}");

        assert_eq!(unpacked(&packed), serde_json::from_slice::<Value>(&plain).unwrap(), "{path}");
        assert!(packed.len() * 2 < plain.len(), "{path}: {} of {}", packed.len(), plain.len());
    }
}

#[tokio::test]
async fn what_is_small_and_what_is_streamed_comes_as_it_is() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;
    acme.writes("5511800000000", "wamid.1", &"Bom dia! ".repeat(200)).await;

    let (head, _) = ask(&server, &ada, "/api/me", "gzip").await;
    assert!(!head.contains_key("content-encoding"), "{head:?}");

    let stream = reqwest::Client::new().get(format!("{}/api/events/stream?after=0", server.url));
    let stream = stream.bearer_auth(&ada.token).header("accept-encoding", "gzip").send().await;
    let stream = stream.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert!(!stream.headers().contains_key("content-encoding"));
}
