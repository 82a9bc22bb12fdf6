//! Which conversations a connection has joined, for when it comes back after a cut.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{big_integer, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let room = Table::create()
            .table("room")
            .col(text("pid"))
            .col(uuid("conversation_id"))
            .col(text("tenant_id"))
            .col(big_integer("joined_at"))
            .primary_key(Index::create().col("pid").col("conversation_id"))
            .to_owned();
        manager.create_table(room).await?;
        let joined =
            Index::create().name("room_joined_at").table("room").col("joined_at").to_owned();
        manager.create_index(joined).await
    }
}
