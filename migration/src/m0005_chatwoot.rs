//! Channels that know several threads with one contact, and tell how each stands; numbers for
//! conversations.

use sea_orm_migration::prelude::{
    ConditionalStatement as _, DbErr, DeriveMigrationName, Expr, ExprTrait as _, Index,
    IndexCreateStatement, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{big_integer, big_integer_null, text_null};
use sea_orm_migration::sea_orm::ConnectionTrait as _;

/// Numbers those that are there, the oldest first.
const NUMBER: &str = "UPDATE conversation SET display_id = (
    SELECT numbered.place FROM (
        SELECT id, ROW_NUMBER() OVER (PARTITION BY tenant_id ORDER BY created_at, id) AS place
        FROM conversation) AS numbered
    WHERE numbered.id = conversation.id)";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("conversation", text_null("thread").take()),
            ("conversation", text_null("standing").take()),
            ("conversation", big_integer("display_id").default(0).take()),
            ("message", big_integer_null("told_at").take()),
            ("inbox", big_integer_null("reconciled_at").take()),
        ] {
            let change = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(change).await?;
        }
        manager.get_connection().execute_unprepared(NUMBER).await?;
        // One conversation with a contact in an inbox, but where the channel names threads.
        let of_contact =
            Index::drop().name("conversation_of_contact").table("conversation").to_owned();
        manager.drop_index(of_contact).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn indexes() -> [IndexCreateStatement; 4] {
    let on = |name: &'static str, columns: &[&'static str]| {
        let mut index = Index::create().name(name).table("conversation").to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    [
        on("conversation_of_contact", &["contact_id", "inbox_id"]),
        on("conversation_unthreaded", &["contact_id", "inbox_id"])
            .unique()
            .cond_where(Expr::col("thread").is_null())
            .to_owned(),
        on("conversation_thread", &["inbox_id", "thread"]).unique().to_owned(),
        on("conversation_display_id", &["tenant_id", "display_id"]).unique().to_owned(),
    ]
}
