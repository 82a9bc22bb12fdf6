//! The rows of the database, one file per table.
//!
//! Entities hold columns and nothing else. What may happen to a row is decided in the server's
//! `desk` module; how a row looks to clients, in `wire`.

#![expect(clippy::disallowed_methods, reason = "the derives expand to unscoped queries")]

pub mod api_token;
pub mod audit;
pub mod canned_response;
pub mod chat_session;
pub mod contact;
pub mod contact_address;
pub mod conversation;
pub mod conversation_label;
pub mod delivery;
pub mod event;
pub mod id;
pub mod idempotency;
pub mod inbox;
pub mod inbox_member;
pub mod media;
pub mod message;
pub mod milestone;
pub mod parked;
pub mod push_key;
pub mod push_subscription;
pub mod room;
pub mod scope;
pub mod session;
pub mod stage;
pub mod tally;
pub mod tenant;
pub mod time;
pub mod traffic;
pub mod user;
pub mod webhook;
pub mod workday;

pub use id::{
    ApiTokenId, AuditId, CannedResponseId, ChatSessionId, ContactId, ConversationId, DeliveryId,
    InboxId, MediaId, MessageId, PushSubscriptionId, SessionId, StageId, TenantId, UserId,
    WebhookId,
};
pub use scope::TenantScoped;
pub use time::Time;
