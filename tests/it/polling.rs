//! The log for clients that poll: each event in exactly one of the answers.

use std::time::Duration;

use recado::desk::{Retention, Time};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{PATIENCE, Tenant, TestServer, echo, status, token};

const ANA: &str = "556999267344";

/// Polls as the clients do: with a cursor as it came, `+` and all.
async fn check(server: &TestServer, acme: &Tenant<'_>, last_check: Option<&str>) -> Value {
    let query = last_check.map_or(String::new(), |time| format!("?last_check={time}"));
    let (status, answer) =
        server.get(&format!("/api/chats/check-updates/{query}"), &acme.token()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["has_updates"], json!(!answer["updates"].as_array().unwrap().is_empty()));
    answer
}

fn timestamp(answer: &Value) -> String {
    answer["timestamp"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_poll_tells_what_happened_after_the_one_before() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    // D5: the first poll has no cursor, and starts now.
    let first = check(&server, &acme, None).await;
    assert_eq!(first["updates"], json!([]));

    acme.writes(ANA, "wamid.1", "Oi").await;
    let second = check(&server, &acme, Some(&timestamp(&first))).await;

    let [chat, message] = second["updates"].as_array().unwrap().as_slice() else {
        panic!("{second}")
    };
    assert_eq!((&chat["type"], &chat["chat_id"]), (&json!("chat_updated"), &json!(ANA)));
    assert_eq!(message["type"], "new_message");
    assert_eq!(message["chat_id"], ANA);
    assert_eq!(message["timestamp"], second["timestamp"]);
    let data = &message["data"];
    assert_eq!(
        (&data["type"], &data["content"], &data["sender"]),
        (&json!("text"), &json!("Oi"), &json!(ANA))
    );
    assert_eq!((&data["isOwn"], &data["status"]), (&json!(false), &json!("sent")));
    assert_eq!(data["timestamp"], "2023-11-14T22:13:21.000000+00:00");
    assert!(data["id"].is_string());
    // D9: the cursor survives the round trip, and nothing is told again.
    let third = check(&server, &acme, Some(&timestamp(&second))).await;
    assert_eq!((&third["updates"], &third["timestamp"]), (&json!([]), &second["timestamp"]));
}

#[tokio::test]
async fn edits_and_statuses_are_updates_of_their_message() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.whatsapp(json!({ "message_echoes": [echo(ANA, "wamid.1", "Oi")] })).await;
    let before = check(&server, &acme, None).await;

    // D15: every change is told, not only what is new.
    acme.whatsapp(json!({ "statuses": [status("wamid.1", "read")] })).await;
    let after = check(&server, &acme, Some(&timestamp(&before))).await;

    let [update] = after["updates"].as_array().unwrap().as_slice() else { panic!("{after}") };
    assert_eq!(update["type"], "message_updated");
    assert_eq!(
        (&update["data"]["isOwn"], &update["data"]["status"]),
        (&json!(true), &json!("read"))
    );
}

/// D1, D2, D3: webhooks at once, events of one moment, and polls in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_commits_between_two_polls_is_in_exactly_one_answer() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut cursor = timestamp(&check(&server, &acme, None).await);
    let url = server.url.clone();
    let phone = acme.phone.clone();
    let writing = tokio::spawn(async move {
        let posts = (0..200).map(|n| {
            let message =
                crate::support::text(&format!("55118{n:08}"), &format!("wamid.{n}"), "Oi");
            let body = crate::support::notification(&phone, &[message]).to_string();
            let url = url.clone();
            tokio::spawn(async move { crate::support::post(&url, body).await.status() })
        });
        for post in posts.collect::<Vec<_>>() {
            assert_eq!(post.await.unwrap(), StatusCode::OK);
        }
    });

    let mut seen = Vec::new();
    let polling = async {
        while seen.len() < 400 {
            let answer = check(&server, &acme, Some(&cursor)).await;
            seen.extend(
                answer["updates"].as_array().unwrap().iter().map(|it| it["seq"].as_i64().unwrap()),
            );
            cursor = timestamp(&answer);
        }
    };
    timeout(PATIENCE, polling).await.expect("an update is missing");
    writing.await.unwrap();

    assert_eq!(seen, (1..=400).collect::<Vec<_>>());
}

/// D4: the clock goes back, or another node's is ahead.
#[tokio::test]
async fn a_clock_that_is_behind_the_log_loses_nothing() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ahead = Time::now().plus_seconds(3_600).0;
    server
        .database
        .execute(&format!("UPDATE tenant SET last_event_at = {ahead} WHERE id = 'acme'"))
        .await;
    let cursor = check(&server, &acme, None).await;

    acme.writes(ANA, "wamid.1", "Oi").await;

    let answer = check(&server, &acme, Some(&timestamp(&cursor))).await;
    assert_eq!(answer["updates"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_client_whose_clock_is_fast_gets_on_the_servers_time() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let future = Time::now().plus_seconds(600).isoformat().replace('+', "%2B");

    let answer = check(&server, &acme, Some(&future)).await;
    acme.writes(ANA, "wamid.1", "Oi").await;

    let next = check(&server, &acme, Some(&timestamp(&answer))).await;
    assert_eq!(next["updates"].as_array().unwrap().len(), 2);
}

/// D6, D7: what was a 500 is an answer.
#[tokio::test]
async fn odd_cursors_are_answered() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;

    for old in [
        "2025-07-19T03:53:10",
        "2025-07-19T03:53:10.655739+00:00",
        "1752897190",
        "1752897190655",
        "2025-07-19",
    ] {
        let answer = check(&server, &acme, Some(old)).await;
        assert_eq!(answer["updates"].as_array().unwrap().len(), 2, "{old}");
    }
    for nothing in ["", "null", "undefined", "NaN"] {
        assert_eq!(check(&server, &acme, Some(nothing)).await["updates"], json!([]), "{nothing}");
    }
    for wrong in ["abc", "2025-13-40"] {
        let path = format!("/api/chats/check-updates/?last_check={wrong}");
        let (status, problem) = server.get(&path, &acme.token()).await;
        let told = json!(format!("Invalid isoformat string: '{wrong}'"));
        assert_eq!((status, &problem["error"]), (StatusCode::BAD_REQUEST, &told));
    }
}

#[tokio::test]
async fn old_cursors_are_served_from_the_database() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let start = timestamp(&check(&server, &acme, None).await);
    acme.writes(ANA, "wamid.1", "Oi").await;

    let server = TestServer::on(server.stop().await, &[]).await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.2", "De novo").await;

    let answer = check(&server, &acme, Some(&start)).await;
    let seqs: Vec<_> = answer["updates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, [1, 2, 3, 4]);
}

#[tokio::test]
async fn the_slash_at_the_end_does_not_matter_and_a_token_does() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let (status, _) = server.get("/api/chats/check-updates", &acme.token()).await;
    assert_eq!(status, StatusCode::OK);
    // Some clients name a type with every request, whatever it holds.
    let bearer = format!("Bearer {}", acme.token());
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = "/api/chats/check-updates/";
    let answer = server.ask_with(Method::GET, path, &headers, Value::Null).await;
    assert_eq!(answer.status, StatusCode::OK);
    let (status, _) = server.get("/api/chats/check-updates/", "garbage").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    // A token in the address is for streams: addresses are written down in many places.
    let answer =
        reqwest::get(format!("{}/api/chats/check-updates/?token={}", server.url, acme.token()));
    assert_eq!(answer.await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

/// The tables that a poll would have to ask are away: it is answered from memory all the same.
#[tokio::test]
async fn a_poll_of_the_last_minutes_asks_the_database_nothing() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let start = timestamp(&check(&server, &acme, None).await);
    acme.writes(ANA, "wamid.1", "Oi").await;
    // All but the one that tells the node how far the log has got.
    for table in ["event", "\"user\"", "conversation", "message", "contact"] {
        server
            .database
            .execute(&format!("ALTER TABLE {table} RENAME TO away_{}", table.trim_matches('"')))
            .await;
    }

    let mut cursor = start;
    let mut updates = 0;
    for _ in 0..50 {
        let answer = check(&server, &acme, Some(&cursor)).await;
        updates += answer["updates"].as_array().unwrap().len();
        cursor = timestamp(&answer);
    }
    assert_eq!(updates, 2);
    let (_, page) = server.get("/api/events?after=1", &acme.token()).await;
    assert_eq!(page["seq"], 2);
}

#[tokio::test]
async fn what_has_been_in_memory_for_long_enough_comes_out_of_the_database() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let start = timestamp(&check(&server, &acme, None).await);
    acme.writes(ANA, "wamid.1", "Oi").await;
    check(&server, &acme, Some(&start)).await;
    server.desks.look_around(Duration::from_mins(5)).await.unwrap();
    assert_eq!(server.desks.held().events, 2);

    server.desks.look_around(Duration::ZERO).await.unwrap();

    assert_eq!(server.desks.held().events, 0);
    let answer = check(&server, &acme, Some(&start)).await;
    assert_eq!(answer["updates"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn events_are_read_page_by_page_from_a_cursor() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    for n in 1..=3 {
        acme.writes(ANA, &format!("wamid.{n}"), "Oi").await;
    }
    let read = async |query: &str| server.get(&format!("/api/events{query}"), &acme.token()).await;

    let (_, page) = read("?after=0&limit=4").await;
    assert_eq!((&page["seq"], &page["hasMore"]), (&json!(4), &json!(true)));
    let names: Vec<_> =
        page["events"].as_array().unwrap().iter().map(|it| it["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["conversation:new", "message:new", "message:new", "conversation:updated"]);
    assert_eq!(page["events"][1]["data"]["message"]["content"], "Oi");
    assert_eq!(page["events"][1]["data"]["seq"], 2);

    let (_, rest) = read("?after=4").await;
    assert_eq!((rest["events"].as_array().unwrap().len(), &rest["hasMore"]), (2, &json!(false)));
    let (_, now) = read("").await;
    assert_eq!(now, json!({ "events": [], "seq": 6, "hasMore": false }));
    assert_eq!(read("?after=x").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_held_request_is_answered_as_soon_as_something_happens() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let token = acme.token();

    let (told, _) = tokio::join!(
        timeout(PATIENCE, server.get("/api/events?after=0&wait=60", &token)),
        acme.writes(ANA, "wamid.1", "Oi"),
    );
    let (_, page) = told.expect("the request is held although something happened");
    assert_eq!(page["seq"], page["events"].as_array().unwrap().last().unwrap()["seq"]);

    let started = tokio::time::Instant::now();
    let (_, nothing) = server.get("/api/events?after=2&wait=1", &token).await;
    assert_eq!(nothing["events"], json!([]));
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_request_is_held_no_longer_than_its_token_lasts() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let exp = Time::now().seconds() + 2;
    let claims =
        json!({ "sub": "ada", "tenantId": acme.desk.tenant(), "role": "agent", "exp": exp });

    let held = timeout(PATIENCE, server.get("/api/events?wait=60", &token(&claims))).await;

    let (status, problem) = held.expect("the request is held for longer");
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("token_expired")));
    assert!(Time::now().seconds() >= exp);
}

#[tokio::test]
async fn beyond_what_the_log_keeps_a_client_loads_afresh() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    for n in 1..=10 {
        acme.writes(ANA, &format!("wamid.{n}"), "Oi").await;
    }
    let keep = |log_days, log_events| Retention { log_days, log_events, webhook_days: 30 };

    assert_eq!(server.desks.prune(keep(7, 100)).await.unwrap(), 0);
    assert_eq!(server.desks.prune(keep(7, 5)).await.unwrap(), 15);
    let server = TestServer::on(server.stop().await, &[]).await;
    let acme = server.tenant("acme").await;

    for path in ["/api/events?after=14", "/api/events/stream?after=14", "/api/events?after=999"] {
        let (status, gone) = server.get(path, &acme.token()).await;
        assert_eq!(status, StatusCode::GONE, "{path}");
        assert_eq!(
            (&gone["ok"], &gone["error"]["code"]),
            (&json!(false), &json!("resync_required"))
        );
    }
    let (_, page) = server.get("/api/events?after=15", &acme.token()).await;
    assert_eq!((page["events"].as_array().unwrap().len(), &page["seq"]), (5, &json!(20)));

    // By age, everything goes; the numbers go on.
    server.database.execute("UPDATE event SET happened_at = happened_at - 700000000000").await;
    assert_eq!(server.desks.prune(keep(7, 100)).await.unwrap(), 5);
    acme.writes(ANA, "wamid.11", "Oi").await;
    assert_eq!(acme.log().await.iter().map(|logged| logged.seq).collect::<Vec<_>>(), [21, 22]);
}

#[tokio::test]
async fn old_webhooks_are_let_go() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    acme.whatsapp(json!({ "statuses": [status("wamid.none", "read")] })).await;
    let retention = Retention { log_days: 7, log_events: 100, webhook_days: 30 };
    assert_eq!(server.desks.prune(retention).await.unwrap(), 0);

    server.database.execute("UPDATE webhook SET received_at = 0").await;
    server.database.execute("UPDATE parked SET parked_at = 0").await;

    assert_eq!(server.desks.prune(retention).await.unwrap(), 3);
    assert_eq!(acme.history().await.len(), 1);
}

#[tokio::test]
async fn clients_are_told_how_to_connect() {
    let server = TestServer::with(&["--polling-active-ms", "5000", "--backoff", "steps"]).await;
    let answer = reqwest::get(format!("{}/api/realtime/config", server.url)).await.unwrap();
    let config: Value = answer.json().await.unwrap();
    assert_eq!(
        (&config["polling"]["activeMs"], &config["polling"]["inactiveMs"]),
        (&json!(5_000), &json!(30_000))
    );
    assert_eq!(
        (&config["backoff"]["profile"], &config["websocket"]["timeoutMs"]),
        (&json!("steps"), &json!(10_000))
    );
}
