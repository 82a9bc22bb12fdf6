//! Notices for people without an open tab.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{big_integer, big_integer_null, integer, text, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let key = Table::create()
            .table("push_key")
            .col(integer("id").primary_key())
            .col(text("sealed"))
            .to_owned();
        manager.create_table(key).await?;
        let subscription = Table::create()
            .table("push_subscription")
            .col(uuid("id").primary_key())
            .col(text("tenant_id"))
            .col(text("user_id"))
            .col(uuid_null("session_id"))
            .col(big_integer_null("expires_at"))
            .col(text("endpoint").unique_key())
            .col(text("p256dh"))
            .col(text("auth"))
            .col(big_integer("told_at"))
            .to_owned();
        manager.create_table(subscription).await?;
        for (name, columns) in [
            ("push_subscription_of_user", &["tenant_id", "user_id"][..]),
            ("push_subscription_session", &["session_id"]),
        ] {
            let mut index = Index::create().name(name).table("push_subscription").to_owned();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
