//! Wrong bytes: a clear answer, and no neighbour lost.

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Client, Connecting, TestServer, notification, text};

const ANA: &str = "5511888888888";

#[tokio::test]
async fn what_is_no_webhook_is_told_so() {
    let server = TestServer::start().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "",
        "{",
        "nonsense",
        "[]",
        "null",
        "42",
        "\"x\"",
        "{}",
        r#"{"entry":{}}"#,
        r#"{"entry":null}"#,
        &deep,
    ] {
        let answer = server.post(body.to_owned()).await;
        let shown = &body[..body.len().min(40)];
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{shown}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{shown}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "malformed_webhook", "{shown}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
    }
}

#[tokio::test]
async fn empty_lists_are_fine() {
    let server = TestServer::start().await;
    let empty = [
        r#"{"entry":[]}"#,
        r#"{"entry":[{"changes":[]}]}"#,
        r#"{"entry":[{"changes":[{"value":{}}]}]}"#,
    ];
    for body in empty {
        assert_eq!(server.post(body).await.status(), StatusCode::OK, "{body}");
    }
}

#[tokio::test]
async fn a_body_over_four_megabytes_is_too_large_and_one_under_is_not() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let sized = |bytes: usize| {
        notification(&acme.phone, &[text(ANA, "wamid.1", &"x".repeat(bytes))]).to_string()
    };

    let answer = server.post(sized(5 * 1024 * 1024)).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "too_large");

    assert_eq!(server.post(sized(3_500_000)).await.status(), StatusCode::OK);
    let [message] = acme.history().await.try_into().unwrap();
    assert_eq!(message.content.len(), 64 * 1024);
}

#[tokio::test]
async fn a_broken_element_takes_no_neighbour_along() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let whole = |n: usize| text(ANA, &format!("wamid.{n}"), "Oi").to_string();
    let deep = format!(
        r#"{{"from":"{ANA}","id":"wamid.deep","x":{}{}}}"#,
        "[".repeat(500),
        "]".repeat(500)
    );
    let broken = [
        "null",
        "42",
        "[]",
        "\"text\"",
        "{}",
        r#"{"id":"x"}"#,
        &deep,
        r#"{"from":"1","id":"huge","timestamp":"1","type":"text","text":{"body":"x"},"n":1e999}"#,
        r#"{"type":"reaction","from":"1","id":"r"}"#,
        r#"{"type":"edit","from":"1","id":"e","edit":7}"#,
    ];
    let mut elements = Vec::new();
    for (n, element) in broken.iter().enumerate() {
        elements.extend([(*element).to_owned(), whole(n)]);
    }
    let metadata =
        format!(r#"{{"display_phone_number":"5511","phone_number_id":"{}"}}"#, acme.phone);
    let change =
        format!(r#"{{"value":{{"metadata":{metadata},"messages":[{}]}}}}"#, elements.join(","));
    let body = format!(r#"{{"entry":[7,{{"changes":[null,{{"value":3}},{change}]}},{{}},"x"]}}"#);

    let answer = server.post(body).await;

    assert_eq!(answer.status(), StatusCode::OK);
    let outcomes = answer.json::<Value>().await.unwrap()["elements"].take();
    assert_eq!(outcomes, json!({ "applied": broken.len(), "quarantined": broken.len() + 5 }));
    assert_eq!(acme.history().await.len(), broken.len());
}

#[tokio::test]
async fn characters_that_no_text_can_hold_are_replaced() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let body = |id: &str, said: &str| {
        notification(&acme.phone, &[text(ANA, id, "SAID")])
            .to_string()
            .replace("SAID", said)
            .into_bytes()
    };
    let mut bytes = body("wamid.4", "a BYTE z");
    let at = bytes.windows(4).position(|some| some == b"BYTE").unwrap();
    bytes.splice(at..at + 4, [0xff, 0xfe]);

    for body in [
        body("wamid.1", r"a\u0000b"),
        body("wamid.2", r"\ud83d"),
        body("wamid.3", r"\ud83d\ude00"),
        bytes,
    ] {
        assert_eq!(server.post(body).await.status(), StatusCode::OK);
    }

    let said: Vec<_> = acme.history().await.into_iter().map(|it| it.content).collect();
    assert_eq!(said, ["a\u{fffd}b", "\u{fffd}", "😀", "a \u{fffd}\u{fffd} z"]);
}

#[tokio::test]
async fn numbers_stand_for_text_and_odd_times_for_now() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let odd = [
        json!(1_700_000_001),
        json!("1700000002000"),
        json!("yesterday"),
        json!(null),
        json!(-5),
        json!(1e300),
        json!("99999999999999999999"),
    ];
    for (n, timestamp) in odd.iter().enumerate() {
        let message = json!({ "from": 5_511_888_888_888_u64, "id": n, "timestamp": timestamp, "text": { "body": "Oi" } });
        assert_eq!(
            acme.whatsapp(json!({ "messages": [message] })).await,
            json!({ "applied": 1 }),
            "{timestamp}"
        );
    }

    let history = acme.history().await;
    let times: Vec<_> = history.iter().map(|it| it.sent_at.to_string()).collect();
    assert_eq!(times[..2], ["2023-11-14T22:13:21.000Z", "2023-11-14T22:13:22.000Z"]);
    assert!(times[2..].iter().all(|time| time.as_str() > "2026"), "{times:?}");
    assert_eq!(acme.card().await.contact.phone_number, ANA);
}

#[tokio::test]
async fn with_an_app_secret_only_signed_webhooks_are_taken() {
    let server = TestServer::with(&["--whatsapp-app-secret", "app secret"]).await;
    let acme = server.tenant("acme").await;
    let body = notification(&acme.phone, &[text(ANA, "wamid.1", "Oi")]).to_string();
    let signature = |secret: &str, body: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    };
    let send = async |signature: Option<String>| {
        let url = format!("{}/webhooks/whatsapp", server.url);
        let mut request = reqwest::Client::new().post(url).body(body.clone());
        if let Some(signature) = signature {
            request = request.header("X-Hub-Signature-256", signature);
        }
        request.send().await.unwrap().status()
    };

    let wrong = [
        None,
        Some(String::new()),
        Some("sha256=00".to_owned()),
        Some(signature("another secret", &body)),
        Some(signature("app secret", &format!("{body} "))),
    ];
    for signature in wrong {
        assert_eq!(send(signature).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(acme.told().await.len(), 0);

    assert_eq!(send(Some(signature("app secret", &body))).await, StatusCode::OK);
    assert_eq!(acme.history().await.len(), 1);
}

#[tokio::test]
async fn metas_verification_is_answered_if_it_knows_the_word() {
    let server = TestServer::with(&["--whatsapp-verify-token", "the word"]).await;
    let ask = async |query: &str| {
        let answer =
            reqwest::get(format!("{}/webhooks/whatsapp{query}", server.url)).await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status(), kind, answer.text().await.unwrap())
    };

    let (status, kind, body) =
        ask("?hub.mode=subscribe&hub.verify_token=the%20word&hub.challenge=1158201444").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "1158201444"));
    assert!(kind.starts_with("text/plain"), "{kind}");

    let wrong = "?hub.mode=subscribe&hub.verify_token=guess&hub.challenge=1";
    assert_eq!(ask(wrong).await.0, StatusCode::FORBIDDEN);
    let mode = "?hub.mode=unsubscribe&hub.verify_token=the%20word&hub.challenge=1";
    assert_eq!(ask(mode).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask("").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn addresses_that_lead_nowhere_say_so() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let (status, problem) = server.get("/api/nothing", &acme.token()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    let (status, problem) = server.get("/api/sessions", &acme.token()).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::METHOD_NOT_ALLOWED, &json!("method_not_allowed"))
    );
    for path in ["/api/events", "/api/presence", "/metrics", "/health"] {
        let refused = server.ask(Method::POST, path, json!({})).await;
        assert_eq!(refused.code(), (405, "method_not_allowed"), "{path}");
    }
    let twice = "/api/realtime/config?client=one&client=other";
    let refused = server.ask(Method::GET, twice, Value::Null).await;
    assert_eq!(refused.code(), (400, "bad_request"));
}

#[tokio::test]
async fn a_number_that_no_event_has_is_beyond_the_log() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let token = acme.token();
    for after in [i64::MIN, -1, i64::MAX] {
        for path in ["/api/events", "/api/events/stream"] {
            let refused = server.get(&format!("{path}?after={after}"), &token).await;
            assert_eq!(refused.0, StatusCode::GONE, "{path} {after}: {refused:?}");
        }
        let auth = json!({ "token": token, "after": after });
        let connecting = Connecting { auth, ..Connecting::default() };
        let mut client = Client::with(server.address(), connecting).await.unwrap();
        assert_eq!(client.hear("ready").await.data["complete"], false, "{after}");
        let (told, _) = client.ask("sync", json!({ "after": after })).await;
        assert_eq!(told["complete"], false, "{after}: {told}");
    }
}

#[tokio::test]
async fn what_is_nested_as_deeply_as_may_be_is_read_back() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut question = text(ANA, "wamid.1", "Oi");
    question["timestamp"] = json!(recado::desk::Time::now().seconds().to_string());
    acme.whatsapp(json!({ "messages": [question] })).await;
    let nested = format!("{}{}", "[".repeat(122), "]".repeat(122));
    let nested: Value = serde_json::from_str(&nested).unwrap();
    let interactive = json!({ "type": "x", "action": { "a": nested } });
    let path = format!("/api/conversations/{}/messages", acme.card().await.id);
    let (status, sent) = server
        .send(reqwest::Method::POST, &path, &acme.token(), &json!({ "interactive": interactive }))
        .await;
    assert_eq!(status, StatusCode::ACCEPTED, "{sent}");

    let server = TestServer::on(server.stop().await, &[]).await;
    let token = server.tenant("acme").await.token();
    let events = reqwest::Client::new().get(format!("{}/api/events?after=0", server.url));
    let events = events.bearer_auth(token).send().await.unwrap();

    assert_eq!(events.status(), StatusCode::OK);
    assert!(events.text().await.unwrap().contains(&"[".repeat(122)));
}
