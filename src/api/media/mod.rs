//! Files: uploading them, and where they are for a while.

mod link;
mod open;
mod visitors;

use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::is_late;
use super::extract::{Json, Path};
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{self, MediaId, Time};
use crate::media::{Draft, Shelf, Written};

pub use link::Links;

/// The longest name of a file, in characters.
const LONGEST_NAME: usize = 200;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(find))
        .routes(routes!(visitors::file))
        .routes(routes!(open::open))
}

/// Apart from the others, since uploads may take longer than other requests.
pub(super) fn uploads() -> OpenApiRouter<ApiState> {
    let uploads = OpenApiRouter::new().routes(routes!(upload)).routes(routes!(visitors::upload));
    // The draft counts the bytes.
    uploads.layer(DefaultBodyLimit::disable())
}

/// Where a file is, for a while.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    /// The address, relative to this server's; it needs no token.
    url: String,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    expires_at: String,
    mime_type: String,
    /// In bytes.
    size: u64,
    filename: Option<String>,
}

/// A file that was uploaded.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Uploaded {
    /// By which a message carries it, within a day.
    #[schema(value_type = uuid::Uuid)]
    id: MediaId,
    /// What its bytes say that it is.
    mime_type: String,
    /// In bytes.
    size: u64,
    sha256: String,
    filename: Option<String>,
    /// How wide a picture is, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    /// How high a picture is, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

/// What an upload looks like.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only for the description: the body is read as it comes")]
struct UploadForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Where a file is that a message carries, for five minutes.
#[utoipa::path(get, path = "/api/media/{id}", tag = "media",
    params(("id" = uuid::Uuid, Path, description = "The file")),
    responses((status = 200, body = Link), ApiError))]
pub(super) async fn find(
    caller: Caller,
    State(links): State<Links>,
    Path(id): Path<MediaId>,
) -> Result<Json<Link>, ApiError> {
    Ok(Json(Link::to(caller.desk.media(id, &caller.sees).await?, &links)))
}

/// Uploads a file that a message is to carry.
///
/// An `Idempotency-Key` does not count here: a file that is uploaded twice is two.
#[utoipa::path(post, path = "/api/media", tag = "media",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, body = Uploaded), ApiError))]
pub(super) async fn upload(
    caller: Caller,
    State(shelf): State<Shelf>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<Uploaded>), ApiError> {
    let (filename, written) = read(form, shelf.draft().await?).await?;
    let media = shelf.keep(&caller.desk, caller.user, filename, written).await?;
    Ok((StatusCode::CREATED, Json(media.into())))
}

/// Writes down the one file in a form as it comes; returns what it is called, too.
async fn read(
    form: Result<Multipart, MultipartRejection>,
    draft: Draft,
) -> Result<(Option<String>, Written), ApiError> {
    let mut form = form.map_err(|error| ApiError::BadRequest(error.body_text()))?;
    let mut draft = Some(draft);
    let mut uploaded = None;
    while let Some(field) = form.next_field().await? {
        match (field.name(), draft.take()) {
            (Some("file"), Some(draft)) => uploaded = Some(write_down(field, draft).await?),
            _ => return Err(ApiError::BadRequest("there is to be one field, `file`".to_owned())),
        }
    }
    uploaded.ok_or_else(|| ApiError::BadRequest("the field `file` is missing".to_owned()))
}

async fn write_down(
    mut field: Field<'_>,
    mut draft: Draft,
) -> Result<(Option<String>, Written), ApiError> {
    let name = field.file_name().map(name_of).filter(|name| !name.is_empty());
    let told = field.content_type().unwrap_or_default().to_owned();
    while let Some(piece) = field.chunk().await? {
        draft.write(&piece).await?;
    }
    Ok((name, draft.finish(&told).await?))
}

/// A file's name without the folder in which somebody has it.
fn name_of(told: &str) -> String {
    let name = told.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars().filter(|it| !it.is_control()).take(LONGEST_NAME).collect()
}

impl Link {
    /// A good address of a file that may be seen by who asks.
    fn to(media: desk::Media, links: &Links) -> Self {
        let desk::Media { id, filename, file } = media;
        let (url, until) = links.sign(id, Time::now());
        let (expires_at, mime_type, size) = (until.to_string(), file.mime_type, file.size);
        Self { url, expires_at, mime_type, size, filename }
    }
}

impl From<desk::Media> for Uploaded {
    fn from(media: desk::Media) -> Self {
        let desk::Media { id, filename, file } = media;
        let (width, height) = file.dimensions.unzip();
        let desk::File { mime_type, size, sha256, .. } = file;
        Self { id, mime_type, size, sha256, filename, width, height }
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        if is_late(&error) { Self::TooSlow } else { Self::BadRequest(error.body_text()) }
    }
}
