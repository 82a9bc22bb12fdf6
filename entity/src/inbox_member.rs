//! Who sees which inbox.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{InboxId, TenantId, UserId};

/// A restricted user's access to an inbox.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox_member")]
pub struct Model {
    /// The inbox that may be seen.
    #[sea_orm(primary_key, auto_increment = false)]
    pub inbox_id: InboxId,
    /// The user who may see it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Whose both are.
    pub tenant_id: TenantId,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
