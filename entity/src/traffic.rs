//! How many messages come and go, counted as they are stored.

use crate::scope::tenant_scoped;
use crate::{InboxId, TenantId};
use sea_orm::entity::prelude::*;

/// The messages of an hour in an inbox; notes among agents do not count.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "traffic")]
pub struct Model {
    /// Whose they are.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The hour in which they were stored, counted from 1970 on.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hour: i64,
    /// Their inbox.
    #[sea_orm(primary_key, auto_increment = false)]
    pub inbox_id: InboxId,
    /// How many contacts wrote.
    pub received: i64,
    /// How many the business wrote.
    pub sent: i64,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
