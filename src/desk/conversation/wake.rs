//! Conversations that were put aside come back.

use entity::{Time, conversation};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::super::{Desks, Event, Result, Sees};
use super::rules::set_status;

/// How many conversations are woken at a time.
const AT_ONCE: u64 = 100;

impl Desks {
    /// Opens the snoozed conversations whose time has come; returns how many there were.
    pub async fn wake_snoozed(&self) -> Result<usize> {
        let now = Time::now();
        #[expect(clippy::disallowed_methods, reason = "those of all tenants, for this node itself")]
        let due = conversation::Entity::find()
            .filter(conversation::Column::SnoozedUntil.lte(now))
            .order_by_asc(conversation::Column::SnoozedUntil)
            .limit(AT_ONCE)
            .all(&self.db.reader)
            .await?;
        let mut woken = 0;
        for row in due {
            woken += usize::from(self.wake(row, now).await?);
        }
        Ok(woken)
    }

    async fn wake(&self, row: conversation::Model, now: Time) -> Result<bool> {
        let change = self.of(row.tenant_id.clone()).change().await?;
        let before = change.conversation(row.id, &Sees::everything()).await?;
        if before.snoozed_until.is_none_or(|until| until > now) {
            return Ok(false);
        }
        let mut after = before.clone();
        set_status(&mut after, conversation::Status::Open, None, now);
        let contact = change.contact_of(&after).await?;
        let told = change.turn(&before, &after, contact).await?;
        change.commit(Event::ConversationChanged(Box::new(told)), []).await?;
        Ok(true)
    }
}
