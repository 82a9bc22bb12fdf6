//! What a channel understood of a webhook, before the desk has stored it.

use bytes::Bytes;
use entity::{ConversationId, Time, WebhookId, conversation, message};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::event::told;
use super::{Channel, File, Handover};

/// The word in a message's metadata that says that it stands for one whose content comes later, under
/// the same identifier.
pub const PLACEHOLDER: &str = "placeholder";

/// A webhook request: its bytes, and what its channel reads in them.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Whose dialect it is in.
    pub channel: Channel,
    /// The request's body, kept as it came.
    pub body: Bytes,
    /// Its elements, in order.
    pub elements: Vec<Element>,
    /// The stored request that is read once more; nothing for one that has just arrived.
    pub replay_of: Option<WebhookId>,
}

/// One of the things a webhook tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// The inbox it is for, as the channel names it.
    pub inbox: Option<Address>,
    /// The provider's word for what it is.
    pub kind: String,
    /// The provider's identifier of what it tells of.
    pub provider_id: Option<String>,
    /// What it tells.
    pub content: Content,
}

/// How a channel names one of the tenant's inboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The name that is unique within the channel.
    pub id: String,
    /// What people would call it.
    pub label: String,
}

/// What an element tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Somebody wrote.
    Message(Box<Incoming>),
    /// Something happened to a message.
    Amendment {
        /// The provider's identifier of that message.
        target: String,
        /// What that message was called when it was handed to the provider, if that is told.
        handover: Option<Handover>,
        /// What happened.
        amendment: Amendment,
    },
    /// These addresses are one person's, the best first.
    Identity(Vec<String>),
    /// Who somebody is.
    Person {
        /// They.
        who: Profile,
        /// Since when, by the provider's clock; nothing if that is not told.
        at: Option<Time>,
    },
    /// How a thread stands.
    Standing(Box<Standing>),
    /// Nothing that changes a desk; why.
    Aside(String),
    /// Nothing that can be understood; why.
    Broken(String),
}

/// A message as a channel understood it.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The provider's own identifier; a second message that bears it is a repeat.
    pub provider_id: String,
    /// Which way it went: what the business wrote in the provider's own app is outbound.
    pub direction: message::Direction,
    /// The person on the far side: all addresses that are told to be theirs, the best first.
    pub addresses: Vec<String>,
    /// What they call themselves.
    pub name: Option<String>,
    /// Their number as people write it, if that is told.
    pub number: Option<String>,
    /// Where else they are reached, if they say so.
    pub email: Option<String>,
    /// The thread, where the channel names those.
    pub thread: Option<String>,
    /// What it was called when it was handed to the provider, if that is told: then it is our own.
    pub handover: Option<Handover>,
    /// Of when this is, where the provider tells all of a message anew with each change.
    pub told_at: Option<Time>,
    /// Whether it is a note among agents.
    pub is_private: bool,
    /// What clients draw it as.
    pub kind: message::Type,
    /// What it says.
    pub content: String,
    /// What else is known; `kind` in it is the provider's own word.
    pub metadata: Map<String, Value>,
    /// How far it has got.
    pub status: message::Status,
    /// When it was written by the provider's clock; nothing if that made no sense.
    pub sent_at: Option<Time>,
    /// Whether nobody has to be alerted: a notice, or an import of old messages.
    pub quiet: bool,
    /// For how many seconds the channel lets the business write freely after it, if that is limited.
    pub window: Option<i64>,
    /// The file that it carries.
    pub attachment: Option<Attachment>,
    /// What the conversation has been called before it was opened, if it has.
    pub conversation: Option<ConversationId>,
}

/// Somebody on the far side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// All addresses that are told to be theirs, the best first.
    pub addresses: Vec<String>,
    /// What they call themselves.
    pub name: Option<String>,
    /// Their number as people write it.
    pub number: Option<String>,
    /// Where else they are reached.
    pub email: Option<String>,
}

/// How a thread stands, as its channel tells. The newest counts; what the channel has not changed
/// since it last told is left as agents have it here.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Which thread.
    pub thread: String,
    /// With whom.
    pub with: Profile,
    /// Of when this is, by the channel's clock.
    pub at: Time,
    /// What is told.
    pub told: Told,
}

/// What a channel tells of how a thread stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Told {
    /// Whether somebody has to do something.
    pub status: Option<conversation::Status>,
    /// When it is opened again, if that is known.
    pub snoozed_until: Option<Time>,
    /// Who looks after it: nobody is told too.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    pub assignee: Option<Option<Colleague>>,
    /// What it is labelled with, in alphabetical order.
    pub labels: Option<Vec<String>>,
}

/// An agent, as a channel knows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Colleague {
    /// By which they sign in here too, perhaps.
    pub email: Option<String>,
    /// What they are called.
    pub name: String,
}

/// A file that is at its channel, or came from there with its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The provider's own identifier.
    pub provider_id: String,
    /// What kind of file it is said to be.
    pub mime_type: String,
    /// What its sender called it.
    pub filename: Option<String>,
    /// The hash of its bytes in hexadecimal, if that is told.
    pub sha256: Option<String>,
    /// For how many seconds the provider keeps it.
    pub kept_for: i64,
    /// What there is to know of its bytes, if they are in the store already.
    pub stored: Option<File>,
}

/// Something that happened to a message. Applying one twice, or several in any order, ends in the
/// same state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "amendment", rename_all = "snake_case")]
pub enum Amendment {
    /// It got further, or failed.
    Status {
        /// How far.
        status: message::Status,
        /// Why it failed, in the provider's words.
        error: Option<Value>,
        /// Whether it failed because the channel takes nothing but templates now.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        closes_window: bool,
    },
    /// Somebody reacted; the newest reaction of each person counts.
    Reaction {
        /// Who, as the provider names them.
        by: String,
        /// How; nothing takes the reaction back.
        emoji: Option<String>,
        /// When.
        at: Time,
    },
    /// It was edited; the newest edit counts.
    Edit {
        /// What it says now.
        content: String,
        /// What else is known now.
        metadata: Map<String, Value>,
        /// When.
        at: Time,
    },
    /// The provider has told all of it anew; the newest counts.
    Told {
        /// What it says now.
        content: String,
        /// What else is known now.
        metadata: Map<String, Value>,
        /// Of when this is.
        at: Time,
    },
    /// It was deleted for everyone.
    Revoke {
        /// When.
        at: Time,
    },
}
