//! Messages are found by what their provider calls them first, and then by their inbox.
//!
//! PostgreSQL takes an inbox that it has not seen yet for empty. With the inbox first it read all that had
//! come into a new one, for every webhook, until a tenth of all messages was new and it looked again.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, async_trait,
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
        let by_inbox = Index::drop().name("message_provider_id").table("message").to_owned();
        manager.drop_index(by_inbox).await?;
        let by_name = Index::create()
            .name("message_provider_id")
            .table("message")
            .col("provider_id")
            .col("inbox_id")
            .unique()
            .to_owned();
        manager.create_index(by_name).await?;
        statistics::write(manager.get_connection()).await
    }
}
