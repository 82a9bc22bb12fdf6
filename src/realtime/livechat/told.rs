//! What visitors do, whichever way they say so: it becomes durable as webhooks do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::{ApiError, ApiState};
use crate::auth::Visitor;
use crate::channels::{self, live_chat};
use crate::desk::{Channel, Direction, Error, Line, MediaId, MessageId, Outcome, Status, Webhook};
use crate::wire::visitor::Message;

/// The longest identifier that a client may give a message, in bytes.
const LONGEST_CLIENT_ID: usize = 128;

/// Something that a visitor writes.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = VisitorPost)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::realtime) struct Post {
    /// What, in up to 4,096 characters; it may be missing where there is a file.
    #[serde(default)]
    #[schema(max_length = 4096)]
    content: String,
    /// A file that this visitor has uploaded within a day.
    #[schema(value_type = Option<uuid::Uuid>)]
    media_id: Option<MediaId>,
    /// The client's own identifier: a second message that bears it is answered like the first. The
    /// header `Idempotency-Key` says the same.
    client_id: Option<String>,
}

/// How a visitor found a chat.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = NewRating)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rating {
    /// From 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    score: i32,
    #[schema(max_length = 2000)]
    comment: Option<String>,
}

impl Post {
    /// With the identifier that stands in the request's headers, unless it has one.
    pub(super) fn called(self, key: Option<String>) -> Self {
        Self { client_id: self.client_id.or(key), ..self }
    }
}

/// Says something in a visitor's chat.
pub(in crate::realtime) async fn say(
    state: &ApiState,
    visitor: &Visitor,
    post: Post,
) -> Result<Message, ApiError> {
    state.chats.say(visitor.chat.id()).map_err(ApiError::RateLimited)?;
    // A socket may be older than what agents have decided.
    let visitor = &state.auth.visitor_again(visitor).await?;
    let chat = &visitor.chat;
    let Post { content, media_id, client_id } = post;
    if client_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > LONGEST_CLIENT_ID) {
        let why = format!("clientId is empty, or longer than {LONGEST_CLIENT_ID} bytes");
        return Err(Error::Invalid(why).into());
    }
    let own = client_id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let id = format!("{}:{own}", chat.id());
    if let Some(line) = chat.line_called(&id).await? {
        return Ok(line.into());
    }
    let file = match media_id {
        Some(media_id) => Some(chat.uploaded(media_id).await?.into()),
        None => None,
    };
    let told = live_chat::Told::Message { id: id.clone(), content, client_id, file };
    tell(state, visitor, vec![told]).await?;
    if chat.contact().is_none() {
        // They have become a contact.
        state.auth.forget_visitor(visitor);
    }
    let line = chat.line_called(&id).await?;
    Ok(line.ok_or_else(|| Error::NoInbox(chat.key().to_owned()))?.into())
}

/// Notes that the visitor has read what agents have said, up to a message or all of it.
pub(in crate::realtime) async fn read(
    state: &ApiState,
    visitor: &Visitor,
    until: Option<MessageId>,
) -> Result<(), ApiError> {
    let unread = visitor.chat.unread(until).await?;
    moved(state, visitor, unread, Status::Read).await
}

/// Notes that a client of the visitor's has got a message.
pub(in crate::realtime) async fn noted(
    state: &ApiState,
    visitor: &Visitor,
    message: MessageId,
) -> Result<(), ApiError> {
    moved(state, visitor, vec![message], Status::Delivered).await
}

/// Notes that a client of the visitor's has got these lines.
pub(super) async fn got(
    state: &ApiState,
    visitor: &Visitor,
    lines: &[Line],
) -> Result<(), ApiError> {
    let new = lines.iter().filter(|line| is_news(line)).map(|line| line.id).collect();
    moved(state, visitor, new, Status::Delivered).await
}

/// Whether it is worth noting that a line has been got.
pub(in crate::realtime) fn is_news(line: &Line) -> bool {
    line.direction == Direction::Outbound && line.status < Status::Delivered
}

/// Notes how the visitor found the chat, for agents to read.
pub(super) async fn rate(
    state: &ApiState,
    visitor: &Visitor,
    rating: Rating,
) -> Result<(), ApiError> {
    let Rating { score, comment } = rating;
    let comment = comment.filter(|comment| !comment.trim().is_empty());
    let again = visitor.chat.rate(score, comment.as_deref()).await?;
    let id = format!("{}:rating", visitor.chat.id());
    tell(state, visitor, vec![live_chat::Told::Rating { id, score, comment, again }]).await
}

async fn moved(
    state: &ApiState,
    visitor: &Visitor,
    messages: Vec<MessageId>,
    status: Status,
) -> Result<(), ApiError> {
    if messages.is_empty() {
        return Ok(());
    }
    let told = messages.into_iter().map(|message| live_chat::Told::Status { message, status });
    tell(state, visitor, told.collect()).await
}

async fn tell(
    state: &ApiState,
    visitor: &Visitor,
    told: Vec<live_chat::Told>,
) -> Result<(), ApiError> {
    let body = live_chat::write(&visitor.chat, told)?;
    let elements = channels::parse(Channel::LiveChat, &body)?;
    let webhook = Webhook { channel: Channel::LiveChat, body, elements, replay_of: None };
    let receipt = state.desks.receive(webhook).await?;
    // Only what was switched off meanwhile takes nothing.
    if receipt.fates.iter().any(|fate| fate.outcome == Outcome::Quarantined) {
        return Err(Error::NoInbox(visitor.chat.key().to_owned()).into());
    }
    Ok(())
}
