//! What came before the message it speaks of.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{InboxId, TenantId, Time, WebhookId};

/// A status, reaction, edit or deletion that waits for its message.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parked")]
pub struct Model {
    /// The webhook it came in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub webhook_id: WebhookId,
    /// Its place among that webhook's elements.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The inbox within which `target` is unique.
    pub inbox_id: InboxId,
    /// The provider's identifier of the message it waits for.
    pub target: String,
    /// The server's `desk::Amendment` as JSON.
    pub amendment: String,
    /// When it was put here.
    pub parked_at: Time,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
