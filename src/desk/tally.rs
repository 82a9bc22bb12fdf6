//! How many conversations there are of each sort: kept as they change, never counted over.

use std::collections::BTreeMap;

use entity::conversation::Status;
use entity::{
    ConversationId, InboxId, StageId, TenantId, TenantScoped as _, conversation, message, tally,
};
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, FromQueryResult,
    IntoActiveModel as _, QueryFilter as _, QuerySelect as _,
};

use super::event::Sort;
use super::stats::verify_work;
use super::{Change, Desk, Desks, Result, Sees};

/// By how much each counter changes.
#[derive(Debug, Default)]
pub(super) struct Tallies(BTreeMap<(TenantId, InboxId, Sort), i64>);

/// A counter, and whether it is what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Whose counter.
    pub tenant: TenantId,
    /// What it counts.
    pub what: String,
    /// What it says.
    pub kept: i64,
    /// What there is.
    pub counted: i64,
}

impl Tallies {
    /// Counts a conversation that has become another one, is new, or is gone.
    pub(super) fn count(
        &mut self,
        before: Option<&conversation::Model>,
        after: Option<&conversation::Model>,
    ) {
        for (row, by) in [(before, -1), (after, 1)] {
            if let Some(row) = row {
                let key = (row.tenant_id.clone(), row.inbox_id, Sort::of(row));
                *self.0.entry(key).or_default() += by;
            }
        }
    }

    /// Writes what was counted; always in the same order, so that two transactions never wait for
    /// each other.
    pub(super) async fn store(self, txn: &impl ConnectionTrait) -> Result<(), DbErr> {
        let rows = self.0.into_iter().filter(|(_, by)| *by != 0).map(|(key, total)| {
            let (tenant_id, inbox_id, sort) = key;
            let Sort { stage_id, status, is_assigned, is_unread } = sort;
            let row = tally::Model {
                tenant_id,
                stage_id,
                inbox_id,
                status,
                is_assigned,
                is_unread,
                total,
            };
            row.into_active_model()
        });
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        let sum = Expr::col((tally::Entity, tally::Column::Total))
            .add(Expr::col((Alias::new("excluded"), tally::Column::Total)));
        let key = [
            tally::Column::TenantId,
            tally::Column::StageId,
            tally::Column::InboxId,
            tally::Column::Status,
            tally::Column::IsAssigned,
            tally::Column::IsUnread,
        ];
        let known = OnConflict::columns(key).value(tally::Column::Total, sum).to_owned();
        tally::Entity::insert_many(rows).on_conflict(known).exec_without_returning(txn).await?;
        Ok(())
    }
}

impl Change {
    /// Counts a conversation that has become another one, is new, or is gone.
    pub(super) async fn count(
        &self,
        before: Option<&conversation::Model>,
        after: Option<&conversation::Model>,
    ) -> Result<()> {
        let mut tallies = Tallies::default();
        tallies.count(before, after);
        Ok(tallies.store(&self.txn).await?)
    }
}

impl Desk {
    /// Returns how many conversations there are of each sort in the inboxes that the caller may see.
    pub(super) async fn tallies(&self, sees: &Sees) -> Result<Vec<tally::Model>> {
        let rows = tally::Entity::of_tenant(&self.tenant).all(&self.desks.db.reader).await?;
        Ok(rows.into_iter().filter(|row| row.total != 0 && sees.inbox(row.inbox_id)).collect())
    }
}

/// A recount.
#[derive(FromQueryResult)]
struct Counted {
    tenant_id: TenantId,
    stage_id: StageId,
    inbox_id: InboxId,
    status: Status,
    is_assigned: bool,
    is_unread: bool,
    total: i64,
}

impl Desks {
    /// Counts everything anew, as it is at one moment; returns the counters that have drifted from what
    /// there is.
    pub async fn verify(&self) -> Result<Vec<Drift>> {
        let all = self.db.snapshot().await?;
        let mut drift = verify_tallies(&all).await?;
        drift.extend(verify_unread(&all).await?);
        drift.extend(verify_work(&all).await?);
        Ok(drift)
    }
}

async fn verify_tallies(all: &impl ConnectionTrait) -> Result<Vec<Drift>> {
    use conversation::Column;
    let is_assigned = Expr::col(Column::AssigneeId).is_not_null();
    // In words: PostgreSQL does not see that two parameters are the same.
    let is_unread = Expr::cust("unread_count > 0");
    #[expect(clippy::disallowed_methods, reason = "the operator's check of all tenants")]
    let recount = conversation::Entity::find()
        .select_only()
        .columns([Column::TenantId, Column::StageId, Column::InboxId, Column::Status])
        .expr_as(is_assigned.clone(), "is_assigned")
        .expr_as(is_unread.clone(), "is_unread")
        .expr_as(Expr::col(Column::Id).count(), "total")
        .group_by(Column::TenantId)
        .group_by(Column::StageId)
        .group_by(Column::InboxId)
        .group_by(Column::Status)
        .group_by(is_assigned)
        .group_by(is_unread)
        .into_model::<Counted>()
        .all(all)
        .await?;
    #[expect(clippy::disallowed_methods, reason = "the operator's check of all tenants")]
    let kept = tally::Entity::find().all(all).await?;
    let mut both = BTreeMap::<_, (i64, i64)>::new();
    for row in kept {
        let tally::Model { stage_id, status, is_assigned, is_unread, .. } = row;
        let sort = Sort { stage_id, status, is_assigned, is_unread };
        both.entry((row.tenant_id, row.inbox_id, sort)).or_default().0 += row.total;
    }
    for row in recount {
        let Counted { stage_id, status, is_assigned, is_unread, .. } = row;
        let sort = Sort { stage_id, status, is_assigned, is_unread };
        both.entry((row.tenant_id, row.inbox_id, sort)).or_default().1 += row.total;
    }
    let drifted = both.into_iter().filter(|(_, (kept, counted))| kept != counted);
    Ok(drifted
        .map(|((tenant, inbox, sort), (kept, counted))| {
            let what = format!("conversations in inbox {inbox} that are {sort:?}");
            Drift { tenant, what, kept, counted }
        })
        .collect())
}

async fn verify_unread(all: &impl ConnectionTrait) -> Result<Vec<Drift>> {
    #[expect(clippy::disallowed_methods, reason = "the operator's check of all tenants")]
    let recount: Vec<(ConversationId, TenantId, i64)> = message::Entity::find()
        .select_only()
        .columns([message::Column::ConversationId, message::Column::TenantId])
        .expr_as(Expr::col(message::Column::Id).count(), "total")
        .filter(message::Column::IsUnread.eq(true))
        .group_by(message::Column::ConversationId)
        .group_by(message::Column::TenantId)
        .into_tuple()
        .all(all)
        .await?;
    #[expect(clippy::disallowed_methods, reason = "the operator's check of all tenants")]
    let kept = conversation::Entity::find()
        .filter(conversation::Column::UnreadCount.ne(0))
        .all(all)
        .await?;
    let mut both = BTreeMap::<_, (i64, i64)>::new();
    for row in kept {
        both.entry((row.tenant_id, row.id)).or_default().0 = i64::from(row.unread_count);
    }
    for (id, tenant, total) in recount {
        both.entry((tenant, id)).or_default().1 = total;
    }
    let drifted = both.into_iter().filter(|(_, (kept, counted))| kept != counted);
    Ok(drifted
        .map(|((tenant, id), (kept, counted))| {
            let what = format!("unread messages of conversation {id}");
            Drift { tenant, what, kept, counted }
        })
        .collect())
}
