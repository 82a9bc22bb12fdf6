//! Conversations and their messages.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};

use super::ApiError;
use crate::auth::Caller;
use crate::desk::{ConversationId, MessageId};
use crate::wire::{Conversation, Message};

/// The most messages that one request is answered with.
const LARGEST_PAGE: u64 = 200;

/// A stretch of a history.
#[derive(Deserialize)]
pub(super) struct Stretch {
    /// The message before which to read; the newest ones if not given.
    before: Option<MessageId>,
    /// How many at most.
    #[serde(default = "Stretch::usual_limit")]
    limit: u64,
}

impl Stretch {
    fn usual_limit() -> u64 {
        50
    }
}

/// A page of messages, oldest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Messages {
    messages: Vec<Message>,
    has_more: bool,
}

/// What is no identifier names nothing.
type OneConversation = Result<Path<ConversationId>, PathRejection>;

/// `GET /api/conversations/{id}`: one conversation.
pub(super) async fn show(
    caller: Caller,
    id: OneConversation,
) -> Result<Json<Conversation>, ApiError> {
    let Path(id) = id.map_err(|_| ApiError::NotFound)?;
    Ok(Json(caller.desk.conversation(id, &caller.sees).await?.into()))
}

/// `GET /api/conversations/{id}/messages`: its history, newest page first.
pub(super) async fn messages(
    caller: Caller,
    id: OneConversation,
    stretch: Result<Query<Stretch>, QueryRejection>,
) -> Result<Json<Messages>, ApiError> {
    let Path(id) = id.map_err(|_| ApiError::NotFound)?;
    let Query(Stretch { before, limit }) = stretch?;
    let limit = limit.clamp(1, LARGEST_PAGE);
    let page = caller.desk.history(id, before, limit, &caller.sees).await?;
    let messages = page.messages.into_iter().map(Message::from).collect();
    Ok(Json(Messages { messages, has_more: page.has_more }))
}
