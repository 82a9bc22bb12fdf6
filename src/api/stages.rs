//! The columns of the board.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path, Query};
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{Role, StageId};
use crate::wire::Stage;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(change, remove))
        .routes(routes!(order))
}

/// All columns, from left to right.
#[derive(Serialize, ToSchema)]
pub(super) struct Stages {
    stages: Vec<Stage>,
}

/// A column that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStage {
    /// Its heading.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// Its colour.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    color: String,
}

/// What is to be another about a column.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StageChanges {
    /// Its heading.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// Its colour.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<String>,
}

/// An order of columns.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// All of them, from left to right.
    #[schema(value_type = Vec<uuid::Uuid>)]
    stages: Vec<StageId>,
}

/// Where the cards of a column go.
#[derive(Deserialize, IntoParams)]
pub(super) struct Heir {
    /// The column at whose end they go on.
    #[param(value_type = uuid::Uuid)]
    to: StageId,
}

/// The columns of the board.
#[utoipa::path(get, path = "/api/stages", tag = "board",
    responses((status = 200, body = Stages), ApiError))]
pub(super) async fn list(caller: Caller) -> Result<Json<Stages>, ApiError> {
    let stages = caller.desk.stages().await?.into_iter().map(Stage::from).collect();
    Ok(Json(Stages { stages }))
}

/// Adds a column at the right end. For admins.
#[utoipa::path(post, path = "/api/stages", tag = "board", request_body = NewStage,
    responses((status = 201, body = Stage), ApiError))]
pub(super) async fn add(
    caller: Caller,
    Json(NewStage { name, color }): Json<NewStage>,
) -> Result<(StatusCode, Json<Stage>), ApiError> {
    caller.require(Role::Admin)?;
    let added = caller.desk.add_stage(&name, &color, &caller.actor()).await?;
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// Renames or recolours a column. For admins.
#[utoipa::path(patch, path = "/api/stages/{id}", tag = "board",
    params(("id" = uuid::Uuid, Path)), request_body = StageChanges,
    responses((status = 200, body = Stage), ApiError))]
pub(super) async fn change(
    caller: Caller,
    Path(id): Path<StageId>,
    Json(StageChanges { name, color }): Json<StageChanges>,
) -> Result<Json<Stage>, ApiError> {
    caller.require(Role::Admin)?;
    let (name, color) = (name.as_deref(), color.as_deref());
    Ok(Json(caller.desk.change_stage(id, name, color, &caller.actor()).await?.into()))
}

/// Removes a column; its cards go to another. For admins.
#[utoipa::path(delete, path = "/api/stages/{id}", tag = "board",
    params(("id" = uuid::Uuid, Path), Heir), responses((status = 204), ApiError))]
pub(super) async fn remove(
    caller: Caller,
    Path(id): Path<StageId>,
    Query(Heir { to }): Query<Heir>,
) -> Result<StatusCode, ApiError> {
    caller.require(Role::Admin)?;
    caller.desk.remove_stage(id, to, &caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts the columns in another order. For admins.
#[utoipa::path(put, path = "/api/stages/order", tag = "board", request_body = Order,
    responses((status = 200, body = Stages), ApiError))]
pub(super) async fn order(
    caller: Caller,
    Json(Order { stages }): Json<Order>,
) -> Result<Json<Stages>, ApiError> {
    caller.require(Role::Admin)?;
    let stages = caller.desk.order_stages(&stages, &caller.actor()).await?;
    Ok(Json(Stages { stages: stages.into_iter().map(Stage::from).collect() }))
}
