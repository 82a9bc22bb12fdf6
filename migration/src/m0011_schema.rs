//! Functions of words on PostgreSQL that are found by whoever calls them.
//!
//! Autovacuum's ANALYZE, `pg_restore`, and from PostgreSQL 17 on ANALYZE and REINDEX of anybody, look for names in
//! no schema but `pg_catalog`. <https://www.postgresql.org/docs/17/release-17.html#RELEASE-17-MIGRATION>

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait,
};
use sea_orm_migration::sea_orm::{ConnectionTrait as _, DbBackend};

/// What they say is what they said, so that indexes stay as they are.
const POSTGRES: &str = r"
DO $do$ BEGIN
EXECUTE format($create$
CREATE OR REPLACE FUNCTION recado_contact_words(name text, phone_number text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT %1$I.recado_words(COALESCE(name, '') || ' ' || phone_number || ' ' || right(phone_number, 9)
    || ' ' || right(phone_number, 8) || ' ' || right(phone_number, 4)) $$;
CREATE OR REPLACE FUNCTION recado_message_words(tenant_id text, created_at bigint, content text)
RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS
$$ DECLARE
    mark text := %1$I.recado_week_mark(tenant_id, created_at / 604800000000);
    words text[] := tsvector_to_array(%1$I.recado_words(content));
BEGIN
    FOR nth IN 1 .. cardinality(words) LOOP
        words[nth] := mark || left(words[nth], 100);
    END LOOP;
    RETURN array_to_tsvector(words);
END $$;
$create$, current_schema());
END $do$;
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
