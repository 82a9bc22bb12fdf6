//! Files in a visitor's chat: bringing one, and opening those that stand in it.

use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;

use super::super::extract::{Json, Path};
use super::super::visitor::Own;
use super::super::{ApiError, ChatBudgets};
use super::{Link, Links, UploadForm, Uploaded, read};
use crate::desk::{ChatSessionId, MediaId};
use crate::media::Shelf;

/// Where a file is that a message of the visitor's chat carries, for five minutes.
#[utoipa::path(get, path = "/api/livechat/sessions/{id}/media/{mediaId}", tag = "live chat",
    params(("id" = uuid::Uuid, Path), ("mediaId" = uuid::Uuid, Path, description = "The file")),
    security(("visitor" = [])),
    responses((status = 200, body = Link), ApiError))]
pub(super) async fn file(
    Own(visitor): Own,
    State(links): State<Links>,
    Path(named): Path<(ChatSessionId, MediaId)>,
) -> Result<Json<Link>, ApiError> {
    let (_, id) = named;
    Ok(Json(Link::to(visitor.chat.media(id).await?, &links)))
}

/// Uploads a file that a message of the visitor's is to carry; it counts as a message.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/media", tag = "live chat",
    params(("id" = uuid::Uuid, Path)),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    security(("visitor" = [])),
    responses((status = 201, body = Uploaded), ApiError))]
pub(super) async fn upload(
    Own(visitor): Own,
    State(shelf): State<Shelf>,
    State(chats): State<ChatBudgets>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<Uploaded>), ApiError> {
    chats.say(visitor.chat.id()).map_err(ApiError::RateLimited)?;
    let (filename, written) = read(form, shelf.visitors_draft().await?).await?;
    let media = shelf.keep_for(&visitor.chat, filename, written).await?;
    Ok((StatusCode::CREATED, Json(media.into())))
}
