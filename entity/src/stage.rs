//! Columns of the board.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{StageId, TenantId, Time};

/// A column of the board.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stage")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StageId,
    /// Whose board it is on.
    pub tenant_id: TenantId,
    /// Its heading.
    pub name: String,
    /// A CSS colour.
    pub color: String,
    /// Its place from the left. New conversations start in the lowest.
    pub position: i32,
    /// When it was added.
    pub created_at: Time,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
