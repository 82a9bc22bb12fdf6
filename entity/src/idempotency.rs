//! Requests that are not to be done twice.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{TenantId, Time};

/// A request that bore an `Idempotency-Key`, and its answer.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Who asked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub caller: String,
    /// The key they chose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// By what path and body are known again, under a key of the server's: another request may not bear the
    /// same key.
    pub fingerprint: String,
    /// The answer's status; nothing while it is being worked on.
    pub status: Option<i32>,
    /// The answer's body.
    pub body: Option<String>,
    /// When it was first asked.
    pub created_at: Time,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
