//! What conversations are labelled with.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{ConversationId, TenantId};

/// A label that a conversation bears.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation_label")]
pub struct Model {
    /// The conversation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub conversation_id: ConversationId,
    /// The label, as agents wrote it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub label: String,
    /// Whose both are.
    pub tenant_id: TenantId,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
