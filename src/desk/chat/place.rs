//! Where in the log a visitor is, given a number that they were told.

use std::sync::Arc;

use entity::{ConversationId, TenantScoped as _, Time, conversation, event};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::super::tail::{Ahead, Head, Tail};
use super::super::{Desk, Error, Result};

/// To how much a moment at which something else may have happened is rounded down, in microseconds.
const ROUNDED: i64 = 60_000_000;

impl Desk {
    /// The log's newest event, whosever it is.
    pub(super) async fn present(&self) -> Result<Head> {
        Ok(self.log().await?.head())
    }

    /// The place after which everything stands that happened in the conversation `of` after `time`,
    /// and the number that its visitor is told of it.
    ///
    /// # Errors
    /// [`Error::Forgotten`] when the log may have lost some of that.
    pub(super) async fn place_at(&self, time: Time, of: ConversationId) -> Result<(i64, i64)> {
        let log = self.log().await?;
        if time > log.head().at {
            // Another node may have served them further than this one has got.
            log.catch_up().await?;
        }
        if let Some(seq) = remembered(&log, time) {
            return Ok((seq, time.0));
        }
        // Before the conversation is looked for: what opens it meanwhile comes later.
        let head = log.head();
        let Some(opened) = self.opened(of).await? else {
            return Ok((head.seq, time.0.max(rounded(head.at))));
        };
        let since = time.max(opened);
        let seq = match remembered(&log, since) {
            Some(seq) => seq,
            None => self.stored_place_at(since).await?,
        };
        Ok((seq, time.0))
    }

    /// A moment before which nothing has happened in a conversation; nothing if it is still to be
    /// opened.
    async fn opened(&self, id: ConversationId) -> Result<Option<Time>> {
        let created = conversation::Entity::of_tenant(self.tenant())
            .select_only()
            .column(conversation::Column::CreatedAt)
            .filter(conversation::Column::Id.eq(id));
        let created: Option<Time> = created.into_tuple().one(&self.desks.db.reader).await?;
        // Its first event is committed a little later, and all others after that by the log's own
        // clock; less a minute, since this machine's may be set back in between.
        Ok(created.map(|created| Time(created.0 - ROUNDED)))
    }

    /// The number of the last event that happened until `time`, from the database.
    async fn stored_place_at(&self, time: Time) -> Result<i64> {
        let last = event::Entity::of_tenant(self.tenant())
            .select_only()
            .column(event::Column::Seq)
            .filter(event::Column::HappenedAt.lte(time))
            .order_by_desc(event::Column::HappenedAt)
            .limit(1);
        if let Some(seq) = last.into_tuple().one(&self.desks.db.reader).await? {
            return Ok(seq);
        }
        match self.events_after(0, 1).await?.first() {
            Some(first) if first.seq > 1 => {
                Err(Error::Forgotten { tenant: self.tenant().clone(), after: first.seq - 1 })
            }
            _ => Ok(0),
        }
    }

    async fn log(&self) -> Result<Arc<Tail>> {
        self.desks.tails.of(&self.tenant).await?.ok_or_else(|| self.missing())
    }
}

/// The number of the last event that happened until `time`, if what followed is in memory.
fn remembered(log: &Tail, time: Time) -> Option<i64> {
    // Looked at once: it moves.
    let head = log.head();
    if time >= head.at {
        return Some(head.seq);
    }
    match log.since(time, 1) {
        Ahead::Next(later) => Some(later.first().map_or(head.seq, |first| first.seq - 1)),
        Ahead::Nothing | Ahead::Behind => Some(head.seq),
        Ahead::Forgotten => None,
    }
}

/// The number that a visitor is told of a moment at which something may have happened to others.
pub(super) fn rounded(time: Time) -> i64 {
    time.0 - time.0.rem_euclid(ROUNDED)
}
