//! Writing what a batch has changed, one statement per table.

use entity::{contact, contact_address, conversation, inbox, media, message, parked, webhook};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait as _, Condition, DbErr, EntityTrait,
    IntoActiveModel, Iterable as _, QueryFilter as _,
};

use super::super::change::ROWS_PER_INSERT;
use super::super::media::detach;
use super::super::message::json;
use super::super::patience::Txn;
use super::super::stats;
use super::super::tally::Tallies;
use super::super::webhook::{latest, receipt};
use super::super::{Fate, Receipt, Webhook};
use super::{Batch, Settled, Verdict};

impl Batch<'_> {
    /// Writes everything but the events.
    #[expect(clippy::too_many_lines, reason = "a table after the other")]
    pub(super) async fn store(
        &mut self,
        webhooks: &[Webhook],
        receipts: &mut [Receipt],
    ) -> Result<(), DbErr> {
        let inboxes = self.inboxes.unstored();
        self.upsert::<inbox::Entity>(inboxes, &[]).await?;
        let contacts = self.contacts.unstored();
        let columns = [
            contact::Column::Name,
            contact::Column::NamedAt,
            contact::Column::PhoneNumber,
            contact::Column::NumberedAt,
            contact::Column::Email,
            contact::Column::EmailToldAt,
        ];
        self.upsert::<contact::Entity>(contacts, &columns).await?;
        let addresses = self.addresses.unstored();
        self.upsert::<contact_address::Entity>(addresses, &[]).await?;
        let conversations = self.conversations.unstored();
        let mut tallies = Tallies::default();
        for row in &conversations {
            tallies.count(self.before.get(&row.id), Some(row));
        }
        let columns = [
            conversation::Column::Status,
            conversation::Column::UnreadCount,
            conversation::Column::LastMessageId,
            conversation::Column::LastMessageAt,
            conversation::Column::SnoozedUntil,
            conversation::Column::WindowUntil,
            conversation::Column::WaitingSince,
            conversation::Column::OpenedAt,
            conversation::Column::RespondedAt,
            conversation::Column::ReceivedAt,
            conversation::Column::AnsweredAt,
            conversation::Column::ContactId,
            conversation::Column::AssigneeId,
            conversation::Column::Standing,
        ];
        self.upsert::<conversation::Entity>(conversations, &columns).await?;
        self.store_labels().await?;
        let messages = self.messages.unstored();
        let columns = [
            message::Column::ProviderId,
            message::Column::Kind,
            message::Column::Content,
            message::Column::Metadata,
            message::Column::Reactions,
            message::Column::Status,
            message::Column::Error,
            message::Column::EditedAt,
            message::Column::DeletedAt,
            message::Column::ToldAt,
        ];
        self.upsert::<message::Entity>(messages, &columns).await?;
        let media = std::mem::take(&mut self.media);
        self.upsert::<media::Entity>(media, &[]).await?;
        detach(&self.txn, &self.revoked).await?;
        for row in &self.milestones {
            self.work.reached(row);
        }
        stats::store(&self.txn, &self.milestones).await?;

        let waiting = std::mem::take(&mut self.parked).into_values().flatten();
        let parked = waiting.filter(|it| !it.stored).map(|it| it.row).collect();
        self.upsert::<parked::Entity>(parked, &[]).await?;
        for settled in std::mem::take(&mut self.settled) {
            self.settle(settled, receipts).await?;
        }
        self.store_webhooks(webhooks, receipts).await?;
        // Next to last: only the log's lock is wanted by more.
        tallies.store(&self.txn).await?;
        std::mem::take(&mut self.work).store(&self.txn).await
    }

    /// Inserts rows, and writes `changing` columns of those that are there.
    async fn upsert<E>(&self, rows: Vec<E::Model>, changing: &[E::Column]) -> Result<(), DbErr>
    where
        E: EntityTrait<Model: IntoActiveModel<E::ActiveModel>>,
        E::ActiveModel: ActiveModelBehavior + ActiveModelTrait<Entity = E> + Send,
    {
        let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
        while rows.peek().is_some() {
            let some: Vec<E::ActiveModel> = rows.by_ref().take(ROWS_PER_INSERT).collect();
            let mut insert = E::insert_many(some);
            if !changing.is_empty() {
                let key = E::PrimaryKey::iter().map(sea_orm::PrimaryKeyToColumn::into_column);
                let known = OnConflict::columns(key).update_columns(changing.to_vec()).to_owned();
                insert = insert.on_conflict(known);
            }
            insert.exec_without_returning(&self.txn).await?;
        }
        Ok(())
    }

    /// Notes, at the webhook it came in, what became of an amendment that has waited.
    async fn settle(&self, settled: Settled, receipts: &mut [Receipt]) -> Result<(), DbErr> {
        let Settled { waiting, verdict } = settled;
        let id = waiting.row.webhook_id;
        if let Some(receipt) = receipts.iter_mut().find(|receipt| receipt.id == id) {
            note(&mut receipt.fates, waiting.row.position, verdict);
            if waiting.stored { remove(&self.txn, waiting.row).await } else { Ok(()) }
        } else {
            close_parked(&self.txn, waiting.row, verdict).await
        }
    }

    async fn store_webhooks(
        &self,
        webhooks: &[Webhook],
        receipts: &mut [Receipt],
    ) -> Result<(), DbErr> {
        let mut new = Vec::with_capacity(webhooks.len());
        for (webhook, receipt) in webhooks.iter().zip(receipts) {
            if webhook.replay_of.is_some() {
                self.store_replayed(receipt).await?;
                continue;
            }
            new.push(webhook::Model {
                id: receipt.id,
                channel: webhook.channel,
                body: webhook.body.to_vec(),
                elements: json(&receipt.fates),
                outcome: receipt.outcome(),
                received_at: self.now,
            });
        }
        self.upsert::<webhook::Entity>(new, &[]).await
    }

    async fn store_replayed(&self, again: &mut Receipt) -> Result<(), DbErr> {
        #[expect(clippy::disallowed_methods, reason = "webhooks have no tenant")]
        let row = webhook::Entity::find_by_id(again.id).one(&self.txn).await?;
        let Some(row) = row else { return Ok(()) };
        let first = receipt(&row);
        again.received_at = first.received_at;
        if first.fates.len() == again.fates.len() {
            let fates = std::mem::take(&mut again.fates);
            again.fates = first.fates.into_iter().zip(fates).map(|(a, b)| latest(a, b)).collect();
        }
        self.update(again).await
    }

    async fn update(&self, receipt: &Receipt) -> Result<(), DbErr> {
        update(&self.txn, receipt).await
    }
}

/// Notes at its webhook what became of an amendment that has waited, and that it waits no more.
pub(in crate::desk) async fn close_parked(
    txn: &Txn,
    row: parked::Model,
    verdict: Verdict,
) -> Result<(), DbErr> {
    #[expect(clippy::disallowed_methods, reason = "webhooks have no tenant")]
    let webhook = webhook::Entity::find_by_id(row.webhook_id).one(txn).await?;
    if let Some(webhook) = webhook {
        let mut receipt = receipt(&webhook);
        note(&mut receipt.fates, row.position, verdict);
        update(txn, &receipt).await?;
    }
    remove(txn, row).await
}

fn note(fates: &mut [Fate], position: i32, verdict: Verdict) {
    let place = usize::try_from(position).unwrap_or(usize::MAX);
    if let Some(fate) = fates.get_mut(place) {
        (fate.outcome, fate.reason) = verdict;
    }
}

async fn remove(txn: &Txn, row: parked::Model) -> Result<(), DbErr> {
    let key = Condition::all()
        .add(parked::Column::WebhookId.eq(row.webhook_id))
        .add(parked::Column::Position.eq(row.position))
        .add(parked::Column::TenantId.eq(row.tenant_id));
    parked::Entity::delete_many().filter(key).exec(txn).await?;
    Ok(())
}

async fn update(txn: &Txn, receipt: &Receipt) -> Result<(), DbErr> {
    webhook::Entity::update_many()
        .col_expr(webhook::Column::Elements, json(&receipt.fates).into())
        .col_expr(webhook::Column::Outcome, receipt.outcome().into())
        .filter(webhook::Column::Id.eq(receipt.id))
        .exec(txn)
        .await?;
    Ok(())
}
