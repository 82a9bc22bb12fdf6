//! Writing to somebody who has not written yet.

use std::time::Duration;

use entity::{
    ContactId, ConversationId, InboxId, StageId, TenantScoped as _, Time, contact, contact_address,
    conversation, inbox, stage,
};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::super::channel::begins_talks;
use super::super::contact::same_number;
use super::super::conversation::top;
use super::super::db::is_contention;
use super::super::{
    Actor, Change, Contact, ContactEdit, Conversation, Desk, Error, Event, Message, Result, Sees,
};
use super::{Draft, check};

/// How often a first message that meets another change is tried again.
const TRIES: u32 = 8;

/// A first message to somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct First {
    /// From which inbox.
    pub inbox: InboxId,
    /// To whom, as the channel names them.
    pub to: String,
    /// What they are called, if nobody has told yet.
    pub name: Option<String>,
    /// What they are written.
    pub draft: Draft,
}

impl Desk {
    /// Writes to somebody, in the conversation with them if there is one, else in a new one.
    pub async fn open(
        &self,
        first: First,
        by: &Actor,
        sees: &Sees,
    ) -> Result<(Conversation, Message)> {
        check(&first.draft)?;
        let called = ContactEdit { name: Some(first.name), ..ContactEdit::default() }.tidy()?;
        let first = First { name: called.name.flatten(), ..first };
        if !sees.inbox(first.inbox) {
            return Err(Error::NoInbox(first.inbox.to_string()));
        }
        for tried in 1.. {
            match self.try_open(&first, by).await {
                Err(Error::Storage(error)) if is_contention(&error) && tried < TRIES => {
                    tokio::time::sleep(Duration::from_millis(u64::from(tried * tried))).await;
                }
                opened => {
                    self.desks.wake_courier();
                    let message = opened?;
                    let conversation = self.conversation(message.conversation_id, sees).await?;
                    return Ok((conversation, message));
                }
            }
        }
        unreachable!("the last try returns")
    }

    async fn try_open(&self, first: &First, by: &Actor) -> Result<Message> {
        let change = self.change().await?;
        let inbox = change.locked(first.inbox).await?;
        let (own, person) = change.meet(&inbox, first).await?;
        let known = conversation::Entity::of_tenant(&self.tenant)
            .filter(conversation::Column::ContactId.eq(own))
            .filter(conversation::Column::InboxId.eq(inbox.id))
            .order_by_desc(conversation::Column::DisplayId)
            .one(&change.txn)
            .await?;
        let (row, is_new) = match known {
            Some(row) => (change.conversation(row.id, &Sees::everything()).await?, false),
            None => (change.new_conversation(&inbox, own).await?, true),
        };
        let shown = Contact::from(&person);
        if let Some(known) = change.known(&row, &first.draft).await? {
            return Ok(Message::show(&known, shown));
        }
        let draft = first.draft.clone();
        let (message, mut events) = change.write(&row, inbox.channel, &shown, draft, by).await?;
        if is_new {
            let opened = Conversation::show(&row, (&inbox).into(), shown, None);
            events.insert(0, Event::ConversationOpened(Box::new(opened)));
        }
        let event = events.remove(0);
        change.commit(event, events).await?;
        Ok(message)
    }
}

impl Change {
    /// Returns an inbox, locked until the commit.
    async fn locked(&self, id: InboxId) -> Result<inbox::Model> {
        let inbox = inbox::Entity::of_tenant(&self.desk.tenant)
            .filter(inbox::Column::Id.eq(id))
            .lock_exclusive()
            .one(&self.txn)
            .await?;
        let inbox = inbox.ok_or_else(|| Error::NoInbox(id.to_string()))?;
        if inbox.disabled_at.is_some() {
            return Err(Error::Invalid("the inbox is switched off".to_owned()));
        }
        Ok(inbox)
    }

    /// Finds or adds the contact at an address; returns also the person whom they turned out to be, if not
    /// themselves.
    async fn meet(
        &self,
        inbox: &inbox::Model,
        first: &First,
    ) -> Result<(ContactId, contact::Model)> {
        let address = same_number(&first.to);
        let known = contact_address::Entity::of_tenant(&self.desk.tenant)
            .filter(contact_address::Column::Channel.eq(inbox.channel))
            .filter(contact_address::Column::Address.eq(address.clone()))
            .one(&self.txn)
            .await?;
        if let Some(known) = known {
            let contacts = self.desk.contacts(&self.txn, [known.contact_id]).await?;
            let person = contacts.row(known.contact_id).cloned();
            let person =
                person.ok_or_else(|| Error::Invalid("nobody is reached there".to_owned()))?;
            return Ok((known.contact_id, person));
        }
        let now = Time::now();
        let contact = contact::Model {
            id: ContactId::generate(),
            tenant_id: self.desk.tenant.clone(),
            name: first.name.clone(),
            // What they call themselves counts more, whenever they said so.
            named_at: Time(0),
            phone_number: first.to.clone(),
            numbered_at: Time(0),
            created_at: now,
            email: None,
            email_told_at: Time(0),
            is_email_by_agent: false,
            notes: String::new(),
            is_named_by_agent: false,
            blocked_at: None,
            merged_into: None,
        };
        contact::Entity::insert(contact.clone().into_active_model())
            .exec_without_returning(&self.txn)
            .await?;
        let (tenant_id, channel) = (self.desk.tenant.clone(), inbox.channel);
        let reached =
            contact_address::Model { tenant_id, channel, address, contact_id: contact.id };
        contact_address::Entity::insert(reached.into_active_model())
            .exec_without_returning(&self.txn)
            .await?;
        Ok((contact.id, contact))
    }

    async fn new_conversation(
        &self,
        inbox: &inbox::Model,
        contact_id: ContactId,
    ) -> Result<conversation::Model> {
        if begins_talks(inbox.channel) {
            let why = "with somebody new, a conversation of this channel begins at the channel";
            return Err(Error::Invalid(why.to_owned()));
        }
        let now = Time::now();
        let row = conversation::Model {
            id: ConversationId::generate(),
            tenant_id: self.desk.tenant.clone(),
            inbox_id: inbox.id,
            contact_id,
            stage_id: self.first_stage().await?,
            status: conversation::Status::Open,
            assignee_id: None,
            unread_count: 0,
            last_message_id: None,
            last_message_at: None,
            created_at: now,
            position: top(),
            snoozed_until: None,
            window_until: None,
            waiting_since: None,
            opened_at: now,
            responded_at: None,
            received_at: None,
            answered_at: None,
            thread: None,
            standing: None,
            display_id: self.next_number().await?,
        };
        conversation::Entity::insert(row.clone().into_active_model())
            .exec_without_returning(&self.txn)
            .await?;
        self.count(None, Some(&row)).await?;
        Ok(row)
    }

    /// The number of the tenant's next conversation. Should another be opened at the same time, one
    /// of the two is tried again.
    async fn next_number(&self) -> Result<i64> {
        let last = conversation::Entity::of_tenant(&self.desk.tenant)
            .order_by_desc(conversation::Column::DisplayId)
            .one(&self.txn)
            .await?;
        Ok(last.map_or(1, |last| last.display_id + 1))
    }

    /// The first column of the board, which is not removed before the commit.
    async fn first_stage(&self) -> Result<StageId> {
        let stage = stage::Entity::of_tenant(&self.desk.tenant)
            .order_by_asc(stage::Column::Position)
            .order_by_asc(stage::Column::Id)
            .lock(LockType::KeyShare)
            .one(&self.txn)
            .await?;
        let stage = stage.ok_or_else(|| Error::Invalid("the board has no column".to_owned()))?;
        Ok(stage.id)
    }
}
