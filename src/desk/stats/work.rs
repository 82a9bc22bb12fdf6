//! What happens in an hour or a day, kept as it happens, so that figures of a month need not look at
//! every message.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use entity::message::Direction;
use entity::milestone::Kind;
use entity::{
    InboxId, TenantId, TenantScoped as _, Time, UserId, message, milestone, traffic, workday,
};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryTrait as _, Select,
};

use super::super::{Desk, Result, Sees};

/// An hour, in microseconds.
pub(super) const HOUR: i64 = 3_600_000_000;

/// A day, in microseconds.
pub(super) const DAY: i64 = 24 * HOUR;

/// What is to be added to the hours and days of inboxes.
#[derive(Debug, Default)]
pub(in crate::desk) struct Work {
    hours: BTreeMap<(TenantId, i64, InboxId), (i64, i64)>,
    days: BTreeMap<(TenantId, i64, InboxId, UserId), (i64, Lists)>,
}

/// How many seconds each thing took.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) first_response: Vec<i64>,
    pub(super) response: Vec<i64>,
    pub(super) resolution: Vec<i64>,
}

impl Lists {
    /// Reads what is noted of a day.
    pub(super) fn of(row: &workday::Model) -> Self {
        Self {
            first_response: seconds(&row.first_response),
            response: seconds(&row.response),
            resolution: seconds(&row.resolution),
        }
    }
}

impl Work {
    /// Counts a message that is new; a note among agents does not count.
    pub(in crate::desk) fn message(&mut self, row: &message::Model) {
        if row.is_private {
            return;
        }
        let Time(at) = row.created_at;
        let hour = (row.tenant_id.clone(), at.div_euclid(HOUR), row.inbox_id);
        let (received, sent) = self.hours.entry(hour).or_default();
        match row.direction {
            Direction::Inbound => *received += 1,
            Direction::Outbound => *sent += 1,
        }
        if let (Direction::Outbound, Some(author)) = (row.direction, &row.author_id) {
            let day = (row.tenant_id.clone(), at.div_euclid(DAY), row.inbox_id, author.clone());
            self.days.entry(day).or_default().0 += 1;
        }
    }

    /// Notes a milestone that is new.
    pub(in crate::desk) fn reached(&mut self, row: &milestone::Model) {
        let day = row.happened_at.0.div_euclid(DAY);
        let user = row.user_id.clone().unwrap_or_else(|| UserId::from(""));
        let key = (row.tenant_id.clone(), day, row.inbox_id, user);
        let (_, lists) = self.days.entry(key).or_default();
        match row.kind {
            Kind::FirstResponse => lists.first_response.push(row.seconds),
            Kind::Response => lists.response.push(row.seconds),
            Kind::Resolution => lists.resolution.push(row.seconds),
        }
    }

    /// Writes what was noted; always in the same order, so that two transactions never wait for each
    /// other.
    pub(in crate::desk) async fn store(self, txn: &impl ConnectionTrait) -> Result<(), DbErr> {
        let hours =
            self.hours.into_iter().map(|((tenant_id, hour, inbox_id), (received, sent))| {
                traffic::Model { tenant_id, hour, inbox_id, received, sent }.into_active_model()
            });
        add_hours(txn, hours.collect()).await?;
        let days = self.days.into_iter().map(|(key, (sent, lists))| {
            let (tenant_id, day, inbox_id, user_id) = key;
            let row = workday::Model {
                tenant_id,
                day,
                inbox_id,
                user_id,
                sent,
                first_response: list(&lists.first_response),
                response: list(&lists.response),
                resolution: list(&lists.resolution),
            };
            row.into_active_model()
        });
        add_days(txn, days.collect()).await
    }
}

async fn add_hours(
    txn: &impl ConnectionTrait,
    rows: Vec<traffic::ActiveModel>,
) -> Result<(), DbErr> {
    use traffic::Column;
    if rows.is_empty() {
        return Ok(());
    }
    let known = OnConflict::columns([Column::TenantId, Column::Hour, Column::InboxId])
        .value(Column::Received, Expr::cust("traffic.received + excluded.received"))
        .value(Column::Sent, Expr::cust("traffic.sent + excluded.sent"))
        .to_owned();
    traffic::Entity::insert_many(rows).on_conflict(known).exec_without_returning(txn).await?;
    Ok(())
}

async fn add_days(
    txn: &impl ConnectionTrait,
    rows: Vec<workday::ActiveModel>,
) -> Result<(), DbErr> {
    use workday::Column;
    if rows.is_empty() {
        return Ok(());
    }
    let longer = |column: &str| Expr::cust(format!("workday.{column} || excluded.{column}"));
    let known = [Column::TenantId, Column::Day, Column::InboxId, Column::UserId];
    let known = OnConflict::columns(known)
        .value(Column::Sent, Expr::cust("workday.sent + excluded.sent"))
        .value(Column::FirstResponse, longer("first_response"))
        .value(Column::Response, longer("response"))
        .value(Column::Resolution, longer("resolution"))
        .to_owned();
    workday::Entity::insert_many(rows).on_conflict(known).exec_without_returning(txn).await?;
    Ok(())
}

impl Desk {
    /// Starts a query on what was done on some days in the inboxes that the caller may see.
    pub(super) fn workdays(
        &self,
        days: Range<i64>,
        by: Option<&UserId>,
        sees: &Sees,
    ) -> Select<workday::Entity> {
        use workday::Column;
        workday::Entity::of_tenant(&self.tenant)
            .filter(Column::Day.gte(days.start))
            .filter(Column::Day.lt(days.end))
            .apply_if(sees.inboxes.clone(), |rows, inboxes| {
                rows.filter(Column::InboxId.is_in(inboxes))
            })
            .apply_if(by.cloned(), |rows, by| rows.filter(Column::UserId.eq(by)))
    }
}

fn list(seconds: &[i64]) -> String {
    let mut list = String::new();
    for seconds in seconds {
        write!(list, " {seconds}").expect("a string takes any text");
    }
    list
}

fn seconds(list: &str) -> Vec<i64> {
    list.split_whitespace().filter_map(|it| it.parse().ok()).collect()
}
