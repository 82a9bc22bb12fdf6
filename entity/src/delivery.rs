//! What is to be handed to a channel.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::scope::tenant_scoped;
use crate::{ConversationId, DeliveryId, InboxId, MessageId, TenantId, Time};

/// Something that the courier is to tell a channel. Once it is told, or cannot be, the row goes.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    /// Its identifier; within a conversation deliveries are made in this order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeliveryId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The inbox through which it goes.
    pub inbox_id: InboxId,
    /// The conversation it is for.
    pub conversation_id: ConversationId,
    /// The message that is to be sent, or was reacted to, or has been read.
    pub message_id: MessageId,
    /// What is to be told.
    pub kind: Kind,
    /// How far it is.
    pub state: State,
    /// Not to be tried before.
    pub due_at: Time,
    /// How often it was tried, but for the tries that do not count.
    pub attempts: i32,
    /// Until when it is the courier's who claimed it.
    pub leased_until: Option<Time>,
    /// When that courier began to tell the channel: from then on it may have been told.
    pub begun_at: Option<Time>,
    /// Grows with every claim: who holds an older number may not settle.
    pub fence: i64,
    /// Why it was not delivered last time.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: Time,
}

/// What a channel is told.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// To send the message.
    Message,
    /// How the business has reacted to the message.
    Reaction,
    /// That the message was read.
    Read,
    /// Whether somebody has to do something about the conversation.
    Status,
    /// Who looks after it.
    Assignee,
    /// What it is labelled with.
    Labels,
}

/// How far a delivery is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has it.
    Due,
    /// A courier has it.
    Claimed,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
