//! Answers that are given often.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{CannedResponseId, TenantId, Time};

/// An answer that agents call up by its name.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "canned_response")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CannedResponseId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// What agents type after `/`; unique to the tenant.
    pub shortcut: String,
    /// What it says.
    pub content: String,
    /// When it was written.
    pub created_at: Time,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
