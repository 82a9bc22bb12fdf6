//! When a contact's e-mail was told, and whether an agent set it.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{big_integer, boolean};
use sea_orm_migration::sea_orm::ConnectionTrait as _;

/// Nobody knows who told those that are there: they stay, as an agent's do.
const KEEP: &str = "UPDATE contact SET is_email_by_agent = TRUE WHERE email IS NOT NULL";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer("email_told_at").default(0).take(),
            boolean("is_email_by_agent").default(false).take(),
        ] {
            let change = Table::alter().table("contact").add_column(column).to_owned();
            manager.alter_table(change).await?;
        }
        manager.get_connection().execute_unprepared(KEEP).await?;
        Ok(())
    }
}
