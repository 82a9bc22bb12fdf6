//! Reading the log by the clock, as the polling clients do.

use std::sync::Arc;

use entity::{TenantScoped as _, Time, event};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::event::read;
use super::tail::Ahead;
use super::{Desk, Logged, Result, Sees};
use crate::telemetry::FIGURES;

/// What has happened since a moment.
#[derive(Debug)]
pub struct Updates {
    /// Oldest first; those that the caller may see.
    pub events: Vec<Arc<Logged>>,
    /// From which moment to ask next: whatever is not in `events` is later.
    pub until: Time,
    /// Whether there is more already.
    pub has_more: bool,
}

impl Desk {
    /// Returns up to `limit` events that happened after `since`, or only from when to ask next.
    ///
    /// Times grow strictly with the log, so that who asks on from `until` gets each event once. A
    /// moment that has not come yet (by a client's fast clock) is taken for the present.
    pub async fn updates(&self, since: Option<Time>, limit: usize, sees: &Sees) -> Result<Updates> {
        let tail = self.desks.tails.of(&self.tenant).await?.ok_or_else(|| self.missing())?;
        let head = tail.head();
        let since = match since {
            Some(since) if since <= head.at || since <= Time::now() => since,
            Some(_) | None => head.at,
        };
        let (events, polls) = match tail.since(since, limit) {
            Ahead::Next(events) => (events, &FIGURES.polls_from_memory),
            Ahead::Nothing | Ahead::Behind => (Vec::new(), &FIGURES.polls_from_memory),
            Ahead::Forgotten => {
                (self.events_since(since, limit as u64).await?, &FIGURES.polls_from_database)
            }
        };
        polls.increment(1);
        let has_more = events.len() == limit;
        let until = events.last().map_or(since, |newest| newest.happened_at);
        let events = events.into_iter().filter(|logged| sees.event(&logged.event)).collect();
        Ok(Updates { events, until, has_more })
    }

    /// The number of the last event that happened until `time`.
    pub async fn seq_at(&self, time: Time) -> Result<i64> {
        let head = self.desks.tails.of(&self.tenant).await?.ok_or_else(|| self.missing())?.head();
        if time >= head.at {
            return Ok(head.seq);
        }
        let later = self.events_since(time, 1).await?;
        Ok(later.first().map_or(head.seq, |first| first.seq - 1))
    }

    async fn events_since(&self, time: Time, limit: u64) -> Result<Vec<Arc<Logged>>> {
        let rows = event::Entity::of_tenant(&self.tenant)
            .filter(event::Column::HappenedAt.gt(time))
            .order_by_asc(event::Column::HappenedAt)
            .limit(limit)
            .all(&self.desks.db.reader)
            .await?;
        rows.iter().map(read).collect()
    }
}
