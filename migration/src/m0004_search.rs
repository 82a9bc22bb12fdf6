//! Words: what messages say, and what contacts are called.
//!
//! Both databases compare words without accents and case, from their beginning on. What a person
//! looks for is made into such beginnings by the server (its `desk::search`).

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, async_trait,
};
use sea_orm_migration::sea_orm::{ConnectionTrait as _, DbBackend};

/// A tenant, an inbox, a conversation and a row are found by a word too: their names in hexadecimal
/// digits.
const SQLITE: &str = r#"
CREATE VIRTUAL TABLE message_text USING fts5(desk, row, content,
    tokenize = "unicode61 remove_diacritics 2", detail = column);
CREATE VIRTUAL TABLE contact_text USING fts5(desk, row, content,
    tokenize = "unicode61 remove_diacritics 2", detail = column);

CREATE TRIGGER message_text_added AFTER INSERT ON message WHEN NEW.content <> '' BEGIN
    INSERT INTO message_text (desk, row, content)
    VALUES (hex(NEW.tenant_id) || ' ' || hex(NEW.inbox_id) || ' ' || hex(NEW.conversation_id),
        hex(NEW.id), NEW.content);
END;
CREATE TRIGGER message_text_changed AFTER UPDATE OF content ON message
WHEN NEW.content <> OLD.content BEGIN
    DELETE FROM message_text WHERE rowid IN
        (SELECT rowid FROM message_text WHERE message_text MATCH 'row:' || hex(NEW.id));
    INSERT INTO message_text (desk, row, content)
    SELECT hex(NEW.tenant_id) || ' ' || hex(NEW.inbox_id) || ' ' || hex(NEW.conversation_id),
        hex(NEW.id), NEW.content WHERE NEW.content <> '';
END;
CREATE TRIGGER contact_text_added AFTER INSERT ON contact BEGIN
    INSERT INTO contact_text (desk, row, content) VALUES (hex(NEW.tenant_id), hex(NEW.id),
        COALESCE(NEW.name, '') || ' ' || NEW.phone_number || ' ' || substr(NEW.phone_number, -9)
        || ' ' || substr(NEW.phone_number, -8) || ' ' || substr(NEW.phone_number, -4));
END;
CREATE TRIGGER contact_text_changed AFTER UPDATE OF name, phone_number ON contact
WHEN NEW.name IS NOT OLD.name OR NEW.phone_number <> OLD.phone_number BEGIN
    DELETE FROM contact_text WHERE rowid IN
        (SELECT rowid FROM contact_text WHERE contact_text MATCH 'row:' || hex(NEW.id));
    INSERT INTO contact_text (desk, row, content) VALUES (hex(NEW.tenant_id), hex(NEW.id),
        COALESCE(NEW.name, '') || ' ' || NEW.phone_number || ' ' || substr(NEW.phone_number, -9)
        || ' ' || substr(NEW.phone_number, -8) || ' ' || substr(NEW.phone_number, -4));
END;

INSERT INTO message_text (desk, row, content)
    SELECT hex(tenant_id) || ' ' || hex(inbox_id) || ' ' || hex(conversation_id), hex(id), content
    FROM message WHERE content <> '' ORDER BY created_at;
INSERT INTO contact_text (desk, row, content) SELECT hex(tenant_id), hex(id),
    COALESCE(name, '') || ' ' || phone_number || ' ' || substr(phone_number, -9) || ' ' ||
    substr(phone_number, -8) || ' ' || substr(phone_number, -4) FROM contact;
"#;

/// A tenant is found by a word too, and so is a week of theirs: a word that every tenth message holds
/// is looked for among the newest first.
const POSTGRES: &str = r"
CREATE FUNCTION recado_words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT to_tsvector('simple'::regconfig, translate(lower($1),
    'áàâãäåéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÅÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ',
    'aaaaaaeeeeiiiiooooouuuucnaaaaaaeeeeiiiiooooouuuucn')) $$;
CREATE FUNCTION recado_contact_words(name text, phone_number text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT recado_words(COALESCE(name, '') || ' ' || phone_number || ' ' || right(phone_number, 9)
    || ' ' || right(phone_number, 8) || ' ' || right(phone_number, 4)) $$;
CREATE FUNCTION recado_message_words(tenant_id text, created_at bigint, content text)
RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT recado_words(content) || array_to_tsvector(ARRAY['desk ' || tenant_id,
    'week ' || (created_at / 604800000000) || ' ' || tenant_id]) $$;
CREATE INDEX message_text ON message
    USING gin (recado_message_words(tenant_id, created_at, content));
CREATE INDEX contact_text ON contact USING gin (recado_contact_words(name, phone_number));
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
        let steps = match db.get_database_backend() {
            DbBackend::Postgres => POSTGRES,
            _ => SQLITE,
        };
        db.execute_unprepared(steps).await?;
        Ok(())
    }
}
