//! Tokens for programs.

use recado::desk::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Client, Connecting, TestServer};

#[tokio::test]
async fn a_token_acts_for_its_person_as_far_as_its_scopes_reach() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let make = async |scopes: Value| {
        let made = ada.post("/api/tokens", json!({ "name": "robot", "scopes": scopes })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
        made.text("token")
    };
    let ask = async |token: &str, method: Method, path: &str, body: Value| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let answer = server.ask_with(method, path, &headers, body).await;
        (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default().to_owned())
    };
    let stage = json!({ "name": "Novo", "color": "#000000" });

    for (scopes, see, add, administer) in [
        (json!(["read"]), 200, 403, 403),
        (json!(["write"]), 403, 403, 403),
        (json!(["read", "write"]), 200, 403, 403),
        (json!(["read", "admin"]), 200, 403, 200),
        (json!(["write", "admin"]), 403, 201, 403),
    ] {
        let token = make(scopes.clone()).await;
        assert!(token.starts_with("rcd_") && token.len() == 47, "{token}");
        assert_eq!(ask(&token, Method::GET, "/api/board", Value::Null).await.0, see, "{scopes}");
        let added = ask(&token, Method::POST, "/api/stages", stage.clone()).await;
        assert_eq!(added.0, add, "{scopes}");
        let users = ask(&token, Method::GET, "/api/users", Value::Null).await;
        assert_eq!(users.0, administer, "{scopes}");
    }
    // Whoever holds a token does not come by a longer one.
    let all = make(json!(["read", "write", "admin"])).await;
    let more = json!({ "name": "more", "scopes": ["admin"] });
    assert_eq!(ask(&all, Method::POST, "/api/tokens", more).await, (403, "forbidden".to_owned()));
    assert_eq!(ask(&all, Method::GET, "/api/tokens", Value::Null).await.0, 403);
    let refused = ask(&make(json!(["read"])).await, Method::POST, "/api/stages", stage).await;
    assert_eq!(refused.1, "scope_missing");
}

#[tokio::test]
async fn a_token_opens_every_way_out_of_the_log_until_it_is_taken_back() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;
    let made = ada.post("/api/tokens", json!({ "name": "robot", "scopes": ["read"] })).await;
    let (token, id) = (made.text("token"), made.text("id"));
    acme.writes("5511888888888", "wamid.1", "Oi").await;
    let card = acme.card().await.id;

    let mut socket = Client::after(server.address(), &token, 0).await.unwrap();
    assert_eq!(socket.hear("ready").await.data["user"]["name"], "ada");
    socket.hear("message:new").await;
    let (refused, _) = socket.ask("conversation:read", json!(card)).await;
    assert_eq!(refused["error"]["code"], "scope_missing");
    let query = format!("&token={token}");
    let by_query = Connecting { query: &query, ..Connecting::default() };
    assert!(Client::with(server.address(), by_query).await.is_ok());
    let stream = format!("{}/api/events/stream?token={token}", server.url);
    assert_eq!(reqwest::get(&stream).await.unwrap().status(), StatusCode::OK);
    let listed = ada.get("/api/tokens").await.body["tokens"].take();
    assert_eq!(listed[0]["name"], "robot");
    let used = listed[0]["lastUsedAt"].as_str().unwrap();
    assert!(used.ends_with(":00.000Z"), "to the minute: {used}");
    assert!(!listed.to_string().contains(&token));

    let revoked = ada.delete(&format!("/api/tokens/{id}")).await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);

    assert_eq!(server.get("/api/board", &token).await.1["code"], "token_invalid");
    assert_eq!(reqwest::get(&stream).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    while let Some(heard) = socket.try_next().await {
        assert_eq!(heard.name, "access:changed");
    }
    assert_eq!(ada.delete(&format!("/api/tokens/{id}")).await.code(), (404, "not_found"));
    assert_eq!(ada.get("/api/tokens").await.body["tokens"], json!([]));
}

#[tokio::test]
async fn a_token_ends_when_it_was_said_to() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;
    let make = async |expires: &str| {
        let body = json!({ "name": "robot", "scopes": ["read"], "expiresAt": expires });
        ada.post("/api/tokens", body).await
    };

    let (past, future) = (make("2020-01-01T00:00:00Z").await, make("2999-01-01T00:00:00Z").await);

    assert_eq!(server.get("/api/board", &past.text("token")).await.1["code"], "token_invalid");
    assert_eq!(server.get("/api/board", &future.text("token")).await.0, StatusCode::OK);
    assert_eq!(make("tomorrow").await.code(), (422, "invalid"));
    for (scopes, status) in [(json!([]), 422), (json!(["root"]), 400)] {
        let refused = ada.post("/api/tokens", json!({ "name": "x", "scopes": scopes })).await;
        assert_eq!(refused.status.as_u16(), status, "{refused:?}");
    }
    assert_eq!(server.get("/api/board", "rcd_nonsense").await.1["code"], "token_invalid");
}

/// A token that ends tomorrow would else make itself somebody who does not.
#[tokio::test]
async fn who_may_sign_in_is_decided_by_people() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let olga = acme.person("olga", Role::Operator).await;
    let bia = acme.person("bia", Role::Agent).await;
    let scopes = json!(["read", "write", "admin"]);
    let made = olga.post("/api/tokens", json!({ "name": "robot", "scopes": scopes })).await;
    let bearer = format!("Bearer {}", made.text("token"));
    let robot = async |method: Method, path: &str, body: Value| {
        server.ask_with(method, path, &[("authorization", bearer.as_str())], body).await
    };
    let (bias, word) = (format!("/api/users/{}", bia.id), "battery staple");
    let eve = json!({ "email": "eve@acme.test", "name": "Eve", "role": "admin", "password": word });
    let admin = json!({ "email": "eve@zenith.test", "name": "Eve", "password": word });

    for (method, path, body) in [
        (Method::POST, "/api/users".to_owned(), eve),
        (Method::PATCH, bias.clone(), json!({ "role": "admin" })),
        (Method::PATCH, bias.clone(), json!({ "isDisabled": true })),
        (Method::PUT, format!("{bias}/password"), json!({ "password": word })),
        (
            Method::POST,
            "/api/tenants".to_owned(),
            json!({ "id": "zenith", "name": "Zenith", "admin": admin }),
        ),
    ] {
        let refused = robot(method.clone(), &path, body.clone()).await;
        assert_eq!(refused.code(), (403, "forbidden"), "{method} {path}");
        let done = olga.ask(method.clone(), &path, body).await;
        assert!(done.status.is_success(), "{method} {path}: {done:?}");
    }
    let renamed = robot(Method::PATCH, &bias, json!({ "name": "Beatriz" })).await;
    assert_eq!(renamed.status, StatusCode::OK, "{renamed:?}");
    let nova = json!({ "id": "nova", "name": "Nova" });
    let added = robot(Method::POST, "/api/tenants", nova).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
}
