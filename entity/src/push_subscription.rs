//! Where people are told something while no tab of theirs is open.

use sea_orm::entity::prelude::*;

use crate::scope::tenant_scoped;
use crate::{PushSubscriptionId, SessionId, TenantId, Time, UserId};

/// A browser that shows what one person is told.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "push_subscription")]
pub struct Model {
    /// Its identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PushSubscriptionId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Who uses the browser.
    pub user_id: UserId,
    /// The session they use it in, with which it ends.
    pub session_id: Option<SessionId>,
    /// When it ends, of somebody without a session.
    pub expires_at: Option<Time>,
    /// Where its push service takes messages; unique, whoever uses the browser.
    pub endpoint: String,
    /// The browser's public key, base64url.
    pub p256dh: String,
    /// The secret that it shares with whoever writes to it, base64url.
    pub auth: String,
    /// When it was made, or last told of.
    pub told_at: Time,
}

/// Nothing points from here.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tenant_scoped!();
