//! Answers that are given often.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{self, CannedResponseId, Role};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(change, remove))
}

/// An answer that agents call up by its shortcut.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CannedResponse {
    #[schema(value_type = uuid::Uuid)]
    id: CannedResponseId,
    shortcut: String,
    content: String,
}

/// All of them, by shortcut.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CannedResponses {
    canned_responses: Vec<CannedResponse>,
}

/// An answer that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCannedResponse {
    /// What agents type after `/`: one word.
    #[schema(min_length = 1, max_length = 40)]
    shortcut: String,
    #[schema(min_length = 1, max_length = 4096)]
    content: String,
}

/// What is to be another about an answer; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CannedResponseChanges {
    #[schema(min_length = 1, max_length = 40)]
    shortcut: Option<String>,
    #[schema(min_length = 1, max_length = 4096)]
    content: Option<String>,
}

/// The canned responses, by shortcut.
#[utoipa::path(get, path = "/api/canned-responses", tag = "canned responses",
    responses((status = 200, body = CannedResponses), ApiError))]
pub(super) async fn list(caller: Caller) -> Result<Json<CannedResponses>, ApiError> {
    let all = caller.desk.canned_responses().await?;
    let canned_responses = all.into_iter().map(CannedResponse::from).collect();
    Ok(Json(CannedResponses { canned_responses }))
}

/// Adds a canned response. For admins.
#[utoipa::path(post, path = "/api/canned-responses", tag = "canned responses",
    request_body = NewCannedResponse, responses((status = 201, body = CannedResponse), ApiError))]
pub(super) async fn add(
    caller: Caller,
    Json(NewCannedResponse { shortcut, content }): Json<NewCannedResponse>,
) -> Result<(StatusCode, Json<CannedResponse>), ApiError> {
    caller.require(Role::Admin)?;
    let added = caller.desk.add_canned_response(&shortcut, &content, &caller.actor()).await?;
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// Changes a canned response. For admins.
#[utoipa::path(patch, path = "/api/canned-responses/{id}", tag = "canned responses",
    params(("id" = uuid::Uuid, Path)), request_body = CannedResponseChanges,
    responses((status = 200, body = CannedResponse), ApiError))]
pub(super) async fn change(
    caller: Caller,
    Path(id): Path<CannedResponseId>,
    Json(CannedResponseChanges { shortcut, content }): Json<CannedResponseChanges>,
) -> Result<Json<CannedResponse>, ApiError> {
    caller.require(Role::Admin)?;
    let (shortcut, content, by) = (shortcut.as_deref(), content.as_deref(), caller.actor());
    Ok(Json(caller.desk.change_canned_response(id, shortcut, content, &by).await?.into()))
}

/// Removes a canned response. For admins.
#[utoipa::path(delete, path = "/api/canned-responses/{id}", tag = "canned responses",
    params(("id" = uuid::Uuid, Path)), responses((status = 204), ApiError))]
pub(super) async fn remove(
    caller: Caller,
    Path(id): Path<CannedResponseId>,
) -> Result<StatusCode, ApiError> {
    caller.require(Role::Admin)?;
    caller.desk.remove_canned_response(id, &caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<desk::CannedResponse> for CannedResponse {
    fn from(response: desk::CannedResponse) -> Self {
        let desk::CannedResponse { id, shortcut, content } = response;
        Self { id, shortcut, content }
    }
}
