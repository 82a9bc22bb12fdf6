//! The board.

use axum::Json;
use serde::Serialize;

use super::ApiError;
use crate::auth::Caller;
use crate::desk::{self, StageId};
use crate::wire::Conversation;

/// A snapshot, and the number of the event after which to follow the log.
#[derive(Serialize)]
pub(super) struct Board {
    seq: i64,
    stages: Vec<Stage>,
}

#[derive(Serialize)]
struct Stage {
    id: StageId,
    name: String,
    color: String,
    total: u64,
    conversations: Vec<Conversation>,
}

/// `GET /api/board`: the stages with their first conversations.
pub(super) async fn show(caller: Caller) -> Result<Json<Board>, ApiError> {
    let board = caller.desk.board(&caller.sees).await?;
    let stages = board.columns.into_iter().map(Stage::from).collect();
    Ok(Json(Board { seq: board.seq, stages }))
}

impl From<desk::Column> for Stage {
    fn from(column: desk::Column) -> Self {
        let desk::Column { id, name, color, total, conversations } = column;
        let conversations = conversations.into_iter().map(Conversation::from).collect();
        Self { id, name, color, total, conversations }
    }
}
