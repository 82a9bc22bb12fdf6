//! Who is signed in, and for how long.

use recado::desk::{Role, Time};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestServer, token};

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_the_session() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;

    let second = server.refresh(&ada.refresh_token).await;
    let third = server.refresh(&second.text("refreshToken")).await;
    assert_eq!((second.status, third.status), (StatusCode::OK, StatusCode::OK));
    let (status, _) = server.get("/api/me", &third.text("token")).await;
    assert_eq!(status, StatusCode::OK);

    // Whoever has the first token has stolen it, or has been stolen from.
    let stolen = server.refresh(&ada.refresh_token).await;
    assert_eq!(stolen.code(), (401, "refresh_token_invalid"));
    let honest = server.refresh(&third.text("refreshToken")).await;
    assert_eq!(honest.code(), (401, "refresh_token_invalid"));
    for token in [&ada.token, &second.text("token"), &third.text("token")] {
        let (status, problem) = server.get("/api/me", token).await;
        assert_eq!((status.as_u16(), &problem["code"]), (401, &json!("session_ended")));
    }
    let refused = Client::connect(server.address(), &ada.token).await.err().unwrap();
    assert!(refused.contains("session has ended"), "{refused}");
}

#[tokio::test]
async fn two_tabs_that_refresh_at_once_stay_signed_in() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;

    let (one, other) =
        tokio::join!(server.refresh(&ada.refresh_token), server.refresh(&ada.refresh_token));

    // Both go on with the same token, so that the family has no second branch for a thief.
    assert_eq!((one.status, other.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(one.text("refreshToken"), other.text("refreshToken"));

    let aged = "UPDATE session SET used_at = used_at - 11000000 WHERE used_at IS NOT NULL";
    server.database.execute(aged).await;
    assert_eq!(server.refresh(&ada.refresh_token).await.code().0, 401);
    assert_eq!(server.refresh(&one.text("refreshToken")).await.code().0, 401);
}

#[tokio::test]
async fn tokens_that_nobody_issued_or_that_are_old_are_refused() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;
    assert_eq!(server.refresh("nonsense").await.code(), (401, "refresh_token_invalid"));
    assert_eq!(server.refresh(&ada.token).await.code(), (401, "refresh_token_invalid"));

    server.database.execute("UPDATE session SET expires_at = 1").await;

    assert_eq!(server.refresh(&ada.refresh_token).await.code(), (401, "refresh_token_invalid"));
}

#[tokio::test]
async fn who_signs_out_is_out_at_once_and_elsewhere_still_in() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let here = acme.person("ada", Role::Agent).await;
    let there = acme.again(&here.email).await;
    let mut socket = Client::connect(server.address(), &here.token).await.unwrap();
    let mut other = Client::connect(server.address(), &there.token).await.unwrap();
    socket.hear("ready").await;

    assert_eq!(here.delete("/api/sessions").await.status, StatusCode::NO_CONTENT);

    assert_eq!(here.get("/api/me").await.code(), (401, "session_ended"));
    assert_eq!(server.refresh(&here.refresh_token).await.code().0, 401);
    while let Some(heard) = socket.try_next().await {
        assert_eq!(heard.name, "access:changed");
    }
    assert_eq!(there.get("/api/me").await.status, StatusCode::OK);
    acme.writes("5511888888888", "wamid.1", "Oi").await;
    other.hear("message:new").await;
}

#[tokio::test]
async fn another_password_takes_the_old_one_and_ends_other_sessions() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let here = acme.person("ada", Role::Agent).await;
    let there = acme.again(&here.email).await;
    let change = async |old: &str, new: &str| {
        here.put("/api/me/password", json!({ "old": old, "new": new })).await
    };

    assert_eq!(change("guess", "battery staple").await.code(), (422, "invalid_credentials"));
    assert_eq!(change(PASSWORD, "short").await.code(), (422, "invalid"));
    assert_eq!(change(PASSWORD, "battery staple").await.status, StatusCode::NO_CONTENT);

    assert_eq!(here.get("/api/me").await.status, StatusCode::OK);
    assert_eq!(there.get("/api/me").await.code(), (401, "session_ended"));
    assert_eq!(server.refresh(&there.refresh_token).await.code().0, 401);
    assert_eq!(server.refresh(&here.refresh_token).await.status, StatusCode::OK);
    assert_eq!(server.sign_in(&here.email, PASSWORD).await.code().0, 401);
    let again = server.sign_in(&here.email, "battery staple").await;
    assert_eq!(again.status, StatusCode::CREATED);
}

#[tokio::test]
async fn who_is_disabled_is_out_by_every_door() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let bia = acme.person("bia", Role::Agent).await;
    let made = bia.post("/api/tokens", json!({ "name": "robot", "scopes": ["read"] })).await;
    let foreign = acme.token_of(&bia.id, "agent");
    let mut socket = Client::connect(server.address(), &foreign).await.unwrap();
    socket.hear("ready").await;

    let path = format!("/api/users/{}", bia.id);
    let disabled = ada.patch(&path, json!({ "isDisabled": true })).await;
    assert_eq!((disabled.status, &disabled.body["isDisabled"]), (StatusCode::OK, &json!(true)));

    for token in [&bia.token, &foreign, &made.text("token")] {
        let (status, problem) = server.get("/api/me", token).await;
        assert_eq!((status.as_u16(), &problem["code"]), (401, &json!("account_disabled")));
    }
    assert_eq!(server.refresh(&bia.refresh_token).await.code().0, 401);
    assert_eq!(server.sign_in(&bia.email, PASSWORD).await.code(), (401, "account_disabled"));
    assert_eq!(server.sign_in(&bia.email, "guess").await.code(), (401, "invalid_credentials"));
    while let Some(heard) = socket.try_next().await {
        assert_eq!(heard.name, "access:changed");
    }
    // Back again, they sign in anew: what was ended stays so.
    ada.patch(&path, json!({ "isDisabled": false })).await;
    assert_eq!(bia.get("/api/me").await.code(), (401, "session_ended"));
    assert_eq!(server.sign_in(&bia.email, PASSWORD).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_a_person_may_do_is_what_the_desk_says_now() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let bia = acme.person("bia", Role::Admin).await;
    assert_eq!(bia.get("/api/users").await.status, StatusCode::OK);

    ada.patch(&format!("/api/users/{}", bia.id), json!({ "role": "agent" })).await;

    assert_eq!(bia.get("/api/users").await.code(), (403, "forbidden"));
    assert_eq!(bia.get("/api/me").await.body["user"]["role"], "agent");
}

#[tokio::test]
async fn a_backends_own_tokens_need_neither_a_session_nor_a_person() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let exp = Time::now().seconds() + 60;
    let told =
        json!({ "sub": "42", "tenantId": "acme", "role": "admin", "name": "Zé", "exp": exp });

    let (status, me) = server.get("/api/me", &token(&told)).await;

    assert_eq!(status, StatusCode::OK);
    assert_eq!(me["user"], json!({ "id": "42", "name": "Zé", "role": "admin" }));
    assert_eq!(me["inboxes"], Value::Null);
    // A session that they make up is none.
    let mut forged = told;
    forged["sid"] = json!("00000000-0000-0000-0000-000000000001");
    let (status, problem) = server.get("/api/me", &token(&forged)).await;
    assert_eq!((status.as_u16(), &problem["code"]), (401, &json!("session_ended")));
    drop(acme);
}

#[tokio::test]
async fn who_guesses_passwords_has_to_wait() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;
    let bia = acme.person("bia", Role::Agent).await;

    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.push(server.sign_in(&ada.email, "guess").await.code().0);
    }
    // One try went into signing her in; in whatever case the address is written.
    assert!(answers.starts_with(&[401; 9]), "{answers:?}");
    let limited = server.sign_in(&ada.email.to_uppercase(), PASSWORD).await;

    assert_eq!(limited.code(), (429, "rate_limited"));
    let wait: u64 = limited.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=6).contains(&wait), "{wait}");
    assert_eq!(server.sign_in(&bia.email, PASSWORD).await.status, StatusCode::CREATED);
    // An address that nobody signs in by is limited all the same.
    let mut last = 0;
    for _ in 0..11 {
        last = server.sign_in("nobody@acme.test", "guess").await.code().0;
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn only_trusted_proxies_say_where_somebody_signs_in_from() {
    for (trusted, told) in [("10.0.0.0/8", "127.0.0.1"), ("127.0.0.1", "198.51.100.7")] {
        let server = TestServer::with(&["--trusted-proxies", trusted]).await;
        let acme = server.tenant("acme").await;
        let ada = acme.person("ada", Role::Admin).await;
        let body = json!({ "email": ada.email, "password": "guess" });
        let forwarded = [("x-forwarded-for", "203.0.113.1, 198.51.100.7")];

        server.ask_with(Method::POST, "/api/sessions", &forwarded, body).await;

        let line = ada.noted("session.refused").await;
        assert_eq!((&line["address"], &line["actorId"]), (&json!(told), &Value::Null));
        assert!(!line.to_string().contains("guess"), "{line}");
    }
}
