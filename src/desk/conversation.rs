//! Conversations, and the board they are cards of.

use std::collections::HashMap;

use entity::{
    ContactId, ConversationId, InboxId, MessageId, StageId, TenantScoped as _, Time, UserId,
    contact, conversation, inbox, message, stage,
};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use serde::{Deserialize, Serialize};

use super::{
    Change, Channel, Contact, ConversationChange, Desk, Error, Event, Message, Result, Sees,
};

/// How many cards a column shows at first.
const FIRST_CARDS: u64 = 50;

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
    /// When it was opened.
    pub created_at: Time,
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

/// The board: a snapshot, and where in the log to go on from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// Read before the rows: following the log from here may repeat a change, but loses none.
    pub seq: i64,
    /// From left to right.
    pub columns: Vec<Column>,
}

/// A column of the board.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its stage.
    pub id: StageId,
    /// Its heading.
    pub name: String,
    /// A CSS colour.
    pub color: String,
    /// How many conversations are in it.
    pub total: u64,
    /// The first of them, last activity first.
    pub conversations: Vec<Conversation>,
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
            created_at: row.created_at,
        }
    }
}

impl Desk {
    /// Returns the board as the caller may see it.
    pub async fn board(&self, sees: &Sees) -> Result<Board> {
        // The database, not this node's tail: what it has committed is what the rows show.
        let seq = self.row().await?.ok_or_else(|| self.missing())?.last_seq;
        let stages = stage::Entity::of_tenant(&self.tenant)
            .order_by_asc(stage::Column::Position)
            .all(&self.desks.db.reader)
            .await?;
        let mut columns = Vec::with_capacity(stages.len());
        for stage in stages {
            let cards = self.visible(sees).filter(conversation::Column::StageId.eq(stage.id));
            let total = cards.clone().count(&self.desks.db.reader).await?;
            let rows = cards
                .order_by_desc(conversation::Column::LastMessageAt)
                .order_by_desc(conversation::Column::Id)
                .limit(FIRST_CARDS)
                .all(&self.desks.db.reader)
                .await?;
            let conversations = self.show(rows).await?;
            let stage::Model { id, name, color, .. } = stage;
            columns.push(Column { id, name, color, total, conversations });
        }
        Ok(Board { seq, columns })
    }

    /// Returns a conversation that the caller may see.
    pub async fn conversation(&self, id: ConversationId, sees: &Sees) -> Result<Conversation> {
        let row = self
            .visible(sees)
            .filter(conversation::Column::Id.eq(id))
            .one(&self.desks.db.reader)
            .await?;
        let shown = self.show(row.into_iter().collect()).await?;
        shown.into_iter().next().ok_or(Error::NoConversation(id))
    }

    /// Notes that an agent has read a conversation. Tells nobody if nothing was unread.
    pub async fn mark_read(&self, id: ConversationId, sees: &Sees) -> Result<()> {
        let change = self.change().await?;
        let row = change.conversation(id, sees).await?;
        if row.unread_count == 0 {
            return Ok(());
        }
        let contact = contact::Entity::of_tenant(&self.tenant)
            .filter(contact::Column::Id.eq(row.contact_id))
            .one(&change.txn)
            .await?
            .ok_or(Error::NoConversation(id))?;
        let event = ConversationChange {
            unread_count: Some(0),
            ..ConversationChange::of(&row, Contact::from(&contact))
        };
        let mut row = row.into_active_model();
        row.unread_count = Set(0);
        row.update(&change.txn).await?;
        change.commit(Event::ConversationChanged(Box::new(event)), []).await
    }

    /// Starts a query on the conversations that the caller may see.
    pub(super) fn visible(&self, sees: &Sees) -> Select<conversation::Entity> {
        let all = conversation::Entity::of_tenant(&self.tenant);
        match sees {
            Sees::Everything => all,
            Sees::Inboxes(inboxes) => {
                all.filter(conversation::Column::InboxId.is_in(inboxes.iter().copied()))
            }
        }
    }

    /// Shows rows in their order, with one query for each table they speak of.
    async fn show(&self, rows: Vec<conversation::Model>) -> Result<Vec<Conversation>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let reader = &self.desks.db.reader;
        let inboxes: HashMap<InboxId, inbox::Model> = inbox::Entity::of_tenant(&self.tenant)
            .all(reader)
            .await?
            .into_iter()
            .map(|inbox| (inbox.id, inbox))
            .collect();
        let contacts: HashMap<ContactId, contact::Model> = contact::Entity::of_tenant(&self.tenant)
            .filter(contact::Column::Id.is_in(rows.iter().map(|row| row.contact_id)))
            .all(reader)
            .await?
            .into_iter()
            .map(|contact| (contact.id, contact))
            .collect();
        let mut last: HashMap<MessageId, message::Model> = message::Entity::of_tenant(&self.tenant)
            .filter(message::Column::Id.is_in(rows.iter().filter_map(|row| row.last_message_id)))
            .all(reader)
            .await?
            .into_iter()
            .map(|message| (message.id, message))
            .collect();
        let shown = rows.iter().filter_map(|row| {
            let (inbox, contact) = (inboxes.get(&row.inbox_id)?, contacts.get(&row.contact_id)?);
            let last = row.last_message_id.and_then(|id| last.remove(&id));
            let last = last.map(|last| Message::show(&last, contact.into()));
            Some(Conversation::show(row, inbox.into(), contact.into(), last))
        });
        Ok(shown.collect())
    }
}

impl Change {
    /// Returns a conversation that the caller may see, locked until the commit.
    async fn conversation(&self, id: ConversationId, sees: &Sees) -> Result<conversation::Model> {
        self.desk
            .visible(sees)
            .filter(conversation::Column::Id.eq(id))
            .lock_exclusive()
            .one(&self.txn)
            .await?
            .ok_or(Error::NoConversation(id))
    }
}
