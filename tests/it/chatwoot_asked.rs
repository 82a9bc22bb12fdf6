//! What Chatwoot's webhooks have lost is found by asking, and nothing hides it.

use recado::desk::{ConversationStatus, Event, InboxId, Role, Time};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Chatwoot, Database, Tenant, TestServer, admin, happens};

/// An admin has Chatwoot asked what its webhooks have lost.
async fn ask(server: &TestServer, acme: &Tenant<'_>, inbox: InboxId) -> (StatusCode, Value) {
    let path = format!("/api/inboxes/{inbox}/reconcile");
    server.send(Method::POST, &path, &admin(&acme.desk), &json!({})).await
}

/// Whoever looks after the one conversation.
async fn assignee(acme: &Tenant<'_>) -> Option<String> {
    acme.card().await.assignee_id.map(|it| it.0)
}

#[tokio::test]
async fn what_webhooks_lost_is_found_on_demand() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    let inbox = chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "um", json!({})).await;
    chatwoot.lose(true);
    for n in 0..7 {
        chatwoot.says(talk, "incoming", &format!("perdida {n}"), json!({})).await;
    }
    chatwoot.turns(talk, |it| it.status = String::from("resolved")).await;
    chatwoot.lose(false);
    chatwoot.says(talk, "incoming", "dois", json!({})).await;

    let (status, first) = ask(&server, &acme, inbox).await;
    let (_, again) = ask(&server, &acme, inbox).await;

    assert_eq!((status, &first["conversations"]), (StatusCode::OK, &json!(1)), "{first}");
    assert_eq!(again["missed"], 0, "finding it twice changes something");
    assert_eq!(acme.history().await.len(), 9);
    assert_eq!(acme.card().await.status, ConversationStatus::Resolved);
}

#[tokio::test]
async fn asking_for_what_is_recent_hides_nothing_that_was_lost_before() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    let inbox = chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let now = Time::now();
    acme.desk.reconciled(inbox, now.plus_seconds(-7_200)).await.unwrap();
    chatwoot.set_back(3_600);
    chatwoot.lose(true);
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "perdida", json!({})).await;

    let path = format!("/api/inboxes/{inbox}/reconcile");
    let since = json!({ "since": now.plus_seconds(-60).to_string() });
    let (_, recent) = server.send(Method::POST, &path, &admin(&acme.desk), &since).await;
    let (_, all) = ask(&server, &acme, inbox).await;

    assert_eq!((&recent["conversations"], &all["conversations"]), (&json!(0), &json!(1)));
    assert_eq!(acme.history().await[0].content, "perdida");
}

#[tokio::test]
async fn a_chatwoot_that_tells_more_than_is_to_be_kept_is_refused() {
    let server = TestServer::with(&["--chatwoot-reconcile", "0"]).await;
    let (acme, chatwoot) = (server.tenant("acme").await, Chatwoot::start().await);
    let inbox = chatwoot.connect(&server, &acme.desk, &json!({})).await;
    chatwoot.lose(true);
    for contact in 20..24 {
        let talk = chatwoot.begins("Bea", contact).await;
        chatwoot.says(talk, "incoming", "Olá?", json!({})).await;
    }

    chatwoot.pads(9 * 1024 * 1024);
    let (refused, why) = ask(&server, &acme, inbox).await;
    let before = acme.cards().await.len();
    chatwoot.pads(0);
    let (_, found) = ask(&server, &acme, inbox).await;

    assert_eq!((refused, &why["code"]), (StatusCode::BAD_GATEWAY, &json!("channel_failed")));
    assert_eq!((before, &found["conversations"]), (0, &json!(4)), "{found}");
}

#[tokio::test]
async fn inboxes_that_are_not_taken_hide_nothing_that_was_lost() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    let inbox = chatwoot.connect(&server, &acme.desk, &json!({ "inboxIds": [3] })).await;
    chatwoot.lose(true);
    for contact in 20..24 {
        let elsewhere = chatwoot.begins_in(4, "Rui", contact).await;
        chatwoot.says(elsewhere, "incoming", "Outro setor", json!({})).await;
    }
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "Olá?", json!({})).await;

    let (_, found) = ask(&server, &acme, inbox).await;

    assert_eq!(found["conversations"], 1, "{found}");
    assert_eq!(acme.card().await.contact.name.as_deref(), Some("Bea"));
}

#[tokio::test]
async fn whom_chatwoot_does_not_know_stays_responsible_after_it_was_asked() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    let inbox = chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "Olá?", json!({})).await;
    let bia = acme.person("Bia", Role::Agent).await;
    let path = format!("/api/conversations/{}", acme.card().await.id);
    bia.patch(&path, json!({ "assigneeId": bia.id })).await;

    let (status, told) = ask(&server, &acme, inbox).await;
    chatwoot.says(talk, "incoming", "Alguém?", json!({})).await;

    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!(assignee(&acme).await, Some(bia.id));
}

#[tokio::test]
async fn that_somebody_was_taken_off_in_chatwoot_is_found_by_asking() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    let inbox = chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "Olá?", json!({})).await;
    let ada = acme.person("Ada", Role::Agent).await;
    let told = json!({ "id": 7, "name": "Ada", "type": "user" });
    chatwoot.turns(talk, |it| it.assignee = told).await;
    let before = assignee(&acme).await;
    chatwoot.lose(true);
    chatwoot.turns(talk, |it| it.assignee = Value::Null).await;

    let (status, told) = ask(&server, &acme, inbox).await;

    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!((before, assignee(&acme).await), (Some(ada.id), None));
}

#[tokio::test]
async fn what_was_lost_while_the_server_was_down_is_found_when_it_is_back() {
    let database = Database::create().await;
    let server = TestServer::on(database, &["--chatwoot-reconcile", "0"]).await;
    let chatwoot = Chatwoot::start().await;
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "um", json!({})).await;
    let database = server.stop().await;
    chatwoot.lose(true);
    chatwoot.says(talk, "incoming", "dois", json!({})).await;

    let server = TestServer::on(database, &["--chatwoot-reconcile", "3600"]).await;
    let acme = server.tenant("acme").await;

    let is_it = |event: &Event| matches!(event, Event::MessageReceived(it) if it.content == "dois");
    happens(&acme.desk, is_it).await;
}

#[tokio::test]
async fn an_inbox_whose_secrets_cannot_be_opened_keeps_no_other_from_being_asked() {
    let database = Database::create().await;
    let server = TestServer::on(database, &["--chatwoot-reconcile", "0"]).await;
    let (sealed, chatwoot) = (Chatwoot::start().await, Chatwoot::start().await);
    let (acme, zeta) = (server.tenant("acme").await, server.tenant("zeta").await);
    sealed.connect(&server, &acme.desk, &json!({})).await;
    chatwoot.connect(&server, &zeta.desk, &json!({})).await;
    chatwoot.lose(true);
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "perdida", json!({})).await;
    let database = server.stop().await;
    let lost_key =
        "UPDATE inbox SET secrets = 'x' WHERE tenant_id = 'acme' AND secrets IS NOT NULL";
    database.execute(lost_key).await;

    let server = TestServer::on(database, &["--chatwoot-reconcile", "3600"]).await;
    let zeta = server.tenant("zeta").await;

    let is_it =
        |event: &Event| matches!(event, Event::MessageReceived(it) if it.content == "perdida");
    happens(&zeta.desk, is_it).await;
}
