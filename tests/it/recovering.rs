//! Unchanged clients of 4.6 and later resume by themselves: `pid` in CONNECT, the offset with every
//! event, both handed back after a cut.

use recado::desk::{Retention, Sees};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Client, Connecting, Tenant, TestServer};

const ANA: &str = "5511888888888";

/// Connects as such a client does after a cut.
async fn reconnect(server: &TestServer, token: &str, pid: &str, offset: Option<&str>) -> Client {
    let mut auth = json!({ "token": token, "pid": pid });
    if let Some(offset) = offset {
        auth["offset"] = json!(offset);
    }
    Client::with(server.address(), Connecting { auth, ..Connecting::default() }).await.unwrap()
}

async fn write(acme: &Tenant<'_>, from: u32, to: u32) {
    for n in from..=to {
        acme.writes(ANA, &format!("wamid.{n}"), "Oi").await;
    }
}

async fn numbers(client: &mut Client, count: usize) -> Vec<String> {
    let mut offsets = Vec::new();
    while offsets.len() < count {
        offsets.push(client.stored().await.offset.unwrap());
    }
    offsets
}

#[tokio::test]
async fn a_client_that_hands_back_pid_and_offset_is_served_what_it_missed() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut first = acme.agent().await;
    let pid = first.pid().to_owned();
    write(&acme, 1, 1).await;
    assert_eq!(numbers(&mut first, 2).await, ["1", "2"]);
    drop(first);
    write(&acme, 2, 3).await;

    let mut second = reconnect(&server, &acme.token(), &pid, Some("2")).await;
    write(&acme, 4, 4).await;

    // The same pid: to the client this is `recovered`.
    assert_eq!(second.pid(), pid);
    let ready = second.next().await;
    assert_eq!((ready.name.as_str(), &ready.data["complete"]), ("ready", &json!(true)));
    assert_eq!(numbers(&mut second, 6).await, ["3", "4", "5", "6", "7", "8"]);
}

#[tokio::test]
async fn a_client_that_was_cut_off_before_its_first_event_recovers_too() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    write(&acme, 1, 1).await;
    let pid = acme.agent().await.pid().to_owned();
    write(&acme, 2, 2).await;

    let mut second = reconnect(&server, &acme.token(), &pid, None).await;

    assert_eq!(second.pid(), pid);
    assert_eq!(numbers(&mut second, 2).await, ["3", "4"]);
}

#[tokio::test]
async fn recovery_survives_a_restart_with_the_rooms_that_were_joined() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    write(&acme, 1, 1).await;
    let mut first = acme.agent().await;
    let pid = first.pid().to_owned();
    let id = acme.card().await.id;
    assert_eq!(first.ask("conversation:join", json!(id)).await.0, json!({ "ok": true }));

    let server = TestServer::on(server.stop().await, &[]).await;
    let acme = server.tenant("acme").await;
    write(&acme, 2, 2).await;
    let mut second = reconnect(&server, &acme.token(), &pid, Some("2")).await;

    assert_eq!(second.pid(), pid);
    assert_eq!(numbers(&mut second, 2).await, ["3", "4"]);
    let rooms = async || acme.desk.rooms_of(&pid, &Sees::everything()).await.unwrap();
    assert_eq!(rooms().await, [id]);
    let nothing = Sees { inboxes: Some(std::collections::HashSet::new()), user: None };
    assert_eq!(acme.desk.rooms_of(&pid, &nothing).await.unwrap(), []);
    second.ask("conversation:leave", json!(id)).await;
    assert_eq!(rooms().await, []);
}

#[tokio::test]
async fn beyond_what_the_log_keeps_there_is_a_new_pid_and_no_half_replay() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    write(&acme, 1, 10).await;
    let retention = Retention { log_days: 7, log_events: 5, webhook_days: 30 };
    server.desks.prune(retention).await.unwrap();
    let server = TestServer::on(server.stop().await, &[]).await;
    let acme = server.tenant("acme").await;

    for (offset, is_recovered) in [("15", true), ("14", false), ("99", false)] {
        let mut client = reconnect(&server, &acme.token(), "abc.1", Some(offset)).await;
        assert_eq!(client.pid() == "abc.1", is_recovered, "{offset}");
        let ready = client.next().await;
        assert_eq!(
            (ready.seq() == 20, &ready.data["complete"]),
            (!is_recovered, &json!(is_recovered))
        );
    }
}

/// As a page does that says where it began, each time it connects.
#[tokio::test]
async fn who_says_both_what_it_had_and_where_its_page_began_gets_nothing_twice() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    write(&acme, 1, 3).await;
    for (offset, after) in [("4", 1), ("2", 4)] {
        let auth =
            json!({ "token": acme.token(), "pid": "abc.1", "offset": offset, "after": after });
        let connecting = Connecting { auth, ..Connecting::default() };
        let mut client = Client::with(server.address(), connecting).await.unwrap();

        assert_eq!(client.pid(), "abc.1");
        assert_eq!(numbers(&mut client, 2).await, ["5", "6"]);
    }
}

#[tokio::test]
async fn a_pid_is_no_pass() {
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    zenith.writes(ANA, "wamid.1", "Para a Zenith").await;
    acme.writes(ANA, "wamid.1", "Para a Acme").await;
    let mut theirs = zenith.agent().await;
    theirs.ask("conversation:join", json!(zenith.card().await.id)).await;

    let auth = json!({ "pid": theirs.pid(), "offset": "0" });
    let refused =
        Client::with(server.address(), Connecting { auth, ..Connecting::default() }).await;
    assert_eq!(refused.err().as_deref(), Some("the token is missing"));
    let mut mine = reconnect(&server, &acme.token(), theirs.pid(), Some("0")).await;

    mine.stored().await;
    assert_eq!(mine.stored().await.data["message"]["content"], "Para a Acme");
    assert_eq!(acme.desk.rooms_of(theirs.pid(), &Sees::everything()).await.unwrap(), []);
}

#[tokio::test]
async fn odd_handshakes_are_read_as_far_as_they_make_sense() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    write(&acme, 1, 1).await;
    for odd in [
        json!({ "token": acme.token(), "pid": 7, "offset": {} }),
        json!({ "token": acme.token(), "pid": "\"<script>.1", "offset": "x" }),
        json!({ "token": acme.token(), "after": null, "x": [1] }),
    ] {
        let how = Connecting { auth: odd.clone(), ..Connecting::default() };
        let mut client = Client::with(server.address(), how).await.unwrap();
        assert_eq!(client.next().await.seq(), 2, "{odd}");
        assert!(client.pid().ends_with(".2"), "{odd}");
    }
}

#[tokio::test]
async fn long_polling_gets_a_pid_too() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let http = reqwest::Client::new();
    let url = format!("{}/socket.io/?EIO=4&transport=polling", server.url);
    let opened = http.get(&url).send().await.unwrap().text().await.unwrap();
    let opened: Value = serde_json::from_str(opened.strip_prefix('0').unwrap()).unwrap();
    let url = format!("{url}&sid={}", opened["sid"].as_str().unwrap());

    let connect = format!("40{}", json!({ "token": acme.token(), "pid": "abc.0", "offset": "0" }));
    let posted = http.post(&url).body(connect).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::OK);
    let mut heard = String::new();
    while !heard.contains("\"pid\"") {
        let answer = http.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{heard}");
        heard.push('\u{1e}');
        heard.push_str(&answer.text().await.unwrap());
    }

    let packet = heard.split('\u{1e}').find_map(|packet| packet.strip_prefix("40")).unwrap();
    let connected: Value = serde_json::from_str(packet).unwrap();
    assert_eq!(connected["pid"], "abc.0");
}
