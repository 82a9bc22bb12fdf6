//! Tokens for programs.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{ApiTokenId, TenantId, Time, UserId};

/// A token by which a program acts for a person.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiTokenId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// For whom it acts.
    pub user_id: UserId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the token, in hexadecimal.
    pub token_hash: String,
    /// What it may do, a JSON list.
    pub scopes: String,
    /// When it was made.
    pub created_at: Time,
    /// Until when it can be used.
    pub expires_at: Option<Time>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
    /// When it was taken back.
    pub revoked_at: Option<Time>,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
