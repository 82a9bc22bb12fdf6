//! That what a server asks by itself, again and again, has PostgreSQL read what is due, not all there is.

use std::time::Duration;

use recado::desk::{Db, Desks, Keys, Retention, Time};
use sea_orm::{ConnectionTrait as _, IsolationLevel, TransactionTrait as _};

use crate::planning::{counted, on_postgres, rows_read};
use crate::support::{Database, TestServer};

/// How many rows a table has that is large here.
const MANY: i64 = 50_000;

const RETENTION: Retention = Retention { log_days: 7, log_events: 1_000_000, webhook_days: 30 };

const LEASE: Duration = Duration::from_mins(1);

/// The database of a desk, with these rows besides; nothing where the tests run on another.
async fn with(rows: &str) -> Option<Database> {
    let server = on_postgres().await?;
    server.tenant("acme").await;
    let database = server.stop().await;
    database.execute(rows).await;
    database.execute("ANALYZE").await;
    Some(database)
}

/// All desks, with no server that does anything by itself.
async fn desks(database: &Database) -> Desks {
    Desks::open(Db::connect(database.url(), 4).await.unwrap(), None, Keys::new(&[0; 32], &[]))
}

/// How many rows have been read since, by each index and from beginning to end.
async fn read_since(before: &[(String, i64)], database: &Database) -> Vec<(String, i64)> {
    let after = rows_read(database).await;
    let pairs = before.iter().zip(after);
    pairs.map(|((_, before), (name, after))| (name, after - before)).collect()
}

/// Conversations that nobody has to do anything about.
fn conversations() -> String {
    format!(
        "INSERT INTO conversation (id, tenant_id, inbox_id, contact_id, stage_id, status,
                unread_count, created_at, display_id)
            SELECT gen_random_uuid(), 'acme', (SELECT id FROM inbox LIMIT 1), gen_random_uuid(),
                (SELECT id FROM stage LIMIT 1), 'RESOLVED', 0, 1, n
            FROM generate_series(1, {MANY}) AS n;"
    )
}

/// Much of everything; of what is let go of or done in its time, one is due.
fn much() -> String {
    let later = Time::now().plus_seconds(86_400).0;
    let at = format!("CASE n WHEN 1 THEN 1 ELSE {later} + n END");
    let all = format!("FROM generate_series(1, {MANY}) AS n");
    let conversations = conversations();
    format!(
        "{conversations}
        INSERT INTO webhook (id, channel, body, elements, outcome, received_at)
            SELECT gen_random_uuid(), 'whatsapp', ''::bytea, '[]', 'applied', {at} {all};
        INSERT INTO parked (webhook_id, position, tenant_id, inbox_id, target, amendment, parked_at)
            SELECT gen_random_uuid(), 0, 'acme', gen_random_uuid(), 'wamid' || n, '', {at} {all};
        INSERT INTO room (pid, conversation_id, tenant_id, joined_at)
            SELECT 'pid' || n, gen_random_uuid(), 'acme', {at} {all};
        INSERT INTO session (id, tenant_id, user_id, family, token_hash, created_at, expires_at)
            SELECT gen_random_uuid(), 'acme', 'ada', gen_random_uuid(), 'hash' || n, 1, {at} {all};
        INSERT INTO push_subscription (id, tenant_id, user_id, session_id, endpoint, p256dh, auth,
                told_at)
            SELECT gen_random_uuid(), 'acme', 'ada', id, 'https://push.example', '', '', 1
            FROM session WHERE token_hash = 'hash2';
        INSERT INTO idempotency (tenant_id, caller, key, fingerprint, created_at)
            SELECT 'acme', 'ada', 'key' || n, '', {at} {all};
        INSERT INTO chat_session (id, tenant_id, inbox_id, conversation_id, address, token_hash,
                fields, created_at, last_seen_at, expires_at)
            SELECT gen_random_uuid(), 'acme', gen_random_uuid(), gen_random_uuid(), 'visitor' || n,
                'hash' || n, '{{}}', 1, 1, {later} + n {all};
        INSERT INTO delivery (id, tenant_id, inbox_id, conversation_id, message_id, kind, state,
                due_at, attempts, fence, created_at)
            SELECT gen_random_uuid(), 'acme', (SELECT id FROM inbox LIMIT 1), gen_random_uuid(),
                gen_random_uuid(), 'message', 'due', {at}, 0, 0, 1 {all};
        INSERT INTO media (id, tenant_id, message_id, mime_type, state, due_at, attempts, fence,
                created_at)
            SELECT gen_random_uuid(), 'acme', gen_random_uuid(), 'image/png', 'stored', 1, 1, 1, 1
            {all};
        INSERT INTO event (tenant_id, seq, data, happened_at)
            SELECT 'acme', last_seq + n, '{{}}', last_event_at + n
            FROM tenant, generate_series(1, {MANY}) AS n WHERE id = 'acme';
        UPDATE tenant SET last_seq = last_seq + {MANY}, last_event_at = last_event_at + {MANY}
            WHERE id = 'acme'"
    )
}

#[tokio::test]
async fn what_is_done_again_and_again_reads_little_of_much() {
    let Some(database) = with(&much()).await else { return };
    let before = rows_read(&database).await;
    let server = TestServer::on(database, &[]).await;
    let desks = server.desks.clone();

    for _ in 0..5 {
        desks.prune(RETENTION).await.unwrap();
        desks.unused_files().await.unwrap();
        desks.wake_snoozed().await.unwrap();
        desks.learn_sizes().await.unwrap();
        desks.take_over().await.unwrap();
        desks.claim(10, LEASE).await.unwrap();
        desks.claim_files(10, LEASE).await.unwrap();
    }

    drop(desks);
    let database = server.stop().await;
    let read = read_since(&before, &database).await;
    let much: Vec<_> = read.into_iter().filter(|(_, rows)| *rows >= 500).collect();
    assert_eq!(much, []);
    let due = [
        ("webhook", "received_at"),
        ("parked", "parked_at"),
        ("room", "joined_at"),
        ("session", "expires_at"),
        ("idempotency", "created_at"),
        ("delivery", "due_at"),
    ];
    let left = due.map(|(table, at)| {
        let count = format!("SELECT '{table}' AS name, COUNT(*) AS count FROM {table}");
        format!("{count} WHERE {at} = 1 GROUP BY 1")
    });
    assert_eq!(counted(&database, &left.join(" UNION ALL ")).await, []);
}

#[tokio::test]
async fn files_are_claimed_without_reading_all_that_are_wanted() {
    let wanted = format!(
        "INSERT INTO media (id, tenant_id, inbox_id, message_id, provider_id, mime_type, state,
                due_at, attempts, fence, created_at)
            SELECT gen_random_uuid(), 'acme', (SELECT id FROM inbox LIMIT 1), gen_random_uuid(),
                'file' || n, 'image/png', 'wanted', n, 0, 0, n
            FROM generate_series(1, {MANY}) AS n"
    );
    let Some(database) = with(&wanted).await else { return };
    let before = rows_read(&database).await;
    let desks = desks(&database).await;

    for _ in 0..20 {
        desks.claim_files(5, LEASE).await.unwrap();
    }

    drop(desks);
    let read = read_since(&before, &database).await;
    let much: Vec<_> = read.into_iter().filter(|(_, rows)| *rows >= 5_000).collect();
    assert_eq!(much, []);
    let states = "SELECT state AS name, COUNT(*) AS count FROM media GROUP BY 1 ORDER BY 1";
    let claimed = [("claimed".to_owned(), 100), ("wanted".to_owned(), MANY - 100)];
    assert_eq!(counted(&database, states).await, claimed);
}

#[tokio::test]
async fn visitors_who_have_said_something_are_looked_at_once_when_their_time_is_over() {
    let visitors = "INSERT INTO chat_session (id, tenant_id, inbox_id, conversation_id, address,
            token_hash, fields, created_at, last_seen_at, expires_at)
        SELECT gen_random_uuid(), tenant_id, inbox_id, id, 'visitor' || display_id,
            'hash' || display_id, '{}', 1, 1, display_id FROM conversation";
    let Some(database) = with(&(conversations() + visitors)).await else { return };
    let before = rows_read(&database).await;
    let desks = desks(&database).await;

    for _ in 0..5 {
        assert_eq!(desks.prune(RETENTION).await.unwrap(), 0);
    }

    drop(desks);
    let read = read_since(&before, &database).await;
    let much: Vec<_> = read.into_iter().filter(|(_, rows)| *rows >= 2 * MANY).collect();
    assert_eq!(much, []);
}

#[tokio::test]
async fn old_webhooks_are_let_go_one_after_the_other_while_a_copy_is_made() {
    let old = "INSERT INTO webhook (id, channel, body, elements, outcome, received_at)
        SELECT gen_random_uuid(), 'whatsapp', ''::bytea, '[]', 'applied', n
        FROM generate_series(1, 20000) AS n";
    let Some(database) = with(old).await else { return };
    let before = rows_read(&database).await;
    let desks = desks(&database).await;
    // What goes from now on stays where it was for as long as this reads.
    let copying = sea_orm::Database::connect(database.url()).await.unwrap();
    let at = Some(IsolationLevel::RepeatableRead);
    let reading = copying.begin_with_config(at, None).await.unwrap();
    reading.execute_unprepared("SELECT 1 FROM tenant").await.unwrap();

    assert_eq!(desks.prune(RETENTION).await.unwrap(), 20_000);

    reading.rollback().await.unwrap();
    drop(desks);
    let read = read_since(&before, &database).await;
    let oldest = read.into_iter().find(|(name, _)| name == "webhook_received_at").unwrap();
    assert!(oldest.1 < 50_000, "{oldest:?}");
}
