//! How quick one was.

use entity::milestone::Kind;
use entity::{InboxId, TenantScoped as _, UserId, milestone, workday};
use sea_orm::{
    ColumnTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _,
};

use super::super::{Desk, Result, Sees};
use super::Period;
use super::work::{DAY, Lists};

/// How many milestones of a period are looked at, of the newest days first.
const MOST_REACHED: usize = 100_000;

/// How quick one was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// The first answer since a conversation was opened or opened again.
    pub first_response: Spread,
    /// Any answer to a customer who waited.
    pub response: Spread,
    /// From opening a conversation to resolving it.
    pub resolution: Spread,
}

/// How long something took each time, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// How often.
    pub count: u64,
    /// On average.
    pub average: Option<i64>,
    /// Half of them took no longer.
    pub median: Option<i64>,
    /// Nine of ten took no longer.
    pub p90: Option<i64>,
}

/// A milestone.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct Reached {
    kind: Kind,
    pub(super) inbox_id: InboxId,
    pub(super) user_id: Option<UserId>,
    seconds: i64,
}

impl Pace {
    /// How quick one was in reaching these.
    pub(super) fn of<'a>(reached: &(impl Iterator<Item = &'a Reached> + Clone)) -> Self {
        let took = |kind| {
            let seconds = reached.clone().filter(|row| row.kind == kind).map(|row| row.seconds);
            Spread::of(seconds.collect())
        };
        Self {
            first_response: took(Kind::FirstResponse),
            response: took(Kind::Response),
            resolution: took(Kind::Resolution),
        }
    }
}

impl Spread {
    fn of(mut seconds: Vec<i64>) -> Self {
        seconds.sort_unstable();
        let count = seconds.len();
        // The least value that so many of a hundred are not above.
        let percentile = |share: usize| {
            let rank = (count * share).div_ceil(100);
            rank.checked_sub(1).and_then(|at| seconds.get(at).copied())
        };
        let sum: i64 = seconds.iter().sum();
        let average = i64::try_from(count).ok().filter(|count| *count > 0).map(|count| sum / count);
        Self { count: count as u64, average, median: percentile(50), p90: percentile(90) }
    }
}

impl Desk {
    /// Returns what was reached in a period, by one person or by all.
    pub(super) async fn pace(
        &self,
        period: Period,
        by: Option<&UserId>,
        sees: &Sees,
    ) -> Result<Vec<Reached>> {
        let (days, rest) = period.split(DAY);
        let mut reached = Vec::new();
        for rest in rest {
            reached.extend(self.milestones(rest, by, sees).await?);
        }
        let days = self
            .workdays(days, by, sees)
            .order_by_desc(workday::Column::Day)
            .all(&self.desks.db.reader)
            .await?;
        for row in days {
            let Lists { first_response, response, resolution } = Lists::of(&row);
            let by = Some(row.user_id).filter(|user| !user.0.is_empty());
            for (kind, list) in [
                (Kind::FirstResponse, first_response),
                (Kind::Response, response),
                (Kind::Resolution, resolution),
            ] {
                let (inbox_id, user_id) = (row.inbox_id, &by);
                reached.extend(list.into_iter().map(|seconds| Reached {
                    kind,
                    inbox_id,
                    user_id: user_id.clone(),
                    seconds,
                }));
            }
            if reached.len() > MOST_REACHED {
                break;
            }
        }
        Ok(reached)
    }

    async fn milestones(
        &self,
        period: Period,
        by: Option<&UserId>,
        sees: &Sees,
    ) -> Result<Vec<Reached>> {
        use milestone::Column;
        let rows = milestone::Entity::of_tenant(&self.tenant)
            .filter(Column::HappenedAt.gte(period.from))
            .filter(Column::HappenedAt.lt(period.until))
            .apply_if(sees.inboxes.clone(), |rows, inboxes| {
                rows.filter(Column::InboxId.is_in(inboxes))
            })
            .apply_if(by.cloned(), |rows, by| rows.filter(Column::UserId.eq(by)))
            .select_only()
            .columns([Column::Kind, Column::InboxId, Column::UserId, Column::Seconds])
            .order_by_desc(Column::HappenedAt)
            .limit(MOST_REACHED as u64)
            .into_model()
            .all(&self.desks.db.reader)
            .await?;
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let spread = Spread::of((1..=10).rev().collect());
        assert_eq!((spread.count, spread.average), (10, Some(5)));
        assert_eq!((spread.median, spread.p90), (Some(5), Some(9)));
        assert_eq!(Spread::of(vec![7]).p90, Some(7));
        assert_eq!(Spread::of(Vec::new()), Spread::default());
    }
}
