//! Who is signed in, and with which refresh token.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{SessionId, TenantId, Time, UserId};

/// One refresh token. All that descend from one sign-in are a family.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Who signed in.
    pub user_id: UserId,
    /// The sign-in it descends from.
    pub family: SessionId,
    /// SHA-256 of the token, in hexadecimal.
    pub token_hash: String,
    /// The address it was issued to.
    pub address: Option<String>,
    /// The program it was issued to.
    pub user_agent: Option<String>,
    /// When it was issued.
    pub created_at: Time,
    /// Until when it can be used.
    pub expires_at: Time,
    /// When it was exchanged for the next; a second use gives a thief away.
    pub used_at: Option<Time>,
    /// When it was taken back.
    pub revoked_at: Option<Time>,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
