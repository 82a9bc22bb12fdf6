//! The log.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{InboxId, TenantId, Time};

/// A fact about a desk, at its place in the tenant's log.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// Whose log it is in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its place: 1, 2, 3, … without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The inbox it is about; who may not see that inbox does not see the event.
    pub inbox_id: Option<InboxId>,
    /// The server's `desk::Event` as JSON.
    pub data: String,
    /// When it was committed; strictly increasing with `seq`.
    pub happened_at: Time,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
