//! What a Socket.IO client hears, and what it may ask for.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Client, Connecting, Heard, TestServer};

const ANA: &str = "5511888888888";

#[tokio::test]
async fn a_client_hears_what_happens_from_now_on() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Antes").await;
    let mut agent = acme.agent().await;

    acme.writes(ANA, "wamid.2", "Depois").await;

    let ready = agent.next().await;
    assert_eq!((ready.name.as_str(), ready.seq(), ready.offset), ("ready", 2, None));
    let message = agent.next().await;
    assert_eq!((message.name.as_str(), message.seq()), ("message:new", 3));
    assert_eq!(message.offset.as_deref(), Some("3"));
    assert_eq!(message.data["message"]["content"], "Depois");
    let updated = agent.next().await;
    assert_eq!((updated.name.as_str(), updated.seq()), ("conversation:updated", 4));
    let window = "2023-11-15T22:13:22.000Z";
    assert_eq!(updated.data["updates"], json!({ "unreadCount": 2, "windowUntil": window }));
    assert_eq!(updated.data["lastMessage"]["id"], message.data["message"]["id"]);
}

#[tokio::test]
async fn a_client_that_was_away_is_served_what_it_missed_before_anything_new() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    for n in 1..=5 {
        acme.writes(ANA, &format!("wamid.{n}"), "Oi").await;
    }

    let mut agent = Client::after(server.address(), &acme.token(), 3).await.unwrap();
    acme.writes(ANA, "wamid.6", "Oi").await;

    let ready = agent.next().await;
    assert_eq!(
        (ready.seq(), &ready.data["head"], &ready.data["complete"]),
        (3, &json!(10), &json!(true))
    );
    assert_eq!(heard(&mut agent, 9).await, (4..=12).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cursor_may_come_in_the_address() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let query = format!("&token={}&after=1", acme.token());

    let how = Connecting { query: &query, ..Connecting::default() };
    let mut agent = Client::with(server.address(), how).await.unwrap();

    assert_eq!(agent.next().await.seq(), 1);
    assert_eq!(agent.stored().await.seq(), 2);
}

#[tokio::test]
async fn a_cursor_of_another_log_is_told_to_load_afresh() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;

    for cursor in [99, -1] {
        let mut agent = Client::after(server.address(), &acme.token(), cursor).await.unwrap();
        let ready = agent.next().await;
        assert_eq!((ready.seq(), &ready.data["complete"]), (2, &json!(false)), "{cursor}");
        let (synced, _) = agent.ask("sync", json!({ "after": cursor })).await;
        assert_eq!(synced, json!({ "ok": true, "seq": 2, "complete": false }), "{cursor}");
    }
}

#[tokio::test]
async fn sync_repeats_what_followed_and_then_says_so() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    for n in 1..=3 {
        acme.writes(ANA, &format!("wamid.{n}"), "Oi").await;
    }
    assert_eq!(heard(&mut agent, 6).await, [1, 2, 3, 4, 5, 6]);

    let (synced, before) = agent.ask("sync", json!({ "after": 2 })).await;

    assert_eq!(synced, json!({ "ok": true, "seq": 6, "complete": true }));
    assert_eq!(before.iter().map(Heard::seq).collect::<Vec<_>>(), [3, 4, 5, 6]);
    let (nothing, before) = agent.ask("sync", json!({ "after": 6 })).await;
    assert_eq!((nothing, before.len()), (json!({ "ok": true, "seq": 6, "complete": true }), 0));
    let (refused, _) = agent.ask("sync", json!("everything")).await;
    assert_eq!(refused["error"]["code"], "bad_request");
}

#[tokio::test]
async fn heartbeats_tell_how_far_the_log_is() {
    let server = TestServer::with(&["--heartbeat", "1"]).await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    acme.writes(ANA, "wamid.1", "Oi").await;

    let beat = agent.hear("heartbeat").await;

    assert_eq!((beat.seq(), beat.offset), (2, None));
    assert!(beat.data["serverTime"].is_string());
}

#[tokio::test]
async fn reading_a_conversation_is_told_to_everyone_once() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let (mut ada, mut bia) = (acme.agent().await, acme.agent().await);
    let id = json!(acme.card().await.id);

    assert_eq!(ada.ask("conversation:read", id.clone()).await.0, json!({ "ok": true }));
    assert_eq!(ada.ask("conversation:read", id).await.0, json!({ "ok": true }));

    assert_eq!(bia.stored().await.data["updates"], json!({ "unreadCount": 0 }));
    assert_eq!(acme.told().await.len(), 3);
    assert_eq!(acme.card().await.unread_count, 0);
}

#[tokio::test]
async fn joining_and_leaving_are_acknowledged() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let mut agent = acme.agent().await;
    let id = json!(acme.card().await.id);

    assert_eq!(agent.ask("conversation:join", id.clone()).await.0, json!({ "ok": true }));
    assert_eq!(agent.ask("conversation:leave", id).await.0, json!({ "ok": true }));
    for rubbish in [json!("x"), json!(null), json!({}), json!(7), json!("")] {
        let (refused, _) = agent.ask("conversation:join", rubbish.clone()).await;
        assert_eq!(refused["error"]["code"], "not_found", "{rubbish}");
    }
}

#[tokio::test]
async fn who_joins_a_conversation_still_hears_everything_once() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let mut agent = acme.agent().await;
    agent.ask("conversation:join", json!(acme.card().await.id)).await;

    acme.writes(ANA, "wamid.2", "Oi").await;
    acme.writes(ANA, "wamid.3", "Oi").await;

    assert_eq!(heard(&mut agent, 4).await, [3, 4, 5, 6]);
}

#[tokio::test]
async fn admins_see_who_is_connected_in_their_tenant_and_the_operator_in_all() {
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    let mut clients = vec![acme.agent().await, acme.agent().await, zenith.agent().await];
    for client in &mut clients {
        client.hear("ready").await;
    }
    let stats =
        async |role: &str| server.get("/api/socket/stats", &acme.token_of("ada", role)).await;

    let all = json!({ "totalConnections": 3, "connectionsByTenant": { "acme": 2, "zenith": 1 } });
    assert_eq!(stats("operator").await, (StatusCode::OK, all));
    let own = json!({ "totalConnections": 2, "connectionsByTenant": { "acme": 2 } });
    assert_eq!(stats("admin").await, (StatusCode::OK, own));
    assert_eq!(stats("agent").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn admins_see_how_far_behind_each_connection_is() {
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    let (mut mine, mut theirs) = (acme.agent().await, zenith.agent().await);
    theirs.hear("ready").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    heard(&mut mine, 2).await;
    // Answered after the events: they have been counted.
    mine.ask("sync", json!({ "after": 2 })).await;

    let path = "/api/socket/connections";
    let (_, connections) = server.get(path, &acme.token_of("ada", "admin")).await;

    let [only] = connections.as_array().unwrap().as_slice() else { panic!("{connections}") };
    assert_eq!((&only["tenantId"], &only["userId"]), (&json!("acme"), &json!("ada")));
    assert_eq!((&only["transport"], &only["protocol"]), (&json!("websocket"), &json!(5)));
    assert_eq!(
        (&only["cursor"], &only["lag"], &only["recovered"]),
        (&json!(2), &json!(0), &json!(false))
    );
    assert!(only["bytesSent"].as_u64().unwrap() > 500, "{only}");
    assert_eq!(server.get(path, &acme.token()).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_stopping_server_lets_its_clients_go() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    agent.hear("ready").await;

    let gone = async {
        while let Some(packet) = agent.packet().await {
            // By which clients would not come back by themselves.
            assert_ne!(packet, "41");
        }
    };
    tokio::join!(server.stop(), gone);
}

/// The numbers of the next stored events.
async fn heard(client: &mut Client, count: usize) -> Vec<i64> {
    let mut seqs = Vec::new();
    while seqs.len() < count {
        seqs.push(client.stored().await.seq());
    }
    seqs
}
