//! Who makes which delivery, and for how long.

use std::time::Duration;

use entity::delivery::{Kind, State};
use entity::{TenantScoped as _, Time, conversation, delivery, inbox, message, user};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, FromQueryResult as _,
    QueryFilter as _, Statement, UpdateMany,
};
use serde_json::json;

use super::super::message::reaction_of;
use super::super::{Colleague, Desk, Desks, Message, Result};
use super::{Errand, Settlement, Task};

/// Which deliveries may be made at `$1`: those of a conversation one after the other, and none
/// through an inbox that is held. What is no part of what is said waits for nobody.
///
/// In a CTE of its own, since the planner could run a subquery more than once and lock more rows
/// than it returns.
const CLAIM: &str = "WITH next AS MATERIALIZED (
    SELECT d.id FROM delivery AS d JOIN inbox AS i ON i.id = d.inbox_id
    WHERE d.state = 'due' AND d.due_at <= $1
    AND i.disabled_at IS NULL AND (i.held_until IS NULL OR i.held_until <= $1)
    AND (d.kind IN ('read', 'assignee', 'labels') OR NOT EXISTS (
        SELECT 1 FROM delivery AS b WHERE b.conversation_id = d.conversation_id
        AND b.kind NOT IN ('read', 'assignee', 'labels') AND b.id < d.id))
    ORDER BY d.due_at, d.id LIMIT $2 SKIPPING)
    UPDATE delivery SET state = 'claimed', attempts = attempts + 1, fence = fence + 1,
    leased_until = $3, begun_at = NULL WHERE id IN (SELECT id FROM next) RETURNING *";

impl Desks {
    /// Claims up to `limit` deliveries for the time of a lease, in the order in which they are to be
    /// made.
    pub async fn claim(&self, limit: usize, lease: Duration) -> Result<Vec<Errand>> {
        let backend = self.db.writer.get_database_backend();
        // SQLite has one writer, who has nobody to skip.
        let skipping = match backend {
            DbBackend::Postgres => "FOR UPDATE OF d SKIP LOCKED",
            _ => "",
        };
        let now = Time::now();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = [now.0.into(), limit.into(), after(now, lease).0.into()];
        let claim = CLAIM.replace("SKIPPING", skipping);
        let claim = Statement::from_sql_and_values(backend, claim, values);
        let rows = self.db.writer.query_all_raw(claim).await?;
        let rows = rows.iter().map(|row| delivery::Model::from_query_result(row, ""));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        rows.sort_unstable_by_key(|row| row.id);
        let mut errands = Vec::with_capacity(rows.len());
        for row in rows {
            match self.errand(&row).await? {
                Some(errand) => errands.push(errand),
                None => self.drop_delivery(&row).await?,
            }
        }
        Ok(errands)
    }

    /// Notes that a claimed delivery is being made now. Says no if it is somebody else's by now:
    /// then the channel is not to be told.
    pub async fn begin(&self, errand: &Errand, lease: Duration) -> Result<bool> {
        let begins =
            held(errand, lease).col_expr(delivery::Column::BegunAt, Expr::value(Time::now()));
        Ok(begins.exec(&self.db.writer).await?.rows_affected == 1)
    }

    /// Lets a claim last longer, unless the delivery is somebody else's by now.
    pub async fn keep(&self, errand: &Errand, lease: Duration) -> Result<()> {
        held(errand, lease).exec(&self.db.writer).await?;
        Ok(())
    }

    /// Takes over from couriers who have not come back: what they had begun may have been told and
    /// is not told again, the rest is due. Returns how many deliveries there were.
    pub async fn take_over(&self) -> Result<usize> {
        #[expect(clippy::disallowed_methods, reason = "those of all tenants, for this node itself")]
        let left = delivery::Entity::find()
            .filter(delivery::Column::State.eq(State::Claimed))
            .filter(delivery::Column::LeasedUntil.lt(Time::now()))
            .all(&self.db.reader)
            .await?;
        let mut taken = 0;
        for mut row in left {
            if !self.take(&mut row).await? {
                continue;
            }
            taken += 1;
            let Some(errand) = self.errand(&row).await? else {
                self.drop_delivery(&row).await?;
                continue;
            };
            let is_lost = row.begun_at.is_some();
            let settlement = if is_lost {
                let why = "the server stopped while the channel was being asked";
                Settlement::Lost(json!({ "code": "outcome_unknown", "message": why }))
            } else {
                let (after, error) = (Duration::ZERO, json!(null));
                Settlement::Later { after, error, hold: None, counts: false }
            };
            tracing::warn!(delivery.id = %row.id, delivery.lost = is_lost, "a delivery was left behind");
            self.settle(&errand, settlement).await?;
        }
        Ok(taken)
    }

    /// Takes a claim that has run out from its courier; says no if they have gone on with it since.
    async fn take(&self, row: &mut delivery::Model) -> Result<bool> {
        let taken = delivery::Entity::update_many()
            .col_expr(delivery::Column::Fence, Expr::value(row.fence + 1))
            .filter(delivery::Column::Id.eq(row.id))
            .filter(delivery::Column::Fence.eq(row.fence))
            .filter(delivery::Column::State.eq(State::Claimed))
            .filter(delivery::Column::LeasedUntil.eq(row.leased_until))
            .exec(&self.db.writer)
            .await?;
        row.fence += 1;
        Ok(taken.rows_affected == 1)
    }

    /// Reads what a delivery needs; nothing if there is no need for it any more.
    async fn errand(&self, row: &delivery::Model) -> Result<Option<Errand>> {
        let (tenant, reader) = (&row.tenant_id, &self.db.reader);
        let message = message::Entity::of_tenant(tenant)
            .filter(message::Column::Id.eq(row.message_id))
            .one(reader)
            .await?;
        let inbox = inbox::Entity::of_tenant(tenant)
            .filter(inbox::Column::Id.eq(row.inbox_id))
            .one(reader)
            .await?;
        let conversation = conversation::Entity::of_tenant(tenant)
            .filter(conversation::Column::Id.eq(row.conversation_id))
            .one(reader)
            .await?;
        let (Some(message), Some(inbox), Some(conversation)) = (message, inbox, conversation)
        else {
            return Ok(None);
        };
        let desk = self.of(tenant.clone());
        let contacts = desk.contacts(reader, [conversation.contact_id]).await?;
        let Some(contact) = contacts.get(conversation.contact_id) else { return Ok(None) };
        let Some(number) = contacts.number(conversation.contact_id) else { return Ok(None) };
        let Some(task) = desk.task(row, &message, (&conversation, &inbox)).await? else {
            return Ok(None);
        };
        Ok(Some(Errand {
            id: row.id,
            tenant: tenant.clone(),
            inbox: inbox.id,
            channel: inbox.channel,
            from: inbox.address,
            to: number.to_owned(),
            thread: conversation.thread,
            message: Message::show(&message, contact),
            task,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            since: row.created_at,
            fence: row.fence,
        }))
    }

    async fn drop_delivery(&self, row: &delivery::Model) -> Result<()> {
        delivery::Entity::delete_many()
            .filter(delivery::Column::Id.eq(row.id))
            .filter(delivery::Column::Fence.eq(row.fence))
            .exec(&self.db.writer)
            .await?;
        Ok(())
    }
}

impl Desk {
    /// What a delivery is to tell; nothing if there is no need for it any more.
    async fn task(
        &self,
        row: &delivery::Model,
        message: &message::Model,
        (conversation, inbox): (&conversation::Model, &inbox::Model),
    ) -> Result<Option<Task>> {
        let reader = &self.desks.db.reader;
        Ok(Some(match row.kind {
            // An earlier attempt that was thought to have failed has arrived after all.
            Kind::Message if message.status != message::Status::Pending => return Ok(None),
            Kind::Message => Task::Send { media: None },
            Kind::Reaction => Task::React(reaction_of(message, &inbox.address)),
            Kind::Read => Task::MarkRead,
            Kind::Status => Task::SetStatus(conversation.status, conversation.snoozed_until),
            Kind::Assignee => {
                let Some(assignee) = &conversation.assignee_id else {
                    return Ok(Some(Task::Assign(None)));
                };
                let known = user::Entity::of_tenant(&self.tenant)
                    .filter(user::Column::Id.eq(assignee.clone()))
                    .one(reader)
                    .await?;
                // A channel cannot know whom this desk does not.
                let Some(known) = known else { return Ok(None) };
                Task::Assign(Some(Colleague { email: Some(known.email), name: known.name }))
            }
            Kind::Labels => {
                let labels = self.labels(reader, [conversation.id]).await?.remove(&conversation.id);
                Task::Label(labels.unwrap_or_default())
            }
        }))
    }
}

/// Lets a claim last for a lease from now on, if it has not been taken.
fn held(errand: &Errand, lease: Duration) -> UpdateMany<delivery::Entity> {
    delivery::Entity::update_many()
        .col_expr(delivery::Column::LeasedUntil, Expr::value(after(Time::now(), lease)))
        .filter(delivery::Column::Id.eq(errand.id))
        .filter(delivery::Column::Fence.eq(errand.fence))
        .filter(delivery::Column::State.eq(State::Claimed))
}

/// The moment a while after another.
pub(super) fn after(time: Time, wait: Duration) -> Time {
    let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    Time(time.0.saturating_add(micros))
}
