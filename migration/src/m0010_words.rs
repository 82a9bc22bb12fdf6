//! Words of messages and contacts on PostgreSQL, found out and stored with less work.
//!
//! Of texts in a desk's language most words are the same few. Stored one by one, each costs a way down the
//! index; some eighty messages at a time, each word costs one for all of them, and what waits for that is
//! little enough for every search to read through.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait,
};
use sea_orm_migration::sea_orm::{ConnectionTrait as _, DbBackend};

/// Letters lose all accents, however they are written, and not only those of Portuguese. What is stored was
/// stored by the same rule as far as it can be found: what is looked for has lost all of them for long.
const POSTGRES: &str = r"
ALTER INDEX message_text SET (fastupdate = on, gin_pending_list_limit = 64);
ALTER INDEX contact_text SET (gin_pending_list_limit = 64);
CREATE OR REPLACE FUNCTION recado_words(text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT to_tsvector('simple'::regconfig, CASE
    WHEN octet_length($1) = length($1) THEN lower($1)
    ELSE regexp_replace(normalize(lower($1), NFD), U&'[\0300-\036F]', '', 'g') END) $$;
";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        if db.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(POSTGRES).await?;
        }
        Ok(())
    }
}
