//! Copies of a `SQLite` database that is in use, and going on from an older state.

use std::path::{Path, PathBuf};

use entity::{event, tenant};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, EntityTrait as _, Statement};

use super::db::take_time;
use super::{Db, Desks, Result};

/// By how much a log's numbers jump when it starts anew: no desk has written as many events since the
/// moment to which it was restored.
const JUMP: i64 = 1_000_000_000;

impl Db {
    /// The file that `url` names, if it names one: PostgreSQL has none, nor has memory.
    pub fn file(url: &str) -> Option<PathBuf> {
        let path = url.strip_prefix("sqlite:")?.trim_start_matches("//");
        let path = path.split('?').next().unwrap_or(path);
        (!path.starts_with(":memory:")).then(|| path.into())
    }

    /// Copies the database as it is at one moment to a file that is missing or empty, while others
    /// go on reading and writing.
    ///
    /// # Errors
    /// When it is not `SQLite`: PostgreSQL has tools of its own. <https://sqlite.org/lang_vacuum.html>
    pub async fn back_up(&self, to: &Path) -> Result<(), DbErr> {
        let path = to.to_string_lossy().into_owned();
        let copy =
            Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [path.into()]);
        self.reader.execute_raw(copy).await.map(|_| ())
    }

    /// Whether a `SQLite` database can be read from its beginning to its end, and is one of Recado's.
    pub async fn is_whole(&self) -> Result<bool, DbErr> {
        let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA quick_check(1)");
        let Some(row) = self.reader.query_one_raw(check).await? else { return Ok(false) };
        if row.try_get_by_index::<String>(0)? != "ok" {
            return Ok(false);
        }
        let table = "SELECT count(*) FROM sqlite_schema WHERE name = 'tenant'";
        let table = Statement::from_string(DbBackend::Sqlite, table);
        let row = self.reader.query_one_raw(table).await?;
        row.map_or(Ok(false), |row| Ok(row.try_get_by_index::<i64>(0)? == 1))
    }

    /// Asks the database anything, to see whether it answers.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.reader.ping().await
    }

    /// Ends all connections.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }
}

impl Desks {
    /// Starts all logs anew, since the database was restored to an earlier moment: clients may have
    /// read events that are no longer, whose numbers would be given once more. Whatever cursor they
    /// come with is before the log then, so that they load afresh.
    pub async fn restart_logs(&self) -> Result<()> {
        let txn = self.db.begin().await?;
        // All logs of all tenants may hold more than goes in the time that a request has.
        take_time(txn.inner()).await?;
        let jump = Expr::col(tenant::Column::LastSeq).add(JUMP);
        let moved = tenant::Entity::update_many().col_expr(tenant::Column::LastSeq, jump);
        moved.exec(txn.inner()).await?;
        event::Entity::delete_many().exec(txn.inner()).await?;
        txn.commit().await?;
        Ok(())
    }
}
