//! Who may open a chat on a tenant's site, and who may not any more.

use futures_util::future::join_all;
use hmac::{Hmac, KeyInit as _, Mac as _};
use recado::desk::{LiveChatSettings, PreChatField, PreChatKind, Role};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Answer, IDENTITY_SECRET, SITE, TestServer};

const SESSIONS: &str = "/api/livechat/sessions";

fn vouched(user: &str) -> Value {
    let mac = Hmac::<Sha256>::new_from_slice(IDENTITY_SECRET.as_bytes()).unwrap();
    let hash = hex::encode(mac.chain_update(user).finalize().into_bytes());
    json!({ "userId": user, "hash": hash })
}

#[tokio::test]
async fn a_site_vouches_for_its_users_who_find_their_chat_in_every_browser() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let key = acme.site().await;
    let opening = json!({ "inbox": key, "name": "Ana", "identity": vouched("42") });
    let phone = acme.visitor_as(opening.clone()).await;
    let desk = acme.visitor_as(opening.clone()).await;
    phone.says("Do celular").await;
    let later = acme.visitor_as(opening).await;

    let mut wrong = vouched("42");
    wrong["userId"] = json!("43");
    let wrong = json!({ "inbox": key, "identity": wrong });
    let refused = server.ask(Method::POST, SESSIONS, wrong).await;
    let bearer = format!("Bearer {}", phone.token);
    let signed_out = server
        .ask_with(Method::POST, SESSIONS, &[("authorization", &bearer)], json!({ "inbox": key }))
        .await;

    assert_eq!(
        (desk.reads().await, later.reads().await),
        (vec!["Do celular".to_owned()], vec!["Do celular".to_owned()])
    );
    assert_eq!(refused.code(), (403, "identity_invalid"));
    assert_eq!(signed_out.status, StatusCode::CREATED);
    assert_ne!(signed_out.body["session"]["conversationId"], json!(phone.conversation));
}

#[tokio::test]
async fn what_is_asked_before_the_chat_is_checked_and_shown_to_agents() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let field = |key: &str, kind, options: &[&str]| PreChatField {
        key: key.to_owned(),
        label: key.to_owned(),
        kind,
        is_required: true,
        options: options.iter().map(|&it| it.to_owned()).collect(),
    };
    let pre_chat = vec![
        field("email", PreChatKind::Email, &[]),
        field("topic", PreChatKind::Select, &["Troca", "Entrega"]),
    ];
    let key = acme.site_with(LiveChatSettings { pre_chat, ..LiveChatSettings::default() }).await;
    let ada = acme.person("Ada", Role::Agent).await;

    for (fields, email) in [
        (json!({}), "ana@x.test"),
        (json!({ "topic": "Outro" }), "ana@x.test"),
        (json!({ "topic": "Troca" }), "no address"),
    ] {
        let body = json!({ "inbox": key, "email": email, "fields": fields });
        let refused = server.ask(Method::POST, SESSIONS, body).await;
        assert_eq!(refused.code(), (422, "invalid"), "{refused:?}");
    }
    let ana = acme
        .visitor_as(json!({ "inbox": key, "email": "ana@x.test", "country": "br",
            "fields": { "topic": "Troca", "other": "not asked" } }))
        .await;
    ana.says("Olá?").await;

    let path = format!("{SESSIONS}?conversationId={}", ana.conversation);
    let shown = ada.get(&path).await.body["sessions"][0].take();
    assert_eq!(shown["fields"], json!({ "topic": "Troca" }));
    assert_eq!(
        (&shown["contact"]["email"], &shown["country"]),
        (&json!("ana@x.test"), &json!("BR"))
    );
}

#[tokio::test]
async fn only_pages_of_allowed_origins_open_the_chat() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let key = acme.site().await;
    let own = server.url.clone();
    let open = async |origin: &str| {
        let body = json!({ "inbox": key });
        server.ask_with(Method::POST, SESSIONS, &[("origin", origin)], body).await
    };

    assert_eq!(open(SITE).await.status, StatusCode::CREATED);
    assert_eq!(open(&own).await.status, StatusCode::CREATED);
    for origin in ["https://evil.example", "null", "https://shop.example.evil.example"] {
        assert_eq!(open(origin).await.code(), (403, "origin_not_allowed"), "{origin}");
    }
}

#[tokio::test]
async fn floods_are_refused_of_an_address_a_site_and_a_visitor() {
    let limits = ["--limit-address-chats", "1:3", "--limit-visitor-messages", "1:2"];
    let server = TestServer::with(&limits).await;
    let acme = server.tenant("acme").await;
    let key = acme.site().await;
    let ana = acme.visitor("Ana").await;

    let open = || server.ask(Method::POST, SESSIONS, json!({ "inbox": key }));
    let opened = join_all(std::iter::repeat_with(open).take(40)).await;
    let say = || ana.post("/messages", json!({ "content": "?" }));
    let said = join_all(std::iter::repeat_with(say).take(40)).await;
    let mut widget = ana.connect().await;
    let mut refused = Value::Null;
    while refused["error"].is_null() {
        refused = widget.ask("message:send", json!({ "content": "!" })).await.0;
    }

    let refusals =
        |all: &[Answer]| all.iter().filter(|it| it.code() == (429, "rate_limited")).count();
    assert!(refusals(&opened) > 20, "{opened:?}");
    assert!(refusals(&said) > 20, "{said:?}");
    assert_eq!(refused["error"]["code"], "rate_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_come_at_once_need_no_more_connections_than_there_are() {
    let server = TestServer::with(&["--database-connections", "2"]).await;
    let acme = server.tenant("acme").await;
    let key = acme.site().await;
    let open = |user: usize| {
        let identity = vouched(&user.to_string());
        server.ask(Method::POST, SESSIONS, json!({ "inbox": key, "identity": identity }))
    };

    let opened = join_all((0..20).map(open)).await;

    assert!(opened.iter().all(|it| it.status == StatusCode::CREATED), "{opened:?}");
}

#[tokio::test]
async fn whom_agents_block_is_refused_and_let_go() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ada = acme.person("Ada", Role::Agent).await;
    let ana = acme.visitor("Ana").await;
    ana.says("Olá?").await;
    let mut widget = ana.connect().await;
    let contact = acme.card().await.contact.id;

    ada.post(&format!("/api/contacts/{contact}/block"), Value::Null).await;

    while widget.try_next().await.is_some() {}
    assert_eq!(ana.get("").await.code(), (403, "visitor_blocked"));
    assert_eq!(
        ana.post("/messages", json!({ "content": "?" })).await.code(),
        (403, "visitor_blocked")
    );
}

#[tokio::test]
async fn a_chat_lasts_for_thirty_days_and_ends_with_its_inbox() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let key = acme.site().await;
    let eva = acme.person("Eva", Role::Admin).await;
    let ana = acme.visitor("Ana").await;
    ana.says("Olá?").await;
    let until: recado::desk::Time =
        ana.get("").await.body["session"]["expiresAt"].as_str().unwrap().parse().unwrap();
    let days = (until.seconds() - recado::desk::Time::now().seconds()) / 86_400;
    assert!((29..=30).contains(&days), "{days}");

    let path = format!("/api/livechat/inboxes/{key}");
    let off = eva.patch(&path, json!({ "isDisabled": true })).await;

    assert_eq!(off.status, StatusCode::OK, "{off:?}");
    assert_eq!(server.ask(Method::GET, &path, Value::Null).await.code(), (404, "not_found"));
    assert_eq!(
        server.ask(Method::POST, SESSIONS, json!({ "inbox": key })).await.code(),
        (404, "not_found")
    );
}

#[tokio::test]
async fn browsers_let_pages_of_sites_ask_for_their_chat_and_for_nothing_else() {
    let server = TestServer::with(&["--cors-origins", "https://desk.example"]).await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let allowed = async |origin: &str, path: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        let answer = server.ask_with(Method::OPTIONS, path, &headers, Value::Null).await;
        answer.headers.contains_key("access-control-allow-origin")
    };

    assert!(allowed(SITE, SESSIONS).await);
    assert!(allowed(SITE, "/socket.io/?EIO=4&transport=polling").await);
    assert!(!allowed(SITE, "/api/conversations").await);
    assert!(!allowed("https://evil.example", SESSIONS).await);
    assert!(allowed("https://desk.example", "/api/conversations").await);
}
