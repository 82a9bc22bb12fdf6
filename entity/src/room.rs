//! Conversations that clients have on their screens.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{ConversationId, TenantId, Time};

/// A connection's place in a conversation's room, for when it comes back after a cut.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "room")]
pub struct Model {
    /// The connection, by the name that its client hands back.
    #[sea_orm(primary_key, auto_increment = false)]
    pub pid: String,
    /// The conversation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub conversation_id: ConversationId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// When it was joined.
    pub joined_at: Time,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
