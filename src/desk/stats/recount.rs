//! The operator's check that hours and days are what a recount gives.

use std::collections::BTreeMap;

use entity::message::Direction;
use entity::milestone::Kind;
use entity::{InboxId, TenantId, UserId, message, milestone, traffic, workday};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _,
};

use super::super::{Drift, Result};
use super::work::{DAY, HOUR, Lists};

/// What is counted: whose, where, when, by whom, and what.
type Counter = (TenantId, InboxId, i64, UserId, &'static str);

/// What a counter says, and what there is.
type Counters = BTreeMap<Counter, (i64, i64)>;

/// Counts every message and milestone anew; returns the hours and days that have drifted.
pub(in crate::desk) async fn verify_work(all: &impl ConnectionTrait) -> Result<Vec<Drift>> {
    let mut both = Counters::new();
    verify_hours(all, &mut both).await?;
    verify_days(all, &mut both).await?;
    let drifted = both.into_iter().filter(|(_, (kept, counted))| kept != counted);
    Ok(drifted
        .map(|((tenant, inbox, at, user, what), (kept, counted))| {
            let by = if user.0.is_empty() { String::new() } else { format!(" by {user}") };
            let what = format!("{what} of {at} in inbox {inbox}{by}");
            Drift { tenant, what, kept, counted }
        })
        .collect())
}

async fn verify_hours(all: &impl ConnectionTrait, both: &mut Counters) -> Result<()> {
    use message::Column;
    #[expect(clippy::disallowed_methods, reason = "the operator's check of all tenants")]
    let kept = traffic::Entity::find().all(all).await?;
    for row in kept {
        for (what, kept) in [(RECEIVED, row.received), (SENT, row.sent)] {
            let key = (row.tenant_id.clone(), row.inbox_id, row.hour, UserId::from(""), what);
            both.entry(key).or_default().0 = kept;
        }
    }
    let hour = Expr::cust(format!("created_at / {HOUR}"));
    #[expect(clippy::disallowed_methods, reason = "the operator's check of all tenants")]
    let counted: Vec<(TenantId, InboxId, i64, Direction, i64)> = message::Entity::find()
        .select_only()
        .columns([Column::TenantId, Column::InboxId])
        .expr(hour.clone())
        .column(Column::Direction)
        .expr(Expr::cust("COUNT(*)"))
        .filter(Column::IsPrivate.eq(false))
        .group_by(Column::TenantId)
        .group_by(Column::InboxId)
        .group_by(hour)
        .group_by(Column::Direction)
        .into_tuple()
        .all(all)
        .await?;
    for (tenant, inbox, hour, direction, counted) in counted {
        let what = if direction == Direction::Inbound { RECEIVED } else { SENT };
        both.entry((tenant, inbox, hour, UserId::from(""), what)).or_default().1 = counted;
    }
    Ok(())
}

async fn verify_days(all: &impl ConnectionTrait, both: &mut Counters) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the operator's check of all tenants")]
    let kept = workday::Entity::find().all(all).await?;
    for row in kept {
        let key = |what| (row.tenant_id.clone(), row.inbox_id, row.day, row.user_id.clone(), what);
        both.entry(key(WRITTEN)).or_default().0 = row.sent;
        let Lists { first_response, response, resolution } = Lists::of(&row);
        for (kind, list) in [
            (Kind::FirstResponse, first_response),
            (Kind::Response, response),
            (Kind::Resolution, resolution),
        ] {
            let (count, sum) = names(kind);
            both.entry(key(count)).or_default().0 = i64::try_from(list.len()).unwrap_or(-1);
            both.entry(key(sum)).or_default().0 = list.iter().sum();
        }
    }
    count_written(all, both).await?;
    count_reached(all, both).await
}

async fn count_written(all: &impl ConnectionTrait, both: &mut Counters) -> Result<()> {
    let day = Expr::cust(format!("created_at / {DAY}"));
    #[expect(clippy::disallowed_methods, reason = "the operator's check of all tenants")]
    let written: Vec<(TenantId, InboxId, i64, UserId, i64)> = message::Entity::find()
        .select_only()
        .columns([message::Column::TenantId, message::Column::InboxId])
        .expr(day.clone())
        .column(message::Column::AuthorId)
        .expr(Expr::cust("COUNT(*)"))
        .filter(message::Column::IsPrivate.eq(false))
        .filter(message::Column::Direction.eq(Direction::Outbound))
        .filter(message::Column::AuthorId.is_not_null())
        .group_by(message::Column::TenantId)
        .group_by(message::Column::InboxId)
        .group_by(day)
        .group_by(message::Column::AuthorId)
        .into_tuple()
        .all(all)
        .await?;
    for (tenant, inbox, day, user, counted) in written {
        both.entry((tenant, inbox, day, user, WRITTEN)).or_default().1 = counted;
    }
    Ok(())
}

async fn count_reached(all: &impl ConnectionTrait, both: &mut Counters) -> Result<()> {
    let day = Expr::cust(format!("happened_at / {DAY}"));
    #[expect(clippy::disallowed_methods, reason = "the operator's check of all tenants")]
    #[expect(clippy::type_complexity, reason = "the columns of a row")]
    let reached: Vec<(TenantId, InboxId, i64, Option<UserId>, Kind, i64, i64)> =
        milestone::Entity::find()
            .select_only()
            .columns([milestone::Column::TenantId, milestone::Column::InboxId])
            .expr(day.clone())
            .columns([milestone::Column::UserId, milestone::Column::Kind])
            .expr(Expr::cust("COUNT(*)"))
            .expr(Expr::cust("CAST(SUM(seconds) AS BIGINT)"))
            .group_by(milestone::Column::TenantId)
            .group_by(milestone::Column::InboxId)
            .group_by(day)
            .group_by(milestone::Column::UserId)
            .group_by(milestone::Column::Kind)
            .into_tuple()
            .all(all)
            .await?;
    for (tenant, inbox, day, user, kind, count, sum) in reached {
        let user = user.unwrap_or_else(|| UserId::from(""));
        let (count_of, sum_of) = names(kind);
        let key = |what| (tenant.clone(), inbox, day, user.clone(), what);
        both.entry(key(count_of)).or_default().1 = count;
        both.entry(key(sum_of)).or_default().1 = sum;
    }
    Ok(())
}

const RECEIVED: &str = "messages received in hour";
const SENT: &str = "messages sent in hour";
const WRITTEN: &str = "messages written on day";

/// What the number of milestones is called, and the sum of their seconds.
fn names(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::FirstResponse => ("first responses on day", "seconds of first responses on day"),
        Kind::Response => ("responses on day", "seconds of responses on day"),
        Kind::Resolution => ("resolutions on day", "seconds of resolutions on day"),
    }
}
