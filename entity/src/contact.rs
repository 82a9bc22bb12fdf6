//! People on the far side.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{ContactId, TenantId, Time};

/// A person on the far side of a channel.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactId,
    /// Whose contact it is.
    pub tenant_id: TenantId,
    /// What they call themselves, as of `named_at`.
    pub name: Option<String>,
    /// When the provider told the name; a later name replaces it, an earlier one does not.
    pub named_at: Time,
    /// The number to show and to call back, in the form the provider last used.
    pub phone_number: String,
    /// When the provider told that number.
    pub numbered_at: Time,
    /// When they first wrote.
    pub created_at: Time,
    /// Where else they are reached, as of `email_told_at`.
    pub email: Option<String>,
    /// When the provider told that; a later address replaces it, an earlier one does not.
    pub email_told_at: Time,
    /// Whether an agent set it; the provider's does not replace it then.
    pub is_email_by_agent: bool,
    /// What agents noted about them.
    pub notes: String,
    /// Whether an agent chose the name; the provider's does not replace it then.
    pub is_named_by_agent: bool,
    /// Since when what they write alerts nobody.
    pub blocked_at: Option<Time>,
    /// The contact who is the same person, once an agent has said so.
    pub merged_into: Option<ContactId>,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
