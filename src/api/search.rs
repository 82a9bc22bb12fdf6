//! Finding messages.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Limit, Query};
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{self, ConversationId, MessageId};
use crate::wire::Message;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(search))
}

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    /// Words, all of which a message must hold, in whatever form.
    q: String,
    /// The conversation in which to look; all of them if not given.
    #[param(value_type = Option<uuid::Uuid>)]
    conversation_id: Option<ConversationId>,
    /// The message before which to look; the newest ones if not given.
    #[param(value_type = Option<uuid::Uuid>)]
    before: Option<MessageId>,
    /// How many at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit<20, 100>,
}

/// What was found, newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    messages: Vec<Hit>,
    has_more: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Hit {
    #[schema(value_type = uuid::Uuid)]
    conversation_id: ConversationId,
    message: Message,
}

/// Messages that hold certain words.
#[utoipa::path(get, path = "/api/messages/search", tag = "messages", params(Asked),
    responses((status = 200, body = Found), ApiError))]
pub(super) async fn search(
    caller: Caller,
    Query(Asked { q, conversation_id, before, limit: Limit(limit) }): Query<Asked>,
) -> Result<Json<Found>, ApiError> {
    let found = caller.desk.search(&q, conversation_id, before, limit, &caller.sees).await?;
    let messages = found.messages.into_iter().map(Hit::from).collect();
    Ok(Json(Found { messages, has_more: found.has_more }))
}

impl From<desk::Message> for Hit {
    fn from(message: desk::Message) -> Self {
        Self { conversation_id: message.conversation_id, message: message.into() }
    }
}
