//! Uploading, looking up, downloading and deleting media.

use std::sync::Arc;

use axum::Json;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::super::World;
use super::super::clock::now_ms;
use super::super::media::Medium;
use super::error::GraphError;
use super::{authorise, may_act};

/// The types that may be sent and how large, in kB.
/// <https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media#supported-media-types>
const TYPES: [(&str, usize); 21] = [
    ("image/jpeg", 5_000),
    ("image/png", 5_000),
    ("image/webp", 500),
    ("audio/aac", 16_000),
    ("audio/amr", 16_000),
    ("audio/mpeg", 16_000),
    ("audio/mp4", 16_000),
    ("audio/ogg", 16_000),
    ("audio/opus", 16_000),
    ("video/mp4", 16_000),
    ("video/3gpp", 16_000),
    ("text/plain", 100_000),
    ("text/csv", 100_000),
    ("application/pdf", 100_000),
    ("application/msword", 100_000),
    ("application/vnd.ms-excel", 100_000),
    ("application/vnd.ms-powerpoint", 100_000),
    ("application/zip", 100_000),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", 100_000),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 100_000),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", 100_000),
];

/// The address of a medium, for a while.
#[derive(Deserialize)]
pub(super) struct Address {
    mid: String,
    /// Until when, in Unix seconds.
    ext: u64,
    hash: String,
}

/// `POST /{version}/{phone_number_id}/media`.
pub(super) async fn upload(
    State(world): State<Arc<World>>,
    Path((_version, number)): Path<(String, String)>,
    headers: HeaderMap,
    form: Multipart,
) -> Result<Json<Value>, GraphError> {
    authorise(&world, &headers)?;
    may_act(&world, &number)?;
    let medium = read(form).await?;
    let nth = world.nth("uploaded", &number);
    let id = world.shelf.put(medium, &mut world.dice.about(&["uploaded", &number, &nth]));
    Ok(Json(json!({ "id": id })))
}

async fn read(mut form: Multipart) -> Result<Medium, GraphError> {
    let broken = |error: MultipartError| GraphError::new(100, error.body_text());
    let (mut product, mut told, mut file) = (None, None, None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("messaging_product") => product = Some(field.text().await.map_err(broken)?),
            Some("type") => told = Some(field.text().await.map_err(broken)?),
            Some("file") => {
                let own = field.content_type().map(str::to_owned);
                file = Some((own, field.bytes().await.map_err(broken)?));
            }
            _ => {}
        }
    }
    if product.as_deref() != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    let (own, bytes) = file.ok_or_else(|| GraphError::required("file"))?;
    let mime_type = told.or(own).ok_or_else(|| GraphError::required("type"))?;
    let plain = mime_type.split(';').next().unwrap_or_default().trim();
    match TYPES.into_iter().find(|(known, _)| *known == plain) {
        None => Err(GraphError::new(100, format!("Param file must not be of type {plain}"))),
        Some((_, largest)) if bytes.len() > largest * 1_000 => {
            Err(GraphError::new(131_053, format!("{plain} may have {largest} kB at most")))
        }
        Some(_) => Ok(Medium::new(&mime_type, bytes)),
    }
}

/// `GET /{version}/{media_id}`: where it is, for a while.
pub(super) async fn look_up(
    State(world): State<Arc<World>>,
    Path((_version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, GraphError> {
    authorise(&world, &headers)?;
    let medium = world.shelf.get(&id).ok_or_else(|| GraphError::no_object(&id))?;
    let conduct = world.conduct();
    let is_expired =
        world.dice.falls(conduct.expired_media, &["expired", &id, &world.nth("looked up", &id)]);
    let now = now_ms() / 1_000;
    let until = if is_expired { now - 1 } else { now + conduct.media_url_s };
    // By the name that the caller knows this server by.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let hash = seal(&world, &id, until);
    let url =
        format!("http://{host}/whatsapp_business/attachments/?mid={id}&ext={until}&hash={hash}");
    Ok(Json(json!({
        "url": url, "mime_type": medium.mime_type, "sha256": hex::encode(medium.sha256),
        "file_size": medium.bytes.len(), "id": id, "messaging_product": "whatsapp",
    })))
}

/// `DELETE /{version}/{media_id}`.
pub(super) async fn delete(
    State(world): State<Arc<World>>,
    Path((_version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, GraphError> {
    authorise(&world, &headers)?;
    if world.shelf.remove(&id) {
        Ok(Json(json!({ "success": true })))
    } else {
        Err(GraphError::no_object(&id))
    }
}

/// The address that a look-up gave: the bytes.
pub(super) async fn download(
    State(world): State<Arc<World>>,
    Query(address): Query<Address>,
    headers: HeaderMap,
) -> Result<Response, GraphError> {
    authorise(&world, &headers)?;
    let Address { mid, ext, hash } = address;
    let is_valid = hash == seal(&world, &mid, ext) && now_ms() / 1_000 <= ext;
    let medium = world.shelf.get(&mid).filter(|_| is_valid);
    Ok(match medium {
        Some(medium) => ([(CONTENT_TYPE, medium.mime_type)], medium.bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

/// What shows that an address is one of ours.
fn seal(world: &World, id: &str, until: u64) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(&world.secret);
    let mac = mac.expect("HMAC takes keys of any length").chain_update(format!("{id} {until}"));
    hex::encode(mac.finalize().into_bytes())
}
