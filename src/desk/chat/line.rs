//! What is said in a chat, as its visitor may read it.

use entity::message::{Direction, Status, Type};
use entity::{ContactId, ConversationId, MessageId, TenantScoped as _, Time, message};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde_json::{Map, Value};

use super::super::{Contact, Message, Result};
use super::Chat;

/// What of a message's metadata a visitor is told. Whatever else a channel or an agent's client puts
/// there stays here.
const TOLD: [&str; 5] = ["kind", "media", "replyTo", "location", "score"];

/// A message, as the visitor may read it: without notes, and without anybody's identifiers.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its identifier.
    pub id: MessageId,
    /// The visitor's own conversation.
    pub conversation_id: ConversationId,
    /// Which way it went, seen from the business.
    pub direction: Direction,
    /// What clients draw it as.
    pub kind: Type,
    /// What it says.
    pub content: String,
    /// What else belongs to it.
    pub metadata: Map<String, Value>,
    /// How agents have reacted to it.
    pub reactions: Vec<String>,
    /// How far it has got.
    pub status: Status,
    /// When it was written.
    pub sent_at: Time,
    /// The newest edit.
    pub edited_at: Option<Time>,
    /// When it was deleted for everyone.
    pub deleted_at: Option<Time>,
    /// What its author is called, if an agent wrote it.
    pub author: Option<String>,
}

/// A stretch of a chat.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// Oldest first.
    pub lines: Vec<Line>,
    /// Whether there are older ones.
    pub has_more: bool,
}

impl Line {
    /// What a visitor may read of a message in their conversation; nothing of what is among agents.
    pub(super) fn of(message: &Message) -> Option<Self> {
        if message.is_private {
            return None;
        }
        let told = message.metadata.iter().filter(|(key, _)| TOLD.contains(&key.as_str()));
        let mut metadata: Map<_, _> = told.map(|(key, it)| (key.clone(), it.clone())).collect();
        if let Some(media) = metadata.get_mut("media").and_then(Value::as_object_mut) {
            media.remove("error");
        }
        let is_own = message.direction == Direction::Inbound;
        if is_own && let Some(id) = message.metadata.get("clientId") {
            metadata.insert("clientId".to_owned(), id.clone());
        }
        let author = message.metadata.get("author").and_then(|author| author.get("name"));
        let author = author.and_then(Value::as_str).map(str::to_owned);
        let reactions = message.reactions.iter().filter_map(|reaction| reaction.emoji.clone());
        Some(Self {
            id: message.id,
            conversation_id: message.conversation_id,
            direction: message.direction,
            kind: message.kind,
            content: message.content.clone(),
            metadata,
            reactions: reactions.collect(),
            status: message.status,
            sent_at: message.sent_at,
            edited_at: message.edited_at,
            deleted_at: message.deleted_at,
            author: author.filter(|_| !is_own),
        })
    }
}

impl Chat {
    /// Returns up to `limit` lines from before the line `before`, or the newest.
    pub async fn lines(&self, before: Option<MessageId>, limit: u64) -> Result<Lines> {
        let mut query = self.messages().filter(message::Column::IsPrivate.eq(false));
        if let Some(before) = before
            && let Some(row) = self.message(before).await?
        {
            let place = [Expr::col(message::Column::SentAt), Expr::col(message::Column::Id)];
            let before = Expr::tuple([Expr::value(row.sent_at), Expr::value(row.id)]);
            query = query.filter(Expr::tuple(place).lt(before));
        }
        let mut rows = query
            .order_by_desc(message::Column::SentAt)
            .order_by_desc(message::Column::Id)
            .limit(limit + 1)
            .all(&self.desk.desks.db.reader)
            .await?;
        let has_more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let lines = rows.iter().rev().filter_map(line_of);
        Ok(Lines { lines: lines.collect(), has_more })
    }

    /// The line that the channel calls so.
    pub async fn line_called(&self, provider_id: &str) -> Result<Option<Line>> {
        let row = self.messages().filter(message::Column::ProviderId.eq(provider_id));
        let row = row.one(&self.desk.desks.db.reader).await?;
        Ok(row.and_then(|row| line_of(&row)))
    }

    /// The agents' messages that the visitor has not been seen to have read, up to one of them or
    /// all; as the channel calls them.
    pub async fn unread(&self, until: Option<MessageId>) -> Result<Vec<MessageId>> {
        let mut query = self
            .messages()
            .filter(message::Column::IsPrivate.eq(false))
            .filter(message::Column::Direction.eq(Direction::Outbound))
            .filter(message::Column::Status.is_not_in([Status::Read, Status::Failed]));
        if let Some(until) = until {
            let Some(row) = self.message(until).await? else { return Ok(Vec::new()) };
            query = query.filter(message::Column::SentAt.lte(row.sent_at));
        }
        let ids = query.select_only().column(message::Column::Id);
        Ok(ids.into_tuple().all(&self.desk.desks.db.reader).await?)
    }

    fn messages(&self) -> sea_orm::Select<message::Entity> {
        message::Entity::of_tenant(self.tenant())
            .filter(message::Column::ConversationId.eq(self.conversation()))
    }

    pub(super) async fn message(&self, id: MessageId) -> Result<Option<message::Model>> {
        let row = self.messages().filter(message::Column::Id.eq(id));
        Ok(row.filter(message::Column::IsPrivate.eq(false)).one(&self.desk.desks.db.reader).await?)
    }
}

fn line_of(row: &message::Model) -> Option<Line> {
    // Of whom it is with, a line tells nothing.
    let nobody = Contact {
        id: ContactId::default(),
        name: None,
        phone_number: String::new(),
        email: None,
        is_blocked: false,
    };
    Line::of(&Message::show(row, nobody))
}
