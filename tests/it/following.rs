//! The log has no gaps, whoever writes and whoever reads.

use std::sync::Arc;
use std::time::Duration;

use recado::channels::whatsapp;
use recado::desk::{Channel, Db, Desks, Event, Keys, Sees, Webhook};
use recado::wire;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::support::{Database, PATIENCE, Screen, TestServer, notification, text};

/// Fails when the log's numbers are taken without the lock that is held to the commit: a reader that
/// is ahead then skips the transaction that commits late.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_behind_two_hundred_writers_misses_nothing() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let people = (0..200).map(|n| text(&format!("55118{n:08}"), &format!("wamid.{n}"), "Oi"));
    server.take(&notification(&acme.phone, &people.collect::<Vec<_>>())).await;
    let opened = acme.log().await;
    let conversations = opened.iter().filter_map(|logged| match &logged.event {
        Event::ConversationOpened(opened) => Some(opened.id),
        _ => None,
    });
    let conversations: Vec<_> = conversations.collect();
    assert_eq!((conversations.len(), opened.len()), (200, 400));
    dawdle(&server.database).await;
    let mut nodes = Vec::new();
    for _ in 0..8 {
        nodes.push(node(&server.database).await.of("acme".into()));
    }

    // Each in a transaction of its own, on one of eight nodes; on a slow disk more of them at a time
    // would wait for a connection for longer than they may.
    let places = Arc::new(Semaphore::new(40));
    let writers = conversations.into_iter().enumerate().map(|(n, conversation)| {
        let (desk, places) = (nodes[n % nodes.len()].clone(), Arc::clone(&places));
        tokio::spawn(async move {
            let _place = places.acquire().await.unwrap();
            desk.mark_read(conversation, &Sees::everything()).await.unwrap()
        })
    });
    let writers: Vec<_> = writers.collect();
    let reader = node(&server.database).await.of("acme".into());
    let reading = async {
        let mut seen = vec![400];
        while seen.last() != Some(&600) {
            let page = reader.events_after(seen[seen.len() - 1], 7).await.unwrap();
            seen.extend(page.iter().map(|logged| logged.seq));
        }
        seen
    };
    let seen = timeout(Duration::from_mins(2), reading).await.expect("the log does not go on");
    for writer in writers {
        writer.await.unwrap();
    }

    assert_eq!(seen, (400..=600).collect::<Vec<_>>());
    let log = acme.log().await;
    assert_eq!(log.len(), 600);
    assert!(log.windows(2).all(|two| two[0].happened_at < two[1].happened_at), "times do not grow");
}

#[tokio::test]
async fn a_feed_is_served_from_memory_from_the_database_and_across_both() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    // What was there before this node's tail; then what the tail has seen, and more than it keeps.
    acme.writes("5511888888888", "wamid.0", "Oi").await;
    let mut live = acme.feed(0).await;
    for block in 0..50 {
        let messages =
            (0..50).map(|n| text("5511888888888", &format!("wamid.{block}{n:03}"), "Oi"));
        server.take(&notification(&acme.phone, &messages.collect::<Vec<_>>())).await;
    }

    for after in [0, 1, 2, 700, 4_999, 5_001] {
        let mut late = acme.feed(after).await;
        for seq in after + 1..=5_002 {
            assert_eq!(late.next().await.unwrap().seq, seq);
        }
        assert!(late.try_next().await.unwrap().is_none());
    }
    for seq in 1..=5_002 {
        assert_eq!(live.next().await.unwrap().seq, seq);
    }
}

#[tokio::test]
async fn what_another_process_appends_is_followed_too() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let other = TestServer::on(server.database.clone(), &[]).await;
    let mut feed = acme.feed(0).await;
    let mut agent = acme.agent().await;
    agent.hear("ready").await;

    other.take(&notification(&acme.phone, &[text("5511888888888", "wamid.1", "Oi")])).await;
    let first = timeout(PATIENCE, feed.next()).await.expect("the event is not found").unwrap();
    acme.writes("5511888888888", "wamid.2", "Oi").await;

    assert_eq!(first.seq, 1);
    for seq in 2..=4 {
        assert_eq!(feed.next().await.unwrap().seq, seq);
    }
    for seq in 1..=4 {
        assert_eq!(agent.stored().await.seq(), seq);
    }
}

#[tokio::test]
async fn a_commit_that_finds_its_tail_behind_leaves_no_gap() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let other = node(&server.database).await;
    let mut feed = acme.feed(0).await;
    acme.writes("5511888888888", "wamid.0", "Oi").await;
    let body = notification(&acme.phone, &[text("5511888888888", "wamid.1", "Oi")]).to_string();
    let elements = whatsapp::parse(body.as_bytes()).unwrap();
    let webhook =
        Webhook { channel: Channel::WhatsApp, body: body.into(), elements, replay_of: None };
    other.receive(webhook).await.unwrap();

    acme.writes("5511888888888", "wamid.2", "Oi").await;

    for seq in 1..=6 {
        assert_eq!(feed.next().await.unwrap().seq, seq);
    }
}

#[tokio::test]
async fn the_board_with_the_events_after_it_is_the_board_of_later() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes("5511888888888", "wamid.1", "Oi").await;
    let (_, before) = server.get("/api/board", &acme.token()).await;
    acme.writes("5511888888888", "wamid.2", "Tudo bem?").await;
    acme.writes("5521777777777", "wamid.3", "Bom dia").await;

    let mut screen = Screen::load(&before);
    for logged in acme.desk.events_after(before["seq"].as_i64().unwrap(), 100).await.unwrap() {
        let data = serde_json::from_str(wire::live(&logged).get()).unwrap();
        screen.apply(wire::live_name(&logged.event), &data);
    }

    let (_, after) = server.get("/api/board", &acme.token()).await;
    assert_eq!(screen, Screen::load(&after));
    assert_eq!((&after["seq"], &after["stages"][0]["total"]), (&json!(6), &json!(2)));
}

/// A node of its own on the same database.
async fn node(database: &Database) -> Desks {
    Desks::open(Db::connect(database.url(), 8).await.unwrap(), None, Keys::new(&[0; 32], &[]))
}

/// Makes each event take up to 10 ms to be written, to draw out races; SQLite has one writer and no
/// way to wait.
async fn dawdle(database: &Database) {
    if database.is_postgres() {
        let function = "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(random() * 0.01); RETURN new; END $$;
            CREATE TRIGGER dawdle BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION dawdle()";
        database.execute(function).await;
    }
}
