//! What a node remembers of those who ask, and for how long.

use std::time::Duration;

use recado::desk::{Channel, Role};
use reqwest::StatusCode;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::support::{PATIENCE, TestServer};

const POLL: &str = "/api/chats/check-updates/";

/// Nobody follows these tenants' logs on the node that is to feel the change.
#[tokio::test]
async fn whatever_changes_about_somebody_on_one_node_is_felt_on_another() {
    let here = TestServer::start().await;
    let there = TestServer::on(here.database.clone(), &[]).await;
    let acme = here.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap().id;
    let disabled = acme.person("disabled", Role::Agent).await;
    let signed_out = acme.person("signed-out", Role::Agent).await;
    let demoted = acme.person("demoted", Role::Admin).await;
    let moved = acme.person("moved", Role::Agent).await;
    let reset = acme.person("reset", Role::Agent).await;
    let program = acme.person("program", Role::Agent).await;
    let made = program.post("/api/tokens", json!({ "name": "robot", "scopes": ["read"] })).await;
    let (robot, robots) = (made.text("token"), format!("/api/tokens/{}", made.text("id")));
    acme.writes("5511888888888", "wamid.1", "Geheim").await;
    let card = format!("/api/conversations/{}", acme.card().await.id);
    let cases = [
        (&disabled.token, POLL, StatusCode::UNAUTHORIZED),
        (&signed_out.token, POLL, StatusCode::UNAUTHORIZED),
        (&demoted.token, "/api/users", StatusCode::FORBIDDEN),
        (&moved.token, &card, StatusCode::NOT_FOUND),
        (&reset.token, POLL, StatusCode::UNAUTHORIZED),
        (&robot, POLL, StatusCode::UNAUTHORIZED),
    ];
    for (token, path, _) in &cases {
        assert_eq!(there.get(path, token).await.0, StatusCode::OK, "{path}");
    }

    let of = |id: &str| format!("/api/users/{id}");
    ada.patch(&of(&disabled.id), json!({ "isDisabled": true })).await;
    signed_out.delete("/api/sessions").await;
    ada.patch(&of(&demoted.id), json!({ "role": "agent" })).await;
    ada.patch(&of(&moved.id), json!({ "inboxes": [sales] })).await;
    let password = json!({ "password": "battery staple" });
    ada.put(&format!("{}/password", of(&reset.id)), password).await;
    program.delete(&robots).await;

    for (token, path, answer) in cases {
        let felt = async { while there.get(path, token).await.0 != answer {} };
        timeout(PATIENCE, felt).await.unwrap_or_else(|_| panic!("{path}: never {answer}"));
    }
    assert_eq!(there.get(POLL, &ada.token).await.0, StatusCode::OK);
}

/// All tables that a poll could ask are away but the one that tells how far the log has got.
#[tokio::test]
async fn whoever_polls_is_looked_up_once() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;
    let start = server.get(POLL, &ada.token).await.1;
    for table in ["event", "\"user\"", "session", "inbox_member", "conversation", "message"] {
        let away = format!("ALTER TABLE {table} RENAME TO away_{}", table.trim_matches('"'));
        server.database.execute(&away).await;
    }

    let since = start["timestamp"].as_str().unwrap().replace('+', "%2B");
    let path = format!("{POLL}?last_check={since}");
    // Longer than a node believes what it has not looked after.
    let until = Instant::now() + Duration::from_secs(7);
    while Instant::now() < until {
        assert_eq!(server.get(&path, &ada.token).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_node_that_does_not_hear_of_changes_asks() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;
    assert_eq!(server.get(POLL, &ada.token).await.0, StatusCode::OK);
    server.database.execute("ALTER TABLE tenant RENAME TO away_tenant").await;

    // By nobody who could tell of it.
    server.database.execute("UPDATE \"user\" SET disabled_at = 1").await;

    let felt = async { while server.get(POLL, &ada.token).await.0 == StatusCode::OK {} };
    timeout(PATIENCE, felt).await.expect("a disabled account is let in");
}

#[tokio::test]
async fn a_session_that_comes_to_its_end_is_not_remembered_beyond_it() {
    let server = TestServer::with(&["--refresh-lifetime", "2"]).await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;
    assert_eq!(server.get(POLL, &ada.token).await.0, StatusCode::OK);

    let ended = async {
        loop {
            let (status, problem) = server.get(POLL, &ada.token).await;
            if status != StatusCode::OK {
                return problem;
            }
        }
    };

    let problem = timeout(PATIENCE, ended).await.expect("the session never ends");
    assert_eq!(problem["code"], "session_ended");
}
