//! How much is written, and what of it does not arrive.

use std::collections::{BTreeMap, HashMap};

use entity::message::Direction;
use entity::{InboxId, TenantScoped as _, Time, UserId, conversation, message};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
};
use serde_json::Value;

use super::super::{Desk, Result, Sees};
use super::Period;

/// An hour, in microseconds.
const HOUR: i64 = 3_600_000_000;

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

/// How many messages went one way in one hour in one inbox.
#[derive(Debug, FromQueryResult)]
pub(super) struct Traffic {
    hour: i64,
    pub(super) inbox_id: InboxId,
    pub(super) direction: Direction,
    total: i64,
}

impl Traffic {
    /// How many.
    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.total).unwrap_or_default()
    }
}

/// Returns all hours of a period, with the messages of each.
pub(super) fn hours(period: Period, traffic: &[Traffic]) -> Vec<Hour> {
    let mut sums = BTreeMap::<i64, (u64, u64)>::new();
    for row in traffic {
        let (received, sent) = sums.entry(row.hour).or_default();
        match row.direction {
            Direction::Inbound => *received += row.count(),
            Direction::Outbound => *sent += row.count(),
        }
    }
    let (first, last) = (period.from.0.div_euclid(HOUR), (period.until.0 - 1).div_euclid(HOUR));
    let hours = (first..=last).map(|hour| {
        let (received, sent) = sums.remove(&hour).unwrap_or_default();
        Hour { at: Time(hour * HOUR), received, sent }
    });
    hours.collect()
}

impl Desk {
    /// Counts what was written in each hour and inbox; notes among agents do not count.
    pub(super) async fn traffic(
        &self,
        period: Period,
        assignee: Option<&UserId>,
        sees: &Sees,
    ) -> Result<Vec<Traffic>> {
        use message::Column;
        let hour = Expr::cust(format!("created_at / {HOUR}"));
        let rows = self
            .written(period, assignee, sees)
            .filter(Column::IsPrivate.eq(false))
            .select_only()
            .expr_as(hour.clone(), "hour")
            .columns([Column::InboxId, Column::Direction])
            .expr_as(Expr::cust("COUNT(*)"), "total")
            .group_by(hour)
            .group_by(Column::InboxId)
            .group_by(Column::Direction)
            .into_model()
            .all(&self.desks.db.reader)
            .await?;
        Ok(rows)
    }

    /// Counts what each person wrote to customers.
    pub(super) async fn sent_by_agents(
        &self,
        period: Period,
        sees: &Sees,
    ) -> Result<Vec<(UserId, u64)>> {
        use message::Column;
        let rows: Vec<(UserId, i64)> = self
            .written(period, None, sees)
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
                rows.filter(message::Column::ConversationId.in_subquery(theirs.into_query()))
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
