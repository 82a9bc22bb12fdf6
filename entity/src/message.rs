//! Messages.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::scope::tenant_scoped;
use crate::{ConversationId, DeliveryId, InboxId, MessageId, TenantId, Time, UserId};

/// One message, in either direction.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The thread it stands in.
    pub conversation_id: ConversationId,
    /// The inbox of that thread: provider ids are unique within it.
    pub inbox_id: InboxId,
    /// The provider's own identifier, once known.
    pub provider_id: Option<String>,
    /// Which way it went.
    pub direction: Direction,
    /// What clients draw it as.
    #[sea_orm(column_name = "type")]
    pub kind: Type,
    /// What it says; a caption for media.
    pub content: String,
    /// What else the provider told, a JSON object; `kind` in it is the provider's own word.
    pub metadata: String,
    /// Who reacted how, a JSON list; see the server's `desk::message`.
    pub reactions: String,
    /// How far it has got.
    pub status: Status,
    /// Why it failed, a JSON object.
    pub error: Option<String>,
    /// When it was written, by the provider's clock.
    pub sent_at: Time,
    /// The newest edit by the provider's clock.
    pub edited_at: Option<Time>,
    /// When it was deleted for everyone.
    pub deleted_at: Option<Time>,
    /// When it was stored.
    pub created_at: Time,
    /// Who wrote it, if an agent did.
    pub author_id: Option<UserId>,
    /// The author's own identifier, by which a repeat is known.
    pub client_id: Option<String>,
    /// By which delivery it was last to be sent: a provider's word about an earlier one is old.
    pub delivery_id: Option<DeliveryId>,
    /// Whether it is a note among agents that no customer sees.
    pub is_private: bool,
    /// Whether it counts as unread.
    pub is_unread: bool,
    /// Of when, by the provider's clock, what is stored of it is, where the provider tells all of it
    /// anew with each change.
    pub told_at: Option<Time>,
}

/// Which way a message went, seen from the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// From the contact.
    Inbound,
    /// From the business.
    Outbound,
}

/// What clients draw a message as. Closed, so that no client meets a word it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Type {
    /// Words, and everything that is best shown as words.
    Text,
    /// A picture or sticker.
    Image,
    /// A film.
    Video,
    /// A sound or voice message.
    Audio,
    /// A file.
    Document,
    /// A place.
    Location,
}

/// How far a message has got, in the order in which it only moves forward.
///
/// A failure is overtaken by the proof that the message arrived after all, never the reverse.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    EnumIter,
    DeriveActiveEnum,
    Serialize,
    Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// The channel has not taken it yet.
    Pending,
    /// The channel was asked, and nobody knows whether it has taken it.
    Unknown,
    /// The channel has taken it.
    Sent,
    /// It will not arrive.
    Failed,
    /// It is on the contact's device.
    Delivered,
    /// The contact has seen it.
    Read,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
