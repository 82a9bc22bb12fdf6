//! What people get done, noted as they do it.

use crate::scope::tenant_scoped;
use crate::{InboxId, TenantId, UserId};
use sea_orm::entity::prelude::*;

/// What a person has done on a day in an inbox.
///
/// How long each thing took is a list of seconds, with a space before each.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workday")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The day (UTC), counted from 1970 on.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i64,
    /// The inbox.
    #[sea_orm(primary_key, auto_increment = false)]
    pub inbox_id: InboxId,
    /// Who; empty for what was done in the provider's own app.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// How many messages to customers they wrote.
    pub sent: i64,
    /// What each first answer took.
    pub first_response: String,
    /// What each answer took.
    pub response: String,
    /// What each resolution took.
    pub resolution: String,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
