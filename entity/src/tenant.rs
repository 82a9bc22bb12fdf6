//! Customers of this installation.

use sea_orm::entity::prelude::*;

use crate::{TenantId, Time};

/// A customer of this installation, and where its log stands.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub struct Model {
    /// Any text the operator chose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TenantId,
    /// What people call it.
    pub name: String,
    /// Number of the newest event, 0 before the first.
    pub last_seq: i64,
    /// When the newest event happened; each is later than the one before. Before the first, when
    /// the tenant was added.
    pub last_event_at: Time,
    /// When it was added.
    pub created_at: Time,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
