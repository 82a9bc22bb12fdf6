//! Threads.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::scope::tenant_scoped;
use crate::{ContactId, ConversationId, InboxId, MessageId, StageId, TenantId, Time, UserId};

/// A thread with one contact in one inbox; on the board, a card.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConversationId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Where it takes place.
    pub inbox_id: InboxId,
    /// With whom.
    pub contact_id: ContactId,
    /// Its column on the board.
    pub stage_id: StageId,
    /// Whether somebody has to do something.
    pub status: Status,
    /// Who looks after it.
    pub assignee_id: Option<UserId>,
    /// Inbound messages since an agent last read it.
    pub unread_count: i32,
    /// The newest message by the provider's clock.
    pub last_message_id: Option<MessageId>,
    /// When that message was sent.
    pub last_message_at: Option<Time>,
    /// When it was opened.
    pub created_at: Time,
    /// Its place in its column: keys are compared byte by byte, the smallest is on top.
    pub position: String,
    /// When a snoozed conversation is opened again.
    pub snoozed_until: Option<Time>,
    /// Until when the channel lets the business write freely; nothing if it never did, or always does.
    pub window_until: Option<Time>,
    /// Since when the customer waits for an answer.
    pub waiting_since: Option<Time>,
    /// When it was opened, or opened again.
    pub opened_at: Time,
    /// When it was first answered since then.
    pub responded_at: Option<Time>,
    /// When the customer last wrote, by the provider's clock.
    pub received_at: Option<Time>,
    /// When the business last wrote, by the provider's clock.
    pub answered_at: Option<Time>,
    /// How the channel names it, where it knows several with one contact.
    pub thread: Option<String>,
    /// What the channel last told of its status, assignee and labels; see the server's `desk::batch`.
    pub standing: Option<String>,
    /// A number of its own within the tenant, for clients that know conversations by numbers.
    pub display_id: i64,
}

/// Whether somebody has to do something about a conversation.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
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
    /// An answer is due.
    Open,
    /// The customer's turn.
    Pending,
    /// Put aside for a while.
    Snoozed,
    /// Done, until they write again.
    Resolved,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
