//! Where contacts are reached.

use sea_orm::entity::prelude::*;

use crate::inbox::Channel;
use crate::scope::tenant_scoped;
use crate::{ContactId, TenantId};

/// One of the addresses by which a channel knows a contact.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_address")]
pub struct Model {
    /// Whose contact it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The channel that uses the address.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: Channel,
    /// A phone number or user id in the one form under which it is compared.
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    /// Who is reached there.
    pub contact_id: ContactId,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
