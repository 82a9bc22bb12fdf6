//! How much there is, as far as PostgreSQL knows.

use sea_orm::{ConnectionTrait as _, Statement};

use super::{Desks, Result};

/// The tables that hold something, and at which PostgreSQL has never looked.
const UNKNOWN: &str = "SELECT relname::text AS name FROM pg_stat_user_tables
    WHERE schemaname = current_schema() AND n_live_tup >= 100
        AND last_analyze IS NULL AND last_autoanalyze IS NULL";

impl Desks {
    /// Has PostgreSQL look at tables that have begun to fill; tells at how many.
    ///
    /// It does so by itself once a minute. On the first minute of an installation it takes every table
    /// for empty, and reads all that there is to find one row.
    /// <https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS>
    pub async fn learn_sizes(&self) -> Result<usize> {
        let db = &self.db.writer;
        let unknown = Statement::from_string(db.get_database_backend(), UNKNOWN);
        let tables = db.query_all_raw(unknown).await?;
        for table in &tables {
            let name: String = table.try_get("", "name")?;
            db.execute_unprepared(&format!("ANALYZE \"{name}\"")).await?;
        }
        Ok(tables.len())
    }
}
