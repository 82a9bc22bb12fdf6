//! What visitors of sites are told, and what agents are told of visitors.
//!
//! Visitors' forms are made from what the desk has made for visitors: there is nothing in it that
//! would have to be left out here.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{Contact, Inbox, schema, shown};
use crate::desk::{
    self, ChatSessionId, ChatStatus, ConversationId, Direction, EndedBy, Glimpse, MessageId, Seen,
    Status, Type,
};

/// A message, as a visitor sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = VisitorMessage)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    #[schema(value_type = uuid::Uuid)]
    id: MessageId,
    /// `INBOUND` is what the visitor wrote.
    #[schema(value_type = schema::Direction)]
    direction: Direction,
    #[schema(value_type = schema::MessageType)]
    r#type: Type,
    content: String,
    /// `kind`, and by it `clientId`, `media`, `location`, `score`, `replyTo`, `reactions`, `editedAt`,
    /// `deletedAt`.
    metadata: Map<String, Value>,
    #[schema(value_type = schema::MessageStatus)]
    status: Status,
    timestamp: String,
    /// The agent who wrote it; null for what the visitor wrote.
    author: Option<Author>,
}

/// An agent, as visitors see them.
#[derive(Serialize, ToSchema)]
pub struct Author {
    name: String,
}

/// A chat, as its visitor sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = VisitorSession)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    #[schema(value_type = uuid::Uuid)]
    id: ChatSessionId,
    /// The public key of the chat.
    inbox: String,
    #[schema(value_type = uuid::Uuid)]
    conversation_id: ConversationId,
    #[schema(value_type = ChatStatusName)]
    status: ChatStatus,
    /// `VISITOR` or `AGENT`, if it is ended.
    #[schema(value_type = Option<EndedByName>)]
    ended_by: Option<EndedBy>,
    name: Option<String>,
    email: Option<String>,
    /// Whether the site vouches for the visitor.
    is_identified: bool,
    locale: Option<String>,
    rating: Option<Rating>,
    created_at: String,
    /// Until when it can be gone on with; later with each visit.
    expires_at: String,
}

/// How a visitor found a chat.
#[derive(Serialize, ToSchema)]
pub struct Rating {
    /// From 1 to 5.
    score: i32,
    comment: Option<String>,
}

/// A chat, as agents see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatSession {
    #[schema(value_type = uuid::Uuid)]
    id: ChatSessionId,
    inbox: Inbox,
    /// Null as long as nothing was said.
    #[schema(value_type = Option<uuid::Uuid>)]
    conversation_id: Option<ConversationId>,
    contact: Option<Contact>,
    #[schema(value_type = ChatStatusName)]
    status: ChatStatus,
    #[schema(value_type = Option<EndedByName>)]
    ended_by: Option<EndedBy>,
    /// Whether the visitor is there now.
    is_online: bool,
    /// The page that they looked at last.
    page: Option<WebPage>,
    /// Who they are by the site's own word.
    identity: Option<String>,
    name: Option<String>,
    email: Option<String>,
    /// What they were asked before the chat.
    fields: Map<String, Value>,
    user_agent: Option<String>,
    locale: Option<String>,
    /// Two letters, if that was told.
    country: Option<String>,
    rating: Option<Rating>,
    created_at: String,
    last_seen_at: String,
}

/// A page of a site.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebPage {
    url: String,
    title: Option<String>,
    referrer: Option<String>,
}

/// How far a chat is.
#[derive(ToSchema)]
#[schema(as = ChatStatus, rename_all = "snake_case")]
pub enum ChatStatusName {
    /// Nothing has been said.
    New,
    /// The visitor waits for an answer.
    Waiting,
    /// It is the visitor's turn.
    Active,
    /// One side has ended it; it goes on when either writes.
    Ended,
}

/// Who ended a chat.
#[derive(ToSchema)]
#[schema(as = EndedBy, rename_all = "UPPERCASE")]
pub enum EndedByName {
    /// The visitor.
    Visitor,
    /// An agent.
    Agent,
}

/// A stored event, as Socket.IO and SSE tell it to a visitor.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Live {
    Message {
        seq: i64,
        conversation_id: ConversationId,
        message: Message,
    },
    StatusUpdate {
        seq: i64,
        conversation_id: ConversationId,
        message_id: MessageId,
        status: Status,
    },
    Session {
        seq: i64,
        session_id: ChatSessionId,
        updates: Updates,
    },
}

/// What is another about a chat.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Updates {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ChatStatus>,
    /// When agents have read all that was said before.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<String>,
}

/// Returns the name under which an event is announced to a visitor.
pub fn live_name(seen: &Seen) -> &'static str {
    match &seen.glimpse {
        Glimpse::Said(_) => "message:new",
        Glimpse::Changed(_) => "message:updated",
        Glimpse::Moved { .. } => "message:status-update",
        Glimpse::Turned(_) | Glimpse::Read => "session:updated",
        Glimpse::ShutOut => "session:closed",
    }
}

/// Returns an event's payload for the visitor of a chat.
pub fn live(
    seen: &Seen,
    (session_id, conversation_id): (ChatSessionId, ConversationId),
) -> Box<RawValue> {
    let seq = seen.seq;
    let session = |updates| Live::Session { seq, session_id, updates };
    let told = match &seen.glimpse {
        Glimpse::Said(line) | Glimpse::Changed(line) => {
            Live::Message { seq, conversation_id, message: (**line).clone().into() }
        }
        Glimpse::Moved { message, status } => {
            let (message_id, status) = (*message, shown(*status));
            Live::StatusUpdate { seq, conversation_id, message_id, status }
        }
        Glimpse::Turned(status) => session(Updates { status: Some(*status), read_at: None }),
        Glimpse::Read => {
            session(Updates { status: None, read_at: Some(seen.happened_at.to_string()) })
        }
        Glimpse::ShutOut => session(Updates::default()),
    };
    to_raw_value(&told).expect("only text keys")
}

impl From<desk::Line> for Message {
    fn from(line: desk::Line) -> Self {
        let mut metadata = line.metadata;
        if !line.reactions.is_empty() {
            let reactions = line.reactions.into_iter().map(|emoji| json!({ "emoji": emoji }));
            metadata.insert("reactions".to_owned(), reactions.collect());
        }
        for (key, moment) in [("editedAt", line.edited_at), ("deletedAt", line.deleted_at)] {
            metadata.extend(moment.map(|moment| (key.to_owned(), json!(moment.to_string()))));
        }
        Self {
            id: line.id,
            direction: line.direction,
            r#type: line.kind,
            content: line.content,
            metadata,
            status: shown(line.status),
            timestamp: line.sent_at.to_string(),
            author: line.author.map(|name| Author { name }),
        }
    }
}

impl From<desk::ChatSession> for Session {
    fn from(chat: desk::ChatSession) -> Self {
        Self {
            id: chat.id,
            inbox: chat.key,
            conversation_id: chat.conversation_id,
            status: chat.status,
            ended_by: chat.ended_by,
            name: chat.name,
            email: chat.email,
            is_identified: chat.identity.is_some(),
            locale: chat.locale,
            rating: chat.rating.map(Rating::from),
            created_at: chat.created_at.to_string(),
            expires_at: chat.expires_at.to_string(),
        }
    }
}

impl ChatSession {
    /// A chat whose visitor is there or not.
    pub fn of(chat: desk::ChatSession, is_online: bool) -> Self {
        Self {
            id: chat.id,
            inbox: chat.inbox.into(),
            conversation_id: (chat.status != ChatStatus::New).then_some(chat.conversation_id),
            contact: chat.contact.map(Contact::from),
            status: chat.status,
            ended_by: chat.ended_by,
            is_online,
            page: chat.page.map(WebPage::from),
            identity: chat.identity,
            name: chat.name,
            email: chat.email,
            fields: chat.fields,
            user_agent: chat.user_agent,
            locale: chat.locale,
            country: chat.country,
            rating: chat.rating.map(Rating::from),
            created_at: chat.created_at.to_string(),
            last_seen_at: chat.last_seen_at.to_string(),
        }
    }
}

impl From<desk::Rating> for Rating {
    fn from(desk::Rating { score, comment, .. }: desk::Rating) -> Self {
        Self { score, comment }
    }
}

impl From<desk::WebPage> for WebPage {
    fn from(desk::WebPage { url, title, referrer }: desk::WebPage) -> Self {
        Self { url, title, referrer }
    }
}
