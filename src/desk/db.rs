//! One database handle for both kinds of database.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use log::LevelFilter;
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, IsolationLevel, RuntimeErr, SqliteTransactionMode, SqlxPostgresConnector, Statement,
    TransactionOptions, TransactionTrait as _, Value, Values,
};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, PgPool};

use super::patience::{LONGEST, Patient, Trust, Txn};

/// Held while migrating PostgreSQL, so that nodes which start together queue up.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(7213310411)";

/// How long a connection is waited for while all are in use, or none can be made.
const ACQUIRE: Duration = Duration::from_secs(5);

/// How many connections there are apart: one, and one while that may be dead.
const APART: u32 = 2;

/// What each session of PostgreSQL is told.
const SESSION: [(&str, &str); 8] = [
    // How to look for a word, a label or a name depends on how common it is; a plan for any value
    // reads a whole desk for a rare one. Nothing reads so much that starting workers for it, or
    // compiling, would pay.
    ("plan_cache_mode", "force_custom_plan"),
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
    // A node that is out of reach does not hold its locks for longer than others wait for them.
    ("idle_in_transaction_session_timeout", "10s"),
    ("tcp_user_timeout", "10s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
];

/// A connected database: `SQLite` with one writer and a pool of readers, or a pool of PostgreSQL.
#[derive(Clone, Debug)]
pub struct Db {
    pub(super) writer: Patient<DatabaseConnection>,
    pub(super) reader: Patient<DatabaseConnection>,
}

impl Db {
    /// Connects to `sqlite:…` or `postgres:…`; a missing `SQLite` file and its folder are created.
    ///
    /// `SQLite` writes ahead and syncs every commit, so that what was acknowledged survives a power
    /// cut. `readers` bounds the reading connections; on PostgreSQL, all but those of the intake.
    pub async fn connect(url: &str, readers: u32) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            create_folder_of(url)?;
            let writer = Database::connect(sqlite(url, 1, false)).await?;
            let reader = Database::connect(sqlite(url, readers, true)).await?;
            let [writer, reader] = [writer, reader].map(|it| Patient::new(it, None));
            return Ok(Self { writer, reader });
        }
        if !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
            let told = "DATABASE_URL starts with neither sqlite: nor postgres:";
            return Err(DbErr::Conn(RuntimeErr::Internal(told.to_owned())));
        }
        let trust = Arc::<Trust>::default();
        let mut options = quiet(url);
        let guard = Arc::clone(&trust);
        options
            .max_connections(readers)
            .acquire_timeout(ACQUIRE)
            .set_application_name("recado")
            .statement_timeout(LONGEST)
            .map_sqlx_postgres_opts(|postgres| postgres.options(SESSION))
            .map_sqlx_postgres_pool_opts(move |pool| guard.guard(pool));
        let pool = Patient::new(Database::connect(options).await?, Some(trust));
        Ok(Self { writer: pool.clone(), reader: pool })
    }

    /// A connection of PostgreSQL besides the pool's, which whoever listens has for themselves: the pool
    /// would wait for one that has died to come back.
    pub(super) fn besides(&self) -> PgPool {
        self.at_need(PgPoolOptions::new().max_connections(1), &[])
    }

    /// The same database; on PostgreSQL by connections that are the caller's own. What PostgreSQL answers
    /// comes to the runtime that a connection was opened in, and waits there for all else that this does.
    /// They keep their plans, which is for who finds rows by their keys alone and calls
    /// [`forget_plans`](Self::forget_plans). `SQLite` has one writer for everybody.
    pub(super) fn apart(&self) -> Self {
        let Some(trust) = self.writer.trust() else { return self.clone() };
        let pool = trust.guard(PgPoolOptions::new().max_connections(APART));
        let pool = self.at_need(pool, &[("plan_cache_mode", "force_generic_plan")]);
        let pool = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        let pool = Patient::new(pool, Some(Arc::clone(trust)));
        Self { writer: pool.clone(), reader: pool }
    }

    /// Another pool of the same PostgreSQL, whose connections are opened once they are needed, and are told
    /// this besides.
    fn at_need(&self, pool: PgPoolOptions, told: &[(&str, &str)]) -> PgPool {
        let options = self.writer.inner().get_postgres_connection_pool().connect_options();
        let options = (*options).clone().options(told.iter().copied());
        pool.acquire_timeout(ACQUIRE).connect_lazy_with(options)
    }

    /// Has PostgreSQL make the plans anew that it keeps for these connections: one that was made while a
    /// table was small reads the table from its beginning to its end.
    /// <https://www.postgresql.org/docs/current/sql-discard.html>
    pub(super) async fn forget_plans(&self) -> Result<(), DbErr> {
        match self.writer.get_database_backend() {
            DbBackend::Postgres => {
                self.writer.execute_unprepared("DISCARD PLANS").await.map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        if self.writer.get_database_backend() != DbBackend::Postgres {
            return Migrator::up(self.writer.inner(), None).await;
        }
        let txn = self.writer.inner().begin().await?;
        take_time(&txn).await?;
        txn.execute_unprepared(MIGRATION_LOCK).await?;
        Migrator::up(&txn, None).await?;
        txn.commit().await
    }

    /// Opens a transaction that reads what there is at one moment, for as long as that takes.
    pub(super) async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let is_postgres = self.reader.get_database_backend() == DbBackend::Postgres;
        let isolation_level = is_postgres.then_some(IsolationLevel::RepeatableRead);
        let options = TransactionOptions { isolation_level, ..Default::default() };
        let txn = self.reader.inner().begin_with_options(options).await?;
        take_time(&txn).await?;
        Ok(txn)
    }

    /// Opens a transaction that writes.
    ///
    /// On `SQLite` it takes the write lock at once: one that read first could find, when it writes,
    /// that another has written since, and would fail whatever the busy timeout.
    pub(super) async fn begin(&self) -> Result<Txn, DbErr> {
        let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode, ..Default::default() };
        self.writer.begin_with(options).await
    }
}

/// Has PostgreSQL go on with what a transaction asks for as long as that takes: nobody's request waits for it.
pub(super) async fn take_time(txn: &impl ConnectionTrait) -> Result<(), DbErr> {
    match txn.get_database_backend() {
        DbBackend::Postgres => {
            txn.execute_unprepared("SET LOCAL statement_timeout = 0").await.map(|_| ())
        }
        _ => Ok(()),
    }
}

/// Writes a statement's last LIMIT out. `SQLite` plans by it, and so plans a statement that is known anew
/// whenever one is bound, at several times the price of finding a row.
/// <https://sqlite.org/c3ref/prepare.html> tells of plans that depend on what is bound.
pub(super) fn planned_once(mut statement: Statement) -> Statement {
    if statement.db_backend != DbBackend::Sqlite {
        return statement;
    }
    if let Some(sql) = statement.sql.strip_suffix(" LIMIT ?")
        && let Some(Values(values)) = &mut statement.values
        && let Some(Value::BigUnsigned(Some(limit))) = values.last()
    {
        statement.sql = format!("{sql} LIMIT {limit}");
        values.pop();
    }
    statement
}

/// Whether `error` says that two transactions met, and that trying again is all it takes.
pub(super) fn is_contention(error: &DbErr) -> bool {
    // Unique violation, serialization failure, deadlock; SQLite's unique and primary key
    // violations, busy and busy with a stale snapshot.
    // https://www.postgresql.org/docs/current/errcodes-appendix.html, https://sqlite.org/rescode.html
    const CODES: [&str; 7] = ["23505", "40001", "40P01", "2067", "1555", "5", "517"];
    code_of(error).is_some_and(|code| CODES.contains(&&*code))
}

/// Whether `error` says that the database is away or full rather than that it dislikes a row.
pub(super) fn is_outage(error: &DbErr) -> bool {
    match error {
        // A statement with more values than fit, for one, which is never sent.
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))
            if matches!(**cause, sqlx::Error::Protocol(_) | sqlx::Error::Encode(_)) =>
        {
            false
        }
        DbErr::Exec(RuntimeErr::SqlxError(_)) | DbErr::Query(RuntimeErr::SqlxError(_)) => {
            // PostgreSQL: connection, a transaction that has ended or may only read, resources,
            // operator intervention, system error. SQLite: read-only, I/O error, full, cannot open.
            code_of(error).is_none_or(|code| match code.len() {
                5 => ["08", "25", "53", "57", "58"].contains(&&code[..2]),
                _ => code.parse().is_ok_and(|code: i32| [8, 10, 13, 14].contains(&(code & 0xff))),
            })
        }
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => true,
        _ => false,
    }
}

/// Whether `error` says that there is no room for anything more.
pub(super) fn is_full(error: &DbErr) -> bool {
    code_of(error).is_some_and(|code| code == "53100" || code == "13")
}

/// Whether `error` says that PostgreSQL has no place for a character, which is so for U+0000 alone.
pub(super) fn is_unstorable(error: &DbErr) -> bool {
    code_of(error).is_some_and(|code| code == "22021")
}

fn code_of(error: &DbErr) -> Option<Cow<'_, str>> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            cause.as_database_error()?.code()
        }
        _ => None,
    }
}

fn create_folder_of(url: &str) -> Result<(), DbErr> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or(path);
    match Path::new(path).parent() {
        Some(folder) if !path.starts_with(":memory:") && !folder.as_os_str().is_empty() => {
            std::fs::create_dir_all(folder).map_err(|error| {
                let told = format!("cannot create {}: {error}", folder.display());
                DbErr::Conn(RuntimeErr::Internal(told))
            })
        }
        _ => Ok(()),
    }
}

fn quiet(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    // By default every statement is told at INFO, and customers' texts in spans. Statements have
    // placeholders in place of values.
    options.sqlx_logging_level(LevelFilter::Trace).record_stmt_in_spans(false);
    options
}

fn sqlite(url: &str, connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = quiet(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        // A full disk undoes a transaction of which sqlx then still thinks that it goes on: what came
        // next would be part of it, and never stored. `make faults FAULTS=disk-full` shows it.
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.before_acquire(|connection, _| {
                Box::pin(std::future::ready(Ok(!connection.is_in_transaction())))
            })
        })
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .create_if_missing(!read_only)
                .read_only(read_only)
                .busy_timeout(Duration::from_secs(5))
                .pragma("cache_size", "-65536")
                .pragma("temp_store", "MEMORY");
            if read_only {
                return sqlite;
            }
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .pragma("journal_size_limit", "67108864")
        });
    options
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use entity::stage;
    use sea_orm::{
        DbBackend, DbErr, EntityTrait as _, QuerySelect as _, QueryTrait as _, RuntimeErr,
    };

    use super::{is_outage, planned_once};

    #[test]
    fn a_statement_that_cannot_be_sent_is_no_outage() {
        let told = |error| DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)));
        assert!(!is_outage(&told(sqlx::Error::Protocol("too many arguments".to_owned()))));
        assert!(is_outage(&told(sqlx::Error::PoolTimedOut)));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "nothing is read")]
    fn sqlite_is_told_a_limit_and_postgres_given_one() {
        let some = stage::Entity::find().select_only().column(stage::Column::Id).limit(7);

        let sqlite = planned_once(some.build(DbBackend::Sqlite));
        let postgres = planned_once(some.build(DbBackend::Postgres));

        assert!(sqlite.sql.ends_with(" LIMIT 7"), "{}", sqlite.sql);
        assert!(sqlite.values.is_none_or(|it| it.0.is_empty()));
        assert!(postgres.sql.ends_with(" LIMIT $1"), "{}", postgres.sql);
        assert_eq!(postgres.values.map_or(0, |it| it.0.len()), 1);
    }
}
