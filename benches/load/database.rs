//! Databases on PostgreSQL, and how often they were asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

/// An empty database, which goes with the server it is on.
pub(crate) struct Database {
    pub(crate) url: String,
    name: String,
    postgres: DatabaseConnection,
}

/// How often each statement was executed, by PostgreSQL's own count.
pub(crate) type Statements = HashMap<String, i32>;

impl Database {
    pub(crate) async fn create(server: &str) -> anyhow::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("recado_bench_{}_{number}", std::process::id());
        let postgres = sea_orm::Database::connect(server).await.context("no PostgreSQL")?;
        postgres.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
        let (base, _) = server.rsplit_once('/').context("the address ends in a database")?;
        Ok(Self { url: format!("{base}/{name}"), name, postgres })
    }

    /// What has been executed in this database so far.
    ///
    /// # Errors
    /// When PostgreSQL does not count: it has to be started with `pg_stat_statements`.
    pub(crate) async fn statements(&self) -> anyhow::Result<Statements> {
        let extend = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements";
        let count = "SELECT query, sum(calls)::int AS calls FROM pg_stat_statements \
                     JOIN pg_database ON pg_database.oid = dbid WHERE datname = $1 GROUP BY query";
        self.postgres.execute_unprepared(extend).await?;
        let count =
            Statement::from_sql_and_values(DbBackend::Postgres, count, [self.name.clone().into()]);
        let rows = self.postgres.query_all_raw(count).await.context("nothing is counted")?;
        rows.iter().map(|row| Ok((row.try_get("", "query")?, row.try_get("", "calls")?))).collect()
    }

    /// How much this database takes on the disk.
    pub(crate) async fn bytes(&self) -> anyhow::Result<u64> {
        let size = "SELECT pg_database_size($1::name) AS size";
        let size =
            Statement::from_sql_and_values(DbBackend::Postgres, size, [self.name.clone().into()]);
        let row = self.postgres.query_one_raw(size).await?.context("no such database")?;
        Ok(u64::try_from(row.try_get::<i64>("", "size")?)?)
    }
}

/// What was executed between two counts.
pub(crate) fn between(before: &Statements, after: &Statements) -> Statements {
    let since =
        |(query, calls): (&String, &i32)| (query.clone(), calls - before.get(query).unwrap_or(&0));
    after.iter().map(since).filter(|(_, calls)| *calls != 0).collect()
}
