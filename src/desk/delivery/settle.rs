//! What became of deliveries.

use std::time::Duration;

use entity::delivery::State;
use entity::{
    ConversationId, MessageId, TenantScoped as _, Time, contact_address, conversation, delivery,
    inbox, message, parked,
};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde_json::Value;

use super::super::batch::{close_parked, verdict};
use super::super::contact::same_number;
use super::super::conversation::shut;
use super::super::db::is_contention;
use super::super::message::{amend, changes, from_json, json, take_back};
use super::super::{Amendment, Change, Desks, Error, Event, Result, Sees, Status};
use super::claim::after;
use super::{Errand, Hold, Task};

/// How often a settlement that meets another change is tried again.
const TRIES: u32 = 8;

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// The channel has taken it.
    Done {
        /// What the channel calls the message.
        provider_id: Option<String>,
        /// The address under which the channel knows the contact.
        address: Option<String>,
    },
    /// Nobody knows whether the channel has taken it: why.
    Lost(Value),
    /// The channel does not take it.
    Failed {
        /// Why, in the channel's words.
        error: Value,
        /// Whether the channel takes nothing but templates now.
        closes_window: bool,
    },
    /// The channel has not taken it, and may later.
    Later {
        /// When to ask again.
        after: Duration,
        /// Why, in the channel's words.
        error: Value,
        /// For how long nothing at all goes through the inbox.
        hold: Option<Hold>,
        /// Whether this counts as one of the tries it has.
        counts: bool,
    },
}

impl Desks {
    /// Notes what became of a delivery.
    ///
    /// What the channel has said for sure counts also when the claim has run out meanwhile.
    pub async fn settle(&self, errand: &Errand, settlement: Settlement) -> Result<()> {
        for tried in 1.. {
            match self.try_settle(errand, &settlement).await {
                Err(Error::Storage(error)) if is_contention(&error) && tried < TRIES => {
                    tokio::time::sleep(Duration::from_millis(u64::from(tried * tried))).await;
                }
                settled => {
                    self.wake_courier();
                    return settled;
                }
            }
        }
        unreachable!("the last try returns")
    }

    async fn try_settle(&self, errand: &Errand, settlement: &Settlement) -> Result<()> {
        let is_message = matches!(errand.task, Task::Send { .. });
        match settlement {
            Settlement::Later { after, error, hold, counts } => {
                self.put_off(errand, *after, error, hold.as_ref(), *counts).await
            }
            // Telling it once more does no harm.
            Settlement::Lost(error) if !is_message => {
                self.put_off(errand, Duration::from_secs(1), error, None, false).await
            }
            settlement => {
                let change = self.of(errand.tenant.clone()).change().await?;
                let events = change.settle(errand, settlement).await?;
                change.finish(events).await
            }
        }
    }

    async fn put_off(
        &self,
        errand: &Errand,
        wait: Duration,
        error: &Value,
        hold: Option<&Hold>,
        counts: bool,
    ) -> Result<()> {
        let (now, back) = (Time::now(), i32::from(!counts));
        if let Some(hold) = hold {
            inbox::Entity::update_many()
                .col_expr(inbox::Column::HeldUntil, Expr::value(after(now, hold.lasts)))
                .col_expr(inbox::Column::HoldError, Expr::value(json(&hold.error)))
                .filter(inbox::Column::Id.eq(errand.inbox))
                .exec(&self.db.writer)
                .await?;
        }
        delivery::Entity::update_many()
            .col_expr(delivery::Column::State, Expr::value(State::Due))
            .col_expr(delivery::Column::DueAt, Expr::value(after(now, wait)))
            .col_expr(delivery::Column::Attempts, Expr::col(delivery::Column::Attempts).sub(back))
            .col_expr(delivery::Column::LeasedUntil, Expr::value(None::<i64>))
            .col_expr(delivery::Column::BegunAt, Expr::value(None::<i64>))
            .col_expr(delivery::Column::Error, Expr::value(json(error)))
            .filter(delivery::Column::Id.eq(errand.id))
            .filter(delivery::Column::Fence.eq(errand.fence))
            .exec(&self.db.writer)
            .await?;
        Ok(())
    }
}

impl Change {
    async fn settle(&self, errand: &Errand, settlement: &Settlement) -> Result<Vec<Event>> {
        // Batches of webhooks lock the inbox too: what comes for a message whose identifier is just
        // being learnt is applied by one of us.
        let inbox = self.lock_inbox(errand).await?;
        let is_ours = self.remove(errand).await?;
        let Some(before) = self.message(errand.message.id).await? else { return Ok(Vec::new()) };
        let mut row = before.clone();
        let is_last = row.delivery_id == Some(errand.id);
        let mut more = Vec::new();
        match (settlement, &errand.task) {
            (Settlement::Done { provider_id, address }, Task::Send { .. }) => {
                if let Some(id) = provider_id {
                    self.recognise(&mut row, id).await?;
                }
                move_to(&mut row, Status::Sent, None);
                if let Some(address) = address {
                    self.learn(errand, before.conversation_id, address).await?;
                }
                self.lift(&inbox).await?;
            }
            (Settlement::Failed { error, closes_window }, Task::Send { .. }) if is_last => {
                move_to(&mut row, Status::Failed, Some(error));
                if *closes_window {
                    more.extend(self.close_window(&before).await?);
                }
            }
            (Settlement::Lost(error), Task::Send { .. }) if is_last && is_ours => {
                move_to(&mut row, Status::Unknown, Some(error));
            }
            (Settlement::Failed { .. }, Task::React(_)) => {
                let reactions = &errand.message.reactions;
                if let Some(carried) = reactions.iter().find(|it| it.by == errand.from) {
                    take_back(&mut row, carried, Time::now());
                }
            }
            _ => {}
        }
        if row != before {
            let changed = row.clone().into_active_model().reset_all();
            message::Entity::update(changed).exec(&self.txn).await?;
        }
        let contact = errand.message.contact.clone();
        Ok(changes(&before, &row, contact).into_iter().chain(more).collect())
    }

    async fn lock_inbox(&self, errand: &Errand) -> Result<inbox::Model> {
        let inbox = inbox::Entity::of_tenant(&self.desk.tenant)
            .filter(inbox::Column::Id.eq(errand.inbox))
            .lock_exclusive()
            .one(&self.txn)
            .await?;
        inbox.ok_or_else(|| Error::NoInbox(errand.inbox.to_string()))
    }

    /// Removes a delivery that is settled; says whether its courier still held it.
    async fn remove(&self, errand: &Errand) -> Result<bool> {
        let removed = delivery::Entity::delete_many()
            .filter(delivery::Column::Id.eq(errand.id))
            .filter(delivery::Column::Fence.eq(errand.fence))
            .exec(&self.txn)
            .await?;
        Ok(removed.rows_affected == 1)
    }

    /// Returns a message, locked until the commit.
    pub(in crate::desk) async fn message(&self, id: MessageId) -> Result<Option<message::Model>> {
        let row = message::Entity::of_tenant(&self.desk.tenant).filter(message::Column::Id.eq(id));
        Ok(row.lock_exclusive().one(&self.txn).await?)
    }

    /// Gives a message the identifier by which the channel knows it, and applies what came for that
    /// before it was known.
    async fn recognise(&self, row: &mut message::Model, provider_id: &str) -> Result<()> {
        let known = message::Entity::of_tenant(&self.desk.tenant)
            .filter(message::Column::InboxId.eq(row.inbox_id))
            .filter(message::Column::ProviderId.eq(provider_id))
            .one(&self.txn)
            .await?;
        if row.provider_id.is_some() || known.is_some() {
            return Ok(());
        }
        row.provider_id = Some(provider_id.to_owned());
        let waiting = parked::Entity::of_tenant(&self.desk.tenant)
            .filter(parked::Column::InboxId.eq(row.inbox_id))
            .filter(parked::Column::Target.eq(provider_id))
            .order_by_asc(parked::Column::ParkedAt)
            .order_by_asc(parked::Column::Position)
            .all(&self.txn)
            .await?;
        for parked in waiting {
            let amendment: Amendment =
                from_json(&parked.amendment).map_err(|error| DbErr::Json(error.to_string()))?;
            let verdict = verdict(&amend(row, &amendment));
            close_parked(&self.txn, parked, verdict).await?;
        }
        Ok(())
    }

    /// Notes where the channel says that a contact is reached, unless somebody else is.
    async fn learn(&self, errand: &Errand, of: ConversationId, address: &str) -> Result<()> {
        let Some(talk) = self.talk(of).await? else { return Ok(()) };
        let row = contact_address::Model {
            tenant_id: self.desk.tenant.clone(),
            channel: errand.channel,
            address: same_number(address),
            contact_id: talk.contact_id,
        };
        let key = [
            contact_address::Column::TenantId,
            contact_address::Column::Channel,
            contact_address::Column::Address,
        ];
        contact_address::Entity::insert(row.into_active_model())
            .on_conflict_do_nothing_on(key)
            .exec_without_returning(&self.txn)
            .await?;
        Ok(())
    }

    /// Notes that an inbox sends again.
    async fn lift(&self, inbox: &inbox::Model) -> Result<()> {
        if inbox.hold_error.is_none() {
            return Ok(());
        }
        tracing::info!(inbox.id = %inbox.id, "an inbox sends again");
        inbox::Entity::update_many()
            .col_expr(inbox::Column::HeldUntil, Expr::value(None::<i64>))
            .col_expr(inbox::Column::HoldError, Expr::value(None::<String>))
            .filter(inbox::Column::Id.eq(inbox.id))
            .exec(&self.txn)
            .await?;
        Ok(())
    }

    /// Notes that the channel takes nothing but templates from now on.
    async fn close_window(&self, failed: &message::Model) -> Result<Option<Event>> {
        let before = self.conversation(failed.conversation_id, &Sees::everything()).await?;
        let mut after = before.clone();
        shut(&mut after, failed.sent_at, Time::now());
        if after == before {
            return Ok(None);
        }
        let contact = self.contact_of(&before).await?;
        let told = self.turn(&before, &after, contact).await?;
        Ok(Some(Event::ConversationChanged(Box::new(told))))
    }

    async fn talk(&self, id: ConversationId) -> Result<Option<conversation::Model>> {
        let row = conversation::Entity::of_tenant(&self.desk.tenant);
        Ok(row.filter(conversation::Column::Id.eq(id)).one(&self.txn).await?)
    }

    /// Makes the change permanent; one that no client can see needs no event.
    pub(super) async fn finish(self, events: Vec<Event>) -> Result<()> {
        let mut events = events.into_iter();
        match events.next() {
            Some(first) => self.commit(first, events).await,
            None => Ok(self.txn.commit().await?),
        }
    }
}

fn move_to(row: &mut message::Model, status: Status, error: Option<&Value>) {
    // What the channel told by webhook meanwhile may have got it further.
    let (error, closes_window) = (error.cloned(), false);
    let _ = amend(row, &Amendment::Status { status, error, closes_window });
}
