//! A Chatwoot, connected: what happens there happens here, and what agents do here happens there.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use hmac::{Hmac, KeyInit as _, Mac as _};
use recado::desk::{ConversationStatus, Direction, Event, Status};
use reqwest::{Client, Method};
use serde_json::json;
use sha2::Sha256;
use tokio::time::timeout;

use crate::support::{
    API_TOKEN, Chatwoot, Database, Fault, PATIENCE, Process, Tenant, TestServer, admin, happens,
    token,
};

/// Waits until some message has got so far.
async fn one_is(acme: &Tenant<'_>, status: Status) {
    happens(&acme.desk, |event| matches!(event, Event::StatusMoved(it) if it.status == status))
        .await;
}

#[tokio::test]
async fn what_a_customer_writes_to_chatwoot_is_on_the_board() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;

    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "Olá?", json!({})).await;
    chatwoot.says(talk, "outgoing", "Já vou ver.", json!({})).await;
    chatwoot.says(talk, "outgoing", "Ela é VIP", json!({ "private": true })).await;
    chatwoot.says(talk, "activity", "Zoe se atribuiu", json!({})).await;
    chatwoot.turns(talk, |it| it.labels = vec!["vip".to_owned()]).await;

    let card = acme.card().await;
    assert_eq!(card.contact.name.as_deref(), Some("Bea"));
    assert_eq!(card.contact.phone_number, "5511988880014");
    assert_eq!((card.labels, card.unread_count), (vec!["vip".to_owned()], 1));
    let said = acme.history().await;
    let told: Vec<_> =
        said.iter().map(|it| (it.direction, it.content.as_str(), it.is_private)).collect();
    assert_eq!(
        told,
        [
            (Direction::Inbound, "Olá?", false),
            (Direction::Outbound, "Já vou ver.", false),
            (Direction::Outbound, "Ela é VIP", true),
            (Direction::Outbound, "Zoe se atribuiu", false),
        ]
    );
    assert_eq!(said[3].metadata["kind"], "system");
}

#[tokio::test]
async fn a_message_deleted_in_chatwoot_is_deleted_here() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    let message = chatwoot.says(talk, "incoming", "segredo", json!({})).await;

    chatwoot.deletes(talk, message).await;

    let said = acme.history().await;
    assert!(said[0].deleted_at.is_some() && said[0].content.is_empty(), "{said:?}");
}

#[tokio::test]
async fn a_reply_goes_to_chatwoot_and_its_echo_is_known() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "Olá?", json!({})).await;

    let path = format!("/api/conversations/{}/messages", acme.card().await.id);
    let reply = json!({ "type": "TEXT", "content": "Oi!", "clientId": "1" });
    let (status, _) = acme.ask(Method::POST, &path, &reply).await;
    one_is(&acme, Status::Sent).await;

    assert_eq!(status, 202);
    let asked = chatwoot.asked("/messages");
    assert_eq!((asked.len(), &asked[0]["content"]), (1, &json!("Oi!")));
    let said = acme.history().await;
    assert_eq!(said.len(), 2, "the echo is another message: {said:?}");
    assert!(said[1].provider_id.is_some());
}

#[tokio::test]
async fn an_answer_that_is_lost_is_settled_by_the_echo() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "Olá?", json!({})).await;
    chatwoot.fail(Fault::Lost);

    let path = format!("/api/conversations/{}/messages", acme.card().await.id);
    acme.ask(Method::POST, &path, &json!({ "type": "TEXT", "content": "Oi!" })).await;
    one_is(&acme, Status::Sent).await;

    assert_eq!(chatwoot.asked("/messages").len(), 1, "it was sent twice");
    assert_eq!(acme.history().await.len(), 2);
}

#[tokio::test]
async fn trouble_passes_and_what_is_refused_has_failed() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "Olá?", json!({})).await;
    let path = format!("/api/conversations/{}/messages", acme.card().await.id);

    chatwoot.fail(Fault::Answer(503));
    acme.ask(Method::POST, &path, &json!({ "type": "TEXT", "content": "um" })).await;
    one_is(&acme, Status::Sent).await;
    chatwoot.fail(Fault::Answer(422));
    acme.ask(Method::POST, &path, &json!({ "type": "TEXT", "content": "dois" })).await;
    one_is(&acme, Status::Failed).await;

    let said = acme.history().await;
    let told: Vec<_> = said.iter().map(|it| (it.content.as_str(), it.status)).collect();
    let expected = [("Olá?", Status::Delivered), ("um", Status::Sent), ("dois", Status::Failed)];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_an_agent_decides_is_told_to_chatwoot_once_and_does_not_come_back() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "Olá?", json!({})).await;
    let path = format!("/api/conversations/{}", acme.card().await.id);

    let (status, _) = acme.patch(&path, &json!({ "status": "RESOLVED" })).await;
    let is_echoed = async {
        while !chatwoot.sent().iter().any(|it| it["status"] == "resolved") {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, is_echoed).await.unwrap();
    chatwoot.says(talk, "incoming", "Mais uma", json!({})).await;

    assert_eq!(status, 200);
    assert_eq!(chatwoot.asked("/toggle_status"), [json!({ "status": "resolved" })]);
    assert_eq!(acme.card().await.status, ConversationStatus::Resolved, "Chatwoot says so still");
    chatwoot.turns(talk, |it| it.status = String::from("open")).await;
    assert_eq!(acme.card().await.status, ConversationStatus::Open);
    assert_eq!(chatwoot.asked("/toggle_status").len(), 1, "what Chatwoot tells is told back to it");
}

#[tokio::test]
async fn what_a_webhook_tells_of_other_messages_is_not_believed() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;

    let talk = chatwoot.begins("Bea", 14).await;
    let before = acme.history().await;
    chatwoot.says(talk, "incoming", "Olá?", json!({})).await;

    let nested = &chatwoot.sent()[0]["messages"][0];
    assert_eq!(nested["content"], "de outra conversa");
    assert_eq!(before, []);
    let card = acme.card().await;
    assert_eq!((acme.history().await.len(), card.unread_count), (1, 1));
    assert_eq!(card.contact.name.as_deref(), Some("Bea"));
}

#[tokio::test]
async fn a_chatwoot_that_signs_is_followed() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({ "webhookSecret": "s3cret" })).await;

    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "Olá?", json!({})).await;

    assert_eq!(acme.history().await.len(), 1);
}

/// Chatwoot tries each webhook once, for 5 s: what is answered must be durable, and all be answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_answered_before_chatwoot_gives_up_and_is_there_after_a_kill() {
    let database = Database::create().await;
    let flags = ["--bootstrap", "acme=phone", "--chatwoot-reconcile", "0"];
    let (server, chatwoot) = (Process::serve(&database, &flags), Chatwoot::start().await);
    let exp = recado::desk::Time::now().seconds() + 3_600;
    let claims = json!({ "sub": "boss", "tenantId": "acme", "role": "admin", "exp": exp });
    chatwoot.connect_at(&server.url, &token(&claims), &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;

    let flood = (0..100).map(|n| {
        let chatwoot = &chatwoot;
        async move { chatwoot.says(talk, "incoming", &format!("{n}"), json!({})).await }
    });
    let numbers: BTreeSet<_> = join_all(flood).await.into_iter().map(|it| it.to_string()).collect();
    server.kill();

    let server = TestServer::on(database, &["--chatwoot-reconcile", "0"]).await;
    let kept = server.tenant("acme").await.history().await;
    assert_eq!(kept.len(), 100);
    assert_eq!(kept.into_iter().filter_map(|it| it.provider_id).collect::<BTreeSet<_>>(), numbers);
}

#[tokio::test]
async fn only_what_is_signed_is_taken_where_there_is_a_secret() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({ "webhookSecret": "s3cret" })).await;
    let body = json!({ "event": "webwidget_triggered", "id": 1 }).to_string();
    let now = recado::desk::Time::now().seconds();
    let post = async |timestamp: i64, secret: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{timestamp}.{body}").as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let request = Client::new().post(chatwoot.webhooks_to()).body(body.clone());
        let request = request.header("x-chatwoot-signature", signature);
        let request = request.header("x-chatwoot-timestamp", timestamp.to_string());
        request.send().await.unwrap().status().as_u16()
    };

    assert_eq!(post(now, "s3cret").await, 200);
    assert_eq!(post(now, "another").await, 401);
    assert_eq!(post(now - 600, "s3cret").await, 401, "a replay is taken");
    let unsigned = Client::new().post(chatwoot.webhooks_to()).body(body.clone());
    assert_eq!(unsigned.send().await.unwrap().status(), 401);
    let unknown = format!("{}/webhooks/chatwoot/nobody", server.url);
    assert_eq!(Client::new().post(unknown).body(body.clone()).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_customers_typing_is_a_signal_and_is_not_stored() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    let before =
        server.desks.webhooks(recado::desk::Filter { outcome: None, limit: 100 }).await.unwrap();
    let mut typing = server.desks.typing();

    chatwoot
        .deliver(json!({
            "event": "conversation_typing_on", "is_private": false,
            "user": { "id": 14, "name": "Bea", "type": "contact" },
            "conversation": { "id": talk, "inbox_id": 3 },
        }))
        .await;

    let typed = timeout(PATIENCE, typing.recv()).await.unwrap().unwrap();
    assert_eq!((typed.conversation, typed.is_on), (acme.card().await.id, true));
    let after =
        server.desks.webhooks(recado::desk::Filter { outcome: None, limit: 100 }).await.unwrap();
    assert_eq!(before.len(), after.len(), "it is stored");
}

#[tokio::test]
async fn who_types_in_another_account_does_not_type_in_the_conversation_of_the_same_number() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let talk = chatwoot.begins("Bea", 14).await;
    let mut typing = server.desks.typing();
    let types = async |event: &str, account: u64, is_of_user: bool| {
        let mut told = json!({
            "event": event, "is_private": false,
            "user": { "id": 14, "name": "Bea", "type": "contact" },
            "conversation": { "id": talk, "inbox_id": 3 },
        });
        let place = if is_of_user { &mut told["user"] } else { &mut told };
        place["account"] = json!({ "id": account, "name": "x" });
        chatwoot.deliver(told).await;
    };

    for is_of_user in [false, true] {
        types("conversation_typing_on", 2, is_of_user).await;
        types("conversation_typing_off", 1, is_of_user).await;

        let typed = timeout(PATIENCE, typing.recv()).await.unwrap().unwrap();
        assert!(!typed.is_on, "another's is heard");
    }
}

#[tokio::test]
async fn no_chatwoot_is_where_only_this_server_reaches() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    for url in
        ["http://10.0.0.1", "https://169.254.169.254", "http://chat.example.com", "file:///etc"]
    {
        let body =
            json!({ "name": "x", "baseUrl": url, "accountId": 1, "apiAccessToken": API_TOKEN });
        let (status, answer) =
            server.send(Method::POST, "/api/chatwoot/inboxes", &admin(&acme.desk), &body).await;
        assert!(status.is_client_error(), "{url}: {answer}");
    }
}

#[tokio::test]
async fn an_agent_here_does_not_connect_a_chatwoot() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let body = json!({ "name": "x", "baseUrl": "https://chat.example.com", "accountId": 1 });

    let (status, _) = acme.ask(Method::POST, "/api/chatwoot/inboxes", &body).await;

    assert_eq!(status, 403);
}

#[tokio::test]
async fn a_token_that_is_new_is_shown_to_its_chatwoot_alone() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    let inbox = chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let (path, admin) = (format!("/api/chatwoot/inboxes/{inbox}"), admin(&acme.desk));

    let elsewhere = json!({ "baseUrl": "https://chat.example.com" });
    let (refused, why) = server.send(Method::PATCH, &path, &admin, &elsewhere).await;
    let (_, shown) = server.get("/api/inboxes", &admin).await;

    assert_eq!(refused, 400, "{why}");
    assert!(!shown.to_string().contains(API_TOKEN), "{shown}");
}

#[tokio::test]
async fn an_inbox_stays_with_the_account_that_has_numbered_its_conversations() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    let inbox = chatwoot.connect(&server, &acme.desk, &json!({})).await;
    let path = format!("/api/chatwoot/inboxes/{inbox}");
    let admin = admin(&acme.desk);

    for (account, expected) in [(1, 200), (2, 422)] {
        let body = json!({ "accountId": account, "apiAccessToken": API_TOKEN });
        let (status, answer) = server.send(Method::PATCH, &path, &admin, &body).await;
        assert_eq!(status, expected, "{account}: {answer}");
    }
}
