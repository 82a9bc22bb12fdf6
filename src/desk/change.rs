//! Changing a desk, and saying so.

use std::sync::Arc;
use std::time::Instant;

use entity::{TenantId, Time, event};
use sea_orm::{ConnectionTrait as _, DbErr, EntityTrait as _, IntoActiveModel as _, Statement};

use super::patience::Txn;
use super::{Desk, Event, Logged, Result};

/// Moves the log's head by `$1` events, the last of which happens at or after `$2`.
const ADVANCE: &str = "UPDATE tenant SET last_seq = last_seq + $1, last_event_at = $1 - 1 +
    CASE WHEN last_event_at >= $2 THEN last_event_at + 1 ELSE $2 END
    WHERE id = $3 RETURNING last_seq, last_event_at";

/// How many rows one INSERT carries: `SQLite` binds at most 32,766 values.
pub(super) const ROWS_PER_INSERT: usize = 1_000;

/// One transaction on one tenant's rows, together with the events it causes.
///
/// Dropping a change undoes it. Whoever has one asks the database by it alone: it may hold the last
/// connection of PostgreSQL's pool, and so may others who would all wait for one more.
pub(super) struct Change {
    pub(super) txn: Txn,
    pub(super) desk: Desk,
}

impl Desk {
    /// Opens a change.
    pub(super) async fn change(&self) -> Result<Change> {
        Ok(Change { txn: self.desks.db.begin().await?, desk: self.clone() })
    }
}

impl Change {
    /// Makes the change permanent, with the events that tell of it; there is at least one.
    pub(super) async fn commit(
        self,
        first: Event,
        more: impl IntoIterator<Item = Event>,
    ) -> Result<()> {
        let events = std::iter::once(first).chain(more).map(|event| (event, None)).collect();
        let logged = append(&self.txn, &self.desk.tenant, events).await?;
        self.txn.commit().await?;
        self.desk.desks.tails.publish(&self.desk.tenant, &logged).await;
        Ok(())
    }
}

impl Change {
    /// Makes permanent what nobody follows: sessions, tokens, keys, canned responses. What clients
    /// show as it happens has an event.
    pub(super) async fn commit_unseen(self) -> Result<()> {
        Ok(self.txn.commit().await?)
    }
}

/// Appends `events` to a tenant's log; the last thing a transaction does.
///
/// The numbers come from the tenant's row, whose lock is held from here to the commit. They
/// therefore become visible in order and without gaps, and a reader that asks for all after *n* can
/// never miss one. Times are taken under the same lock, and each is later than the one before.
/// Beside an event stands when the webhook arrived that tells of it, if one does.
pub(super) async fn append(
    txn: &Txn,
    tenant: &TenantId,
    events: Vec<(Event, Option<Instant>)>,
) -> Result<Vec<Arc<Logged>>, DbErr> {
    let count = i64::try_from(events.len()).expect("fewer events than memory has bytes");
    let values = [count.into(), Time::now().0.into(), tenant.0.clone().into()];
    let advance = Statement::from_sql_and_values(txn.get_database_backend(), ADVANCE, values);
    let head = txn.query_one_raw(advance).await?.ok_or(DbErr::RecordNotUpdated)?;
    let (last_seq, last_at): (i64, i64) =
        (head.try_get("", "last_seq")?, head.try_get("", "last_event_at")?);

    let first_seq = last_seq - count + 1;
    let logged = events.into_iter().zip(first_seq..).map(|((event, arrived), seq)| {
        Logged::new(seq, Time(last_at - (last_seq - seq)), event, arrived)
    });
    let logged: Vec<_> = logged.collect();
    for some in logged.chunks(ROWS_PER_INSERT) {
        let rows = some.iter().map(|logged| row(tenant, logged));
        let rows = rows.collect::<Result<Vec<_>, DbErr>>()?;
        event::Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    Ok(logged)
}

fn row(tenant: &TenantId, logged: &Logged) -> Result<event::ActiveModel, DbErr> {
    let row = event::Model {
        tenant_id: tenant.clone(),
        seq: logged.seq,
        inbox_id: logged.event.inbox_id(),
        data: serde_json::to_string(&logged.event).map_err(|e| DbErr::Json(e.to_string()))?,
        happened_at: logged.happened_at,
    };
    Ok(row.into_active_model())
}
