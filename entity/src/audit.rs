//! Who did what.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{AuditId, TenantId, Time, UserId};

/// Something that somebody did. Rows are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Who did it; nothing for the operator's command line.
    pub actor_id: Option<UserId>,
    /// What was done, a word such as `user.added`.
    pub action: String,
    /// To what, as `kind:id`.
    pub subject: String,
    /// What else is worth knowing, a JSON object; no secrets, no customers' texts.
    pub details: String,
    /// From where.
    pub address: Option<String>,
    /// When.
    pub happened_at: Time,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
