//! What the business writes.

mod first;
mod reaction;
mod retry;

use entity::delivery::Kind;
use entity::{
    ConversationId, MediaId, MessageId, TenantScoped as _, Time, UserId, conversation, inbox,
    media, message,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QuerySelect as _,
};
use serde_json::{Map, Value, json};

use super::channel::has_window;
use super::conversation::take_in;
use super::media::tell_of;
use super::message::json as written;
use super::{
    Actor, Change, Channel, Contact, ConversationChange, Desk, Direction, Error, Event, Message,
    NotificationKind, Result, Sees, Status, Type,
};

pub use first::First;

/// The longest identifier that a client may give a message, in bytes, and the longest note, in
/// characters.
const LONGEST_CLIENT_ID: usize = 128;
const LONGEST_NOTE: usize = 10_000;

/// Something that an agent writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What.
    pub what: What,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// The author's own identifier, by which a repeat is known.
    pub client_id: Option<String>,
}

/// What an agent writes.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A message to the customer.
    Message(Outgoing),
    /// A note among agents.
    Note {
        /// What it says.
        text: String,
        /// Whose attention it wants.
        mentions: Vec<UserId>,
    },
}

/// A message in the form of its channel, which says that it can be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// What clients draw it as.
    pub kind: Type,
    /// What it says.
    pub content: String,
    /// What else belongs to it; `kind` in it is the channel's own word.
    pub metadata: Map<String, Value>,
    /// The file in it.
    pub media: Option<MediaId>,
    /// Whether the channel takes it also from a business that may not write freely.
    pub is_template: bool,
}

impl Desk {
    /// Adds an agent's message to a conversation, and makes it due for delivery.
    ///
    /// The channel has not taken it yet; its answer arrives as an event of its own. A draft with the
    /// `client_id` of an earlier message of the conversation is answered with that message.
    ///
    /// # Errors
    /// [`Error::WindowClosed`] when the channel takes nothing but templates now.
    pub async fn reply(
        &self,
        to: ConversationId,
        draft: Draft,
        by: &Actor,
        sees: &Sees,
    ) -> Result<Message> {
        check(&draft)?;
        let change = self.change().await?;
        let row = change.conversation(to, sees).await?;
        let contact = change.contact_of(&row).await?;
        if let Some(known) = change.known(&row, &draft).await? {
            return Ok(Message::show(&known, contact));
        }
        let channel = change.open_inbox(&row).await?.channel;
        let (message, mut events) = change.write(&row, channel, &contact, draft, by).await?;
        let first = events.remove(0);
        change.commit(first, events).await?;
        self.desks.wake_courier();
        Ok(message)
    }
}

impl Change {
    /// Returns the message that a draft repeats.
    async fn known(
        &self,
        row: &conversation::Model,
        draft: &Draft,
    ) -> Result<Option<message::Model>> {
        let Some(client_id) = &draft.client_id else { return Ok(None) };
        let known = message::Entity::of_tenant(&self.desk.tenant)
            .filter(message::Column::ConversationId.eq(row.id))
            .filter(message::Column::ClientId.eq(client_id));
        Ok(known.one(&self.txn).await?)
    }

    /// Returns the inbox of a conversation, if anything goes out through it.
    async fn open_inbox(&self, row: &conversation::Model) -> Result<inbox::Model> {
        let inbox = inbox::Entity::of_tenant(&self.desk.tenant)
            .filter(inbox::Column::Id.eq(row.inbox_id))
            .one(&self.txn)
            .await?;
        let inbox = inbox.ok_or_else(|| Error::NoInbox(row.inbox_id.to_string()))?;
        if inbox.disabled_at.is_some() {
            return Err(Error::Invalid("the inbox is switched off".to_owned()));
        }
        Ok(inbox)
    }

    /// Writes a draft into a conversation, whose row is locked; returns the message and what to tell
    /// of it.
    async fn write(
        &self,
        row: &conversation::Model,
        channel: Channel,
        contact: &Contact,
        draft: Draft,
        by: &Actor,
    ) -> Result<(Message, Vec<Event>)> {
        // What answers a message stands after it, should our clock be behind the provider's.
        let now = Time::now();
        let mut new = new_message(row, by, now.max(row.last_message_at.unwrap_or(now)), now);
        let mut metadata = Map::new();
        if let Some(target) = draft.reply_to {
            metadata.extend(self.context(row, target).await?);
        }
        if let Some(client_id) = draft.client_id {
            metadata.insert("clientId".to_owned(), json!(client_id));
            new.client_id = Some(client_id);
        }
        metadata.insert("author".to_owned(), json!({ "id": by.user, "name": by.name }));
        match draft.what {
            What::Message(outgoing) => {
                if !outgoing.is_template {
                    check_window(row, channel, now)?;
                }
                metadata.extend(outgoing.metadata);
                (new.kind, new.content) = (outgoing.kind, outgoing.content);
                new.metadata = written(&metadata);
                if let Some(media) = outgoing.media {
                    self.attach(media, &mut new, by).await?;
                }
                self.send(row, contact, new, by).await
            }
            What::Note { text, mentions } => {
                metadata.insert("kind".to_owned(), json!("note"));
                (new.content, new.is_private, new.status) = (text, true, Status::Sent);
                new.metadata = written(&metadata);
                let mut notices = self.mention(row, contact, &new, mentions, by).await?;
                let shown = Message::show(&new, contact.clone());
                message::Entity::insert(new.into_active_model())
                    .exec_without_returning(&self.txn)
                    .await?;
                notices.insert(0, Event::MessageSent(Box::new(shown.clone())));
                Ok((shown, notices))
            }
        }
    }

    /// Stores a message, counts it in, and makes it due.
    async fn send(
        &self,
        before: &conversation::Model,
        contact: &Contact,
        mut new: message::Model,
        by: &Actor,
    ) -> Result<(Message, Vec<Event>)> {
        new.delivery_id = Some(self.make_due(before, new.id, Kind::Message).await?);
        let shown = Message::show(&new, contact.clone());
        let (sent_at, now) = (new.sent_at, new.created_at);
        message::Entity::insert(new.clone().into_active_model())
            .exec_without_returning(&self.txn)
            .await?;
        let mut after = before.clone();
        let taken = take_in(&mut after, &shown, false, None, now);
        let turned = self.turn(before, &after, contact.clone()).await?;
        self.count_sent(&new).await?;
        self.reach(&after, Some(&by.user), taken.reached, sent_at).await?;
        let change = ConversationChange { last_message: Some(shown.clone()), ..turned };
        let events = vec![
            Event::MessageSent(Box::new(shown.clone())),
            Event::ConversationChanged(Box::new(change)),
        ];
        Ok((shown, events))
    }

    /// Names the message that another one answers.
    async fn context(
        &self,
        row: &conversation::Model,
        target: MessageId,
    ) -> Result<Map<String, Value>> {
        let target = message::Entity::of_tenant(&self.desk.tenant)
            .filter(message::Column::ConversationId.eq(row.id))
            .filter(message::Column::Id.eq(target))
            .one(&self.txn)
            .await?
            .ok_or(Error::NoMessage(target))?;
        let mut context = Map::from_iter([("replyTo".to_owned(), json!(target.id))]);
        // To one that the channel does not know, the customer sees no reference.
        if let Some(id) = target.provider_id {
            context.insert("context".to_owned(), json!({ "id": id }));
        }
        Ok(context)
    }

    /// Puts a file into a message: one that its author has uploaded, and that is in no other.
    async fn attach(&self, media: MediaId, to: &mut message::Model, by: &Actor) -> Result<()> {
        let row = media::Entity::of_tenant(&self.desk.tenant)
            .filter(media::Column::Id.eq(media))
            .filter(media::Column::MessageId.is_null())
            .filter(media::Column::AuthorId.eq(by.user.clone()))
            .filter(media::Column::State.eq(media::State::Stored))
            .lock_exclusive()
            .one(&self.txn)
            .await?
            .ok_or(Error::NoMedia(media))?;
        tell_of(to, &row);
        let mut row = row.into_active_model();
        row.message_id = Set(Some(to.id));
        row.inbox_id = Set(Some(to.inbox_id));
        media::Entity::update(row).exec(&self.txn).await?;
        Ok(())
    }

    /// Tells those whose attention a note wants.
    async fn mention(
        &self,
        row: &conversation::Model,
        contact: &Contact,
        note: &message::Model,
        mut mentions: Vec<UserId>,
        by: &Actor,
    ) -> Result<Vec<Event>> {
        mentions.sort();
        mentions.dedup();
        let mut notices = Vec::new();
        for user in mentions.into_iter().filter(|user| *user != by.user) {
            self.require_colleague(&user, row.inbox_id).await?;
            let (kind, place) = (NotificationKind::Mention, (row.id, row.inbox_id));
            notices.push(Event::notice(user, kind, place, contact, &note.content));
        }
        Ok(notices)
    }
}

fn new_message(
    row: &conversation::Model,
    by: &Actor,
    sent_at: Time,
    created_at: Time,
) -> message::Model {
    message::Model {
        id: MessageId::generate(),
        tenant_id: row.tenant_id.clone(),
        conversation_id: row.id,
        inbox_id: row.inbox_id,
        provider_id: None,
        direction: Direction::Outbound,
        kind: Type::Text,
        content: String::new(),
        metadata: "{}".to_owned(),
        reactions: "[]".to_owned(),
        status: Status::Pending,
        error: None,
        sent_at,
        edited_at: None,
        deleted_at: None,
        created_at,
        author_id: Some(by.user.clone()),
        client_id: None,
        delivery_id: None,
        is_private: false,
        is_unread: false,
        told_at: None,
    }
}

fn check(draft: &Draft) -> Result<()> {
    let invalid = |why: &str| Err(Error::Invalid(why.to_owned()));
    if draft.client_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > LONGEST_CLIENT_ID) {
        return invalid("clientId is empty, or longer than 128 bytes");
    }
    match &draft.what {
        What::Note { text, .. } if text.trim().is_empty() => invalid("the note is empty"),
        What::Note { text, .. } if text.chars().count() > LONGEST_NOTE => {
            invalid("the note is longer than 10,000 characters")
        }
        What::Note { .. } | What::Message(_) => Ok(()),
    }
}

/// Makes sure that the channel lets the business write freely.
fn check_window(row: &conversation::Model, channel: Channel, now: Time) -> Result<()> {
    // Who has never written has opened no window.
    if has_window(channel) && row.window_until.is_none_or(|until| until <= now) {
        return Err(Error::WindowClosed(row.id));
    }
    Ok(())
}
