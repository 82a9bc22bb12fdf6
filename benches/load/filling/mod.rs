//! Desks that have been in use for a while, written by the database itself.
//!
//! Everything about a conversation or message follows from its number, so that two runs fill in the
//! same. A larger desk is an older one: about 5,500 messages come in a day, whatever its size. Few
//! conversations are not resolved, most of them young ones.

mod expressions;
mod questions;
mod rows;

use std::process::Command;

use anyhow::{Context as _, ensure};
use recado::desk::Time;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use crate::lists::Question;
use crate::server::TENANT;
use crate::texts;

/// How many messages a conversation has.
pub(crate) const MESSAGES: u64 = 20;

/// How many conversations are under way at a time.
const AT_A_TIME: u64 = 1_000;

/// How many messages a statement writes: a database that writes ahead would keep what a longer one does.
const AT_ONCE: u64 = 50 * AT_A_TIME * MESSAGES;

/// The time between two messages, in microseconds.
const STEP: u64 = 15_700_000;

/// How many different texts and names there are.
const TEXTS: u64 = 20_000;
const NAMES: u64 = 4_000;

/// The other tenants, and how many conversations each has.
const OTHERS: u64 = 5;
const OF_OTHERS: u64 = 1_000;

/// The tables that grow with use.
const LARGE: [&str; 6] =
    ["message", "conversation", "contact", "event", "milestone", "conversation_label"];

const FIRST_NAMES: [&str; 20] = [
    "Ana", "Bia", "Caio", "Davi", "Elisa", "Fábio", "Gabi", "Hugo", "Íris", "João", "Karen",
    "Lucas", "Márcia", "Nina", "Otávio", "Paula", "Rafael", "Sofia", "Tiago", "Vera",
];

const LAST_NAMES: [&str; 20] = [
    "Almeida",
    "Barbosa",
    "Cardoso",
    "Dias",
    "Esteves",
    "Ferreira",
    "Gomes",
    "Henriques",
    "Ibrahim",
    "Justino",
    "Klein",
    "Lima",
    "Moura",
    "Nunes",
    "Oliveira",
    "Pereira",
    "Queiroz",
    "Ramos",
    "Souza",
    "Teixeira",
];

/// What SQLite is told about indexes goes with them.
const KEEP_FIGURES: &str = "CREATE TEMP TABLE kept AS SELECT * FROM sqlite_stat1";
const RESTORE_FIGURES: &str =
    "DELETE FROM sqlite_stat1; INSERT INTO sqlite_stat1 SELECT * FROM kept;
    PRAGMA wal_checkpoint(TRUNCATE)";

/// A desk that is to be filled.
pub(crate) struct Desk {
    db: DatabaseConnection,
    tenant: String,
    /// Keeps the rows of tenants apart.
    number: u64,
    conversations: u64,
    now: u64,
}

/// A database with desks that have been in use.
pub(crate) struct Filled {
    db: DatabaseConnection,
    questions: Vec<Question>,
}

impl Desk {
    /// Fills the bench's desk, and some others around it.
    pub(crate) async fn fill(url: &str, conversations: u64) -> anyhow::Result<Filled> {
        ensure!(conversations.is_multiple_of(AT_A_TIME), "conversations come by the thousand");
        let mut options = sea_orm::ConnectOptions::new(url);
        options.sqlx_logging(false).max_connections(1);
        let db = sea_orm::Database::connect(options).await?;
        let now = u64::try_from(Time::now().0)?;
        // In one go, and with all pages at hand.
        let haste = match db.get_database_backend() {
            DbBackend::Postgres => "SET maintenance_work_mem = '1GB'; SET synchronous_commit = off",
            _ => "PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000",
        };
        db.execute_unprepared(haste).await?;
        write_texts(&db).await?;
        if db.get_database_backend() != DbBackend::Postgres {
            db.execute_unprepared(KEEP_FIGURES).await?;
        }
        let indexes = drop_indexes(&db).await?;
        for number in 1..=OTHERS {
            let tenant = format!("other-{number}");
            let other = Self { db: db.clone(), tenant, number, conversations: OF_OTHERS, now };
            other.write().await?;
        }
        let bench = Self { db, tenant: TENANT.to_owned(), number: 0, conversations, now };
        bench.write().await?;
        for index in indexes {
            bench.db.execute_unprepared(&index).await?;
        }
        let settle = match bench.db.get_database_backend() {
            DbBackend::Postgres => "VACUUM ANALYZE",
            _ => RESTORE_FIGURES,
        };
        bench.db.execute_unprepared(settle).await?;
        let questions = bench.questions().await?;
        Ok(Filled { db: bench.db, questions })
    }

    async fn write(&self) -> anyhow::Result<()> {
        for statement in self.statements() {
            self.db
                .execute_unprepared(&statement)
                .await
                .with_context(|| statement.chars().take(200).collect::<String>())?;
        }
        Ok(())
    }
}

impl Filled {
    pub(crate) fn backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    pub(crate) fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Makes sure that all counters are what they should be.
    pub(crate) fn verify(url: &str) -> anyhow::Result<()> {
        let mut verify = Command::new(env!("CARGO_BIN_EXE_recado"));
        let verified = verify.arg("verify").env("DATABASE_URL", url).output()?;
        let told = String::from_utf8_lossy(&verified.stdout);
        ensure!(verified.status.success(), "{told}{}", String::from_utf8_lossy(&verified.stderr));
        Ok(())
    }

    /// How often each large table was read from its beginning to its end, by PostgreSQL's own count.
    pub(crate) async fn scans(&self) -> anyhow::Result<Vec<(String, i64)>> {
        if self.backend() != DbBackend::Postgres {
            return Ok(Vec::new());
        }
        let names = LARGE.map(|name| format!("'{name}'")).join(", ");
        let count = format!(
            "SELECT relname::text AS name, seq_scan FROM pg_stat_user_tables WHERE relname IN ({names})
             ORDER BY 1"
        );
        let count = Statement::from_string(DbBackend::Postgres, count);
        let rows = self.db.query_all_raw(count).await?;
        rows.iter()
            .map(|row| Ok((row.try_get("", "name")?, row.try_get("", "seq_scan")?)))
            .collect()
    }
}

/// Writes what messages say and what contacts are called, for statements to choose from.
async fn write_texts(db: &DatabaseConnection) -> anyhow::Result<()> {
    db.execute_unprepared(
        "CREATE TEMPORARY TABLE bench_text (key BIGINT PRIMARY KEY, content TEXT)",
    )
    .await?;
    db.execute_unprepared("CREATE TEMPORARY TABLE bench_name (key BIGINT PRIMARY KEY, name TEXT)")
        .await?;
    let texts: Vec<_> = (0..TEXTS).map(|n| (n, texts::text(n, 80))).collect();
    let names: Vec<_> = (0..NAMES)
        .map(|n| {
            let at = |n: u64| usize::try_from(n).map_or(0, |n| n % 20);
            (n, format!("{} {} {n}", FIRST_NAMES[at(n)], LAST_NAMES[at(n / 20)]))
        })
        .collect();
    for (table, column, rows) in [("bench_text", "content", texts), ("bench_name", "name", names)] {
        for some in rows.chunks(500) {
            let values: Vec<_> = some
                .iter()
                .map(|(n, text)| format!("({n}, '{}')", text.replace('\'', "''")))
                .collect();
            let values = values.join(", ");
            db.execute_unprepared(&format!("INSERT INTO {table} (key, {column}) VALUES {values}"))
                .await?;
        }
    }
    Ok(())
}

/// Takes the indexes of large tables away, which are made faster once the rows are there; returns
/// how to make them.
async fn drop_indexes(db: &DatabaseConnection) -> anyhow::Result<Vec<String>> {
    let names = LARGE.map(|name| format!("'{name}'")).join(", ");
    let all = match db.get_database_backend() {
        DbBackend::Postgres => format!(
            "SELECT indexname::text AS name, indexdef AS made FROM pg_indexes
             WHERE tablename IN ({names}) AND indexname NOT LIKE '%pkey'"
        ),
        _ => format!(
            "SELECT name, sql AS made FROM sqlite_master
             WHERE type = 'index' AND tbl_name IN ({names}) AND sql IS NOT NULL"
        ),
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), all)).await?;
    let mut made = Vec::new();
    for row in rows {
        let name: String = row.try_get("", "name")?;
        db.execute_unprepared(&format!("DROP INDEX {name}")).await?;
        made.push(row.try_get("", "made")?);
    }
    Ok(made)
}
