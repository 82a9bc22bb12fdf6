//! The form that the polling clients know. Frozen.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{ConversationId, ConversationStatus, Direction, MessageId, StageId, Status, Type};
use crate::desk::{self, Event, Logged};

/// An update, as `check-updates` lists it.
#[derive(Serialize)]
struct Polled<'a> {
    r#type: &'static str,
    chat_id: &'a str,
    timestamp: String,
    data: Data<'a>,
    seq: i64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Message(Message<'a>),
    Chat(Chat<'a>),
}

#[derive(Serialize)]
struct Message<'a> {
    id: MessageId,
    r#type: &'static str,
    content: &'a str,
    timestamp: String,
    sender: &'a str,
    #[serde(rename = "isOwn")]
    is_own: bool,
    status: &'static str,
}

#[derive(Serialize)]
struct Chat<'a> {
    id: ConversationId,
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_count: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ConversationStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage_id: Option<StageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message: Option<Message<'a>>,
}

/// Returns an event's update for the polling clients, written once for all who need it; nothing for
/// what they do not know.
pub fn polled(logged: &Logged) -> Option<&RawValue> {
    let (r#type, contact, data) = match &logged.event {
        Event::MessageReceived(it) | Event::MessageSent(it) => {
            ("new_message", &it.contact, Data::Message(it.as_ref().into()))
        }
        Event::MessageChanged(it) | Event::StatusMoved(it) => {
            ("message_updated", &it.contact, Data::Message(it.as_ref().into()))
        }
        Event::ConversationOpened(it) => {
            ("chat_updated", &it.contact, Data::Chat(it.as_ref().into()))
        }
        Event::ConversationChanged(it) => {
            ("chat_updated", &it.contact, Data::Chat(it.as_ref().into()))
        }
        Event::StagesChanged(_)
        | Event::Notified(_)
        | Event::InboxChanged(_)
        | Event::AccessChanged { .. } => return None,
    };
    Some(logged.polled(|logged| {
        let (chat_id, timestamp) = (&*contact.phone_number, logged.happened_at.isoformat());
        let polled = Polled { r#type, chat_id, timestamp, data, seq: logged.seq };
        to_raw_value(&polled).expect("only text keys")
    }))
}

impl<'a> From<&'a desk::Message> for Message<'a> {
    fn from(message: &'a desk::Message) -> Self {
        let is_own = message.direction == Direction::Outbound;
        Self {
            id: message.id,
            r#type: kind(message.kind),
            content: &message.content,
            timestamp: message.sent_at.isoformat(),
            sender: if is_own { "" } else { &message.contact.phone_number },
            is_own,
            status: if is_own { status(message.status) } else { "sent" },
        }
    }
}

impl<'a> From<&'a desk::Conversation> for Chat<'a> {
    fn from(conversation: &'a desk::Conversation) -> Self {
        Self {
            id: conversation.id,
            name: conversation.contact.name.as_deref(),
            unread_count: Some(conversation.unread_count),
            status: Some(conversation.status),
            stage_id: Some(conversation.stage_id),
            last_message: conversation.last_message.as_ref().map(Message::from),
        }
    }
}

impl<'a> From<&'a desk::ConversationChange> for Chat<'a> {
    fn from(change: &'a desk::ConversationChange) -> Self {
        Self {
            id: change.conversation_id,
            name: change.contact.name.as_deref(),
            unread_count: change.unread_count,
            status: change.status,
            stage_id: change.stage_id,
            last_message: change.last_message.as_ref().map(Message::from),
        }
    }
}

fn kind(kind: Type) -> &'static str {
    match kind {
        Type::Text => "text",
        Type::Image => "image",
        Type::Video => "video",
        Type::Audio => "audio",
        Type::Document => "document",
        Type::Location => "location",
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Pending | Status::Unknown => "pending",
        Status::Sent => "sent",
        Status::Failed => "failed",
        Status::Delivered => "delivered",
        Status::Read => "read",
    }
}
