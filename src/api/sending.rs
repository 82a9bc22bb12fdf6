//! How sending goes.

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{self, InboxId, Role};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(resume))
}

/// How sending goes through each inbox.
#[derive(Serialize, ToSchema)]
pub(super) struct Flows {
    inboxes: Vec<Flow>,
}

/// How sending goes through an inbox.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Flow {
    #[schema(value_type = uuid::Uuid)]
    inbox_id: InboxId,
    name: String,
    /// How many messages wait to be sent.
    waiting: i64,
    /// Since when the first of them does.
    waiting_since: Option<String>,
    /// Until when nothing is sent, because the channel wants it so.
    held_until: Option<String>,
    /// Why, in the channel's words.
    #[schema(value_type = Option<Object>)]
    error: Option<Value>,
}

/// How many messages wait, and which inboxes do not send at the moment. For admins.
#[utoipa::path(get, path = "/api/sending", tag = "inboxes",
    responses((status = 200, body = Flows), ApiError))]
pub(super) async fn list(caller: Caller) -> Result<Json<Flows>, ApiError> {
    caller.require(Role::Admin)?;
    let inboxes = caller.desk.flows().await?.into_iter().map(Flow::from).collect();
    Ok(Json(Flows { inboxes }))
}

/// Lets an inbox send again at once, since what was in the way has been mended. For admins.
#[utoipa::path(post, path = "/api/inboxes/{id}/resume", tag = "inboxes",
    params(("id" = uuid::Uuid, Path)), responses((status = 204), ApiError))]
pub(super) async fn resume(
    caller: Caller,
    Path(id): Path<InboxId>,
) -> Result<StatusCode, ApiError> {
    caller.require(Role::Admin)?;
    caller.desk.resume(id, &caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<desk::Flow> for Flow {
    fn from(flow: desk::Flow) -> Self {
        let desk::Flow { inbox, waiting, oldest, held_until, error } = flow;
        Self {
            inbox_id: inbox.id,
            name: inbox.name,
            waiting,
            waiting_since: oldest.map(|it| it.to_string()),
            held_until: held_until.map(|it| it.to_string()),
            error,
        }
    }
}
