//! Odd requests: what is no text, what would be lost, and addresses that are nearly right.

use recado::desk::{Role, Sees};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{ANA, PASSWORD, Person, Shop, Tenant, TestServer, text};

#[tokio::test]
async fn a_character_that_no_database_holds_is_refused_wherever_it_stands() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let card = format!("/api/conversations/{}", acme.card().await.id);
    let messages = format!("{card}/messages");
    let note = |text: &str| json!({ "content": text, "isPrivate": true });

    for (method, path, body) in [
        (Method::POST, messages.as_str(), note("a\0b")),
        (Method::PATCH, card.as_str(), json!({ "labels": ["a\0b"] })),
        (Method::POST, "/api/stages", json!({ "name": "a\0b", "color": "#000000" })),
        (Method::POST, "/api/sessions", json!({ "email": "a\0b@acme.test", "password": "x" })),
    ] {
        let refused = ada.ask(method, path, body).await;
        assert_eq!(refused.code(), (422, "invalid"), "{path}: {refused:?}");
    }
    for (method, path, code) in [
        (Method::GET, "/api/conversations?label=a%00b", (400, "bad_request")),
        (Method::GET, "/api/stats?assigneeId=%00", (400, "bad_request")),
        (Method::PATCH, "/api/users/a%00b", (404, "not_found")),
        (Method::GET, "/widget/a%00b", (404, "not_found")),
    ] {
        let body = if method == Method::PATCH { json!({ "name": "Bia" }) } else { Value::Null };
        let refused = ada.ask(method, path, body).await;
        assert_eq!(refused.code(), code, "{path}: {refused:?}");
    }
    // Written out, it is a text like any other.
    let written = ada.post(&messages, note(r"C:\u0000")).await;
    assert_eq!(written.body["content"], r"C:\u0000", "{written:?}");
    let listed = ada.get("/api/conversations?label=a%2500b").await;
    assert_eq!(listed.body["conversations"], json!([]), "{listed:?}");
    if server.database.is_postgres() {
        let mut note = note("a\0b");
        note["conversationId"] = json!(acme.card().await.id);
        let (refused, _) = acme.agent().await.ask("message:send", note).await;
        assert_eq!(refused["error"]["code"], "invalid", "{refused}");
    }
}

/// Every request by which somebody here calls something so.
async fn naming(acme: &Tenant<'_>, olga: &Person, name: &str) -> Vec<(Method, String, Value)> {
    let card = acme.card().await;
    let (stage, inbox, contact) = (card.stage_id, card.inbox.id, card.contact.id);
    let user = json!({ "name": name, "email": "bia@acme.test", "role": "agent",
        "password": PASSWORD });
    let add = |what: &str, body: Value| (Method::POST, format!("/api/{what}"), body);
    let change = |what: String, body: Value| (Method::PATCH, format!("/api/{what}"), body);
    let set = |settings: Value| {
        change("livechat/inboxes/pub_acme".to_owned(), json!({ "settings": settings }))
    };
    let question = |label: &str, option: &str| {
        let question = json!({ "key": "k", "label": label, "kind": "select", "options": [option] });
        set(json!({ "preChat": [question] }))
    };
    vec![
        add("stages", json!({ "name": name, "color": "#000000" })),
        change(format!("stages/{stage}"), json!({ "name": name })),
        change(format!("conversations/{}", card.id), json!({ "labels": [name] })),
        change(format!("contacts/{contact}"), json!({ "name": name })),
        add("users", user),
        change(format!("users/{}", olga.id), json!({ "name": name })),
        add("tokens", json!({ "name": name, "scopes": ["read"] })),
        add("inboxes", json!({ "name": name, "phoneNumberId": "another" })),
        change(format!("inboxes/{inbox}"), json!({ "name": name })),
        add("livechat/inboxes", json!({ "name": name })),
        set(json!({ "title": name })),
        question(name, "Troca"),
        question("Assunto", name),
        add("tenants", json!({ "id": "zenith", "name": name })),
        change("tenants/acme".to_owned(), json!({ "name": name })),
    ]
}

#[tokio::test]
async fn what_cannot_be_shown_in_a_line_is_no_name_but_where_others_tell_it() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let olga = acme.person("olga", Role::Operator).await;
    acme.site().await;
    let profile = json!([{ "wa_id": ANA, "profile": { "name": "Ana\u{7}\nLima" } }]);
    let told = json!({ "contacts": profile, "messages": [text(ANA, "wamid.1", "Oi")] });

    assert_eq!(acme.whatsapp(told).await, json!({ "applied": 1 }));
    assert!(acme.card().await.contact.name.is_some());
    for wrong in ["a\u{7}b", "a\nb"] {
        for (method, path, body) in naming(&acme, &olga, wrong).await {
            let refused = olga.ask(method, &path, body).await;
            assert_eq!(refused.code(), (422, "invalid"), "{path}: {refused:?}");
        }
    }
    for (method, path, body) in naming(&acme, &olga, "\nAção 1 ").await {
        let done = olga.ask(method, &path, body).await;
        assert!(done.status.is_success(), "{path}: {done:?}");
    }
    let stages = acme.desk.stages().await.unwrap();
    assert_eq!((stages[0].name.as_str(), stages[4].name.as_str()), ("Ação 1", "Ação 1"));
}

#[tokio::test]
async fn a_text_has_lines_and_nothing_else_that_cannot_be_shown() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let site = format!("/api/livechat/inboxes/{}", acme.site().await);
    acme.writes(ANA, "wamid.1", "Oi").await;
    let contact = format!("/api/contacts/{}", acme.card().await.contact.id);

    for (said, code) in [("Um\u{1b}[2Jdois", 422), ("Um\r\n\tdois", 200)] {
        for (path, body) in [
            (&contact, json!({ "notes": said })),
            (&site, json!({ "settings": { "greeting": said } })),
            (&site, json!({ "settings": { "offlineText": said } })),
        ] {
            let answer = ada.patch(path, body).await;
            assert_eq!(answer.status.as_u16(), code, "{path}: {answer:?}");
        }
        let canned = json!({ "shortcut": "oi", "content": said });
        let answer = ada.post("/api/canned-responses", canned).await;
        let added = (answer.status.is_success(), answer.body["content"] == said);
        assert_eq!(added, (code == 200, code == 200), "{answer:?}");
    }
}

#[tokio::test]
async fn a_note_is_refused_with_what_it_would_lose() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    let path = format!("/api/conversations/{talk}/messages");

    for (part, told) in [
        ("mediaId", json!(uuid::Uuid::now_v7())),
        ("type", json!("IMAGE")),
        ("location", json!({ "latitude": -22.9, "longitude": -43.1 })),
        ("template", json!({ "name": "ola", "language": { "code": "pt_BR" } })),
    ] {
        let mut note = json!({ "content": "Vejam isto", "isPrivate": true });
        note[part] = told;
        let (status, problem) = shop.ask(&path, &note).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")),
            "{note}"
        );
    }

    let page = shop.desk.history(talk, None, 10, &Sees::everything()).await.unwrap();
    assert_eq!(page.messages.len(), 1);
}

#[tokio::test]
async fn who_is_written_to_first_has_a_name_that_can_be_shown_or_none() {
    let shop = Shop::open(&[]).await;
    let inbox = shop.desk.inboxes().await.unwrap().remove(0).0.id;
    let template = json!({ "name": "ola", "language": { "code": "pt_BR" } });
    let opening = |name: &str, number: &str| {
        json!({ "inboxId": inbox, "phoneNumber": number, "name": name,
            "message": { "template": template } })
    };
    let open = async |name: &str, number: &str| {
        shop.ask("/api/conversations", &opening(name, number)).await
    };

    let (refused, _) = open(&"x".repeat(101), "5531988887771").await;
    let (_, nameless) = open(" ", "5531988887772").await;
    let (_, named) = open(" Caio ", "5531988887773").await;

    assert_eq!(refused, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(nameless["conversation"]["contact"]["name"], Value::Null, "{nameless}");
    assert_eq!(named["conversation"]["contact"]["name"], "Caio", "{named}");
}

#[tokio::test]
async fn origins_are_known_however_the_operator_writes_them() {
    let origins = "https://desk.example, https://Shop.example/";
    let server = TestServer::with(&["--cors-origins", origins]).await;

    for (origin, is_allowed) in [
        ("https://desk.example", true),
        ("https://shop.example", true),
        ("https://evil.example", false),
    ] {
        let headers = [("origin", origin), ("access-control-request-method", "GET")];
        let answer = server.ask_with(Method::OPTIONS, "/api/board", &headers, Value::Null).await;
        let told = answer.headers.contains_key("access-control-allow-origin");
        assert_eq!(told, is_allowed, "{origin}");
    }
}

#[tokio::test]
async fn a_probe_at_an_address_that_is_none_is_not_answered_with_a_page() {
    let server = TestServer::start().await;

    for path in ["/health/alive", "/metrics/all"] {
        let refused = server.ask(Method::GET, path, Value::Null).await;
        assert_eq!(refused.code(), (404, "not_found"), "{path}");
    }
}
