//! Where a customer can be shown that somebody is about to answer.

use entity::{ConversationId, InboxId, TenantScoped as _, Time, conversation, inbox, message};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};

use super::super::channel::has_window;
use super::super::{Channel, Desk, Result};

/// What a channel has to know to show a customer that somebody is about to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The inbox through which they wrote.
    pub inbox: InboxId,
    /// How the channel is spoken to.
    pub channel: Channel,
    /// How the channel names the inbox.
    pub from: String,
    /// What the channel calls the last message that they wrote.
    pub message_id: String,
    /// How the channel names the conversation, where it names those.
    pub thread: Option<String>,
}

impl Desk {
    /// Returns what the customer of a conversation can be shown by; nothing if no answer could reach
    /// them now.
    pub async fn hint(&self, at: ConversationId) -> Result<Option<Hint>> {
        let (reader, now) = (&self.desks.db.reader, Time::now());
        let talk = conversation::Entity::of_tenant(&self.tenant)
            .filter(conversation::Column::Id.eq(at))
            .one(reader)
            .await?;
        let Some(talk) = talk else { return Ok(None) };
        let inbox = inbox::Entity::of_tenant(&self.tenant)
            .filter(inbox::Column::Id.eq(talk.inbox_id))
            .filter(inbox::Column::DisabledAt.is_null())
            .one(reader)
            .await?;
        let Some(inbox) = inbox.filter(|inbox| inbox.held_until.is_none_or(|held| held <= now))
        else {
            return Ok(None);
        };
        if has_window(inbox.channel) && talk.window_until.is_none_or(|until| until <= now) {
            return Ok(None);
        }
        let contacts = self.contacts(reader, [talk.contact_id]).await?;
        if contacts.get(talk.contact_id).is_none_or(|contact| contact.is_blocked) {
            return Ok(None);
        }
        let last = message::Entity::of_tenant(&self.tenant)
            .filter(message::Column::ConversationId.eq(at))
            .filter(message::Column::Direction.eq(message::Direction::Inbound))
            .filter(message::Column::ProviderId.is_not_null())
            .order_by_desc(message::Column::SentAt)
            .order_by_desc(message::Column::Id)
            .one(reader)
            .await?;
        let message_id = last.and_then(|last| last.provider_id);
        Ok(message_id.map(|message_id| {
            let (inbox, channel, from) = (inbox.id, inbox.channel, inbox.address);
            Hint { inbox, channel, from, message_id, thread: talk.thread }
        }))
    }
}
