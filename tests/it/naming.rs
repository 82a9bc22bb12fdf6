//! Each request has a name, which stands in its answer and beside all that is logged meanwhile.

use recado::desk::Role;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Client as Socket, Process, TestServer};

/// How a request is answered: the status, the one name that the answer bears, and its JSON.
async fn asked(request: RequestBuilder) -> (u16, String, Value) {
    let answer = request.send().await.unwrap();
    let told: Vec<_> = answer.headers().get_all("x-request-id").iter().cloned().collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let name = told[0].to_str().unwrap().to_owned();
    (answer.status().as_u16(), name, answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn every_answer_bears_a_name_of_its_own_and_a_problem_tells_it_too() {
    let server = TestServer::start().await;
    let ada = server.tenant("acme").await.person("ada", Role::Admin).await;
    let new = |method, path| Client::new().request(method, format!("{}{path}", server.url));

    let mut names = Vec::new();
    for (request, expected) in [
        (new(Method::GET, "/health/live"), 200),
        (new(Method::GET, "/socket.io/?EIO=4&transport=polling"), 200),
        (
            new(Method::OPTIONS, "/api/me")
                .header("origin", "https://shop.example")
                .header("access-control-request-method", "GET"),
            200,
        ),
        (new(Method::GET, "/api/me").bearer_auth(&ada.token), 200),
        (new(Method::GET, "/api/me"), 401),
        (new(Method::GET, "/api/nothing"), 404),
        (new(Method::DELETE, "/api/me"), 405),
        (new(Method::POST, "/api/stages").bearer_auth(&ada.token).body("{"), 400),
        (
            new(Method::POST, "/api/stages")
                .bearer_auth(&ada.token)
                .header("idempotency-key", "k")
                .json(&json!({ "name": "", "color": "#000000" })),
            422,
        ),
    ] {
        let (status, name, body) = asked(request).await;
        assert_eq!(status, expected, "{body}");
        if status >= 400 {
            assert_eq!(body["requestId"], name, "{body}");
        }
        names.push(name);
    }

    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!((names.len(), names.iter().any(String::is_empty)), (count, false));
}

#[tokio::test]
async fn a_name_that_a_request_brings_is_taken_over_if_it_is_one() {
    let server = TestServer::start().await;
    let long = "x".repeat(129);
    let named = async |names: &[&str]| {
        let request = Client::new().get(format!("{}/api/me", server.url));
        let request = names.iter().fold(request, |it, name| it.header("x-request-id", *name));
        let (_, name, problem) = asked(request).await;
        assert_eq!(problem["requestId"], name);
        name
    };

    for name in ["7f3a", "Root=1-67891233-abcdef012345678912345678", &long[..128]] {
        assert_eq!(named(&[name]).await, name);
    }
    for other in ["two words", "{\"a\":1}", &long, ""] {
        assert_ne!(named(&[other]).await, other);
    }
    let chosen = named(&["one", "two"]).await;

    assert!(chosen != "one" && chosen != "two", "{chosen}");
}

#[tokio::test]
async fn what_is_logged_of_a_request_bears_its_name_and_no_secret() {
    let server = TestServer::start().await;
    let ada = server.tenant("acme").await.person("ada", Role::Agent).await;
    let database = server.stop().await;
    let told = tempfile::NamedTempFile::new().unwrap();
    let flags = ["--log", "info,tower_http=debug", "--log-format", "json"];
    let process = Process::telling(&database, told.reopen().unwrap(), &flags);
    let ask = async |path: &str, name: &str, body: Value| -> Value {
        let request = Client::new().post(format!("{}{path}", process.url)).json(&body);
        let answer = request.header("x-request-id", name).send().await.unwrap();
        answer.json().await.unwrap_or_default()
    };
    let refresh = async |name: &str, token: &Value| -> Value {
        ask("/api/sessions/refresh", name, json!({ "refreshToken": token })).await
    };

    let second = refresh("first", &json!(ada.refresh_token)).await;
    refresh("second", &second["refreshToken"]).await;
    refresh("stolen", &json!(ada.refresh_token)).await;
    ask("/webhooks/chatwoot/cw_hush", "hushed", json!({})).await;

    process.kill();
    let told = std::fs::read_to_string(told.path()).unwrap();
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["span"]["request.id"] == name).collect()
    };
    let theft = of("stolen").into_iter().find(|line| line["level"] == "WARN").expect("it is told");
    assert_eq!(theft["fields"]["message"], "a refresh token was used twice");
    assert_eq!(theft["span"]["path"], "/api/sessions/refresh");
    assert!(!of("hushed").is_empty() && !told.contains("cw_hush"), "{told}");
}

#[tokio::test]
async fn a_log_in_a_file_has_no_colours() {
    let database = TestServer::start().await.stop().await;
    let told = tempfile::NamedTempFile::new().unwrap();
    let flags = ["--log", "info,tower_http=debug"];
    let process = Process::telling(&database, told.reopen().unwrap(), &flags);
    Client::new().get(format!("{}/health/live", process.url)).send().await.unwrap();

    process.kill();
    let told = std::fs::read_to_string(told.path()).unwrap();
    assert!(told.contains("path=\"/health/live\"") && !told.contains('\u{1b}'), "{told:?}");
}

#[tokio::test]
async fn whoever_wants_to_know_is_told_which_socket_was_sent_which_event() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes("5511888888888", "wamid.1", "Ninguém lê isto").await;
    let token = acme.token();
    let database = server.stop().await;
    let told = tempfile::NamedTempFile::new().unwrap();
    let flags = ["--log", "info,recado::realtime=debug", "--log-format", "json"];
    let process = Process::telling(&database, told.reopen().unwrap(), &flags);
    let address = process.url.trim_start_matches("http://").parse().unwrap();

    let mut agent = Socket::after(address, &token, 0).await.unwrap();
    for name in ["ready", "conversation:new", "message:new"] {
        assert_eq!(agent.next().await.name, name);
    }

    process.kill();
    let told = std::fs::read_to_string(told.path()).unwrap();
    let lines = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let emitted: Vec<_> = lines
        .map(|mut line| line["fields"].take())
        .filter(|fields| fields["message"] == "Socket.io event emitted")
        .map(|fields| {
            (fields["tenant.id"].clone(), fields["event.seq"].clone(), fields["event.name"].clone())
        })
        .collect();
    let expected = [(1, "conversation:new"), (2, "message:new")];
    assert_eq!(emitted, expected.map(|(seq, name)| (json!("acme"), json!(seq), json!(name))));
    assert!(told.contains("Client connected") && !told.contains("Ninguém lê isto"), "{told}");
}
