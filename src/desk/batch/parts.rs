//! Further files of a message: each is a message of its own, and is deleted with it, although its channel
//! no longer names it then.

use std::collections::BTreeSet;

use entity::{ConversationId, InboxId, MessageId, Time, inbox, message};
use sea_orm::{ColumnTrait as _, Condition, DbErr, QueryFilter as _, QuerySelect as _, Select};

use super::super::channel::whole_of;
use super::super::message::amend;
use super::super::{Amendment, Channel};
use super::Batch;

impl Batch<'_> {
    /// Finds what of `all` may be further files of the messages so named: what was sent together.
    pub(super) async fn parts(
        &self,
        all: Select<message::Entity>,
        of: &BTreeSet<String>,
    ) -> Result<Vec<MessageId>, DbErr> {
        if of.is_empty() {
            return Ok(Vec::new());
        }
        let all = all.select_only();
        let wholes = all
            .clone()
            .columns([message::Column::ConversationId, message::Column::SentAt])
            .filter(message::Column::ProviderId.is_in(of));
        let wholes: Vec<(ConversationId, Time)> = wholes.into_tuple().all(&self.txn).await?;
        if wholes.is_empty() {
            return Ok(Vec::new());
        }
        let mut together = Condition::any();
        for (conversation, at) in wholes {
            // A webhook tells milliseconds, what is asked for seconds.
            let second = Time(at.seconds() * 1_000_000);
            let there = Condition::all()
                .add(message::Column::ConversationId.eq(conversation))
                .add(message::Column::SentAt.between(second, second.plus_seconds(1)));
            together = together.add(there);
        }
        all.column(message::Column::Id).filter(together).into_tuple().all(&self.txn).await
    }

    /// Deletes the further files of a message with it.
    pub(super) fn revoke_parts(&mut self, inbox: &inbox::Model, whole: &str, revoke: &Amendment) {
        let is_part = |(of, name): &&(InboxId, String)| {
            *of == inbox.id && whole_of(inbox.channel, name) == Some(whole)
        };
        let parts: BTreeSet<_> = self.messages.0.keys().filter(is_part).cloned().collect();
        for key in parts {
            let Some(mut row) = self.messages.get(&key).cloned() else { continue };
            let _ = amend(&mut row, revoke);
            self.revoked.push(row.id);
            self.rewrite(inbox, key, row);
        }
    }

    /// Deletes a further file that comes after its message was deleted.
    pub(super) fn revoke_late(&mut self, channel: Channel, row: &mut message::Model) {
        let whole = row.provider_id.as_deref().and_then(|name| whole_of(channel, name));
        let whole = whole.and_then(|whole| self.messages.get(&(row.inbox_id, whole.to_owned())));
        if let Some(at) = whole.and_then(|whole| whole.deleted_at) {
            let _ = amend(row, &Amendment::Revoke { at });
            self.revoked.push(row.id);
        }
    }
}
