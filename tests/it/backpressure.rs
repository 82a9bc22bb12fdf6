//! A slow client is late, a stuck one is let go, and neither costs the others anything.

use std::time::Duration;

use recado::desk::Time;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::support::{Client, Connecting, Database, Process, notification, post, text, token};

const EVENTS: i64 = 10_000;

/// The most that a server may grow by while it serves the burst. The events' own bytes are 15 MB,
/// of which its tail keeps 4,096, written once.
const GROWTH_KIB: u64 = 60 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_reaches_the_healthy_and_the_slow_and_lets_the_stuck_one_go() {
    let database = Database::create().await;
    let flags = ["--bootstrap", "acme=phone", "--slow-client-timeout", "3"];
    let server = Process::serve(&database, &flags);
    let exp = Time::now().seconds() + 3_600;
    let token = token(&json!({ "sub": "ada", "tenantId": "acme", "role": "admin", "exp": exp }));
    let address = server.url.trim_start_matches("http://").parse().unwrap();
    // Buffers so small that what is not read is felt by the server.
    let connect = async || {
        let auth = json!({ "token": token });
        let how = Connecting { auth, receive_buffer: Some(4_096), ..Connecting::default() };
        Client::with(address, how).await.unwrap()
    };
    let (mut healthy, mut slow, mut stuck) = (connect().await, connect().await, connect().await);
    stuck.hear("ready").await;
    let before = server.resident_kib();

    let url = server.url.clone();
    let burst = tokio::spawn(async move {
        // Half of them messages, the other half the changes of their conversation.
        for block in 0..EVENTS / 2 / 50 {
            let message =
                |n| text("5511888888888", &format!("wamid.{}", block * 50 + n), &"x".repeat(400));
            let body = notification("phone", &(0..50).map(message).collect::<Vec<_>>());
            assert_eq!(post(&url, body.to_string()).await.status(), 200);
        }
    });
    let healthy = tokio::spawn(async move { read_all(&mut healthy).await });
    let slow = tokio::spawn(async move {
        for seq in 1..=100 {
            assert_eq!(slow.stored().await.seq(), seq);
            sleep(Duration::from_millis(20)).await;
        }
        // Then it catches up.
        let mut rest = read_all(&mut slow).await;
        rest.splice(0..0, 1..=100);
        rest
    });

    burst.await.unwrap();
    let all: Vec<i64> = (1..=EVENTS).collect();
    assert_eq!(healthy.await.unwrap(), all);
    assert_eq!(slow.await.unwrap(), all);
    let grown = server.resident_kib().saturating_sub(before);
    assert!(grown < GROWTH_KIB, "the server has grown by {grown} KiB");

    // The stuck one never reads; that it was let go shows in the counters, not at its end.
    let gone = async {
        loop {
            let stats = reqwest::Client::new().get(format!("{}/api/socket/stats", server.url));
            let stats = stats.bearer_auth(&token).send().await.unwrap();
            let stats: serde_json::Value = stats.json().await.unwrap();
            if stats["totalConnections"] == 0 {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_mins(1), gone).await.expect("the stuck client keeps its connection");
    // What it reads now ends, so that its client knows to come back.
    while stuck.try_next().await.is_some() {}
}

/// The numbers of all stored events up to the last.
async fn read_all(client: &mut Client) -> Vec<i64> {
    let mut seqs = Vec::new();
    while seqs.last() != Some(&EVENTS) {
        seqs.push(client.stored().await.seq());
    }
    seqs
}
