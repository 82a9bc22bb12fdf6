//! That no request reads a large table from its beginning to its end, on PostgreSQL.

use std::ops::Range;

use recado::desk::{Channel, Retention};
use sea_orm::{ConnectOptions, ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::json;

use crate::support::{Database, Day, PATIENCE, Tenant, TestServer, echo, text};

const ANA: &str = "5511888888888";

/// The tables that grow with use.
pub(crate) const LARGE: &str =
    "'message', 'conversation', 'contact', 'contact_address', 'event', 'milestone',
    'conversation_label', 'traffic', 'workday', 'delivery', 'media', 'chat_session', 'webhook', 'parked',
    'room', 'session', 'idempotency'";

/// A server on PostgreSQL; nothing where the tests run on another database.
pub(crate) async fn on_postgres() -> Option<TestServer> {
    let server = TestServer::start().await;
    server.database.is_postgres().then_some(server)
}

/// How often each large table was read from its beginning to its end, once everybody has gone.
async fn scans(database: &Database) -> Vec<(String, i64)> {
    let count = "SELECT relname::text AS name, seq_scan AS count FROM pg_stat_user_tables";
    counted(database, &format!("{count} WHERE relname IN ({LARGE}) ORDER BY 1")).await
}

/// How many rows of large tables have been read, by each index and from beginning to end, once everybody
/// has gone.
pub(crate) async fn rows_read(database: &Database) -> Vec<(String, i64)> {
    let count = format!(
        "SELECT indexrelname::text AS name, idx_tup_read AS count FROM pg_stat_user_indexes
            WHERE relname IN ({LARGE})
        UNION ALL SELECT relname::text, seq_tup_read FROM pg_stat_user_tables
            WHERE relname IN ({LARGE}) ORDER BY 1"
    );
    counted(database, &count).await
}

/// What PostgreSQL has counted, once everybody has gone.
pub(crate) async fn counted(database: &Database, count: &str) -> Vec<(String, i64)> {
    // A second connection would be one of those that are to go.
    let mut alone = ConnectOptions::new(database.url());
    alone.max_connections(1);
    let connection = sea_orm::Database::connect(alone).await.unwrap();
    tokio::time::timeout(PATIENCE, all_gone(&connection)).await.expect("somebody stays connected");
    let count = Statement::from_string(DbBackend::Postgres, count);
    let rows = connection.query_all_raw(count).await.unwrap();
    connection.close().await.unwrap();
    let row = |row: &sea_orm::QueryResult| {
        (row.try_get("", "name").unwrap(), row.try_get("", "count").unwrap())
    };
    rows.iter().map(row).collect()
}

/// What a connection has counted is known to others when it ends, so all are ended.
async fn all_gone(connection: &DatabaseConnection) {
    let others = "SELECT COUNT(pg_terminate_backend(pid)) AS others FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    loop {
        let others = Statement::from_string(DbBackend::Postgres, others);
        let row = connection.query_one_raw(others).await.unwrap().unwrap();
        if row.try_get::<i64>("", "others").unwrap() == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// A desk on which something has happened, and all that its agents ask of it.
pub(crate) struct Desk {
    requests: Vec<String>,
    token: String,
}

impl Desk {
    pub(crate) async fn open(server: &TestServer) -> Self {
        let acme = server.tenant("acme").await;
        acme.writes(ANA, "wamid.1", "Meu pedido não chegou").await;
        acme.whatsapp(json!({ "message_echoes": [echo(ANA, "wamid.2", "Já vemos")] })).await;
        let card = acme.card().await;
        let (inbox, stage, id) = (card.inbox.id, card.stage_id, card.id);
        acme.patch(&format!("/api/conversations/{id}"), &json!({ "labels": ["troca"] })).await;
        let started = Vec::from([
            "/api/board".to_owned(),
            format!("/api/conversations/{id}"),
            format!("/api/conversations/{id}/messages"),
            "/api/contacts".to_owned(),
            "/api/contacts?q=ana".to_owned(),
            "/api/messages/search?q=pedido".to_owned(),
            format!("/api/messages/search?q=pedido&conversationId={id}"),
            "/api/stats".to_owned(),
            "/api/stats?assigneeId=ada".to_owned(),
            "/api/stats/agents".to_owned(),
            "/api/chats/check-updates/".to_owned(),
        ]);
        let filters = [
            String::new(),
            "status=OPEN".to_owned(),
            "assignee=me".to_owned(),
            "assignee=none".to_owned(),
            "assignee=me&status=OPEN".to_owned(),
            format!("inboxId={inbox}"),
            format!("stageId={stage}"),
            "unread=true".to_owned(),
            "label=troca".to_owned(),
            "sort=waiting".to_owned(),
            "q=ana".to_owned(),
        ];
        let lists = filters.iter().map(|filter| format!("/api/conversations?{filter}"));
        Self { requests: started.into_iter().chain(lists).collect(), token: acme.token() }
    }

    /// Asks everything of a server.
    pub(crate) async fn ask(&self, url: &str) {
        for path in &self.requests {
            let asked = reqwest::Client::new().get(format!("{url}{path}")).bearer_auth(&self.token);
            let answer = asked.send().await.unwrap();
            assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        }
    }
}

#[tokio::test]
async fn no_request_has_postgres_read_a_large_table_from_beginning_to_end() {
    let Some(server) = on_postgres().await else { return };
    let desk = Desk::open(&server).await;
    let database = server.stop().await;
    // Tables this small are read whole, unless there is an index and no other way is allowed.
    database
        .execute("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$")
        .await;
    let before = scans(&database).await;
    let server = TestServer::on(database, &[]).await;

    desk.ask(&server.url).await;

    let after = scans(&server.stop().await).await;
    assert_eq!(after, before);
}

/// Has so many people write, fifty at a time.
pub(crate) async fn crowd(tenant: &Tenant<'_>, numbers: Range<usize>) {
    for some in numbers.collect::<Vec<_>>().chunks(50) {
        let messages = some.iter().map(|number| {
            text(&format!("551187777{number:04}"), &format!("wamid.crowd.{number}"), "Oi")
        });
        tenant.whatsapp(json!({ "messages": messages.collect::<Vec<_>>() })).await;
    }
}

#[tokio::test]
async fn nothing_that_comes_in_or_is_changed_has_postgres_read_what_others_brought() {
    let Some(server) = on_postgres().await else { return };
    let acme = server.tenant("acme").await;
    let day = Day::of(&acme).await;
    crowd(&acme, 0..1_000).await;
    let database = server.stop().await;
    database.execute("ANALYZE").await;
    let before = rows_read(&database).await;
    let server = TestServer::on(database, &[]).await;

    crowd(&server.tenant("acme").await, 0..3).await;
    day.passes(&server.url).await;

    let after = rows_read(&server.stop().await).await;
    let read =
        before.iter().zip(&after).map(|((index, before), (_, after))| (index, after - before));
    let much: Vec<_> = read.filter(|(_, rows)| *rows >= 500).collect();
    assert_eq!(much, []);
}

#[tokio::test]
async fn no_webhook_has_postgres_read_a_table_that_has_just_begun_to_fill() {
    let Some(server) = on_postgres().await else { return };
    let bring = async |acme: &Tenant<'_>, numbers: Range<usize>| {
        let messages = numbers.map(|number| text(ANA, &format!("wamid.{number}"), "Oi"));
        acme.whatsapp(json!({ "messages": messages.collect::<Vec<_>>() })).await;
    };
    let acme = server.tenant("acme").await;
    for block in 0..10 {
        bring(&acme, block * 50..(block + 1) * 50).await;
    }
    let database = server.stop().await;
    let before = rows_read(&database).await;
    let server = TestServer::on(database, &[]).await;
    server.desks.learn_sizes().await.unwrap();

    bring(&server.tenant("acme").await, 500..520).await;

    let after = rows_read(&server.stop().await).await;
    let of_messages =
        before.iter().zip(&after).filter(|((name, _), _)| name.starts_with("message_"));
    for ((index, before), (_, after)) in of_messages {
        assert!(after - before < 50, "{index}: {}", after - before);
    }
}

#[tokio::test]
async fn visitors_are_forgotten_without_reading_what_others_have_said() {
    let Some(server) = on_postgres().await else { return };
    let acme = server.tenant("acme").await;
    acme.site().await;
    acme.visitor("Ana").await.says("Olá?").await;
    acme.visitor("Bia").await;
    crowd(&acme, 0..1_000).await;
    let database = server.stop().await;
    database.execute("UPDATE chat_session SET expires_at = 1").await;
    database.execute("ANALYZE").await;
    let before = rows_read(&database).await;
    let server = TestServer::on(database, &[]).await;

    let retention = Retention { log_days: 7, log_events: 1_000_000, webhook_days: 30 };
    server.desks.prune(retention).await.unwrap();

    let database = server.stop().await;
    let after = rows_read(&database).await;
    let read = before.iter().zip(&after).filter(|((name, _), _)| name.starts_with("conversation"));
    let read: i64 = read.map(|((_, before), (_, after))| after - before).sum();
    assert!(read < 500, "{read}");
    let left = counted(&database, "SELECT name, COUNT(*) AS count FROM chat_session GROUP BY 1");
    assert_eq!(left.await, [("Ana".to_owned(), 1)]);
}

#[tokio::test]
async fn old_events_are_let_go_without_reading_those_that_stay() {
    let Some(server) = on_postgres().await else { return };
    server.tenant("acme").await;
    let database = server.stop().await;
    database
        .execute(
            "ALTER TABLE event SET (autovacuum_enabled = off);
            INSERT INTO event (tenant_id, seq, data, happened_at)
                SELECT 'acme', last_seq + n, repeat('x', 200), last_event_at + n
                FROM tenant, generate_series(1, 100000) AS n WHERE id = 'acme';
            UPDATE tenant SET last_seq = last_seq + 100000, last_event_at = last_event_at + 100000
                WHERE id = 'acme';
            ANALYZE",
        )
        .await;
    let before = rows_read(&database).await;
    let server = TestServer::on(database, &[]).await;

    let retention = Retention { log_days: 7, log_events: 80_000, webhook_days: 30 };
    let pruned = server.desks.prune(retention).await.unwrap();

    assert!(pruned >= 20_000, "{pruned}");
    let after = rows_read(&server.stop().await).await;
    let read = before.iter().zip(&after).filter(|((name, _), _)| name.starts_with("event"));
    let read: i64 = read.map(|((_, before), (_, after))| after - before).sum();
    assert!(read < 30_000, "{read}");
}

/// Its own maintenance looks for functions in no schema but its own, and so does what restores a dump.
#[tokio::test]
async fn postgres_maintains_by_itself_what_words_are_found_by() {
    let Some(server) = on_postgres().await else { return };
    server.tenant("acme").await.writes(ANA, "wamid.1", "Meu pedido não chegou").await;

    server
        .database
        .execute(
            "SET LOCAL search_path = '';
            ANALYZE public.message;
            ANALYZE public.contact;
            REINDEX INDEX public.message_text;
            REINDEX INDEX public.contact_text",
        )
        .await;
}

/// PostgreSQL looks again at what it knows of a table once a tenth of it is new.
#[tokio::test]
async fn no_webhook_to_a_new_inbox_has_postgres_read_what_came_into_it() {
    let Some(server) = on_postgres().await else { return };
    let acme = server.tenant("acme").await;
    crowd(&acme, 0..1_000).await;
    acme.desk.ensure_inbox(Channel::WhatsApp, "new", "new").await.unwrap();
    let database = server.stop().await;
    database.execute("ALTER TABLE message SET (autovacuum_enabled = off)").await;
    database.execute("ANALYZE").await;
    let before = rows_read(&database).await;
    let server = TestServer::on(database, &[]).await;

    let mut new = server.tenant("acme").await;
    "new".clone_into(&mut new.phone);
    crowd(&new, 0..1_000).await;

    let after = rows_read(&server.stop().await).await;
    let named = |read: &[(String, i64)]| {
        read.iter()
            .filter(|(name, _)| name.starts_with("message_provider"))
            .map(|it| it.1)
            .sum::<i64>()
    };
    assert!(named(&after) - named(&before) < 1_000, "{after:?}");
}

/// Plans are kept for some commits, and the first are made for tables that PostgreSQL knows to be empty.
#[tokio::test]
async fn no_webhook_has_postgres_go_on_reading_what_was_little_once() {
    let Some(server) = on_postgres().await else { return };
    server.tenant("acme").await;
    let database = server.stop().await;
    for table in LARGE.split(',').map(|name| name.trim().trim_matches('\'')) {
        database.execute(&format!("ALTER TABLE {table} SET (autovacuum_enabled = off)")).await;
    }
    database.execute("ANALYZE").await;
    let server = TestServer::on(database, &[]).await;
    let acme = server.tenant("acme").await;

    crowd(&acme, 0..1_000).await;
    for number in 1_000..1_200 {
        crowd(&acme, number..number + 1).await;
    }

    let read = rows_read(&server.stop().await).await;
    let much: Vec<_> = read.iter().filter(|(_, rows)| *rows >= 50_000).collect();
    assert_eq!(much, Vec::<&(String, i64)>::new());
}
