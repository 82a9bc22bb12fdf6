//! The written forms of what a desk says: the contract with clients, to the letter.
//!
//! Each form is a struct of its own, so that changing one cannot change another, nor the log. A
//! stored event only ever grows; snapshots pin every one.

mod polled;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::desk::{
    self, Channel, ContactId, ConversationChange, ConversationId, ConversationStatus, Direction,
    Event, InboxId, Logged, MessageId, StageId, Status, Type, UserId,
};

pub use polled::polled;

/// A message, as REST and Socket.IO show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    id: MessageId,
    whatsapp_message_id: Option<String>,
    direction: Direction,
    r#type: Type,
    content: String,
    metadata: Map<String, Value>,
    status: Status,
    timestamp: String,
    contact: Contact,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

/// A contact, as REST and Socket.IO show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    id: ContactId,
    phone_number: String,
    name: Option<String>,
}

/// A conversation, as REST and Socket.IO show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    id: ConversationId,
    status: ConversationStatus,
    stage_id: StageId,
    inbox: Inbox,
    contact: Contact,
    assignee_id: Option<UserId>,
    unread_count: i32,
    last_message: Option<Message>,
    last_message_at: Option<String>,
    created_at: String,
}

/// An inbox, as agents see it.
#[derive(Serialize)]
pub struct Inbox {
    id: InboxId,
    name: String,
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
    contact: Option<Contact>,
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
        status: Status,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Value>,
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
    }
}

/// Returns an event's payload for Socket.IO and SSE, written once for all who need it.
pub fn live(logged: &Logged) -> &str {
    logged.live(|logged| {
        let live = serde_json::to_string(&Live::from(logged)).expect("only text keys");
        live.into_boxed_str()
    })
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
                status: it.status,
                error: it.error.clone(),
            },
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
                contact: change.is_renamed.then(|| change.contact.into()),
            },
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
            status: message.status,
            timestamp: message.sent_at.to_string(),
            contact: message.contact.into(),
            error: message.error,
        }
    }
}

impl From<desk::Contact> for Contact {
    fn from(contact: desk::Contact) -> Self {
        let desk::Contact { id, name, phone_number } = contact;
        Self { id, phone_number, name }
    }
}

impl From<desk::Conversation> for Conversation {
    fn from(conversation: desk::Conversation) -> Self {
        let desk::InboxName { id, name, channel } = conversation.inbox;
        let last = conversation.last_message.as_ref();
        Self {
            id: conversation.id,
            status: conversation.status,
            stage_id: conversation.stage_id,
            inbox: Inbox { id, name, channel },
            contact: conversation.contact.into(),
            assignee_id: conversation.assignee_id,
            unread_count: conversation.unread_count,
            last_message_at: last.map(|message| message.sent_at.to_string()),
            last_message: conversation.last_message.map(Message::from),
            created_at: conversation.created_at.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_json_snapshot;
    use serde_json::{Value, json};

    use super::{live, live_name, polled};
    use crate::desk::Logged;

    /// Clients parse these bytes, and the log keeps what they are made from. A diff here is a change
    /// of contract: fields may be added, nothing else.
    #[test]
    fn every_event_as_it_is_stored_and_as_it_is_told() {
        let contact = json!({ "id": id(4), "name": "Ana", "phone_number": "5511888888888" });
        let message = json!({
            "id": id(1), "conversation_id": id(2), "inbox_id": id(3), "provider_id": "wamid.1",
            "direction": "INBOUND", "kind": "IMAGE", "content": "Olha só",
            "metadata": { "kind": "image", "image": { "id": "media-1" } },
            "reactions": [
                { "by": "5511888888888", "at": 1_700_000_001_000_000_i64, "emoji": "👍" },
                { "by": "5511999999999", "at": 1_700_000_002_000_000_i64, "emoji": null },
            ],
            "status": "DELIVERED", "sent_at": 1_700_000_000_123_456_i64,
            "edited_at": 1_700_000_003_000_000_i64, "contact": contact,
        });
        let conversation = json!({
            "id": id(2), "inbox": { "id": id(3), "name": "WhatsApp", "channel": "whatsapp" }, "contact": contact,
            "stage_id": id(5), "status": "OPEN", "assignee_id": null, "unread_count": 1,
            "last_message": message, "created_at": 1_700_000_000_200_000_i64,
        });
        let change = json!({ "conversation_id": id(2), "inbox_id": id(3), "last_message": message,
            "unread_count": 2, "status": "OPEN", "stage_id": id(5), "contact": contact, "is_renamed": true });
        let mut failed = message.clone();
        failed["status"] = json!("FAILED");
        failed["error"] = json!({ "code": 131_026, "title": "Message undeliverable" });
        let stored = [
            ("conversation_opened", conversation),
            ("conversation_changed", change),
            (
                "conversation_changed",
                json!({ "conversation_id": id(2), "inbox_id": id(3), "unread_count": 0, "contact": contact }),
            ),
            ("message_received", message.clone()),
            ("message_sent", message.clone()),
            ("message_changed", message),
            ("status_moved", failed),
        ];
        let told = stored.map(|(event, data)| {
            let stored = json!({ "event": event, "data": data });
            let logged = Logged::example(7, serde_json::from_value(stored.clone()).unwrap());
            assert_eq!(serde_json::to_value(&logged.event).unwrap(), stored);
            let payload: Value = serde_json::from_str(live(&logged)).unwrap();
            let update: Value = serde_json::from_str(polled(&logged)).unwrap();
            json!({ "stored": event, "told": [live_name(&logged.event), payload, "7"], "polled": update })
        });
        assert_json_snapshot!(told);
    }

    fn id(number: u128) -> Value {
        json!(format!("00000000-0000-0000-0000-{number:012}"))
    }
}
