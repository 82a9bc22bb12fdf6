//! What `SQLite` is told about tables and indexes, in place of what it would gather itself.
//!
//! Gathered figures are those of one moment: a desk that grows from nothing would be planned for as
//! if it were empty, and the same query be answered differently before and after a restart. These are
//! of a desk with 100,000 conversations and 2,000,000 messages, which suit smaller and larger ones,
//! since every query is to end after so many rows of an index. A step that adds or changes an index
//! of a table that grows writes its figures. <https://sqlite.org/fileformat2.html#the_sqlite_stat1_table>

use sea_orm_migration::prelude::DbErr;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Table, index, and how many rows the index has, then how many of them agree in the first column, in
/// the first two, and so on.
///
/// Few conversations are in any state but the last, so a state is taken for rare: who looks for open
/// ones finds all of them by it.
const FIGURES: &[(&str, &str, &str)] = &[
    ("contact", "sqlite_autoindex_contact_1", "100000 1"),
    ("contact", "contact_of_tenant", "100000 100000"),
    ("contact", "contact_list", "100000 100000 1"),
    ("contact", "contact_merged_into", "1000 2"),
    ("contact_address", "sqlite_autoindex_contact_address_1", "100000 100000 100000 1"),
    ("contact_address", "contact_address_contact", "100000 2"),
    ("conversation", "sqlite_autoindex_conversation_1", "100000 1"),
    ("conversation", "conversation_of_contact", "100000 2 1"),
    ("conversation", "conversation_unthreaded", "100000 2 1"),
    ("conversation", "conversation_thread", "100000 20000 1"),
    ("conversation", "conversation_display_id", "100000 100000 1"),
    ("conversation", "conversation_card", "100000 100000 20000 1 1"),
    ("conversation", "conversation_list", "100000 100000 1 1"),
    ("conversation", "conversation_list_status", "100000 100000 1000 1 1"),
    ("conversation", "conversation_list_assignee", "100000 100000 5000 1 1"),
    ("conversation", "conversation_list_inbox", "100000 100000 20000 1 1"),
    ("conversation", "conversation_list_stage", "100000 100000 20000 1 1"),
    ("conversation", "conversation_list_unread", "500 500 1 1"),
    ("conversation", "conversation_to_do", "3000 3000 150 50 20 10"),
    ("conversation", "conversation_waiting", "2000 2000 1 1 1 1"),
    ("conversation", "conversation_snoozed", "500 1"),
    ("conversation_label", "sqlite_autoindex_conversation_label_1", "100000 2 1"),
    ("conversation_label", "conversation_label_of", "100000 100000 5000 1"),
    ("message", "sqlite_autoindex_message_1", "2000000 1"),
    ("message", "message_provider_id", "2000000 1 1"),
    ("message", "message_history", "2000000 20 1 1"),
    ("message", "message_client_id", "500000 10 1"),
    ("message", "message_unread", "3000 2"),
    ("message", "message_created_at", "2000000 2000000 1 1 1 1 1 1"),
    ("message", "message_failed", "10000 10000 1"),
    ("milestone", "sqlite_autoindex_milestone_1", "700000 1"),
    ("milestone", "milestone_happened_at", "700000 700000 1 1 1 1 1"),
    ("event", "sqlite_autoindex_event_1", "2000000 2000000 1"),
    ("event", "event_happened_at", "2000000 2000000 1"),
    ("tally", "sqlite_autoindex_tally_1", "1000 1000 200 40 10 5 1"),
    ("traffic", "sqlite_autoindex_traffic_1", "50000 50000 5 1"),
    ("workday", "sqlite_autoindex_workday_1", "50000 50000 100 20 1"),
    ("delivery", "sqlite_autoindex_delivery_1", "500000 1"),
    ("delivery", "delivery_due", "500000 1000 1 1"),
    ("delivery", "delivery_of_conversation", "500000 5 1"),
    ("delivery", "delivery_of_message", "500000 1"),
    ("media", "sqlite_autoindex_media_1", "200000 1"),
    ("media", "media_due", "200000 1000 1"),
    ("media", "media_of_message", "200000 1"),
    ("media", "media_sha256", "200000 2"),
    ("media", "media_unused", "1000 1"),
    ("chat_session", "sqlite_autoindex_chat_session_1", "50000 1"),
    ("chat_session", "sqlite_autoindex_chat_session_2", "50000 1"),
    ("chat_session", "chat_session_of_tenant", "50000 50000 1"),
    ("chat_session", "chat_session_conversation", "50000 1"),
    ("chat_session", "chat_session_address", "50000 20000 1"),
    ("chat_session", "chat_session_expires_at", "50000 1"),
    ("webhook", "sqlite_autoindex_webhook_1", "1000000 1"),
    ("webhook", "webhook_received_at", "1000000 1"),
    ("webhook", "webhook_needs_eye", "1000 500 1"),
    ("parked", "sqlite_autoindex_parked_1", "1000 1 1"),
    ("parked", "parked_target", "1000 500 1"),
    ("parked", "parked_parked_at", "1000 1"),
    ("session", "sqlite_autoindex_session_1", "100000 1"),
    ("session", "sqlite_autoindex_session_2", "100000 1"),
    ("session", "session_of_user", "100000 100000 1000"),
    ("session", "session_family", "100000 50"),
    ("session", "session_expires_at", "100000 1"),
    ("audit", "sqlite_autoindex_audit_1", "100000 1"),
    ("audit", "audit_of_tenant", "100000 100000 1"),
];

/// Writes the figures; PostgreSQL gathers its own while tables grow.
pub(crate) async fn write(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        return Ok(());
    }
    // Makes the table of figures, which a CREATE TABLE may not; what it gathers goes again.
    db.execute_unprepared("ANALYZE tenant").await?;
    let rows =
        FIGURES.iter().map(|(table, index, rows)| format!("('{table}', '{index}', '{rows}')"));
    let rows = rows.collect::<Vec<_>>().join(", ");
    let write = format!("DELETE FROM sqlite_stat1; INSERT INTO sqlite_stat1 VALUES {rows}");
    db.execute_unprepared(&write).await?;
    // Reads them; other connections do so because the schema has changed.
    db.execute_unprepared("ANALYZE sqlite_schema").await?;
    Ok(())
}
