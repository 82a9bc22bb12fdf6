//! The written forms of what a desk says: the contract with clients, to the letter.
//!
//! Each form is a struct of its own, so that changing one cannot change another, nor the log. A
//! stored event only ever grows; snapshots pin every one.

mod polled;
pub mod schema;
#[cfg(test)]
mod tests;
pub mod visitor;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::desk::{
    self, Channel, ContactId, ConversationChange, ConversationId, ConversationStatus, Direction,
    Event, InboxId, Logged, MessageId, NotificationKind, StageId, Status, Type, UserId,
};

pub use polled::polled;

/// A message, as REST and Socket.IO show it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    #[schema(value_type = uuid::Uuid)]
    id: MessageId,
    whatsapp_message_id: Option<String>,
    #[schema(value_type = schema::Direction)]
    direction: Direction,
    #[schema(value_type = schema::MessageType)]
    r#type: Type,
    content: String,
    metadata: Map<String, Value>,
    #[schema(value_type = schema::MessageStatus)]
    status: Status,
    timestamp: String,
    contact: Contact,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_private: bool,
}

/// A contact, as REST and Socket.IO show it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    #[schema(value_type = uuid::Uuid)]
    id: ContactId,
    phone_number: String,
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_blocked: bool,
}

/// A conversation, as REST and Socket.IO show it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    #[schema(value_type = uuid::Uuid)]
    id: ConversationId,
    #[schema(value_type = schema::ConversationStatus)]
    status: ConversationStatus,
    #[schema(value_type = uuid::Uuid)]
    stage_id: StageId,
    inbox: Inbox,
    contact: Contact,
    #[schema(value_type = Option<String>)]
    assignee_id: Option<UserId>,
    unread_count: i32,
    last_message: Option<Message>,
    last_message_at: Option<String>,
    /// A number of its own within the tenant, for clients that know conversations by numbers.
    display_id: i64,
    created_at: String,
    position: String,
    labels: Vec<String>,
    snoozed_until: Option<String>,
    window_until: Option<String>,
    waiting_since: Option<String>,
}

/// An inbox, as agents see it.
#[derive(Serialize, ToSchema)]
pub struct Inbox {
    #[schema(value_type = uuid::Uuid)]
    id: InboxId,
    name: String,
    #[schema(value_type = String)]
    channel: Channel,
}

/// What changed about a conversation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Updates {
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_count: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ConversationStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage_id: Option<StageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee_id: Option<Option<UserId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snoozed_until: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_until: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_since: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<Contact>,
}

/// A column of the board, as REST and Socket.IO show it.
#[derive(Serialize, ToSchema)]
pub struct Stage {
    #[schema(value_type = uuid::Uuid)]
    id: StageId,
    name: String,
    color: String,
}

/// What the board counted a conversation as before: with it, clients keep their counts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Previous {
    stage_id: StageId,
    status: ConversationStatus,
    is_assigned: bool,
    is_unread: bool,
}

/// A stored event, as Socket.IO and SSE show it.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Live {
    ConversationNew {
        seq: i64,
        conversation: Conversation,
    },
    ConversationUpdated {
        seq: i64,
        conversation_id: ConversationId,
        #[serde(skip_serializing_if = "Option::is_none")]
        last_message: Option<Message>,
        #[serde(skip_serializing_if = "Option::is_none")]
        last_message_at: Option<String>,
        updates: Updates,
        #[serde(skip_serializing_if = "Option::is_none")]
        previous: Option<Previous>,
    },
    Message {
        seq: i64,
        conversation_id: ConversationId,
        message: Message,
    },
    StatusUpdate {
        seq: i64,
        conversation_id: ConversationId,
        message_id: MessageId,
        #[serde(skip_serializing_if = "Option::is_none")]
        whatsapp_message_id: Option<String>,
        status: Status,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Value>,
    },
    Stages {
        seq: i64,
        stages: Vec<Stage>,
    },
    Notification {
        seq: i64,
        id: uuid::Uuid,
        kind: NotificationKind,
        title: String,
        body: String,
        conversation_id: ConversationId,
    },
    Inbox {
        seq: i64,
        inbox: Inbox,
    },
    Access {
        seq: i64,
        user_id: UserId,
    },
}

/// Returns the name under which Socket.IO and SSE announce an event.
pub fn live_name(event: &Event) -> &'static str {
    match event {
        Event::ConversationOpened(_) => "conversation:new",
        Event::ConversationChanged(_) => "conversation:updated",
        Event::MessageReceived(_) | Event::MessageSent(_) => "message:new",
        Event::MessageChanged(_) => "message:updated",
        Event::StatusMoved(_) => "message:status-update",
        Event::StagesChanged(_) => "stages:updated",
        Event::Notified(_) => "notification:new",
        Event::InboxChanged(_) => "inbox:updated",
        Event::AccessChanged { .. } => "access:changed",
    }
}

/// Returns an event's payload for Socket.IO and SSE, written once for all who need it.
pub fn live(logged: &Logged) -> &RawValue {
    logged.live(|logged| to_raw_value(&Live::from(logged)).expect("only text keys"))
}

/// Returns an event as Socket.IO carries it, written once for all who need it.
pub fn packet(logged: &Logged) -> &Bytes {
    logged.packet(|logged| packed(live_name(&logged.event), live(logged), logged.seq).into())
}

/// An event in a packet of Socket.IO. Its last argument is the offset by which a client can resume.
/// <https://socket.io/docs/v4/socket-io-protocol/#sending-and-receiving-data>
pub fn packed(name: &str, payload: &RawValue, seq: i64) -> String {
    format!("42[\"{name}\",{payload},\"{seq}\"]")
}

impl From<&Logged> for Live {
    fn from(logged: &Logged) -> Self {
        let seq = logged.seq;
        match &logged.event {
            Event::ConversationOpened(it) => {
                Self::ConversationNew { seq, conversation: (**it).clone().into() }
            }
            Event::ConversationChanged(it) => Self::changed(seq, (**it).clone()),
            Event::MessageReceived(it) | Event::MessageSent(it) | Event::MessageChanged(it) => {
                let (conversation_id, message) = (it.conversation_id, (**it).clone().into());
                Self::Message { seq, conversation_id, message }
            }
            Event::StatusMoved(it) => Self::StatusUpdate {
                seq,
                conversation_id: it.conversation_id,
                message_id: it.id,
                whatsapp_message_id: it.provider_id.clone(),
                status: shown(it.status),
                error: it.error.clone(),
            },
            Event::StagesChanged(stages) => {
                Self::Stages { seq, stages: stages.iter().cloned().map(Stage::from).collect() }
            }
            Event::Notified(it) => {
                let desk::Notification { id, kind, title, body, conversation_id, .. } =
                    (**it).clone();
                Self::Notification { seq, id, kind, title, body, conversation_id }
            }
            Event::InboxChanged(it) => Self::Inbox { seq, inbox: it.clone().into() },
            Event::AccessChanged { user_id } => Self::Access { seq, user_id: user_id.clone() },
        }
    }
}

impl Live {
    fn changed(seq: i64, change: ConversationChange) -> Self {
        Self::ConversationUpdated {
            seq,
            conversation_id: change.conversation_id,
            last_message_at: change.last_message.as_ref().map(|it| it.sent_at.to_string()),
            last_message: change.last_message.map(Message::from),
            updates: Updates {
                unread_count: change.unread_count,
                status: change.status,
                stage_id: change.stage_id,
                position: change.position,
                assignee_id: change.assignee_id,
                labels: change.labels,
                snoozed_until: moment(change.snoozed_until),
                window_until: moment(change.window_until),
                waiting_since: moment(change.waiting_since),
                contact: change.is_renamed.then(|| change.contact.into()),
            },
            previous: change.previous.map(Previous::from),
        }
    }
}

impl From<desk::Message> for Message {
    fn from(message: desk::Message) -> Self {
        let mut metadata = message.metadata;
        let reactions = message
            .reactions
            .into_iter()
            .filter_map(|reaction| Some(json!({ "from": reaction.by, "emoji": reaction.emoji? })));
        let reactions: Vec<_> = reactions.collect();
        if !reactions.is_empty() {
            metadata.insert("reactions".to_owned(), Value::Array(reactions));
        }
        let moments = [("editedAt", message.edited_at), ("deletedAt", message.deleted_at)];
        for (key, moment) in moments {
            if let Some(moment) = moment {
                metadata.insert(key.to_owned(), Value::String(moment.to_string()));
            }
        }
        Self {
            id: message.id,
            whatsapp_message_id: message.provider_id,
            direction: message.direction,
            r#type: message.kind,
            content: message.content,
            metadata,
            status: shown(message.status),
            timestamp: message.sent_at.to_string(),
            contact: message.contact.into(),
            error: message.error,
            is_private: message.is_private,
        }
    }
}

impl From<desk::Contact> for Contact {
    fn from(contact: desk::Contact) -> Self {
        let desk::Contact { id, name, phone_number, email, is_blocked } = contact;
        Self { id, phone_number, name, email, is_blocked }
    }
}

impl From<desk::InboxName> for Inbox {
    fn from(inbox: desk::InboxName) -> Self {
        let desk::InboxName { id, name, channel } = inbox;
        Self { id, name, channel }
    }
}

impl From<desk::Conversation> for Conversation {
    fn from(conversation: desk::Conversation) -> Self {
        let last = conversation.last_message.as_ref();
        Self {
            id: conversation.id,
            status: conversation.status,
            stage_id: conversation.stage_id,
            inbox: conversation.inbox.into(),
            contact: conversation.contact.into(),
            assignee_id: conversation.assignee_id,
            unread_count: conversation.unread_count,
            last_message_at: last.map(|message| message.sent_at.to_string()),
            last_message: conversation.last_message.map(Message::from),
            display_id: conversation.display_id,
            created_at: conversation.created_at.to_string(),
            position: conversation.position,
            labels: conversation.labels,
            snoozed_until: conversation.snoozed_until.map(|it| it.to_string()),
            window_until: conversation.window_until.map(|it| it.to_string()),
            waiting_since: conversation.waiting_since.map(|it| it.to_string()),
        }
    }
}

impl From<desk::Stage> for Stage {
    fn from(stage: desk::Stage) -> Self {
        let desk::Stage { id, name, color } = stage;
        Self { id, name, color }
    }
}

impl From<desk::Sort> for Previous {
    fn from(sort: desk::Sort) -> Self {
        let desk::Sort { stage_id, status, is_assigned, is_unread } = sort;
        Self { stage_id, status, is_assigned, is_unread }
    }
}

/// The status that clients know: whether a message went out while nobody can tell, its error says.
fn shown(status: Status) -> Status {
    match status {
        Status::Pending | Status::Unknown => Status::Pending,
        Status::Sent | Status::Failed | Status::Delivered | Status::Read => status,
    }
}

fn moment(changed: Option<Option<desk::Time>>) -> Option<Option<String>> {
    changed.map(|moment| moment.map(|moment| moment.to_string()))
}
