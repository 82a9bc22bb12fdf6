//! The board.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Json;
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{self, StageId};
use crate::wire::Conversation;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(show))
}

/// A snapshot, and the number of the event after which to follow the log.
#[derive(Serialize, ToSchema)]
pub(super) struct Board {
    seq: i64,
    stages: Vec<Column>,
}

#[derive(Serialize, ToSchema)]
struct Column {
    #[schema(value_type = uuid::Uuid)]
    id: StageId,
    name: String,
    color: String,
    total: u64,
    unread: u64,
    conversations: Vec<Conversation>,
}

/// The stages with their first conversations, from the top.
#[utoipa::path(get, path = "/api/board", tag = "board",
    responses((status = 200, body = Board), ApiError))]
pub(super) async fn show(caller: Caller) -> Result<Json<Board>, ApiError> {
    let board = caller.desk.board(&caller.sees).await?;
    let stages = board.columns.into_iter().map(Column::from).collect();
    Ok(Json(Board { seq: board.seq, stages }))
}

impl From<desk::Column> for Column {
    fn from(column: desk::Column) -> Self {
        let desk::Column { id, name, color, total, unread, conversations } = column;
        let conversations = conversations.into_iter().map(Conversation::from).collect();
        Self { id, name, color, total, unread, conversations }
    }
}
