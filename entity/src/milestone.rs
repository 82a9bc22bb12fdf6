//! How long customers waited.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::scope::tenant_scoped;
use crate::{ConversationId, InboxId, TenantId, Time, UserId};

/// A moment by which a tenant measures how quick it is.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "milestone")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its inbox.
    pub inbox_id: InboxId,
    /// Who answered or resolved; nothing if it was done in the provider's own app.
    pub user_id: Option<UserId>,
    /// What was reached.
    pub kind: Kind,
    /// How long it took.
    pub seconds: i64,
    /// When it was reached.
    pub happened_at: Time,
}

/// What was reached.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first answer since the conversation was opened or opened again.
    FirstResponse,
    /// Any answer to a customer who waited.
    Response,
    /// The conversation was resolved.
    Resolution,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
