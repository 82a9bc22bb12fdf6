//! What agents ask about visitors, and what pages of sites ask before there is a visitor.

use axum::extract::{Extension, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::signals::Signals;
use super::super::visitors::availability;
use crate::api::{ApiError, ApiState, Json, PageLimit, Path, PreChatField, Query};
use crate::auth::Caller;
use crate::desk::{ChatSessionId, ChatStatus, ChatWanted, ConversationId};
use crate::wire::visitor::{ChatSession, ChatStatusName};

/// Which chats to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(rename_all = "camelCase")]
pub(super) struct Narrowed {
    #[param(value_type = Option<ChatStatusName>, inline)]
    status: Option<ChatStatus>,
    #[param(value_type = Option<uuid::Uuid>)]
    conversation_id: Option<ConversationId>,
    /// Whether only those whose visitor is there.
    #[serde(default)]
    online: bool,
    /// `nextCursor` of the page before.
    #[param(value_type = Option<uuid::Uuid>)]
    cursor: Option<ChatSessionId>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: PageLimit<50, 200>,
}

/// A page of chats, the newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatSessions {
    sessions: Vec<ChatSession>,
    /// Where the next page begins; null after the last.
    #[schema(value_type = Option<uuid::Uuid>)]
    next_cursor: Option<ChatSessionId>,
}

/// How many chats there are of each sort.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatStats {
    /// Whose visitors wait for an answer.
    waiting: u64,
    /// In which it is the visitor's turn.
    active: u64,
    /// That were ended.
    ended: u64,
    /// Visitors who are there now, whether or not they have written.
    visitors_online: usize,
    /// How many were rated.
    rated: u64,
    /// The mean of the ratings, from 1 to 5.
    rating: Option<f64>,
}

/// What a page of a site needs to show the chat.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Widget {
    key: String,
    title: Option<String>,
    greeting: Option<String>,
    /// What visitors read while no agent is there.
    offline_text: Option<String>,
    color: Option<String>,
    locale: Option<String>,
    pre_chat: Vec<PreChatField>,
    requires_identity: bool,
    /// How large a file may be that a visitor sends, in kB; 0 if they may send none.
    largest_file_kb: u64,
    /// `available` or `away`.
    agents: &'static str,
}

/// Visitors of the sites that the caller sees.
#[utoipa::path(get, path = "/api/livechat/sessions", tag = "live chat", params(Narrowed),
    responses((status = 200, body = ChatSessions), ApiError))]
pub(super) async fn visitors(
    caller: Caller,
    Extension(signals): Extension<Signals>,
    Query(narrowed): Query<Narrowed>,
) -> Result<Json<ChatSessions>, ApiError> {
    let Narrowed { status, conversation_id: conversation, online, cursor: before, limit } =
        narrowed;
    let PageLimit(limit) = limit;
    let there = signals.visitors_online(caller.desk.tenant());
    let ids = online.then(|| there.iter().copied().collect());
    let wanted = ChatWanted { status, conversation, ids, before };
    let page = caller.desk.chats(&wanted, limit, &caller.sees).await?;
    let last = page.chats.last().map(|chat| chat.id);
    let sessions = page.chats.into_iter().map(|chat| {
        let is_online = there.contains(&chat.id);
        ChatSession::of(chat, is_online)
    });
    let next_cursor = last.filter(|_| page.has_more);
    Ok(Json(ChatSessions { sessions: sessions.collect(), next_cursor }))
}

/// How many chats there are of each sort, of those that the caller sees; `conversation:updated` and
/// `visitor:presence` tell when to ask again.
#[utoipa::path(get, path = "/api/livechat/stats", tag = "live chat",
    responses((status = 200, body = ChatStats), ApiError))]
pub(super) async fn stats(
    caller: Caller,
    Extension(signals): Extension<Signals>,
) -> Result<Json<ChatStats>, ApiError> {
    let counts = caller.desk.chat_counts(&caller.sees).await?;
    Ok(Json(ChatStats {
        waiting: counts.waiting,
        active: counts.active,
        ended: counts.ended,
        visitors_online: signals.visitors_seen(&caller),
        rated: counts.rated,
        rating: counts.rating,
    }))
}

/// What a page of a site needs to show the chat. For anybody.
#[utoipa::path(get, path = "/api/livechat/inboxes/{key}", tag = "live chat",
    params(("key" = String, Path)), security(()),
    responses((status = 200, body = Widget), ApiError))]
pub(super) async fn configure(
    State(state): State<ApiState>,
    Extension(signals): Extension<Signals>,
    Path(key): Path<String>,
) -> Result<Json<Widget>, ApiError> {
    let chat = state.desks.live_chat(&key).await?;
    let is_available = signals.is_available(chat.tenant(), chat.inbox());
    let settings = chat.settings().clone();
    Ok(Json(Widget {
        key,
        title: settings.title,
        greeting: settings.greeting,
        offline_text: settings.offline_text,
        color: settings.color,
        locale: settings.locale,
        pre_chat: settings.pre_chat.into_iter().map(PreChatField::from).collect(),
        requires_identity: settings.requires_identity,
        largest_file_kb: state.shelf.largest_of_visitors(),
        agents: availability(is_available),
    }))
}
