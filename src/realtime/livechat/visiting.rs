//! What visitors ask of their chat by HTTP, and do in it.

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::signals::Signals;
use super::opening::Page;
use super::told::{self, Post, Rating, got, say};
use crate::api::{ApiError, ApiState, Json, Own, Query};
use crate::desk::{MessageId, Time, WebPage};
use crate::wire::visitor::{Message, Session};

/// How many messages are answered at once.
const PAGE: u64 = 50;

/// How many at most.
pub(super) const LARGEST_PAGE: u64 = 200;

/// A chat as it is now.
#[derive(Serialize, ToSchema)]
#[schema(as = VisitorShown)]
pub(super) struct Shown {
    session: Session,
    /// The number of the event after which to follow the log from here.
    seq: i64,
}

/// Which messages to read.
#[derive(Deserialize, IntoParams)]
pub(super) struct Stretch {
    /// `seq` of the last answer, or a time in ISO 8601: what was said or changed since.
    after: Option<String>,
    /// The message before which to read; the newest ones if neither is given.
    #[param(value_type = Option<uuid::Uuid>)]
    before: Option<MessageId>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
}

/// Messages, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = VisitorMessages)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the wire says so")]
pub(super) struct Messages {
    pub(super) messages: Vec<Message>,
    /// `after` of the next request: whatever is not here comes after it.
    pub(super) seq: i64,
    pub(super) has_more: bool,
}

/// How far a visitor has read.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ReadUntil {
    /// The last message that they have read; all if not given.
    #[schema(value_type = Option<uuid::Uuid>)]
    message_id: Option<MessageId>,
}

/// Whether a visitor types.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TypingNow {
    is_typing: bool,
}

/// The chat of the visitor who asks.
#[utoipa::path(get, path = "/api/livechat/sessions/{id}", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), security(("visitor" = [])),
    responses((status = 200, body = Shown), ApiError))]
pub(super) async fn show(
    Own(visitor): Own,
    Extension(signals): Extension<Signals>,
) -> Result<Json<Shown>, ApiError> {
    signals.visitor_asks(&visitor.chat);
    let seq = visitor.chat.head().await?;
    let session = visitor.chat.session().await?.into();
    Ok(Json(Shown { session, seq }))
}

/// What was said in the visitor's chat: the newest messages, those before one of them, or what was
/// said or changed since an earlier answer.
#[utoipa::path(get, path = "/api/livechat/sessions/{id}/messages", tag = "live chat",
    params(("id" = uuid::Uuid, Path), Stretch), security(("visitor" = [])),
    responses((status = 200, body = Messages), ApiError))]
pub(super) async fn messages(
    Own(visitor): Own,
    State(state): State<ApiState>,
    Extension(signals): Extension<Signals>,
    Query(Stretch { after, before, limit }): Query<Stretch>,
) -> Result<Json<Messages>, ApiError> {
    signals.visitor_asks(&visitor.chat);
    let limit = limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(ApiError::BadRequest(format!("limit is a number from 1 to {LARGEST_PAGE}")));
    }
    let chat = &visitor.chat;
    let (lines, seq, has_more) = match (after, before) {
        (Some(after), None) => chat.since(number(&after)?, limit).await?,
        (None, before) => {
            // Before the rows: what is read again later may repeat, and nothing is left out.
            let seq = chat.head().await?;
            let read = chat.lines(before, limit).await?;
            (read.lines, seq, read.has_more)
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::BadRequest("only one of after and before can hold".to_owned()));
        }
    };
    got(&state, &visitor, &lines).await?;
    let messages = lines.into_iter().map(Message::from).collect();
    Ok(Json(Messages { messages, seq, has_more }))
}

/// Says something in the visitor's chat; the first message opens the conversation.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/messages", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), request_body = Post, security(("visitor" = [])),
    responses((status = 201, body = Message), ApiError))]
pub(super) async fn write(
    Own(visitor): Own,
    State(state): State<ApiState>,
    headers: HeaderMap,
    Json(post): Json<Post>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let key = key.map(|key| key.trim_matches('"').to_owned());
    let said = say(&state, &visitor, post.called(key)).await?;
    Ok((StatusCode::CREATED, Json(said)))
}

/// Notes that the visitor has read what agents have said.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/read", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), request_body = ReadUntil, security(("visitor" = [])),
    responses((status = 204), ApiError))]
pub(super) async fn read(
    Own(visitor): Own,
    State(state): State<ApiState>,
    Json(ReadUntil { message_id }): Json<ReadUntil>,
) -> Result<StatusCode, ApiError> {
    told::read(&state, &visitor, message_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells agents who look at the conversation that the visitor types, or has stopped.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/typing", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), request_body = TypingNow, security(("visitor" = [])),
    responses((status = 204), ApiError))]
pub(super) async fn typing(
    Own(visitor): Own,
    Extension(signals): Extension<Signals>,
    Json(TypingNow { is_typing }): Json<TypingNow>,
) -> Result<StatusCode, ApiError> {
    signals.visitor_types(&visitor.chat, is_typing);
    Ok(StatusCode::NO_CONTENT)
}

/// Tells agents which page of the site the visitor looks at.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/page", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), request_body = Page, security(("visitor" = [])),
    responses((status = 204), ApiError))]
pub(super) async fn page(
    Own(visitor): Own,
    Extension(signals): Extension<Signals>,
    Json(page): Json<Page>,
) -> Result<StatusCode, ApiError> {
    let page = WebPage::from(&page);
    visitor.chat.looks_at(&page).await?;
    signals.visitor_looks_at(&visitor.chat, &page);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the visitor's chat: its conversation is resolved, until somebody writes again.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/end", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), security(("visitor" = [])),
    responses((status = 200, body = Session), ApiError))]
pub(super) async fn end(Own(visitor): Own) -> Result<Json<Session>, ApiError> {
    Ok(Json(visitor.chat.end().await?.into()))
}

/// Notes how the visitor found the chat; agents read it in the conversation. The last word counts.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/rating", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), request_body = Rating, security(("visitor" = [])),
    responses((status = 204), ApiError))]
pub(super) async fn rate(
    Own(visitor): Own,
    State(state): State<ApiState>,
    Json(rating): Json<Rating>,
) -> Result<StatusCode, ApiError> {
    told::rate(&state, &visitor, rating).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A number of an event, or the moment that it stands for.
fn number(after: &str) -> Result<i64, ApiError> {
    if let Ok(number) = after.parse() {
        return Ok(number);
    }
    let why = |_| ApiError::BadRequest("after is no seq and no time in ISO 8601".to_owned());
    after.parse::<Time>().map(|time| time.0).map_err(why)
}
