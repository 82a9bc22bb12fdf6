//! How much is written, and what of it does not arrive.

use std::collections::{BTreeMap, HashMap};

use entity::message::Direction;
use entity::{InboxId, TenantScoped as _, Time, UserId, conversation, message, traffic, workday};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
};
use serde_json::Value;

use super::super::{Desk, Result, Sees};
use super::Period;
use super::work::{DAY, HOUR};

/// How many failed messages of a period are looked at, the newest first.
const MOST_FAILED: u64 = 10_000;

/// The messages of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// When it begins.
    pub at: Time,
    /// How many contacts wrote.
    pub received: u64,
    /// How many the business wrote.
    pub sent: u64,
}

/// Messages that were not delivered for one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures {
    /// The channel's own code, if it told one.
    pub code: Option<String>,
    /// How many.
    pub count: u64,
}

/// How many messages came and went in one hour in one inbox.
#[derive(Debug, FromQueryResult)]
pub(super) struct Traffic {
    hour: i64,
    pub(super) inbox_id: InboxId,
    received: i64,
    sent: i64,
}

impl Traffic {
    /// How many came.
    pub(super) fn received(&self) -> u64 {
        u64::try_from(self.received).unwrap_or_default()
    }

    /// How many went.
    pub(super) fn sent(&self) -> u64 {
        u64::try_from(self.sent).unwrap_or_default()
    }
}

/// Returns all hours of a period, with the messages of each.
pub(super) fn hours(period: Period, traffic: &[Traffic]) -> Vec<Hour> {
    let mut sums = BTreeMap::<i64, (u64, u64)>::new();
    for row in traffic {
        let (received, sent) = sums.entry(row.hour).or_default();
        *received += row.received();
        *sent += row.sent();
    }
    let (first, last) = (period.from.0.div_euclid(HOUR), (period.until.0 - 1).div_euclid(HOUR));
    let hours = (first..=last).map(|hour| {
        let (received, sent) = sums.remove(&hour).unwrap_or_default();
        Hour { at: Time(hour * HOUR), received, sent }
    });
    hours.collect()
}

impl Desk {
    /// Returns what was written in each hour and inbox; notes among agents do not count.
    ///
    /// Whole hours have been counted as it was written. What somebody's conversations hold is counted
    /// now: they may have been somebody else's then.
    pub(super) async fn traffic(
        &self,
        period: Period,
        assignee: Option<&UserId>,
        sees: &Sees,
    ) -> Result<Vec<Traffic>> {
        use traffic::Column;
        if assignee.is_some() {
            return self.count_traffic(period, assignee, sees).await;
        }
        let (hours, rest) = period.split(HOUR);
        let mut rows = traffic::Entity::of_tenant(&self.tenant)
            .filter(Column::Hour.gte(hours.start))
            .filter(Column::Hour.lt(hours.end))
            .apply_if(sees.inboxes.clone(), |rows, inboxes| {
                rows.filter(Column::InboxId.is_in(inboxes))
            })
            .into_model()
            .all(&self.desks.db.reader)
            .await?;
        for rest in rest {
            rows.extend(self.count_traffic(rest, None, sees).await?);
        }
        Ok(rows)
    }

    async fn count_traffic(
        &self,
        period: Period,
        assignee: Option<&UserId>,
        sees: &Sees,
    ) -> Result<Vec<Traffic>> {
        use message::Column;
        let hour = Expr::cust(format!("created_at / {HOUR}"));
        let is = |what| format!("SUM(CASE WHEN direction = '{what}' THEN 1 ELSE 0 END)");
        let rows = self
            .written(period, assignee, sees)
            .filter(Column::IsPrivate.eq(false))
            .select_only()
            .expr_as(hour.clone(), "hour")
            .column(Column::InboxId)
            .expr_as(Expr::cust(is("INBOUND")), "received")
            .expr_as(Expr::cust(is("OUTBOUND")), "sent")
            .group_by(hour)
            .group_by(Column::InboxId)
            .into_model()
            .all(&self.desks.db.reader)
            .await?;
        Ok(rows)
    }

    /// Returns how much each person wrote to customers, in parts of the period.
    pub(super) async fn sent_by_agents(
        &self,
        period: Period,
        sees: &Sees,
    ) -> Result<Vec<(UserId, u64)>> {
        use message::Column;
        let (days, rest) = period.split(DAY);
        let mut rows: Vec<(UserId, i64)> = self
            .workdays(days, None, sees)
            .filter(workday::Column::Sent.gt(0))
            .select_only()
            .column(workday::Column::UserId)
            .expr(Expr::cust("CAST(SUM(sent) AS BIGINT)"))
            .group_by(workday::Column::UserId)
            .into_tuple()
            .all(&self.desks.db.reader)
            .await?;
        for rest in rest {
            let some: Vec<(UserId, i64)> = self
                .written(rest, None, sees)
                .filter(Column::Direction.eq(Direction::Outbound))
                .filter(Column::IsPrivate.eq(false))
                .filter(Column::AuthorId.is_not_null())
                .select_only()
                .column(Column::AuthorId)
                .expr(Expr::cust("COUNT(*)"))
                .group_by(Column::AuthorId)
                .into_tuple()
                .all(&self.desks.db.reader)
                .await?;
            rows.extend(some);
        }
        let count = |total| u64::try_from(total).unwrap_or_default();
        Ok(rows.into_iter().map(|(user, total)| (user, count(total))).collect())
    }

    /// Counts what was not delivered, by cause.
    pub(super) async fn failures(
        &self,
        period: Period,
        assignee: Option<&UserId>,
        sees: &Sees,
    ) -> Result<Vec<Failures>> {
        let errors: Vec<Option<String>> = self
            .written(period, assignee, sees)
            // As it stands: a database knows by it that the index for this has all of them.
            .filter(Expr::cust("status = 'FAILED'"))
            .select_only()
            .column(message::Column::Error)
            .order_by_desc(message::Column::CreatedAt)
            .limit(MOST_FAILED)
            .into_tuple()
            .all(&self.desks.db.reader)
            .await?;
        let mut counts = HashMap::<Option<String>, u64>::new();
        for error in errors {
            *counts.entry(error.as_deref().and_then(code)).or_default() += 1;
        }
        let failures = counts.into_iter().map(|(code, count)| Failures { code, count });
        let mut failures: Vec<_> = failures.collect();
        failures.sort_by(|a, b| (b.count, &a.code).cmp(&(a.count, &b.code)));
        Ok(failures)
    }

    /// Starts a query on what was written in the inboxes that the caller may see, in conversations
    /// that somebody looks after.
    fn written(
        &self,
        period: Period,
        assignee: Option<&UserId>,
        sees: &Sees,
    ) -> Select<message::Entity> {
        let inboxes = sees.inboxes.clone();
        message::Entity::of_tenant(&self.tenant)
            .filter(message::Column::CreatedAt.gte(period.from))
            .filter(message::Column::CreatedAt.lt(period.until))
            .apply_if(inboxes, |rows, inboxes| rows.filter(message::Column::InboxId.is_in(inboxes)))
            .apply_if(assignee.cloned(), |rows, assignee| {
                let theirs = conversation::Entity::of_tenant(&self.tenant)
                    .filter(conversation::Column::AssigneeId.eq(assignee))
                    .select_only()
                    .column(conversation::Column::Id);
                // By no index: they may have had thousands, of which few took place in the period.
                let within = Expr::cust("COALESCE(message.conversation_id, NULL)");
                rows.filter(within.in_subquery(theirs.into_query()))
            })
    }
}

/// The code in a channel's error.
fn code(error: &str) -> Option<String> {
    match serde_json::from_str::<Value>(error).ok()?.get("code")? {
        Value::String(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    }
}
