//! Whether there is a database to work with.

use std::sync::atomic::Ordering;

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, RuntimeErr, Statement};

use super::Desks;
use super::db::{Db, is_full};

/// Writes a number that nobody reads: only of what is written is it known whether it can be.
const WRITE: &str = "PRAGMA user_version = 0";

/// Of a PostgreSQL that hands over to another.
const READS_ONLY: &str = "SELECT current_setting('transaction_read_only') = 'on' AS reads_only";

/// Why a node is not to be sent anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nothing is heard of it.
    #[error("the database does not answer")]
    Away,
    /// It answers, and there is no room for anything more.
    #[error("the database has no room: the disk is full")]
    Full,
    /// It answers, and stores nothing.
    #[error("the database takes nothing")]
    Refuses,
}

impl Desks {
    /// Whether the database answers; if it has refused a webhook, also whether it takes anything now.
    ///
    /// # Errors
    /// Why nothing should be sent here.
    pub async fn check(&self) -> Result<(), Trouble> {
        self.db.reader.ping().await.map_err(|_| Trouble::Away)?;
        if !self.intake.is_refused.load(Ordering::Relaxed) {
            return Ok(());
        }
        let taken = self.db.try_out().await;
        taken.map_err(|error| if is_full(&error) { Trouble::Full } else { Trouble::Refuses })?;
        self.intake.is_refused.store(false, Ordering::Relaxed);
        Ok(())
    }
}

impl Db {
    async fn try_out(&self) -> Result<(), DbErr> {
        if self.writer.get_database_backend() == DbBackend::Sqlite {
            return self.writer.execute_unprepared(WRITE).await.map(|_| ());
        }
        let asked = Statement::from_string(DbBackend::Postgres, READS_ONLY);
        let row = self.writer.query_one_raw(asked).await?;
        if row.is_some_and(|row| matches!(row.try_get("", "reads_only"), Ok(false))) {
            return Ok(());
        }
        Err(DbErr::Conn(RuntimeErr::Internal("the database only reads".to_owned())))
    }
}
