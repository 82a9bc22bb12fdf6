//! Visitors of sites.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer_null, text, text_null, uuid,
};

use crate::statistics;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("chat_session")
            .col(uuid("id").primary_key())
            .col(text("tenant_id"))
            .col(uuid("inbox_id"))
            .col(uuid("conversation_id"))
            .col(text("address"))
            .col(text("token_hash").unique_key())
            .col(text_null("identity"))
            .col(text_null("name"))
            .col(text_null("email"))
            .col(text("fields"))
            .col(text_null("page"))
            .col(text_null("user_agent"))
            .col(text_null("locale"))
            .col(text_null("country"))
            .col(big_integer("created_at"))
            .col(big_integer("last_seen_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("ended_at"))
            .col(integer_null("rating"))
            .col(text_null("rating_comment"))
            .col(big_integer_null("rated_at"))
            .to_owned();
        manager.create_table(table).await?;
        for (name, columns) in [
            ("chat_session_of_tenant", &["tenant_id", "id"][..]),
            ("chat_session_conversation", &["conversation_id"]),
            ("chat_session_address", &["inbox_id", "address"]),
            ("chat_session_expires_at", &["expires_at"]),
        ] {
            let mut index = Index::create().name(name).table("chat_session").to_owned();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        statistics::write(manager.get_connection()).await
    }
}
