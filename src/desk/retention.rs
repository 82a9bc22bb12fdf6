//! How long the log and raw webhooks are kept.

use entity::{
    TenantId, TenantScoped as _, Time, WebhookId, event, idempotency, parked, room, session,
    webhook,
};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use tokio::task::yield_now;

use super::{Desks, Result, tenant};

/// How many events go in one statement, so that no writer waits for long.
const AT_ONCE: i64 = 500;

/// How long the answers to requests with an `Idempotency-Key` are kept.
const ANSWERS_KEPT_DAYS: u32 = 1;

/// For how long what came before its message waits for it at least: as long as WhatsApp tries to
/// deliver a webhook.
const WAITING_DAYS: u32 = 7;

/// How long to keep what is not a conversation itself.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Events, in days. Clients that were away for longer load afresh.
    pub log_days: u32,
    /// Events per tenant, whatever their age.
    pub log_events: u32,
    /// Raw webhooks, and what waits for its message (7 at least), in days.
    pub webhook_days: u32,
}

impl Desks {
    /// Lets go of what is older than `retention` keeps; tells how many rows went.
    ///
    /// The log loses its oldest events only, so that what is kept has no gap.
    pub async fn prune(&self, retention: Retention) -> Result<u64> {
        let mut pruned = self.prune_webhooks(retention.webhook_days).await?;
        let tenants: Vec<_> = self.tenants().await?.into_iter().map(|(id, _)| id).collect();
        let joined = room::Column::JoinedAt.lt(days_ago(retention.log_days));
        let rooms = room::Entity::delete_many().filter(joined).exec(&self.db.writer).await?;
        pruned += rooms.rows_affected;
        pruned += self.prune_sessions().await?;
        pruned += self.prune_subscriptions().await?;
        pruned += self.forget_visitors().await?;
        for (tenant, head) in tenant::heads(&self.db.reader, tenants).await? {
            let surplus = head - i64::from(retention.log_events);
            let last = self.last_before(&tenant, days_ago(retention.log_days)).await?.max(surplus);
            pruned += self.prune_log(&tenant, last).await?;
        }
        Ok(pruned)
    }

    /// Lets go of refresh tokens that nobody can use any more, and of answers that nobody may ask for
    /// any more.
    async fn prune_sessions(&self) -> Result<u64, DbErr> {
        let expired = session::Column::ExpiresAt.lt(Time::now());
        let sessions = session::Entity::delete_many().filter(expired);
        let old = idempotency::Column::CreatedAt.lt(days_ago(ANSWERS_KEPT_DAYS));
        let answers = idempotency::Entity::delete_many().filter(old);
        Ok(sessions.exec(&self.db.writer).await?.rows_affected
            + answers.exec(&self.db.writer).await?.rows_affected)
    }

    /// The number of the last event before `time`, 0 if there is none.
    async fn last_before(&self, tenant: &TenantId, time: Time) -> Result<i64> {
        // Times rise with numbers. For the highest number of all that are older, SQLite would read the log
        // from its end on.
        let last: Option<i64> = event::Entity::of_tenant(tenant)
            .select_only()
            .column(event::Column::Seq)
            .filter(event::Column::HappenedAt.lt(time))
            .order_by_desc(event::Column::HappenedAt)
            .limit(1)
            .into_tuple()
            .one(&self.db.reader)
            .await?;
        Ok(last.unwrap_or(0))
    }

    async fn prune_log(&self, tenant: &TenantId, last: i64) -> Result<u64> {
        let oldest: Option<Option<i64>> = event::Entity::of_tenant(tenant)
            .select_only()
            .column_as(event::Column::Seq.min(), "oldest")
            .into_tuple()
            .one(&self.db.reader)
            .await?;
        let Some(mut from) = oldest.flatten() else { return Ok(0) };
        let mut pruned = 0;
        while from <= last {
            let until = last.min(from + AT_ONCE - 1);
            // For all up to the end, PostgreSQL, which does not know yet what has just gone, would read the
            // log from one end to the other.
            let some = event::Entity::delete_many()
                .filter(event::Column::TenantId.eq(tenant.clone()))
                .filter(event::Column::Seq.between(from, until));
            pruned += some.exec(&self.db.writer).await?.rows_affected;
            from = until + 1;
            yield_now().await;
        }
        Ok(pruned)
    }

    async fn prune_webhooks(&self, days: u32) -> Result<u64, DbErr> {
        let (time, mut from) = (days_ago(days), Time(0));
        let mut pruned = 0;
        loop {
            // From the last on that has gone: as long as anybody reads the database as it was before,
            // PostgreSQL would read all that have gone once more.
            #[expect(clippy::disallowed_methods, reason = "webhooks have no tenant")]
            let old: Vec<(WebhookId, Time)> = webhook::Entity::find()
                .select_only()
                .columns([webhook::Column::Id, webhook::Column::ReceivedAt])
                .filter(webhook::Column::ReceivedAt.gte(from))
                .filter(webhook::Column::ReceivedAt.lt(time))
                .order_by_asc(webhook::Column::ReceivedAt)
                .limit(AT_ONCE.unsigned_abs())
                .into_tuple()
                .all(&self.db.reader)
                .await?;
            let Some((_, last)) = old.last() else { break };
            from = *last;
            let old = old.into_iter().map(|(id, _)| id);
            let some = webhook::Entity::delete_many().filter(webhook::Column::Id.is_in(old));
            pruned += some.exec(&self.db.writer).await?.rows_affected;
        }
        let time = days_ago(days.max(WAITING_DAYS));
        let waiting = parked::Entity::delete_many().filter(parked::Column::ParkedAt.lt(time));
        pruned += waiting.exec(&self.db.writer).await?.rows_affected;
        Ok(pruned)
    }
}

fn days_ago(days: u32) -> Time {
    Time::now().plus_seconds(-i64::from(days) * 86_400)
}
