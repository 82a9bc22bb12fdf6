//! Empty databases, one for each test.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Statement};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::{PATIENCE, unique};

/// An empty database and store for files, which go when the last handle to them is dropped.
#[derive(Clone)]
pub(crate) struct Database {
    url: String,
    folder: Arc<TempDir>,
}

impl Database {
    /// On PostgreSQL where `TEST_DATABASE_URL` names a server, else a new SQLite file.
    pub(crate) async fn create() -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let Some(server) = server() else {
            let url = format!("sqlite:{}", folder.path().join("data/recado.db").display());
            return Self { url, folder };
        };
        let name = format!("recado_test_{}_{}", std::process::id(), unique());
        let postgres = sea_orm::Database::connect(&server).await.unwrap();
        postgres.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        postgres.close().await.unwrap();
        let (base, _) = server.rsplit_once('/').expect("TEST_DATABASE_URL ends in a database");
        Self { url: format!("{base}/{name}"), folder }
    }

    /// Where the files of its messages are.
    pub(crate) fn media(&self) -> PathBuf {
        self.folder.path().join("media")
    }

    pub(crate) fn media_url(&self) -> String {
        format!("file:{}", self.media().display())
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    /// Runs a statement past the server.
    pub(crate) async fn execute(&self, sql: &str) {
        self.try_execute(sql).await.unwrap();
    }

    /// Runs a statement past the server; `Err` is what the database says against it.
    pub(crate) async fn try_execute(&self, sql: &str) -> Result<(), String> {
        let connection = sea_orm::Database::connect(&self.url).await.unwrap();
        let done = connection.execute_unprepared(sql).await;
        connection.close().await.unwrap();
        done.map(|_| ()).map_err(|error| error.to_string())
    }

    /// Returns once nothing waits any more to be told to a tenant's channels.
    pub(crate) async fn until_all_is_told(&self, tenant: &str) {
        let connection = sea_orm::Database::connect(&self.url).await.unwrap();
        let left = format!("SELECT count(*) AS waiting FROM delivery WHERE tenant_id = '{tenant}'");
        let told = async {
            loop {
                let count = Statement::from_string(connection.get_database_backend(), left.clone());
                let row = connection.query_one_raw(count).await.unwrap().unwrap();
                if row.try_get::<i64>("", "waiting").unwrap() == 0 {
                    break;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, told).await.expect("something waits for ever");
        connection.close().await.unwrap();
    }

    /// How many connections to it there are: of SQLite how often this process has its files open, of
    /// PostgreSQL how many backends serve it.
    pub(crate) fn users(&self) -> usize {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let open = std::fs::read_dir("/proc/self/fd").unwrap();
            let open = open.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
            return open.filter(|file| file.to_string_lossy().starts_with(path)).count();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let connection = sea_orm::Database::connect(&self.url).await.unwrap();
            let count = "SELECT count(*) AS users FROM pg_stat_activity \
                         WHERE datname = current_database() AND pid <> pg_backend_pid()";
            let count = Statement::from_string(sea_orm::DbBackend::Postgres, count);
            let row = connection.query_one_raw(count).await.unwrap().unwrap();
            let users: i64 = row.try_get("", "users").unwrap();
            connection.close().await.unwrap();
            usize::try_from(users).unwrap()
        })
    }

    /// All that it holds: the bytes of SQLite's files, of PostgreSQL the rows that may hold secrets.
    pub(crate) async fn bytes(&self) -> Vec<u8> {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let files = ["", "-wal"].map(|end| std::fs::read(format!("{path}{end}")).unwrap());
            return files.concat();
        }
        let connection = sea_orm::Database::connect(&self.url).await.unwrap();
        let tables =
            ["inbox", "session", "api_token", "idempotency", "audit", "event", "user", "push_key"];
        let mut rows = Vec::new();
        for table in tables {
            let all = format!("SELECT string_agg(t::text, ' ') AS rows FROM \"{table}\" t");
            let all = Statement::from_string(sea_orm::DbBackend::Postgres, all);
            let row = connection.query_one_raw(all).await.unwrap().unwrap();
            let text: Option<String> = row.try_get("", "rows").unwrap();
            rows.extend(text.unwrap_or_default().into_bytes());
        }
        connection.close().await.unwrap();
        rows
    }
}

#[expect(clippy::disallowed_methods, reason = "which database to test on")]
fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}
