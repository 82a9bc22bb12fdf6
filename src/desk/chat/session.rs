//! How a chat is, and with whom: what its visitor and agents see of it.

use entity::{ChatSessionId, ConversationId, Time, chat_session, conversation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::{Contact, ConversationStatus, InboxName};
use super::Page;

/// A chat's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatStatus {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EndedBy {
    /// The visitor.
    Visitor,
    /// An agent.
    Agent,
}

/// How a visitor found a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// From 1 to 5.
    pub score: i32,
    /// What they said about it.
    pub comment: Option<String>,
    /// When.
    pub at: Time,
}

/// A chat, as its visitor and agents see it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatSession {
    /// Its identifier.
    pub id: ChatSessionId,
    /// Where it takes place.
    pub inbox: InboxName,
    /// How sites name that inbox.
    pub key: String,
    /// The thread.
    pub conversation_id: ConversationId,
    /// Who the visitor is to agents; nothing before they have written.
    pub contact: Option<Contact>,
    /// How far it is.
    pub status: ChatStatus,
    /// Who ended it, if somebody has.
    pub ended_by: Option<EndedBy>,
    /// Who they are by the site's own word.
    pub identity: Option<String>,
    /// What they call themselves.
    pub name: Option<String>,
    /// Where else they are reached.
    pub email: Option<String>,
    /// What they were asked before.
    pub fields: Map<String, Value>,
    /// The page that they looked at last.
    pub page: Option<Page>,
    /// Their browser, as it calls itself.
    pub user_agent: Option<String>,
    /// The language in which they are spoken to.
    pub locale: Option<String>,
    /// Where they are, in two letters.
    pub country: Option<String>,
    /// How they found it.
    pub rating: Option<Rating>,
    /// When it began.
    pub created_at: Time,
    /// When they were last there, to the minute.
    pub last_seen_at: Time,
    /// Until when it can be gone on with.
    pub expires_at: Time,
}

impl ChatSession {
    pub(super) fn show(
        row: chat_session::Model,
        (inbox, key): (InboxName, String),
        talk: Option<&conversation::Model>,
        contact: Option<Contact>,
    ) -> Self {
        let status = ChatStatus::of(talk);
        let is_by_visitor = talk.is_some_and(|talk| row.ended_at >= Some(talk.opened_at));
        let ended_by = if is_by_visitor { EndedBy::Visitor } else { EndedBy::Agent };
        let rating = row.rating.zip(row.rated_at);
        let comment = row.rating_comment;
        Self {
            id: row.id,
            inbox,
            key,
            conversation_id: row.conversation_id,
            contact: contact.filter(|_| talk.is_some()),
            status,
            ended_by: (status == ChatStatus::Ended).then_some(ended_by),
            identity: row.identity,
            name: row.name,
            email: row.email,
            fields: serde_json::from_str(&row.fields).unwrap_or_default(),
            page: row.page.as_deref().and_then(|page| serde_json::from_str(page).ok()),
            user_agent: row.user_agent,
            locale: row.locale,
            country: row.country,
            rating: rating.map(|(score, at)| Rating { score, comment, at }),
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        }
    }
}

impl ChatStatus {
    pub(super) fn of(talk: Option<&conversation::Model>) -> Self {
        match talk {
            None => Self::New,
            Some(talk) if talk.status == ConversationStatus::Resolved => Self::Ended,
            Some(talk) if talk.waiting_since.is_some() => Self::Waiting,
            Some(_) => Self::Active,
        }
    }
}
