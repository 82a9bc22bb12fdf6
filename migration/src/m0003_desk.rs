//! What agents do: cards in order, replies on their way, files, sessions, and who did what.

use sea_orm_migration::prelude::ColumnDef;
use sea_orm_migration::prelude::{
    ConditionalStatement as _, DbErr, DeriveMigrationName, Expr, ExprTrait as _, Index,
    IndexCreateStatement, IndexOrder, MigrationTrait, SchemaManager, Table, TableCreateStatement,
    async_trait,
};
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, integer_null, text, text_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::{ConnectionTrait as _, DbBackend, Statement};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            // SQLite adds one column at a time.
            let change = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(change).await?;
        }
        for table in [
            conversation_label(),
            tally(),
            milestone(),
            traffic(),
            workday(),
            delivery(),
            media(),
            session(),
            api_token(),
            idempotency(),
            audit(),
            canned_response(),
        ] {
            manager.create_table(table).await?;
        }
        complete(manager).await?;
        seal_audit(manager).await?;
        // Columns are in their agents' order now.
        let by_activity = Index::drop().name("conversation_board").table("conversation").to_owned();
        manager.drop_index(by_activity).await?;
        for index in list_indexes().into_iter().chain(message_indexes()).chain(row_indexes()) {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// What rows have that they did not have before.
fn columns() -> Vec<(&'static str, ColumnDef)> {
    let no = |name: &'static str| boolean(name).default(false).take();
    let empty = |name: &'static str, value: &'static str| text(name).default(value).take();
    vec![
        ("user", big_integer_null("disabled_at").take()),
        ("user", big_integer_null("last_seen_at").take()),
        ("inbox", text_null("secrets").take()),
        ("inbox", empty("settings", "{}")),
        ("inbox", big_integer_null("disabled_at").take()),
        ("inbox", big_integer_null("held_until").take()),
        ("inbox", text_null("hold_error").take()),
        ("contact", text_null("email").take()),
        ("contact", empty("notes", "")),
        ("contact", no("is_named_by_agent")),
        ("contact", big_integer_null("blocked_at").take()),
        ("contact", uuid_null("merged_into").take()),
        ("conversation", empty("position", "")),
        ("conversation", big_integer_null("snoozed_until").take()),
        ("conversation", big_integer_null("window_until").take()),
        ("conversation", big_integer_null("waiting_since").take()),
        ("conversation", big_integer("opened_at").default(0).take()),
        ("conversation", big_integer_null("responded_at").take()),
        ("conversation", big_integer_null("received_at").take()),
        ("conversation", big_integer_null("answered_at").take()),
        ("message", text_null("author_id").take()),
        ("message", text_null("client_id").take()),
        ("message", uuid_null("delivery_id").take()),
        ("message", no("is_private")),
        ("message", no("is_unread")),
    ]
}

fn conversation_label() -> TableCreateStatement {
    Table::create()
        .table("conversation_label")
        .col(uuid("conversation_id"))
        .col(text("label"))
        .col(text("tenant_id"))
        .primary_key(Index::create().col("conversation_id").col("label"))
        .to_owned()
}

fn tally() -> TableCreateStatement {
    let key = ["tenant_id", "stage_id", "inbox_id", "status", "is_assigned", "is_unread"];
    let mut primary = Index::create();
    for column in key {
        primary.col(column);
    }
    Table::create()
        .table("tally")
        .col(text("tenant_id"))
        .col(uuid("stage_id"))
        .col(uuid("inbox_id"))
        .col(text("status"))
        .col(boolean("is_assigned"))
        .col(boolean("is_unread"))
        .col(big_integer("total"))
        .primary_key(&mut primary)
        .to_owned()
}

fn milestone() -> TableCreateStatement {
    Table::create()
        .table("milestone")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(uuid("conversation_id"))
        .col(uuid("inbox_id"))
        .col(text_null("user_id"))
        .col(text("kind"))
        .col(big_integer("seconds"))
        .col(big_integer("happened_at"))
        .to_owned()
}

fn traffic() -> TableCreateStatement {
    Table::create()
        .table("traffic")
        .col(text("tenant_id"))
        .col(big_integer("hour"))
        .col(uuid("inbox_id"))
        .col(big_integer("received"))
        .col(big_integer("sent"))
        .primary_key(Index::create().col("tenant_id").col("hour").col("inbox_id"))
        .to_owned()
}

fn workday() -> TableCreateStatement {
    let mut primary = Index::create();
    for column in ["tenant_id", "day", "inbox_id", "user_id"] {
        primary.col(column);
    }
    Table::create()
        .table("workday")
        .col(text("tenant_id"))
        .col(big_integer("day"))
        .col(uuid("inbox_id"))
        .col(text("user_id"))
        .col(big_integer("sent"))
        .col(text("first_response"))
        .col(text("response"))
        .col(text("resolution"))
        .primary_key(&mut primary)
        .to_owned()
}

fn delivery() -> TableCreateStatement {
    Table::create()
        .table("delivery")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(uuid("inbox_id"))
        .col(uuid("conversation_id"))
        .col(uuid("message_id"))
        .col(text("kind"))
        .col(text("state"))
        .col(big_integer("due_at"))
        .col(integer("attempts"))
        .col(big_integer_null("leased_until"))
        .col(big_integer_null("begun_at"))
        .col(big_integer("fence"))
        .col(text_null("error"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn media() -> TableCreateStatement {
    Table::create()
        .table("media")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(uuid_null("inbox_id"))
        .col(uuid_null("message_id"))
        .col(text_null("author_id"))
        .col(text_null("provider_id"))
        .col(big_integer_null("provider_until"))
        .col(text("mime_type"))
        .col(text_null("filename"))
        .col(big_integer_null("size"))
        .col(integer_null("width"))
        .col(integer_null("height"))
        .col(text_null("sha256"))
        .col(text("state"))
        .col(big_integer("due_at"))
        .col(integer("attempts"))
        .col(big_integer("fence"))
        .col(text_null("error"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn session() -> TableCreateStatement {
    Table::create()
        .table("session")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(text("user_id"))
        .col(uuid("family"))
        .col(text("token_hash").unique_key())
        .col(text_null("address"))
        .col(text_null("user_agent"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("used_at"))
        .col(big_integer_null("revoked_at"))
        .to_owned()
}

fn api_token() -> TableCreateStatement {
    Table::create()
        .table("api_token")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(text("user_id"))
        .col(text("name"))
        .col(text("token_hash").unique_key())
        .col(text("scopes"))
        .col(big_integer("created_at"))
        .col(big_integer_null("expires_at"))
        .col(big_integer_null("last_used_at"))
        .col(big_integer_null("revoked_at"))
        .to_owned()
}

fn idempotency() -> TableCreateStatement {
    Table::create()
        .table("idempotency")
        .col(text("tenant_id"))
        .col(text("caller"))
        .col(text("key"))
        .col(text("fingerprint"))
        .col(integer_null("status"))
        .col(text_null("body"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("tenant_id").col("caller").col("key"))
        .to_owned()
}

fn audit() -> TableCreateStatement {
    Table::create()
        .table("audit")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(text_null("actor_id"))
        .col(text("action"))
        .col(text("subject"))
        .col(text("details"))
        .col(text_null("address"))
        .col(big_integer("happened_at"))
        .to_owned()
}

fn canned_response() -> TableCreateStatement {
    Table::create()
        .table("canned_response")
        .col(uuid("id").primary_key())
        .col(text("tenant_id"))
        .col(text("shortcut"))
        .col(text("content"))
        .col(big_integer("created_at"))
        .to_owned()
}

/// Gives the conversations of before what new ones are opened with: a place on the board, the newest
/// on top, and their place in the counters.
async fn complete(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let backend = db.get_database_backend();
    if backend == DbBackend::Postgres {
        // Keys are compared byte by byte, whatever the database's language.
        db.execute_unprepared(r#"ALTER TABLE conversation ALTER position TYPE text COLLATE "C""#)
            .await?;
    }
    let all = Statement::from_string(backend, "SELECT id FROM conversation");
    for row in db.query_all_raw(all).await? {
        let id: uuid::Uuid = row.try_get("", "id")?;
        let values = [format!("{:032x}80", !id.as_u128()).into(), id.into()];
        let place = "UPDATE conversation SET position = $1, opened_at = created_at WHERE id = $2";
        db.execute_raw(Statement::from_sql_and_values(backend, place, values)).await?;
    }
    let unread = "UPDATE message SET is_unread = TRUE WHERE direction = 'INBOUND' AND id IN (
        SELECT newest.id FROM conversation JOIN message AS newest
            ON newest.conversation_id = conversation.id AND newest.direction = 'INBOUND'
        WHERE (SELECT COUNT(*) FROM message AS later WHERE later.direction = 'INBOUND'
            AND later.conversation_id = conversation.id
            AND (later.sent_at, later.id) > (newest.sent_at, newest.id)) < unread_count)";
    db.execute_unprepared(unread).await?;
    let count = "INSERT INTO tally
        (tenant_id, stage_id, inbox_id, status, is_assigned, is_unread, total)
        SELECT tenant_id, stage_id, inbox_id, status, assignee_id IS NOT NULL, unread_count > 0,
        COUNT(*) FROM conversation GROUP BY 1, 2, 3, 4, 5, 6";
    db.execute_unprepared(count).await?;
    // Who wrote a message, and how long it took, nobody has noted before.
    let count = "INSERT INTO traffic (tenant_id, hour, inbox_id, received, sent)
        SELECT tenant_id, created_at / 3600000000, inbox_id,
        SUM(CASE direction WHEN 'INBOUND' THEN 1 ELSE 0 END),
        SUM(CASE direction WHEN 'INBOUND' THEN 0 ELSE 1 END) FROM message GROUP BY 1, 2, 3";
    db.execute_unprepared(count).await?;
    Ok(())
}

/// Has the database itself refuse to change or remove what the audit log says.
async fn seal_audit(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let refusals = if db.get_database_backend() == DbBackend::Postgres {
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
        CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
            FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();"
    } else {
        "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
    };
    db.execute_unprepared(refusals).await?;
    Ok(())
}

fn on(table: &'static str, name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}

/// Conversations by last activity, newest first, narrowed down by what agents narrow them down by.
fn list(name: &'static str, by: &[&'static str]) -> IndexCreateStatement {
    let mut index = on("conversation", name, &["tenant_id"]);
    for column in by {
        index.col(*column);
    }
    index.col(("last_message_at", IndexOrder::Desc)).col(("id", IndexOrder::Desc)).to_owned()
}

/// What lists and figures are read from.
fn list_indexes() -> Vec<IndexCreateStatement> {
    vec![
        on("contact", "contact_list", &["tenant_id", "id"])
            .cond_where(Expr::col("merged_into").is_null())
            .to_owned(),
        on("contact", "contact_merged_into", &["merged_into"])
            .cond_where(Expr::col("merged_into").is_not_null())
            .to_owned(),
        on("conversation", "conversation_card", &["tenant_id", "stage_id", "position", "id"]),
        list("conversation_list", &[]),
        list("conversation_list_status", &["status"]),
        list("conversation_list_assignee", &["assignee_id"]),
        list("conversation_list_inbox", &["inbox_id"]),
        list("conversation_list_stage", &["stage_id"]),
        list("conversation_list_unread", &[])
            .cond_where(Expr::col("unread_count").gt(0))
            .to_owned(),
        on(
            "conversation",
            "conversation_to_do",
            &["tenant_id", "assignee_id", "inbox_id", "status", "unread_count"],
        )
        .cond_where(Expr::col("status").ne("RESOLVED"))
        .to_owned(),
        on(
            "conversation",
            "conversation_waiting",
            &["tenant_id", "waiting_since", "id", "inbox_id", "assignee_id"],
        )
        .cond_where(Expr::col("waiting_since").is_not_null())
        .to_owned(),
        on("conversation", "conversation_snoozed", &["snoozed_until"])
            .cond_where(Expr::col("snoozed_until").is_not_null())
            .to_owned(),
        on(
            "conversation_label",
            "conversation_label_of",
            &["tenant_id", "label", "conversation_id"],
        ),
        on(
            "milestone",
            "milestone_happened_at",
            &["tenant_id", "happened_at", "kind", "inbox_id", "user_id", "seconds"],
        ),
    ]
}

/// What messages are found by, and counted from.
fn message_indexes() -> Vec<IndexCreateStatement> {
    vec![
        on("message", "message_client_id", &["conversation_id", "client_id"])
            .unique()
            .cond_where(Expr::col("client_id").is_not_null())
            .to_owned(),
        on("message", "message_unread", &["conversation_id"])
            .cond_where(Expr::col("is_unread").eq(true))
            .to_owned(),
        // Counted by the hour from the index alone.
        on(
            "message",
            "message_created_at",
            &[
                "tenant_id",
                "created_at",
                "inbox_id",
                "direction",
                "is_private",
                "author_id",
                "conversation_id",
            ],
        ),
        on("message", "message_failed", &["tenant_id", "created_at"])
            .cond_where(Expr::col("status").eq("FAILED"))
            .to_owned(),
    ]
}

/// What single rows and work that is due are found by.
fn row_indexes() -> Vec<IndexCreateStatement> {
    vec![
        on("delivery", "delivery_due", &["state", "due_at", "id"]),
        on("delivery", "delivery_of_conversation", &["conversation_id", "id"]),
        on("delivery", "delivery_of_message", &["message_id"]),
        on("media", "media_due", &["state", "due_at"]),
        on("media", "media_of_message", &["message_id"]),
        on("media", "media_sha256", &["sha256"]),
        on("media", "media_unused", &["created_at"])
            .cond_where(Expr::col("message_id").is_null())
            .to_owned(),
        on("session", "session_of_user", &["tenant_id", "user_id"]),
        on("session", "session_family", &["family"]),
        on("api_token", "api_token_of_tenant", &["tenant_id"]),
        on("idempotency", "idempotency_created_at", &["created_at"]),
        on("audit", "audit_of_tenant", &["tenant_id", "id"]),
        on("canned_response", "canned_response_shortcut", &["tenant_id", "shortcut"])
            .unique()
            .to_owned(),
    ]
}
