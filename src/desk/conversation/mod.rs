//! Conversations: how they look, and what agents do with them.

mod edit;
mod list;
mod place;
mod rules;
mod wake;

use std::collections::HashMap;

use entity::{
    ConversationId, InboxId, MessageId, StageId, TenantScoped as _, Time, UserId, conversation,
    conversation_label, inbox, message,
};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use serde::{Deserialize, Serialize};

use super::{Change, Channel, Contact, Desk, Error, Message, Result, Sees};

pub use edit::Edit;
pub use list::{Cursor, Listed, Order, Wanted};
pub use place::{Place, Spot};
pub(super) use place::{below, top};
pub(super) use rules::{set_status, shut, take_in};

/// A conversation, as events and lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its identifier.
    pub id: ConversationId,
    /// Where it takes place.
    pub inbox: InboxName,
    /// With whom.
    pub contact: Contact,
    /// Its column on the board.
    pub stage_id: StageId,
    /// Whether somebody has to do something.
    pub status: conversation::Status,
    /// Who looks after it.
    pub assignee_id: Option<UserId>,
    /// Inbound messages since an agent last read it.
    pub unread_count: i32,
    /// The newest message by the provider's clock.
    pub last_message: Option<Message>,
    /// A number of its own within the tenant.
    #[serde(default)]
    pub display_id: i64,
    /// When it was opened.
    pub created_at: Time,
    /// Its place in its column; the smallest, byte by byte, is on top.
    #[serde(default)]
    pub position: String,
    /// What it is labelled with, in alphabetical order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// When it is opened again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Time>,
    /// Until when the channel lets the business write freely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_until: Option<Time>,
    /// Since when the customer waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Time>,
}

/// What agents need to know of an inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxName {
    /// Its identifier.
    pub id: InboxId,
    /// What agents see.
    pub name: String,
    /// What it connects to.
    pub channel: Channel,
}

impl From<&inbox::Model> for InboxName {
    fn from(row: &inbox::Model) -> Self {
        Self { id: row.id, name: row.name.clone(), channel: row.channel }
    }
}

impl Conversation {
    /// Shows a row.
    pub(super) fn show(
        row: &conversation::Model,
        inbox: InboxName,
        contact: Contact,
        last_message: Option<Message>,
    ) -> Self {
        Self {
            id: row.id,
            inbox,
            contact,
            stage_id: row.stage_id,
            status: row.status,
            assignee_id: row.assignee_id.clone(),
            unread_count: row.unread_count,
            last_message,
            display_id: row.display_id,
            created_at: row.created_at,
            position: row.position.clone(),
            labels: Vec::new(),
            snoozed_until: row.snoozed_until,
            window_until: row.window_until,
            waiting_since: row.waiting_since,
        }
    }
}

impl Desk {
    /// Returns a conversation that the caller may see.
    pub async fn conversation(&self, id: ConversationId, sees: &Sees) -> Result<Conversation> {
        let row = self
            .visible(sees)
            .filter(conversation::Column::Id.eq(id))
            .one(&self.desks.db.reader)
            .await?;
        let shown = self.show(&self.desks.db.reader, row.into_iter().collect()).await?;
        shown.into_iter().next().ok_or(Error::NoConversation(id))
    }

    /// Starts a query on the conversations that the caller may see.
    pub(super) fn visible(&self, sees: &Sees) -> Select<conversation::Entity> {
        let all = conversation::Entity::of_tenant(&self.tenant);
        match &sees.inboxes {
            None => all,
            Some(inboxes) => {
                all.filter(conversation::Column::InboxId.is_in(inboxes.iter().copied()))
            }
        }
    }

    /// Shows rows in their order, with one query for each table they speak of.
    pub(super) async fn show(
        &self,
        reader: &impl ConnectionTrait,
        rows: Vec<conversation::Model>,
    ) -> Result<Vec<Conversation>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let inboxes: HashMap<InboxId, inbox::Model> = inbox::Entity::of_tenant(&self.tenant)
            .all(reader)
            .await?
            .into_iter()
            .map(|inbox| (inbox.id, inbox))
            .collect();
        let contacts = self.contacts(reader, rows.iter().map(|row| row.contact_id)).await?;
        let mut last: HashMap<MessageId, message::Model> = message::Entity::of_tenant(&self.tenant)
            .filter(message::Column::Id.is_in(rows.iter().filter_map(|row| row.last_message_id)))
            .all(reader)
            .await?
            .into_iter()
            .map(|message| (message.id, message))
            .collect();
        let mut labels = self.labels(reader, rows.iter().map(|row| row.id)).await?;
        let shown = rows.iter().filter_map(|row| {
            let (inbox, contact) = (inboxes.get(&row.inbox_id)?, contacts.get(row.contact_id)?);
            let last = row.last_message_id.and_then(|id| last.remove(&id));
            let last = last.map(|last| Message::show(&last, contact.clone()));
            let labels = labels.remove(&row.id).unwrap_or_default();
            let shown = Conversation::show(row, inbox.into(), contact, last);
            Some(Conversation { labels, ..shown })
        });
        Ok(shown.collect())
    }

    /// Returns what conversations are labelled with, in alphabetical order.
    pub(in crate::desk) async fn labels(
        &self,
        reader: &impl ConnectionTrait,
        of: impl IntoIterator<Item = ConversationId>,
    ) -> Result<HashMap<ConversationId, Vec<String>>> {
        let rows = conversation_label::Entity::of_tenant(&self.tenant)
            .filter(conversation_label::Column::ConversationId.is_in(of))
            .order_by_asc(conversation_label::Column::Label)
            .all(reader)
            .await?;
        let mut labels = HashMap::<_, Vec<_>>::new();
        for row in rows {
            labels.entry(row.conversation_id).or_default().push(row.label);
        }
        Ok(labels)
    }
}

impl Change {
    /// Returns a conversation that the caller may see, locked until the commit.
    pub(super) async fn conversation(
        &self,
        id: ConversationId,
        sees: &Sees,
    ) -> Result<conversation::Model> {
        self.desk
            .visible(sees)
            .filter(conversation::Column::Id.eq(id))
            .lock_exclusive()
            .one(&self.txn)
            .await?
            .ok_or(Error::NoConversation(id))
    }

    /// Returns the person with whom a conversation is.
    pub(super) async fn contact_of(&self, row: &conversation::Model) -> Result<Contact> {
        let contacts = self.desk.contacts(&self.txn, [row.contact_id]).await?;
        contacts.get(row.contact_id).ok_or(Error::NoConversation(row.id))
    }
}
