//! People who sign in.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::scope::tenant_scoped;
use crate::{TenantId, Time, UserId};

/// A person of the tenant's who signs in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    /// The `sub` of the person's tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Whose they are.
    pub tenant_id: TenantId,
    /// Lower case; unique in the installation, since one signs in by it alone.
    pub email: String,
    /// What colleagues see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id, in the PHC string form.
    pub password_hash: String,
    /// Whether they see only the inboxes that they are members of.
    pub restricted: bool,
    /// When they were added.
    pub created_at: Time,
    /// Since when they may not sign in any more.
    pub disabled_at: Option<Time>,
    /// When they were last connected.
    pub last_seen_at: Option<Time>,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the installation; sees every tenant's counters.
    Operator,
    /// Runs one tenant.
    Admin,
    /// Answers customers.
    Agent,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
