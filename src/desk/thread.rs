//! Conversations as their channels name them.

use entity::{ConversationId, InboxId, TenantScoped as _, Time, conversation, inbox, message};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use tokio::sync::broadcast;

use super::{Contact, Desk, Desks, Result};

/// Somebody on the far side has begun or stopped typing, as their channel says: a signal.
#[derive(Clone, Debug)]
pub struct Typed {
    /// Where.
    pub conversation: ConversationId,
    /// Who.
    pub contact: Contact,
    /// Whether they have begun.
    pub is_on: bool,
}

impl Desk {
    /// Tells whoever listens on this node that the contact of a thread has begun or stopped typing;
    /// nobody if there is no such conversation.
    pub async fn hear_typing(&self, inbox: InboxId, thread: &str, is_on: bool) -> Result<()> {
        let row = self.thread(inbox, thread).one(&self.desks.db.reader).await?;
        let Some(row) = row else { return Ok(()) };
        let contacts = self.contacts(&self.desks.db.reader, [row.contact_id]).await?;
        if let Some(contact) = contacts.get(row.contact_id) {
            // Of nobody who listens, it is lost.
            let _ = self.desks.typed.send(Typed { conversation: row.id, contact, is_on });
        }
        Ok(())
    }

    /// Returns what the channel calls the newest message of a thread from before a moment.
    pub async fn last_before(
        &self,
        inbox: InboxId,
        thread: &str,
        before: Time,
    ) -> Result<Option<String>> {
        let row = self.thread(inbox, thread).one(&self.desks.db.reader).await?;
        let Some(row) = row else { return Ok(None) };
        let last = message::Entity::of_tenant(&self.tenant)
            .filter(message::Column::ConversationId.eq(row.id))
            .filter(message::Column::SentAt.lt(before))
            .filter(message::Column::ProviderId.is_not_null())
            .order_by_desc(message::Column::SentAt)
            .order_by_desc(message::Column::Id)
            .one(&self.desks.db.reader)
            .await?;
        Ok(last.and_then(|last| last.provider_id))
    }

    /// Notes up to when it is known that nothing of what a channel tells was missed.
    pub async fn reconciled(&self, inbox: InboxId, at: Time) -> Result<()> {
        inbox::Entity::update_many()
            .col_expr(inbox::Column::ReconciledAt, Expr::value(at))
            .filter(inbox::Column::TenantId.eq(self.tenant.clone()))
            .filter(inbox::Column::Id.eq(inbox))
            .exec(&self.desks.db.writer)
            .await?;
        Ok(())
    }

    fn thread(&self, inbox: InboxId, thread: &str) -> sea_orm::Select<conversation::Entity> {
        conversation::Entity::of_tenant(&self.tenant)
            .filter(conversation::Column::InboxId.eq(inbox))
            .filter(conversation::Column::Thread.eq(thread))
            .limit(1)
    }
}

impl Desks {
    /// Listens for contacts who type, from now on.
    pub fn typing(&self) -> broadcast::Receiver<Typed> {
        self.typed.subscribe()
    }
}
