//! Who did what.

use entity::{AuditId, TenantId, TenantScoped as _, Time, UserId, audit};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::{Map, Value};

use super::message::json;
use super::{Change, Desk, Result};

/// Somebody who does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// What colleagues call them.
    pub name: String,
    /// From where, as far as is known.
    pub address: Option<String>,
}

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// Its identifier; later lines have greater ones.
    pub id: AuditId,
    /// Who did it; nothing for the operator's command line, and for whom nobody knows.
    pub actor: Option<UserId>,
    /// What was done, a word such as `user.added`.
    pub action: String,
    /// To what, as `kind:id`.
    pub subject: String,
    /// What else is worth knowing.
    pub details: Map<String, Value>,
    /// From where.
    pub address: Option<String>,
    /// When.
    pub happened_at: Time,
}

impl Desk {
    /// Returns up to `limit` lines of the audit log from before the line `before`, newest first.
    pub async fn audit(&self, before: Option<AuditId>, limit: u64) -> Result<Vec<Audit>> {
        let mut lines = audit::Entity::of_tenant(&self.tenant);
        if let Some(before) = before {
            lines = lines.filter(audit::Column::Id.lt(before));
        }
        let rows =
            lines.order_by_desc(audit::Column::Id).limit(limit).all(&self.desks.db.reader).await?;
        Ok(rows.into_iter().map(Audit::from).collect())
    }
}

impl Change {
    /// Notes in the audit log what somebody does by this change. `details` hold no secrets and no
    /// customers' texts.
    pub(super) async fn note(
        &self,
        by: &Actor,
        action: &str,
        subject: &str,
        details: Value,
    ) -> Result<()> {
        Ok(note(&self.txn, &self.desk.tenant, Some(by), action, subject, details).await?)
    }
}

/// Notes in the audit log what is done in a transaction.
pub(super) async fn note(
    txn: &impl ConnectionTrait,
    tenant: &TenantId,
    by: Option<&Actor>,
    action: &str,
    subject: &str,
    details: Value,
) -> Result<(), DbErr> {
    let row = audit::Model {
        actor_id: by.map(|by| by.user.clone()),
        address: by.and_then(|by| by.address.clone()),
        ..line(tenant, action, subject, &details)
    };
    audit::Entity::insert(row.into_active_model()).exec_without_returning(txn).await?;
    Ok(())
}

/// Notes in the audit log what somebody does of whom only the address is known.
pub(super) async fn note_stranger(
    txn: &impl ConnectionTrait,
    tenant: &TenantId,
    address: Option<String>,
    action: &str,
    subject: &str,
    details: Value,
) -> Result<(), DbErr> {
    let row = audit::Model { address, ..line(tenant, action, subject, &details) };
    audit::Entity::insert(row.into_active_model()).exec_without_returning(txn).await?;
    Ok(())
}

fn line(tenant: &TenantId, action: &str, subject: &str, details: &Value) -> audit::Model {
    audit::Model {
        id: AuditId::generate(),
        tenant_id: tenant.clone(),
        actor_id: None,
        action: action.to_owned(),
        subject: subject.to_owned(),
        details: json(details),
        address: None,
        happened_at: Time::now(),
    }
}

impl From<audit::Model> for Audit {
    fn from(row: audit::Model) -> Self {
        Self {
            id: row.id,
            actor: row.actor_id,
            action: row.action,
            subject: row.subject,
            details: serde_json::from_str(&row.details).unwrap_or_default(),
            address: row.address,
            happened_at: row.happened_at,
        }
    }
}
