//! Sessions that are over and what has waited in vain for its message are found without reading all others.
//!
//! Both are looked for once a minute, on `SQLite` by the one who writes.

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
        for (table, name, column) in [
            ("session", "session_expires_at", "expires_at"),
            ("parked", "parked_parked_at", "parked_at"),
        ] {
            let index = Index::create().name(name).table(table).col(column).to_owned();
            manager.create_index(index).await?;
        }
        statistics::write(manager.get_connection()).await
    }
}
