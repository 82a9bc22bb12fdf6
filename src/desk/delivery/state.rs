//! How sending goes, for admins.

use std::collections::HashMap;

use entity::delivery::Kind;
use entity::{InboxId, TenantScoped as _, Time, delivery, inbox};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use serde_json::{Value, json};

use super::super::{Actor, Desk, Desks, Error, InboxName, Result};

/// How sending goes through an inbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Which.
    pub inbox: InboxName,
    /// How many messages wait to be sent.
    pub waiting: i64,
    /// Since when the first of them does.
    pub oldest: Option<Time>,
    /// Until when nothing is sent, because the channel wants it so.
    pub held_until: Option<Time>,
    /// Why, in the channel's words.
    pub error: Option<Value>,
}

/// What waits to be sent, of all tenants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Backlog {
    /// How many messages.
    pub total: i64,
    /// Since when the first of them does.
    pub oldest: Option<Time>,
}

#[derive(FromQueryResult)]
struct Waiting {
    inbox_id: InboxId,
    total: i64,
    oldest: Time,
}

impl Desks {
    /// Tells what waits to be sent, of all tenants.
    pub async fn backlog(&self) -> Result<Backlog> {
        #[expect(clippy::disallowed_methods, reason = "it is asked of all tenants")]
        let waiting = delivery::Entity::find()
            .select_only()
            .expr_as(Expr::col(delivery::Column::Id).count(), "total")
            .expr_as(Expr::col(delivery::Column::CreatedAt).min(), "oldest")
            .filter(delivery::Column::Kind.eq(Kind::Message))
            .into_model::<Backlog>()
            .one(&self.db.reader)
            .await?;
        Ok(waiting.unwrap_or_default())
    }
}

impl Desk {
    /// Tells how sending goes through each of the tenant's inboxes.
    pub async fn flows(&self) -> Result<Vec<Flow>> {
        let reader = &self.desks.db.reader;
        let waiting = delivery::Entity::of_tenant(&self.tenant)
            .select_only()
            .column(delivery::Column::InboxId)
            .expr_as(Expr::col(delivery::Column::Id).count(), "total")
            .expr_as(Expr::col(delivery::Column::CreatedAt).min(), "oldest")
            .filter(delivery::Column::Kind.eq(Kind::Message))
            .group_by(delivery::Column::InboxId)
            .into_model::<Waiting>()
            .all(reader)
            .await?;
        let mut waiting: HashMap<_, _> = waiting.into_iter().map(|it| (it.inbox_id, it)).collect();
        let inboxes = inbox::Entity::of_tenant(&self.tenant).order_by_asc(inbox::Column::Id);
        let flows = inboxes.all(reader).await?.into_iter().map(|row| {
            let waits = waiting.remove(&row.id);
            let is_held = row.held_until.is_some_and(|until| until > Time::now());
            let error = row.hold_error.as_deref().filter(|_| is_held);
            Flow {
                inbox: InboxName::from(&row),
                waiting: waits.as_ref().map_or(0, |it| it.total),
                oldest: waits.map(|it| it.oldest),
                held_until: row.held_until.filter(|_| is_held),
                error: error.and_then(|error| serde_json::from_str(error).ok()),
            }
        });
        Ok(flows.collect())
    }

    /// Lets an inbox send again at once, since what was in the way has been mended.
    pub async fn resume(&self, id: InboxId, by: &Actor) -> Result<()> {
        let change = self.change().await?;
        let resumed = inbox::Entity::update_many()
            .col_expr(inbox::Column::HeldUntil, Expr::value(None::<i64>))
            .filter(inbox::Column::TenantId.eq(self.tenant.clone()))
            .filter(inbox::Column::Id.eq(id))
            .exec(&change.txn)
            .await?;
        if resumed.rows_affected == 0 {
            return Err(Error::NoInbox(id.to_string()));
        }
        change.note(by, "inbox.resumed", &format!("inbox:{id}"), json!({})).await?;
        change.finish(Vec::new()).await?;
        self.desks.wake_courier();
        Ok(())
    }
}
