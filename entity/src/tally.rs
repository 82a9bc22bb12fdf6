//! How many conversations there are of each sort, counted as they change.

use crate::conversation::Status;
use crate::scope::tenant_scoped;
use crate::{InboxId, StageId, TenantId};
use sea_orm::entity::prelude::*;

/// How many conversations of a tenant are of one sort.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tally")]
pub struct Model {
    /// Whose they are.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Their column of the board.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stage_id: StageId,
    /// Their inbox.
    #[sea_orm(primary_key, auto_increment = false)]
    pub inbox_id: InboxId,
    /// Their status.
    #[sea_orm(primary_key, auto_increment = false)]
    pub status: Status,
    /// Whether somebody looks after them.
    #[sea_orm(primary_key, auto_increment = false)]
    pub is_assigned: bool,
    /// Whether they hold something unread.
    #[sea_orm(primary_key, auto_increment = false)]
    pub is_unread: bool,
    /// How many there are.
    pub total: i64,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
