//! The log, as far as it is a visitor's business.

use std::sync::Arc;

use entity::message::Status;
use entity::{ConversationId, MessageId, Time};

use super::super::{
    ConversationChange, ConversationStatus, Desk, Event, Feed, Logged, Result, Sees,
};
use super::place::rounded;
use super::{Chat, ChatStatus, Line};

/// What a visitor gets to know of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Glimpse {
    /// Somebody said something.
    Said(Box<Line>),
    /// What was said was edited, deleted or reacted to, or its file has come.
    Changed(Box<Line>),
    /// A message got further on its way.
    Moved {
        /// Which.
        message: MessageId,
        /// How far.
        status: Status,
    },
    /// The chat has another state.
    Turned(ChatStatus),
    /// Agents have read all that was said so far.
    Read,
    /// The visitor is not to be served any more.
    ShutOut,
}

/// A glimpse at its place in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its number, see [`ChatFeed`].
    pub seq: i64,
    /// When it happened.
    pub happened_at: Time,
    /// What.
    pub glimpse: Glimpse,
}

/// The log, read from a cursor on: every event that is the visitor's business, in order, once.
///
/// To a visitor an event's number is the moment at which it happened, in microseconds. Moments grow
/// as strictly as the log's own numbers, and unlike those do not count what happens to others. Where
/// a number is told that is no event's of theirs, it is rounded down to a minute: what comes again
/// by that, they know.
///
/// Anybody may be a visitor, and a log may be long: what happened before their conversation is not
/// read for them, and they take turns where the database has to be asked.
#[derive(Debug)]
pub struct ChatFeed {
    desk: Desk,
    feed: Feed,
    of: ConversationId,
    /// The number of the last event that was returned, or after which it began: of what was passed
    /// over since, nothing is theirs.
    last: i64,
    cursor: i64,
}

impl Chat {
    /// Follows the log from just after the event numbered `after`, or from now on.
    ///
    /// # Errors
    /// [`Error::Forgotten`](crate::desk::Error::Forgotten) when the log does not keep what follows.
    pub async fn follow(&self, after: Option<i64>) -> Result<ChatFeed> {
        let (desk, of) = (&self.desk, self.conversation());
        let (seq, last, cursor) = if let Some(after) = after {
            let (seq, cursor) = desk.place_at(Time(after), of).await?;
            (seq, after, cursor)
        } else {
            let head = desk.present().await?;
            (head.seq, head.at.0, rounded(head.at))
        };
        let feed = desk.follow(Some(seq), Sees::everything()).await?;
        Ok(ChatFeed { desk: desk.clone(), feed, of, last, cursor })
    }

    /// Returns up to `limit` lines that were said, or have become others, after the event numbered
    /// `after`, each as it is now; the number to go on from; and whether there are more.
    ///
    /// # Errors
    /// [`Error::Forgotten`](crate::desk::Error::Forgotten) when the log does not keep what followed.
    pub async fn since(&self, after: i64, limit: u64) -> Result<(Vec<Line>, i64, bool)> {
        let mut feed = self.follow(Some(after)).await?;
        feed.check().await?;
        let mut lines: Vec<Line> = Vec::new();
        while (lines.len() as u64) < limit {
            let Some(seen) = feed.try_next().await? else {
                return Ok((lines, feed.cursor(), false));
            };
            match seen.glimpse {
                Glimpse::Said(line) | Glimpse::Changed(line) => {
                    lines.retain(|known| known.id != line.id);
                    lines.push(*line);
                }
                Glimpse::Moved { message, status } => {
                    if let Some(line) = lines.iter_mut().find(|line| line.id == message) {
                        line.status = status;
                    }
                }
                Glimpse::Turned(_) | Glimpse::Read | Glimpse::ShutOut => {}
            }
        }
        Ok((lines, feed.cursor(), true))
    }

    /// The number after which to follow the log from here.
    pub async fn head(&self) -> Result<i64> {
        Ok(rounded(self.desk.present().await?.at))
    }
}

impl ChatFeed {
    /// The number of the last event that was returned or passed over, or after which it began.
    pub fn cursor(&self) -> i64 {
        self.cursor
    }

    /// The number that the newest event has, whosever it is.
    pub fn newest(&self) -> i64 {
        self.feed.newest().0
    }

    /// Whether there may be more already.
    pub fn has_more(&self) -> bool {
        self.feed.cursor() < self.feed.head()
    }

    /// Goes on from just after the event numbered `cursor`; from where it is, if that comes to the
    /// same.
    ///
    /// # Errors
    /// [`Error::Forgotten`](crate::desk::Error::Forgotten) if the log does not keep what followed.
    pub async fn seek(&mut self, cursor: i64) -> Result<()> {
        if cursor < self.last {
            let (seq, told) = self.desk.place_at(Time(cursor), self.of).await?;
            self.feed.seek(seq);
            (self.last, self.cursor) = (cursor, told);
        }
        self.check().await
    }

    /// Makes sure that the log keeps what follows the cursor.
    ///
    /// # Errors
    /// [`Error::Forgotten`](crate::desk::Error::Forgotten) if it does not.
    pub async fn check(&mut self) -> Result<()> {
        self.read_in_turn().await?;
        self.feed.check().await
    }

    /// Returns the next event, waiting for it if need be.
    ///
    /// # Errors
    /// [`Error::Forgotten`](crate::desk::Error::Forgotten) when the log no longer keeps what follows
    /// the cursor.
    pub async fn next(&mut self) -> Result<Seen> {
        loop {
            self.read_in_turn().await?;
            let logged = self.feed.next().await?;
            if let Some(seen) = self.look(&logged) {
                return Ok(seen);
            }
        }
    }

    /// Returns the next event if there is one already.
    pub async fn try_next(&mut self) -> Result<Option<Seen>> {
        loop {
            self.read_in_turn().await?;
            let Some(logged) = self.feed.try_next().await? else { return Ok(None) };
            if let Some(seen) = self.look(&logged) {
                return Ok(Some(seen));
            }
        }
    }

    /// Waits for a turn where the database is to be read, and reads.
    async fn read_in_turn(&mut self) -> Result<()> {
        if !self.feed.is_far_behind() {
            return Ok(());
        }
        let _turn = self.desk.desks.turns.acquire().await;
        self.feed.check().await
    }

    fn look(&mut self, logged: &Arc<Logged>) -> Option<Seen> {
        let seen = Seen::of(logged, self.of);
        match &seen {
            Some(seen) => (self.last, self.cursor) = (seen.seq, seen.seq),
            None => self.cursor = self.cursor.max(rounded(logged.happened_at)),
        }
        seen
    }
}

impl Seen {
    /// What the visitor whose conversation is `of` gets to know of an event, if it is theirs.
    pub fn of(logged: &Logged, of: ConversationId) -> Option<Self> {
        let glimpse = glimpse(&logged.event, of)?;
        let happened_at = logged.happened_at;
        Some(Self { seq: happened_at.0, happened_at, glimpse })
    }
}

fn glimpse(event: &Event, of: ConversationId) -> Option<Glimpse> {
    match event {
        Event::MessageReceived(it) | Event::MessageSent(it) if it.conversation_id == of => {
            Line::of(it).map(Box::new).map(Glimpse::Said)
        }
        Event::MessageChanged(it) if it.conversation_id == of => {
            Line::of(it).map(Box::new).map(Glimpse::Changed)
        }
        Event::StatusMoved(it) if it.conversation_id == of && !it.is_private => {
            Some(Glimpse::Moved { message: it.id, status: it.status })
        }
        Event::ConversationOpened(it) if it.id == of => Some(Glimpse::Turned(ChatStatus::Waiting)),
        Event::ConversationChanged(it) if it.conversation_id == of => turned(it),
        Event::MessageReceived(_)
        | Event::MessageSent(_)
        | Event::MessageChanged(_)
        | Event::StatusMoved(_)
        | Event::ConversationOpened(_)
        | Event::ConversationChanged(_)
        | Event::StagesChanged(_)
        | Event::Notified(_)
        | Event::InboxChanged(_)
        | Event::AccessChanged { .. } => None,
    }
}

fn turned(change: &ConversationChange) -> Option<Glimpse> {
    use ConversationStatus::Resolved;
    if change.contact.is_blocked {
        return Some(Glimpse::ShutOut);
    }
    let was_ended = change.previous.is_some_and(|previous| previous.status == Resolved);
    let is_reopened = was_ended && change.status.is_some_and(|status| status != Resolved);
    match (change.status, change.waiting_since) {
        (Some(Resolved), _) => Some(Glimpse::Turned(ChatStatus::Ended)),
        (_, Some(Some(_))) => Some(Glimpse::Turned(ChatStatus::Waiting)),
        (_, Some(None)) => Some(Glimpse::Turned(ChatStatus::Active)),
        (_, None) if is_reopened => Some(Glimpse::Turned(ChatStatus::Active)),
        (_, None) if change.unread_count == Some(0) => Some(Glimpse::Read),
        (_, None) => None,
    }
}
