//! Tenancy, enforced where queries begin.

use sea_orm::entity::prelude::*;

use crate::TenantId;

/// A table whose every row belongs to one tenant.
pub trait TenantScoped: EntityTrait {
    /// The column that holds the owner.
    const TENANT: Self::Column;

    /// Starts a query on one tenant's rows. No other way to start one passes the lints.
    fn of_tenant(tenant: &TenantId) -> Select<Self> {
        Self::find().filter(Self::TENANT.eq(tenant.clone()))
    }
}

macro_rules! tenant_scoped {
    () => {
        impl crate::TenantScoped for Entity {
            const TENANT: Column = Column::TenantId;
        }

        impl ActiveModelBehavior for ActiveModel {}
    };
}
pub(crate) use tenant_scoped;
