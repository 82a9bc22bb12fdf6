//! Conversations and their messages.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Limit, Path, Query, told};
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{
    self, ConversationId, ConversationStatus, Edit, Error, InboxId, MessageId, Order, Place, Spot,
    StageId, Time, UserId, Wanted,
};
use crate::wire::{Conversation, Message, schema};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show, edit))
        .routes(routes!(messages))
        .routes(routes!(read))
        .routes(routes!(unread))
}

/// Which conversations to list; what is absent does not matter.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
pub(super) struct Narrowed {
    /// Whether somebody has to do something: OPEN, PENDING, SNOOZED or RESOLVED.
    #[param(value_type = Option<schema::ConversationStatus>, inline)]
    status: Option<ConversationStatus>,
    /// The column of the board.
    #[param(value_type = Option<uuid::Uuid>)]
    stage_id: Option<StageId>,
    /// Who looks after them: an id, `me` or `none`.
    assignee: Option<String>,
    /// Where they take place.
    #[param(value_type = Option<uuid::Uuid>)]
    inbox_id: Option<InboxId>,
    /// What they are labelled with.
    label: Option<String>,
    /// Whether they hold something unread.
    #[serde(default)]
    unread: bool,
    /// Words of the contact's name, or the beginning or end of their number.
    q: Option<String>,
    /// `activity`: the latest message first; `waiting`: whoever has waited longest first.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Sort {
    #[default]
    Activity,
    Waiting,
}

/// A page of conversations.
#[expect(clippy::struct_field_names, reason = "they are the names on the wire")]
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Conversations {
    /// The number of the event after which to follow the log from here.
    seq: i64,
    conversations: Vec<Conversation>,
    /// Where the next page begins; null after the last.
    next_cursor: Option<String>,
}

impl Narrowed {
    fn wanted(self, me: &UserId) -> Result<Wanted, ApiError> {
        let assignee = self.assignee.map(|who| match who.as_str() {
            "none" => None,
            "me" => Some(me.clone()),
            _ => Some(UserId(who)),
        });
        let cursor = self.cursor.map(|cursor| cursor.parse());
        let after = cursor.transpose().map_err(|()| invalid("cursor is none of nextCursor"))?;
        let order = match self.sort {
            Sort::Activity => Order::Activity,
            Sort::Waiting => Order::Waiting,
        };
        let Self { status, stage_id: stage, inbox_id: inbox, label, unread, q: words, .. } = self;
        Ok(Wanted { status, stage, assignee, inbox, label, unread, words, order, after })
    }
}

/// A stretch of a history.
#[derive(Deserialize, IntoParams)]
pub(super) struct Stretch {
    /// The message before which to read; the newest ones if not given.
    #[param(value_type = Option<uuid::Uuid>)]
    before: Option<MessageId>,
    /// The message from which to read on, itself included, in place of `before`.
    #[param(value_type = Option<uuid::Uuid>)]
    from: Option<MessageId>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit<50, 200>,
}

/// A page of messages, oldest first; `hasMore` says whether there are older ones, or newer ones when
/// it was read from a message on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Messages {
    messages: Vec<Message>,
    has_more: bool,
}

/// What is to be another about a conversation; what is absent stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Changes {
    /// `SNOOZED` needs `snoozedUntil`.
    #[schema(value_type = Option<schema::ConversationStatus>)]
    status: Option<ConversationStatus>,
    /// When a snoozed conversation is opened again, in ISO 8601.
    #[schema(format = DateTime)]
    snoozed_until: Option<String>,
    /// Who looks after it; null for nobody.
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<String>)]
    assignee_id: Option<Option<UserId>>,
    /// All its labels.
    labels: Option<Vec<String>>,
    /// Its column of the board; at the top, unless it is told where.
    #[schema(value_type = Option<uuid::Uuid>)]
    stage_id: Option<StageId>,
    /// The card just above which it goes.
    #[schema(value_type = Option<uuid::Uuid>)]
    before: Option<ConversationId>,
    /// The card just below which it goes.
    #[schema(value_type = Option<uuid::Uuid>)]
    after: Option<ConversationId>,
    /// Whether it goes below all others.
    #[serde(default)]
    at_bottom: bool,
}

impl TryFrom<Changes> for Edit {
    type Error = desk::Error;

    fn try_from(changes: Changes) -> Result<Self, desk::Error> {
        let Changes { status, snoozed_until, assignee_id, labels, stage_id, .. } = changes;
        let spot = match (changes.before, changes.after, changes.at_bottom) {
            (None, None, false) => Spot::Top,
            (Some(card), None, false) => Spot::Before(card),
            (None, Some(card), false) => Spot::After(card),
            (None, None, true) => Spot::Bottom,
            _ => return Err(invalid("only one of before, after and atBottom can hold")),
        };
        let place = match stage_id {
            Some(stage) => Some(Place { stage, spot }),
            None if spot == Spot::Top => None,
            None => return Err(invalid("a place on the board needs a stageId")),
        };
        let snoozed_until = snoozed_until.map(|time| {
            time.parse::<Time>().map_err(|_| invalid("snoozedUntil is no time in ISO 8601"))
        });
        let snoozed_until = snoozed_until.transpose()?;
        Ok(Self { status, snoozed_until, assignee: assignee_id, labels, place })
    }
}

fn invalid(why: &str) -> Error {
    Error::Invalid(why.to_owned())
}

/// Conversations, narrowed down and in order, page by page.
#[utoipa::path(get, path = "/api/conversations", tag = "conversations", params(Narrowed),
    responses((status = 200, body = Conversations), ApiError))]
pub(super) async fn list(
    caller: Caller,
    Query(narrowed): Query<Narrowed>,
) -> Result<Json<Conversations>, ApiError> {
    let Limit(limit) = narrowed.limit;
    // Before the rows: following the log from here may repeat a change, but loses none.
    let seq = caller.desk.head().await?;
    let wanted = narrowed.wanted(&caller.user)?;
    let listed = caller.desk.list(wanted, limit, &caller.sees).await?;
    let conversations = listed.conversations.into_iter().map(Conversation::from).collect();
    let next_cursor = listed.next.map(|cursor| cursor.to_string());
    Ok(Json(Conversations { seq, conversations, next_cursor }))
}

/// One conversation.
#[utoipa::path(get, path = "/api/conversations/{id}", tag = "conversations",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Conversation), ApiError))]
pub(super) async fn show(
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<Json<Conversation>, ApiError> {
    Ok(Json(caller.desk.conversation(id, &caller.sees).await?.into()))
}

/// Moves, assigns, labels, snoozes, resolves or reopens a conversation.
#[utoipa::path(patch, path = "/api/conversations/{id}", tag = "conversations",
    params(("id" = uuid::Uuid, Path)), request_body = Changes,
    responses((status = 200, body = Conversation), ApiError))]
pub(super) async fn edit(
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(changes): Json<Changes>,
) -> Result<Json<Conversation>, ApiError> {
    let edit = changes.try_into()?;
    Ok(Json(caller.desk.edit(id, edit, &caller.actor(), &caller.sees).await?.into()))
}

/// A conversation's messages, the newest page first.
#[utoipa::path(get, path = "/api/conversations/{id}/messages", tag = "messages",
    params(("id" = uuid::Uuid, Path), Stretch),
    responses((status = 200, body = Messages), ApiError))]
pub(super) async fn messages(
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(Stretch { before, from, limit: Limit(limit) }): Query<Stretch>,
) -> Result<Json<Messages>, ApiError> {
    let page = match (before, from) {
        (before, None) => caller.desk.history(id, before, limit, &caller.sees).await?,
        (None, Some(from)) => caller.desk.history_from(id, from, limit, &caller.sees).await?,
        _ => return Err(invalid("only one of before and from can hold").into()),
    };
    let messages = page.messages.into_iter().map(Message::from).collect();
    Ok(Json(Messages { messages, has_more: page.has_more }))
}

/// Notes that an agent has read a conversation.
#[utoipa::path(post, path = "/api/conversations/{id}/read", tag = "conversations",
    params(("id" = uuid::Uuid, Path)), responses((status = 204), ApiError))]
pub(super) async fn read(
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<StatusCode, ApiError> {
    caller.desk.mark_read(id, &caller.sees).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Marks a conversation as unread, for somebody to come back to.
#[utoipa::path(post, path = "/api/conversations/{id}/unread", tag = "conversations",
    params(("id" = uuid::Uuid, Path)), responses((status = 204), ApiError))]
pub(super) async fn unread(
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<StatusCode, ApiError> {
    caller.desk.mark_unread(id, &caller.sees).await?;
    Ok(StatusCode::NO_CONTENT)
}
