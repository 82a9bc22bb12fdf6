//! What was said in a chat, for its visitor to keep.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::visiting::{LARGEST_PAGE, Messages};
use crate::api::{ApiError, Json, Own, Query};
use crate::desk::{Direction, Line};
use crate::wire::visitor::Message;

/// How many messages a transcript holds at most: the newest.
const LONGEST: usize = 10_000;

/// How a transcript is written.
#[derive(Deserialize, IntoParams)]
pub(super) struct Written {
    /// `text` or `json`.
    #[param(inline)]
    format: Option<Format>,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Text,
    Json,
}

/// Everything that was said in the visitor's chat, to be kept.
#[utoipa::path(get, path = "/api/livechat/sessions/{id}/transcript", tag = "live chat",
    params(("id" = uuid::Uuid, Path), Written), security(("visitor" = [])),
    responses(
        (status = 200, description = "As text, or as JSON.", content((String = "text/plain"), (Messages = "application/json"))),
        ApiError,
    ))]
pub(super) async fn transcript(
    Own(visitor): Own,
    Query(Written { format }): Query<Written>,
) -> Result<Response, ApiError> {
    let chat = &visitor.chat;
    let seq = chat.head().await?;
    let mut lines: Vec<Line> = Vec::new();
    let mut has_more = true;
    while has_more && lines.len() < LONGEST {
        let page = chat.lines(lines.first().map(|line| line.id), LARGEST_PAGE).await?;
        has_more = page.has_more;
        lines.splice(..0, page.lines);
    }
    let name = |ending: &str| format!("attachment; filename=\"chat-{}.{ending}\"", chat.id());
    Ok(match format.unwrap_or_default() {
        Format::Json => {
            let messages = lines.into_iter().map(Message::from).collect();
            let told = Json(Messages { messages, seq, has_more });
            ([(CONTENT_DISPOSITION, name("json"))], told).into_response()
        }
        Format::Text => {
            let visitor = chat.name().unwrap_or("Visitor");
            let text: String = lines.iter().map(|line| in_words(line, visitor)).collect();
            let kind = "text/plain; charset=utf-8".to_owned();
            ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name("txt"))], text).into_response()
        }
    })
}

/// A line for people.
fn in_words(line: &Line, visitor: &str) -> String {
    let who = match (&line.author, line.direction) {
        (Some(agent), _) => agent,
        (None, Direction::Inbound) => visitor,
        (None, _) => "Agent",
    };
    let file = line.metadata.get("media").and_then(|media| media.get("filename"));
    let file = file.and_then(Value::as_str).map(|name| format!(" [{name}]")).unwrap_or_default();
    format!("[{}] {who}: {}{file}\n", line.sent_at, line.content)
}
