//! What the log says.

use std::sync::{Arc, OnceLock};

use entity::{
    ConversationId, InboxId, StageId, TenantId, TenantScoped as _, Time, conversation, event,
};
use sea_orm::{ColumnTrait as _, DbErr, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::{Deserialize, Serialize};

use super::{Contact, Conversation, Db, Desk, Error, Message, Result};

/// A fact about a desk.
///
/// This is the stored form, read back for as long as the log is kept: add variants and optional
/// fields, never rename. What clients see is decided in `wire`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// Somebody wrote for the first time, or was written to.
    ConversationOpened(Box<Conversation>),
    /// A conversation has another last message, counter, status, stage or contact.
    ConversationChanged(Box<ConversationChange>),
    /// A contact wrote.
    MessageReceived(Box<Message>),
    /// The business wrote.
    MessageSent(Box<Message>),
    /// A message was edited, deleted for everyone, or reacted to.
    MessageChanged(Box<Message>),
    /// A message got further on its way, or failed.
    StatusMoved(Box<Message>),
}

/// What changed about a conversation; what did not is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConversationChange {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its inbox.
    pub inbox_id: InboxId,
    /// The message that is now the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<Message>,
    /// The counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_count: Option<i32>,
    /// The status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<entity::conversation::Status>,
    /// The column of the board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_id: Option<StageId>,
    /// With whom it is.
    pub contact: Contact,
    /// Whether the contact's name or number is another now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_renamed: bool,
}

impl ConversationChange {
    /// Nothing changed yet.
    pub(super) fn of(row: &conversation::Model, contact: Contact) -> Self {
        Self {
            conversation_id: row.id,
            inbox_id: row.inbox_id,
            last_message: None,
            unread_count: None,
            status: None,
            stage_id: None,
            contact,
            is_renamed: false,
        }
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_nothing(&self) -> bool {
        let Self { last_message, unread_count, status, stage_id, is_renamed, .. } = self;
        let unchanged = last_message.is_none() && unread_count.is_none() && status.is_none();
        unchanged && stage_id.is_none() && !is_renamed
    }
}

impl Event {
    /// The inbox it is about: who may not see that inbox does not see the event.
    pub fn inbox_id(&self) -> InboxId {
        match self {
            Self::ConversationOpened(it) => it.inbox.id,
            Self::ConversationChanged(it) => it.inbox_id,
            Self::MessageReceived(it)
            | Self::MessageSent(it)
            | Self::MessageChanged(it)
            | Self::StatusMoved(it) => it.inbox_id,
        }
    }
}

/// An event at its place in the log, with room for each written form: whoever needs one first
/// writes it, all others share it.
#[derive(Debug)]
pub struct Logged {
    /// 1 for the tenant's first event, then counting without gaps.
    pub seq: i64,
    /// When it was committed; strictly increasing with `seq`.
    pub happened_at: Time,
    /// What happened.
    pub event: Event,
    live: OnceLock<Box<str>>,
    polled: OnceLock<Box<str>>,
}

impl Logged {
    pub(super) fn new(seq: i64, happened_at: Time, event: Event) -> Arc<Self> {
        Arc::new(Self { seq, happened_at, event, live: OnceLock::new(), polled: OnceLock::new() })
    }

    /// An event at some place, for showing how it is written.
    #[cfg(test)]
    pub(crate) fn example(seq: i64, event: Event) -> Arc<Self> {
        Self::new(seq, Time(1_700_000_000_300_000), event)
    }

    /// Returns the form that Socket.IO and SSE speak, calling `write` if nobody has yet.
    pub fn live(&self, write: impl FnOnce(&Self) -> Box<str>) -> &str {
        self.live.get_or_init(|| write(self))
    }

    /// Returns the form that the polling clients know, calling `write` if nobody has yet.
    pub fn polled(&self, write: impl FnOnce(&Self) -> Box<str>) -> &str {
        self.polled.get_or_init(|| write(self))
    }
}

impl Desk {
    /// Returns up to `limit` events after the one numbered `seq`, oldest first, from the database.
    pub async fn events_after(&self, seq: i64, limit: u64) -> Result<Vec<Arc<Logged>>> {
        events_after(&self.desks.db, &self.tenant, seq, limit).await
    }
}

/// As [`Desk::events_after`].
pub(super) async fn events_after(
    db: &Db,
    tenant: &TenantId,
    seq: i64,
    limit: u64,
) -> Result<Vec<Arc<Logged>>> {
    let rows = event::Entity::of_tenant(tenant)
        .filter(event::Column::Seq.gt(seq))
        .order_by_asc(event::Column::Seq)
        .limit(limit)
        .all(&db.reader)
        .await?;
    rows.iter().map(read).collect()
}

/// Reads a row.
pub(super) fn read(row: &event::Model) -> Result<Arc<Logged>> {
    let event = serde_json::from_str(&row.data)
        .map_err(|error| Error::from(DbErr::Json(format!("event {}: {error}", row.seq))))?;
    Ok(Logged::new(row.seq, row.happened_at, event))
}
