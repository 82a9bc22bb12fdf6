//! Tenants, their desks, the log, and what providers sent.

use sea_orm_migration::prelude::{
    ConditionalStatement as _, DbErr, DeriveMigrationName, Expr, ExprTrait as _, Index,
    IndexCreateStatement, IndexOrder, MigrationTrait, SchemaManager, Table, TableCreateStatement,
    async_trait,
};
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, boolean, integer, text, text_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            tenant(),
            user(),
            inbox(),
            inbox_member(),
            contact(),
            contact_address(),
            stage(),
            conversation(),
            message(),
            event(),
            webhook(),
            parked(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn tenant() -> TableCreateStatement {
    Table::create()
        .table("tenant")
        .col(text("id").primary_key())
        .col(text("name"))
        .col(big_integer("last_seq"))
        .col(big_integer("last_event_at"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn user() -> TableCreateStatement {
    Table::create()
        .table("user")
        .col(text("id").primary_key())
        .col(text("tenant_id"))
        .col(text("email").unique_key())
        .col(text("name"))
        .col(text("role"))
        .col(text("password_hash"))
        .col(boolean("restricted"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn inbox() -> TableCreateStatement {
    Table::create()
        .table("inbox")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(text("channel"))
        .col(text("name"))
        .col(text("address"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn inbox_member() -> TableCreateStatement {
    Table::create()
        .table("inbox_member")
        .col(uuid("inbox_id"))
        .col(text("user_id"))
        .col(text("tenant_id"))
        .primary_key(Index::create().col("inbox_id").col("user_id"))
        .to_owned()
}

fn contact() -> TableCreateStatement {
    Table::create()
        .table("contact")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(text_null("name"))
        .col(big_integer("named_at"))
        .col(text("phone_number"))
        .col(big_integer("numbered_at"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn contact_address() -> TableCreateStatement {
    Table::create()
        .table("contact_address")
        .col(text("tenant_id"))
        .col(text("channel"))
        .col(text("address"))
        .col(uuid("contact_id"))
        .primary_key(Index::create().col("tenant_id").col("channel").col("address"))
        .to_owned()
}

fn stage() -> TableCreateStatement {
    Table::create()
        .table("stage")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(text("name"))
        .col(text("color"))
        .col(integer("position"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn conversation() -> TableCreateStatement {
    Table::create()
        .table("conversation")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(uuid("inbox_id"))
        .col(uuid("contact_id"))
        .col(uuid("stage_id"))
        .col(text("status"))
        .col(text_null("assignee_id"))
        .col(integer("unread_count"))
        .col(uuid_null("last_message_id"))
        .col(big_integer_null("last_message_at"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn message() -> TableCreateStatement {
    Table::create()
        .table("message")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(uuid("conversation_id"))
        .col(uuid("inbox_id"))
        .col(text_null("provider_id"))
        .col(text("direction"))
        .col(text("type"))
        .col(text("content"))
        .col(text("metadata"))
        .col(text("reactions"))
        .col(text("status"))
        .col(text_null("error"))
        .col(big_integer("sent_at"))
        .col(big_integer_null("edited_at"))
        .col(big_integer_null("deleted_at"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn event() -> TableCreateStatement {
    Table::create()
        .table("event")
        .col(text("tenant_id"))
        .col(big_integer("seq"))
        .col(uuid_null("inbox_id"))
        .col(text("data"))
        .col(big_integer("happened_at"))
        .primary_key(Index::create().col("tenant_id").col("seq"))
        .to_owned()
}

fn webhook() -> TableCreateStatement {
    Table::create()
        .table("webhook")
        .col(uuid("id").primary_key())
        .col(text("channel"))
        .col(blob("body"))
        .col(text("elements"))
        .col(text("outcome"))
        .col(big_integer("received_at"))
        .to_owned()
}

fn parked() -> TableCreateStatement {
    Table::create()
        .table("parked")
        .col(uuid("webhook_id"))
        .col(integer("position"))
        .col(text("tenant_id"))
        .col(uuid("inbox_id"))
        .col(text("target"))
        .col(text("amendment"))
        .col(big_integer("parked_at"))
        .primary_key(Index::create().col("webhook_id").col("position"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let on = |table: &'static str, name: &'static str, columns: &[&'static str]| {
        let mut index = Index::create().name(name).table(table).to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        on("user", "user_of_tenant", &["tenant_id"]),
        on("inbox", "inbox_address", &["channel", "address"]).unique().to_owned(),
        on("inbox", "inbox_of_tenant", &["tenant_id"]),
        on("inbox_member", "inbox_member_user", &["tenant_id", "user_id"]),
        on("contact", "contact_of_tenant", &["tenant_id"]),
        on("contact_address", "contact_address_contact", &["contact_id"]),
        on("stage", "stage_of_tenant", &["tenant_id", "position"]),
        on("conversation", "conversation_of_contact", &["contact_id", "inbox_id"])
            .unique()
            .to_owned(),
        // The board's columns and lists by last activity, newest first.
        on("conversation", "conversation_board", &["tenant_id", "stage_id"])
            .col(("last_message_at", IndexOrder::Desc))
            .col(("id", IndexOrder::Desc))
            .to_owned(),
        // One message per provider id and inbox, whatever the provider repeats.
        on("message", "message_provider_id", &["inbox_id", "provider_id"]).unique().to_owned(),
        on("message", "message_history", &["conversation_id", "sent_at", "id"]),
        on("event", "event_happened_at", &["tenant_id", "happened_at"]),
        on("webhook", "webhook_received_at", &["received_at"]),
        on("webhook", "webhook_needs_eye", &["outcome", "id"])
            .cond_where(Expr::col("outcome").is_in(["parked", "quarantined"]))
            .to_owned(),
        on("parked", "parked_target", &["inbox_id", "target"]),
    ]
}
