//! That nothing has `SQLite` read a large table from its beginning to its end.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::Value;

use crate::planning::{Desk, LARGE};
use crate::support::{Database, Day, PATIENCE, Process, TestServer};

/// A statement, and how `SQLite` goes about it.
struct Planned {
    statement: String,
    steps: Vec<String>,
}

impl Planned {
    /// Whether it reads a large table from its beginning to its end.
    fn scans(&self) -> bool {
        self.steps.iter().any(|step| step.strip_prefix("SCAN ").is_some_and(is_large))
    }

    /// Whether it reads all that a desk has in a large table, or something of each desk.
    fn reads_desk(&self) -> bool {
        self.steps.iter().any(|step| {
            step.strip_prefix("SEARCH ").is_some_and(is_large)
                && (step.ends_with("(tenant_id=?)") || step.contains("ANY("))
        })
    }

    /// Whether it puts all that a desk has in order.
    fn sorts_desk(&self) -> bool {
        self.reads_desk() && self.steps.iter().any(|step| step == "USE TEMP B-TREE FOR ORDER BY")
    }

    /// Whether it puts what it reads of a large table in order.
    fn sorts(&self) -> bool {
        self.steps.iter().any(|step| step.strip_prefix("SEARCH ").is_some_and(is_large))
            && self.steps.iter().any(|step| step == "USE TEMP B-TREE FOR ORDER BY")
    }

    /// Whether it looks through all that a desk has for the first or last of something.
    fn looks_through_desk(&self) -> bool {
        let reads_rows = |step: &String| {
            step.strip_prefix("SEARCH ").is_some_and(is_large)
                && step.contains(" USING INDEX ")
                && step.ends_with("(tenant_id=?)")
        };
        ["MIN(", "MAX("].iter().any(|of| self.statement.contains(of))
            && self.steps.iter().any(reads_rows)
    }
}

impl std::fmt::Display for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.steps, self.statement)
    }
}

/// Whether a step goes on with a large table.
fn is_large(step: &str) -> bool {
    LARGE.contains(&format!("'{}'", step.split(' ').next().unwrap_or_default()))
}

/// Has a server of its own do `work`, and looks up how each of its statements was done.
async fn planned(database: &Database, work: impl AsyncFnOnce(&str)) -> Vec<Planned> {
    let told = tempfile::NamedTempFile::new().unwrap();
    let flags = ["--log", "sqlx::query=trace", "--log-format", "json"];
    let process = Process::telling(database, told.reopen().unwrap(), &flags);
    work(&process.url).await;
    process.kill();
    let connection = sea_orm::Database::connect(database.url()).await.unwrap();
    let mut all = Vec::new();
    for statement in asked(&std::fs::read_to_string(told.path()).unwrap()) {
        let plan = format!("EXPLAIN QUERY PLAN {statement}");
        let plan = Statement::from_string(DbBackend::Sqlite, plan);
        let steps = connection.query_all_raw(plan).await.unwrap();
        let steps = steps.iter().map(|step| step.try_get("", "detail").unwrap()).collect();
        all.push(Planned { statement, steps });
    }
    all
}

/// The statements that a server's log tells of, those of transactions left out.
fn asked(log: &str) -> BTreeSet<String> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = lines.filter(|line| line["target"] == "sqlx::query").map(|line| {
        let text = |field: &str| line["fields"][field].as_str().unwrap().trim().to_owned();
        // A short statement is its own summary.
        Some(text("db.statement")).filter(|whole| !whole.is_empty()).unwrap_or(text("summary"))
    });
    let is_plain = |statement: &String| {
        ["SELECT", "WITH", "UPDATE", "DELETE"].iter().any(|verb| statement.starts_with(verb))
    };
    told.filter(is_plain).collect()
}

#[tokio::test]
async fn no_request_has_sqlite_read_or_sort_a_large_table_whole() {
    let server = TestServer::start().await;
    if server.database.is_postgres() {
        return;
    }
    let desk = Desk::open(&server).await;

    let all = planned(&server.stop().await, async |url| desk.ask(url).await).await;

    assert!(all.iter().any(|it| it.statement.contains("message_text")));
    let bad = all.iter().filter(|it| it.scans() || it.sorts_desk() || it.looks_through_desk());
    assert_eq!(bad.map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn nothing_that_is_received_or_changed_has_sqlite_read_what_was_there_before() {
    let server = TestServer::start().await;
    if server.database.is_postgres() {
        return;
    }
    let day = Day::of(&server.tenant("acme").await).await;

    let all = planned(&server.stop().await, async |url| day.passes(url).await).await;

    for table in
        ["inbox", "contact_address", "conversation", "message", "parked", "media", "delivery"]
    {
        let table = format!("FROM \"{table}\"");
        assert!(all.iter().any(|it| it.statement.contains(&table)), "{table}");
    }
    let ends_soon = |it: &Planned| it.statement.contains(" LIMIT ") && !it.sorts_desk();
    let bad = all.iter().filter(|it| it.scans() || it.reads_desk() && !ends_soon(it));
    assert_eq!(bad.map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
}

/// Returns once the server has let go of a file that nobody needs, which it does last of all.
async fn until_all_is_done(database: &Database) {
    let connection = sea_orm::Database::connect(database.url()).await.unwrap();
    let gone = async {
        let left = || Statement::from_string(DbBackend::Sqlite, "SELECT id FROM media");
        while connection.query_one_raw(left()).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the file stays");
    connection.close().await.unwrap();
}

#[tokio::test]
async fn nothing_that_is_done_again_and_again_has_sqlite_read_or_sort_a_large_table() {
    let server = TestServer::start().await;
    if server.database.is_postgres() {
        return;
    }
    server.tenant("acme").await;
    let database = server.stop().await;
    let unused = "INSERT INTO media
        (id, tenant_id, mime_type, state, due_at, attempts, fence, created_at)
        VALUES (zeroblob(16), 'acme', 'image/png', 'stored', 0, 0, 0, 0)";
    database.execute(unused).await;

    let all = planned(&database, async |_| until_all_is_done(&database).await).await;

    for table in [
        "webhook",
        "parked",
        "room",
        "session",
        "idempotency",
        "push_subscription",
        "chat_session",
        "event",
        "media",
    ] {
        let table = format!("FROM \"{table}\"");
        assert!(all.iter().any(|it| it.statement.contains(&table)), "{table}");
    }
    // Files of no message are few, since they are let go of after a day.
    let are_few = |it: &Planned| it.statement.contains("\"message_id\" IS NULL");
    let bad = all.iter().filter(|it| it.scans() || it.sorts() && !are_few(it));
    assert_eq!(bad.map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn sqlite_is_told_of_indexes_that_exist() {
    let server = TestServer::start().await;
    if server.database.is_postgres() {
        return;
    }
    let connection = sea_orm::Database::connect(server.database.url()).await.unwrap();
    let rows = |query: &'static str| {
        let query = Statement::from_string(DbBackend::Sqlite, query);
        let connection = connection.clone();
        async move {
            let rows = connection.query_all_raw(query).await.unwrap();
            rows.iter().map(|row| row.try_get("", "name").unwrap()).collect::<Vec<String>>()
        }
    };

    let unknown = rows(
        "SELECT idx AS name FROM sqlite_stat1
         WHERE NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = idx)",
    );
    let untold = rows(
        "SELECT name FROM sqlite_master WHERE type = 'index'
         AND tbl_name IN ('message', 'conversation', 'contact', 'event', 'milestone', 'traffic',
            'workday', 'conversation_label', 'contact_address', 'delivery', 'media', 'session',
            'parked')
         AND name NOT IN (SELECT idx FROM sqlite_stat1)",
    );

    assert_eq!((unknown.await, untold.await), (Vec::new(), Vec::new()));
}
