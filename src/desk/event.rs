//! What the log says.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use entity::conversation::Status;
use entity::{
    ConversationId, InboxId, StageId, TenantId, TenantScoped as _, Time, UserId, conversation,
    event,
};
use sea_orm::{ColumnTrait as _, DbErr, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::message::from_json;
use super::{Contact, Conversation, Db, Desk, Error, InboxName, Message, Result, Stage};

/// How much of a message a notification shows, in characters.
const LONGEST_NOTICE: usize = 200;

/// A fact about a desk.
///
/// This is the stored form, read back for as long as the log is kept: add variants and optional
/// fields, never rename. What clients see is decided in `wire`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// Somebody wrote for the first time, or was written to.
    ConversationOpened(Box<Conversation>),
    /// Something about a conversation is another now.
    ConversationChanged(Box<ConversationChange>),
    /// A contact wrote.
    MessageReceived(Box<Message>),
    /// The business wrote.
    MessageSent(Box<Message>),
    /// A message was edited, deleted for everyone, reacted to, or its file has come.
    MessageChanged(Box<Message>),
    /// A message got further on its way, or failed.
    StatusMoved(Box<Message>),
    /// The board has other columns.
    StagesChanged(Vec<Stage>),
    /// A person is to be told something.
    Notified(Box<Notification>),
    /// An inbox is called otherwise.
    InboxChanged(InboxName),
    /// What a person may see or do is another, or one of their sessions has ended: whoever serves
    /// them asks anew.
    AccessChanged {
        /// Whom it is about, and who alone is told.
        user_id: UserId,
    },
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
    pub status: Option<Status>,
    /// The column of the board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_id: Option<StageId>,
    /// The place in that column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    pub assignee_id: Option<Option<UserId>>,
    /// What it is labelled with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// When it is opened again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    pub snoozed_until: Option<Option<Time>>,
    /// Until when the channel lets the business write freely.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    pub window_until: Option<Option<Time>>,
    /// Since when the customer waits.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    pub waiting_since: Option<Option<Time>>,
    /// What it was before, as far as counters need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Sort>,
    /// With whom it is.
    pub contact: Contact,
    /// Whether the contact is shown otherwise now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_renamed: bool,
}

/// What the board and the dashboard count a conversation as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sort {
    /// Its column.
    pub stage_id: StageId,
    /// Its status.
    pub status: Status,
    /// Whether somebody looks after it.
    pub is_assigned: bool,
    /// Whether it holds something unread.
    pub is_unread: bool,
}

/// Something that one person is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Its identifier.
    pub id: uuid::Uuid,
    /// Who is told.
    pub user_id: UserId,
    /// The conversation it is about.
    pub conversation_id: ConversationId,
    /// The inbox of that conversation.
    pub inbox_id: InboxId,
    /// Why they are told.
    pub kind: NotificationKind,
    /// With whom the conversation is.
    pub title: String,
    /// What was said.
    pub body: String,
}

/// Why a person is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// A conversation is theirs now.
    Assigned,
    /// There is a new message in a conversation of theirs.
    Message,
    /// A colleague named them in a note.
    Mention,
}

/// Reads a value that is there, were it null: absent is another thing.
pub(super) fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl ConversationChange {
    /// Nothing changed yet.
    pub(super) fn of(row: &conversation::Model, contact: Contact) -> Self {
        Self::nothing(row.id, row.inbox_id, contact)
    }

    /// The contact is shown otherwise now.
    pub(super) fn renamed(row: &conversation::Model, contact: Contact) -> Self {
        Self { is_renamed: true, ..Self::of(row, contact) }
    }

    /// What makes a conversation another one than before, but for its last message and labels.
    pub(super) fn between(
        before: &conversation::Model,
        after: &conversation::Model,
        contact: Contact,
    ) -> Self {
        fn other<T: PartialEq + Clone>(before: &T, after: &T) -> Option<T> {
            Some(after).filter(|after| *after != before).cloned()
        }
        Self {
            unread_count: other(&before.unread_count, &after.unread_count),
            status: other(&before.status, &after.status),
            stage_id: other(&before.stage_id, &after.stage_id),
            position: other(&before.position, &after.position),
            assignee_id: other(&before.assignee_id, &after.assignee_id),
            snoozed_until: other(&before.snoozed_until, &after.snoozed_until),
            window_until: other(&before.window_until, &after.window_until),
            waiting_since: other(&before.waiting_since, &after.waiting_since),
            previous: Some(Sort::of(before)).filter(|sort| *sort != Sort::of(after)),
            ..Self::of(after, contact)
        }
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::nothing(self.conversation_id, self.inbox_id, self.contact.clone())
    }

    fn nothing(conversation_id: ConversationId, inbox_id: InboxId, contact: Contact) -> Self {
        Self {
            conversation_id,
            inbox_id,
            last_message: None,
            unread_count: None,
            status: None,
            stage_id: None,
            position: None,
            assignee_id: None,
            labels: None,
            snoozed_until: None,
            window_until: None,
            waiting_since: None,
            previous: None,
            contact,
            is_renamed: false,
        }
    }
}

impl Sort {
    /// What a row is counted as.
    pub(super) fn of(row: &conversation::Model) -> Self {
        Self {
            stage_id: row.stage_id,
            status: row.status,
            is_assigned: row.assignee_id.is_some(),
            is_unread: row.unread_count > 0,
        }
    }
}

impl Event {
    /// The inbox it is about, if any: who may not see that inbox does not see the event.
    pub fn inbox_id(&self) -> Option<InboxId> {
        match self {
            Self::ConversationOpened(it) => Some(it.inbox.id),
            Self::ConversationChanged(it) => Some(it.inbox_id),
            Self::MessageReceived(it)
            | Self::MessageSent(it)
            | Self::MessageChanged(it)
            | Self::StatusMoved(it) => Some(it.inbox_id),
            Self::Notified(it) => Some(it.inbox_id),
            Self::InboxChanged(it) => Some(it.id),
            Self::StagesChanged(_) | Self::AccessChanged { .. } => None,
        }
    }

    /// Tells a person something about a conversation, at most so much of `body` as is shown.
    pub(super) fn notice(
        user_id: UserId,
        kind: NotificationKind,
        (conversation_id, inbox_id): (ConversationId, InboxId),
        contact: &Contact,
        body: &str,
    ) -> Self {
        let title = contact.name.clone().unwrap_or_else(|| contact.phone_number.clone());
        let body = body.chars().take(LONGEST_NOTICE).collect();
        let id = uuid::Uuid::now_v7();
        Self::Notified(Box::new(Notification {
            id,
            user_id,
            conversation_id,
            inbox_id,
            kind,
            title,
            body,
        }))
    }

    /// The one person it is for, if it is not for all.
    pub fn user_id(&self) -> Option<&UserId> {
        match self {
            Self::Notified(it) => Some(&it.user_id),
            Self::AccessChanged { user_id } => Some(user_id),
            _ => None,
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
    /// When the webhook that tells of it arrived, where that was at this node, in this run.
    pub arrived: Option<Instant>,
    live: OnceLock<Box<RawValue>>,
    packet: OnceLock<Bytes>,
    deflated: OnceLock<Bytes>,
    polled: OnceLock<Box<RawValue>>,
}

impl Logged {
    pub(super) fn new(
        seq: i64,
        happened_at: Time,
        event: Event,
        arrived: Option<Instant>,
    ) -> Arc<Self> {
        let (live, polled) = (OnceLock::new(), OnceLock::new());
        let (packet, deflated) = (OnceLock::new(), OnceLock::new());
        Arc::new(Self { seq, happened_at, event, arrived, live, packet, deflated, polled })
    }

    /// An event at some place, for showing how it is written.
    #[cfg(test)]
    pub(crate) fn example(seq: i64, event: Event) -> Arc<Self> {
        Self::new(seq, Time(1_700_000_000_300_000), event, None)
    }

    /// Returns the form that Socket.IO and SSE speak, calling `write` if nobody has yet.
    pub fn live(&self, write: impl FnOnce(&Self) -> Box<RawValue>) -> &RawValue {
        self.live.get_or_init(|| write(self))
    }

    /// Returns the packet that Socket.IO carries it in, calling `write` if nobody has yet.
    pub fn packet(&self, write: impl FnOnce(&Self) -> Bytes) -> &Bytes {
        self.packet.get_or_init(|| write(self))
    }

    /// Returns the same compressed, calling `compress` if nobody has yet.
    pub fn deflated(&self, compress: impl FnOnce(&Self) -> Bytes) -> &Bytes {
        self.deflated.get_or_init(|| compress(self))
    }

    /// Returns the form that the polling clients know, calling `write` if nobody has yet.
    pub fn polled(&self, write: impl FnOnce(&Self) -> Box<RawValue>) -> &RawValue {
        self.polled.get_or_init(|| write(self))
    }

    /// How many bytes it takes in the forms in which it has been written.
    pub(super) fn written(&self) -> usize {
        let text = |form: &OnceLock<Box<RawValue>>| form.get().map_or(0, |it| it.get().len());
        let bytes = |form: &OnceLock<Bytes>| form.get().map_or(0, Bytes::len);
        text(&self.live) + text(&self.polled) + bytes(&self.packet) + bytes(&self.deflated)
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
    let event = from_json(&row.data)
        .map_err(|error| Error::from(DbErr::Json(format!("event {}: {error}", row.seq))))?;
    Ok(Logged::new(row.seq, row.happened_at, event, None))
}
