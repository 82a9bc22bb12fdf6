//! How quick a tenant is.

use entity::milestone::Kind;
use entity::{Time, UserId, conversation, milestone};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel};

use super::{Change, Result};

impl Change {
    /// Notes what a conversation has reached, and by whom.
    pub(super) async fn reach(
        &self,
        row: &conversation::Model,
        by: Option<&UserId>,
        reached: Vec<(Kind, i64)>,
        at: Time,
    ) -> Result<()> {
        let rows = milestones(row, by, reached, at);
        Ok(store(&self.txn, rows.collect()).await?)
    }
}

/// The rows that tell what a conversation has reached.
pub(super) fn milestones(
    row: &conversation::Model,
    by: Option<&UserId>,
    reached: Vec<(Kind, i64)>,
    at: Time,
) -> impl Iterator<Item = milestone::Model> {
    reached.into_iter().map(move |(kind, seconds)| milestone::Model {
        id: uuid::Uuid::now_v7(),
        tenant_id: row.tenant_id.clone(),
        conversation_id: row.id,
        inbox_id: row.inbox_id,
        user_id: by.cloned(),
        kind,
        seconds,
        happened_at: at,
    })
}

/// Writes milestones.
pub(super) async fn store(
    txn: &impl ConnectionTrait,
    rows: Vec<milestone::Model>,
) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    milestone::Entity::insert_many(rows).exec_without_returning(txn).await?;
    Ok(())
}
