//! Reading the log as it grows.

use std::collections::VecDeque;
use std::sync::Arc;

use entity::Time;
use tokio::sync::watch;

use super::tail::{Ahead, Head, Tail};
use super::{Desk, Error, Logged, Result, Sees};
use crate::telemetry::FIGURES;

/// How many events a feed holds at once; what bounds its memory.
const HELD: usize = 64;

/// A tenant's log, read from a cursor onwards: every event that its reader may see, in order, once.
///
/// The newest events come from the node's memory; the database answers only who is further behind.
#[derive(Debug)]
pub struct Feed {
    desk: Desk,
    tail: Arc<Tail>,
    news: watch::Receiver<Head>,
    sees: Sees,
    cursor: i64,
    unread: VecDeque<Arc<Logged>>,
}

impl Desk {
    /// Follows the log from just after the event numbered `after`, or from now on.
    pub async fn follow(&self, after: Option<i64>, sees: Sees) -> Result<Feed> {
        let tail = self.desks.tails.of(&self.tenant).await?.ok_or_else(|| self.missing())?;
        let cursor = after.unwrap_or_else(|| tail.head().seq);
        let news = tail.watch();
        Ok(Feed { desk: self.clone(), tail, news, sees, cursor, unread: VecDeque::new() })
    }

    /// The number of the newest event.
    pub async fn head(&self) -> Result<i64> {
        let tail = self.desks.tails.of(&self.tenant).await?.ok_or_else(|| self.missing())?;
        Ok(tail.head().seq)
    }
}

impl Feed {
    /// The number of the last event that was returned or passed over.
    pub fn cursor(&self) -> i64 {
        self.cursor
    }

    /// The number of the newest event.
    pub fn head(&self) -> i64 {
        self.tail.head().seq
    }

    /// When the newest event happened.
    pub(super) fn newest(&self) -> Time {
        self.tail.head().at
    }

    /// Whether the database has to be read for what comes next.
    pub(super) fn is_far_behind(&self) -> bool {
        self.unread.is_empty() && matches!(self.tail.after(self.cursor, 0), Ahead::Forgotten)
    }

    /// Goes on from just after the event numbered `cursor`.
    pub fn seek(&mut self, cursor: i64) {
        self.cursor = cursor;
        self.unread.clear();
    }

    /// Goes on as a reader who may see something else.
    pub fn let_see(&mut self, sees: Sees) {
        self.sees = sees;
    }

    /// Makes sure that the log keeps what follows the cursor.
    ///
    /// # Errors
    /// [`Error::Forgotten`] if it does not, or if the cursor is of another log.
    pub async fn check(&mut self) -> Result<()> {
        if self.unread.is_empty() {
            self.fill().await?;
        }
        Ok(())
    }

    /// Returns the next event, waiting for it if need be.
    ///
    /// # Errors
    /// [`Error::Forgotten`] when the log no longer keeps, or never had, what follows the cursor.
    pub async fn next(&mut self) -> Result<Arc<Logged>> {
        loop {
            if let Some(logged) = self.try_next().await? {
                return Ok(logged);
            }
            self.news.mark_unchanged();
            if self.tail.head().seq == self.cursor {
                // The tail outlives its feeds, so its sender is never dropped.
                let _ = self.news.changed().await;
            }
        }
    }

    /// Returns the next event if there is one already.
    pub async fn try_next(&mut self) -> Result<Option<Arc<Logged>>> {
        loop {
            if let Some(logged) = self.at_hand() {
                return Ok(Some(logged));
            }
            self.fill().await?;
            if self.unread.is_empty() && self.cursor == self.tail.head().seq {
                return Ok(None);
            }
        }
    }

    /// Returns the next event if it was read along with the one before.
    pub fn at_hand(&mut self) -> Option<Arc<Logged>> {
        while let Some(logged) = self.unread.pop_front() {
            self.cursor = logged.seq;
            if self.sees.event(&logged.event) {
                return Some(logged);
            }
        }
        None
    }

    async fn fill(&mut self) -> Result<()> {
        self.unread = match self.tail.after(self.cursor, HELD) {
            Ahead::Next(events) => {
                FIGURES.feeds_from_memory.increment(1);
                events.into()
            }
            Ahead::Nothing => VecDeque::new(),
            // Queries are large: in memory of their own, of which those who wait need none.
            Ahead::Forgotten => {
                FIGURES.feeds_from_database.increment(1);
                Box::pin(self.read()).await?
            }
            Ahead::Behind => Box::pin(self.wait_for_the_node()).await?,
        };
        Ok(())
    }

    async fn read(&self) -> Result<VecDeque<Arc<Logged>>> {
        let mut events = self.desk.events_after(self.cursor, HELD as u64).await?;
        if events.first().is_none_or(|first| first.seq != self.cursor.saturating_add(1)) {
            return Err(self.forgotten());
        }
        // Nobody reads of what the node has not heard of: it would serve them as they were before.
        let head = self.head();
        events.retain(|logged| logged.seq <= head);
        Ok(events.into())
    }

    /// Another node has served this reader further than this one has got.
    async fn wait_for_the_node(&self) -> Result<VecDeque<Arc<Logged>>> {
        self.tail.catch_up().await?;
        if self.tail.head().seq < self.cursor { Err(self.forgotten()) } else { Ok(VecDeque::new()) }
    }

    fn forgotten(&self) -> Error {
        Error::Forgotten { tenant: self.desk.tenant.clone(), after: self.cursor }
    }
}
