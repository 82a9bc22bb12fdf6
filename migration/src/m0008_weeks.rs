//! Words of messages by week, on PostgreSQL.
//!
//! Each word is stored with its tenant's and its week's mark before it. What a search costs then depends
//! on how often its words occur in the weeks that it looks through, and neither in all that is stored nor
//! with others. `SQLite` reads its words newest first by itself.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait,
};
use sea_orm_migration::sea_orm::{ConnectionTrait as _, DbBackend};

/// A mark is short whatever the tenant is called, since each word has one: two tenants with the same are
/// told apart by their rows. Words without an end are cut off, so that a text of them can be stored.
///
/// The index takes words as they come: what would be gathered first is read through by every search.
const POSTGRES: &str = r"
DROP INDEX message_text;
DROP FUNCTION recado_message_words;
CREATE FUNCTION recado_week_mark(tenant_id text, week bigint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT left(md5(tenant_id), 8) || ' ' || week || ' ' $$;
CREATE FUNCTION recado_message_words(tenant_id text, created_at bigint, content text)
RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS
$$ DECLARE
    mark text := recado_week_mark(tenant_id, created_at / 604800000000);
    words text[] := tsvector_to_array(recado_words(content));
BEGIN
    FOR nth IN 1 .. cardinality(words) LOOP
        words[nth] := mark || left(words[nth], 100);
    END LOOP;
    RETURN array_to_tsvector(words);
END $$;
CREATE FUNCTION recado_message_query(tenant_id text, first bigint, last bigint, words text)
RETURNS tsquery LANGUAGE sql STABLE STRICT PARALLEL SAFE AS
$$ SELECT string_agg('(' || in_any_week || ')', ' & ')::tsquery FROM (
    SELECT string_agg(
        quote_literal(recado_week_mark(tenant_id, week) || left(word, 100)) || ':*', ' | ')
        AS in_any_week
    FROM unnest(string_to_array(words, ' ')) AS word, generate_series(first, last) AS week
    GROUP BY word) AS each_word $$;
CREATE INDEX message_text ON message
    USING gin (recado_message_words(tenant_id, created_at, content)) WITH (fastupdate = off);
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
