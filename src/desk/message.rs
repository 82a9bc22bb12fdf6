//! Messages: what they say, and what may still happen to them.

use entity::{ConversationId, InboxId, MessageId, TenantScoped as _, Time, message};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::inbound::{Amendment, PLACEHOLDER};
use super::{Contact, Desk, Error, Event, Result, Sees};

/// A message, as events and histories show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its identifier.
    pub id: MessageId,
    /// The thread it stands in.
    pub conversation_id: ConversationId,
    /// The inbox of that thread.
    pub inbox_id: InboxId,
    /// The provider's own identifier, once known.
    pub provider_id: Option<String>,
    /// Which way it went.
    pub direction: message::Direction,
    /// What clients draw it as.
    pub kind: message::Type,
    /// What it says.
    pub content: String,
    /// What else the provider told.
    pub metadata: Map<String, Value>,
    /// Who reacted how.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// How far it has got.
    pub status: message::Status,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// When it was written, by the provider's clock.
    pub sent_at: Time,
    /// The newest edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Time>,
    /// When it was deleted for everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Time>,
    /// Whether it is a note among agents that no customer sees.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_private: bool,
    /// The person on the far side.
    pub contact: Contact,
}

/// How somebody reacted last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reaction {
    /// Who, as the provider names them.
    pub by: String,
    /// When: what they did before does not count.
    pub at: Time,
    /// How; nothing once they have taken it back.
    pub emoji: Option<String>,
}

/// A stretch of a conversation's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// Whether there are more of them in the direction of reading.
    pub has_more: bool,
}

impl Message {
    /// Shows a row.
    pub(super) fn show(row: &message::Model, contact: Contact) -> Self {
        Self {
            id: row.id,
            conversation_id: row.conversation_id,
            inbox_id: row.inbox_id,
            provider_id: row.provider_id.clone(),
            direction: row.direction,
            kind: row.kind,
            content: row.content.clone(),
            metadata: serde_json::from_str(&row.metadata).unwrap_or_default(),
            reactions: reactions(row),
            status: row.status,
            error: row.error.as_deref().and_then(|error| serde_json::from_str(error).ok()),
            sent_at: row.sent_at,
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
            is_private: row.is_private,
            contact,
        }
    }
}

impl Desk {
    /// Returns up to `limit` messages of a conversation from before the message `before`, or the
    /// newest.
    ///
    /// # Errors
    /// [`Error::NoMessage`] if `before` is none of this conversation's.
    pub async fn history(
        &self,
        of: ConversationId,
        before: Option<MessageId>,
        limit: u64,
        sees: &Sees,
    ) -> Result<Page> {
        let conversation = self.conversation(of, sees).await?;
        let mut query =
            message::Entity::of_tenant(&self.tenant).filter(message::Column::ConversationId.eq(of));
        if let Some(before) = before {
            let before = self.place_of(of, before).await?;
            let place = [Expr::col(message::Column::SentAt), Expr::col(message::Column::Id)];
            query = query.filter(Expr::tuple(place).lt(before));
        }
        let mut rows = query
            .order_by_desc(message::Column::SentAt)
            .order_by_desc(message::Column::Id)
            .limit(limit + 1)
            .all(&self.desks.db.reader)
            .await?;
        let has_more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let show = |row| Message::show(&row, conversation.contact.clone());
        Ok(Page { messages: rows.into_iter().rev().map(show).collect(), has_more })
    }

    /// Returns the message `from` of a conversation and what follows it, up to `limit` of them; the
    /// page has more if there are newer ones.
    pub async fn history_from(
        &self,
        of: ConversationId,
        from: MessageId,
        limit: u64,
        sees: &Sees,
    ) -> Result<Page> {
        let conversation = self.conversation(of, sees).await?;
        let start = self.place_of(of, from).await?;
        let place = [Expr::col(message::Column::SentAt), Expr::col(message::Column::Id)];
        let mut rows = message::Entity::of_tenant(&self.tenant)
            .filter(message::Column::ConversationId.eq(of))
            .filter(Expr::tuple(place).gte(start))
            .order_by_asc(message::Column::SentAt)
            .order_by_asc(message::Column::Id)
            .limit(limit + 1)
            .all(&self.desks.db.reader)
            .await?;
        let has_more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let show = |row| Message::show(&row, conversation.contact.clone());
        Ok(Page { messages: rows.into_iter().map(show).collect(), has_more })
    }

    /// Where a message stands in its conversation's history.
    async fn place_of(&self, of: ConversationId, id: MessageId) -> Result<Expr> {
        let row = message::Entity::of_tenant(&self.tenant)
            .filter(message::Column::ConversationId.eq(of))
            .filter(message::Column::Id.eq(id))
            .one(&self.desks.db.reader)
            .await?;
        let row = row.ok_or(Error::NoMessage(id))?;
        Ok(Expr::tuple([Expr::value(row.sent_at), Expr::value(row.id)]))
    }
}

/// What an amendment did to a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Amended {
    /// The message moved to another status.
    Moved,
    /// The message looks different.
    Changed,
    /// It was like that already.
    Same,
    /// It does not apply; why.
    Refused(&'static str),
}

/// Applies an amendment to a message.
///
/// The outcome does not depend on the order in which amendments come: statuses only move forward,
/// of each person's reactions and of the edits the newest counts, and what is deleted stays so.
pub(super) fn amend(row: &mut message::Model, amendment: &Amendment) -> Amended {
    match amendment {
        Amendment::Status { status, error, .. } => move_status(row, *status, error.as_ref()),
        Amendment::Reaction { by, emoji, at } => {
            let reaction = Reaction { by: by.clone(), at: *at, emoji: emoji.clone() };
            react(row, reaction)
        }
        Amendment::Edit { content, metadata, at } => edit(row, content, metadata, *at),
        Amendment::Told { content, metadata, at } => tell_anew(row, content, metadata, *at),
        Amendment::Revoke { at } => revoke(row, *at),
    }
}

fn move_status(
    row: &mut message::Model,
    status: message::Status,
    error: Option<&Value>,
) -> Amended {
    if row.direction == message::Direction::Inbound {
        return Amended::Refused("a status of a message that the business did not send");
    }
    if status == row.status {
        return Amended::Same;
    }
    if status < row.status {
        return Amended::Refused("the message is further on its way already");
    }
    row.status = status;
    let is_told = matches!(status, message::Status::Failed | message::Status::Unknown);
    row.error = error.filter(|_| is_told).map(Value::to_string);
    Amended::Moved
}

/// How somebody has reacted to a message.
pub(super) fn reaction_of(row: &message::Model, by: &str) -> Option<String> {
    reactions(row).into_iter().find(|reaction| reaction.by == by)?.emoji
}

/// Takes a reaction back, unless they have reacted anew since. Of one that took another back nothing is left
/// that could stand again.
pub(super) fn take_back(row: &mut message::Model, reaction: &Reaction, at: Time) {
    if reaction.emoji.is_some() && reactions(row).contains(reaction) {
        let _ = react(row, Reaction { at, emoji: None, ..reaction.clone() });
    }
}

/// What to tell of a message that has become another.
pub(super) fn changes(
    before: &message::Model,
    after: &message::Model,
    contact: Contact,
) -> Vec<Event> {
    let shown = Box::new(Message::show(after, contact));
    let moved = message::Model {
        status: after.status,
        error: after.error.clone(),
        provider_id: after.provider_id.clone(),
        delivery_id: after.delivery_id,
        ..before.clone()
    };
    // Nobody sees when the provider last told the same.
    let before = &message::Model { told_at: after.told_at, ..before.clone() };
    let is_status = before.status != after.status && after.status != message::Status::Unknown;
    match (before == after, is_status, moved == *after) {
        (true, ..) => Vec::new(),
        (false, true, true) => vec![Event::StatusMoved(shown)],
        (false, true, false) => {
            vec![Event::StatusMoved(shown.clone()), Event::MessageChanged(shown)]
        }
        (false, false, _) => vec![Event::MessageChanged(shown)],
    }
}

pub(super) fn react(row: &mut message::Model, reaction: Reaction) -> Amended {
    let mut all = reactions(row);
    match all.iter_mut().find(|known| known.by == reaction.by) {
        Some(known) if *known == reaction => return Amended::Same,
        Some(known) if *known > reaction => {
            return Amended::Refused("they have reacted anew since");
        }
        Some(known) => *known = reaction,
        None => all.push(reaction),
    }
    all.sort();
    row.reactions = json(&all);
    Amended::Changed
}

fn edit(
    row: &mut message::Model,
    content: &str,
    metadata: &Map<String, Value>,
    at: Time,
) -> Amended {
    let newer = row.edited_at.is_none_or(|edited_at| {
        // Two edits within the provider's second: the greater text, whichever comes first.
        (at, content) > (edited_at, row.content.as_str())
    });
    if !newer {
        let same = row.edited_at == Some(at) && row.content == content;
        return if same { Amended::Same } else { Amended::Refused("it was edited anew since") };
    }
    row.edited_at = Some(at);
    if row.deleted_at.is_some() {
        return Amended::Refused("it was deleted");
    }
    let mut metadata = metadata.clone();
    metadata.extend(kept_of(row, &["kind", "media", PLACEHOLDER]));
    content.clone_into(&mut row.content);
    row.metadata = json(&metadata);
    Amended::Changed
}

/// Takes over what a provider tells of a message. What was written here stays as it was written.
fn tell_anew(
    row: &mut message::Model,
    content: &str,
    metadata: &Map<String, Value>,
    at: Time,
) -> Amended {
    if row.author_id.is_some() {
        return Amended::Same;
    }
    if row.deleted_at.is_some() {
        return Amended::Refused("it was deleted");
    }
    let mut metadata = metadata.clone();
    if let Some(media) = told_of(row, "media") {
        metadata.insert("media".to_owned(), media);
    }
    let metadata = json(&metadata);
    let is_same = row.content == content && row.metadata == metadata;
    // Of two at the same time the greater, whichever comes first.
    let newer = (Some(at), content, metadata.as_str())
        > (row.told_at, row.content.as_str(), row.metadata.as_str());
    if !newer {
        return if is_same { Amended::Same } else { Amended::Refused("it was told anew since") };
    }
    row.told_at = Some(at);
    content.clone_into(&mut row.content);
    row.metadata = metadata;
    if is_same { Amended::Same } else { Amended::Changed }
}

fn revoke(row: &mut message::Model, at: Time) -> Amended {
    if row.deleted_at.is_some_and(|deleted_at| deleted_at <= at) {
        return Amended::Same;
    }
    let first = row.deleted_at.is_none();
    row.deleted_at = Some(at);
    row.content.clear();
    if row.told_at.is_some() {
        // What it was, its channel no longer tells: who hears of it only now, could not know.
        row.kind = message::Type::Text;
        let word = if row.is_private { "note" } else { "text" };
        row.metadata = json(&Map::from_iter([("kind".to_owned(), Value::from(word))]));
    } else {
        row.metadata = json(&kept_of(row, &["kind", PLACEHOLDER]));
    }
    if first { Amended::Changed } else { Amended::Same }
}

/// What of a message's metadata stays, whatever else of it goes.
fn kept_of(row: &message::Model, keys: &[&str]) -> Map<String, Value> {
    let kept = keys.iter().filter_map(|key| Some(((*key).to_owned(), told_of(row, key)?)));
    kept.collect()
}

fn told_of(row: &message::Model, key: &str) -> Option<Value> {
    serde_json::from_str::<Map<String, Value>>(&row.metadata).ok()?.remove(key)
}

fn reactions(row: &message::Model) -> Vec<Reaction> {
    serde_json::from_str(&row.reactions).unwrap_or_default()
}

/// Writes what cannot fail to be written: maps with text for keys, and lists.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("only text keys")
}

/// Reads what [`json`] has written: what has come from outside, as deep as may be, and around it what makes an
/// event of it.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}
