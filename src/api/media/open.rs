//! Handing out a file's bytes, which strangers have chosen, without letting them act.

use std::ops::{Range, RangeInclusive};

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::ApiError;
use super::super::extract::{Path, Query};
use super::Links;
use super::link::Broken;
use crate::desk::{Desks, Media, MediaId, Time};
use crate::media::Shelf;

/// What a browser may open in place: it cannot run anything that is in these.
const SHOWN: [&str; 13] = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "audio/aac",
    "audio/amr",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "video/3gpp",
    "video/mp4",
    "video/webm",
    "application/pdf",
];

/// What shows that an address was given out by this server.
#[derive(Deserialize, IntoParams)]
pub(super) struct Seal {
    /// Until when the address is good, in Unix seconds.
    e: i64,
    /// The signature.
    s: String,
}

/// The bytes of a file, by an address that was given out a moment ago.
#[utoipa::path(get, path = "/media/{id}", tag = "media",
    params(("id" = uuid::Uuid, Path, description = "The file"), Seal),
    security(()),
    responses(
        (status = 200, description = "The file.", content_type = "application/octet-stream"),
        (status = 206, description = "The part of it that the header Range asks for.", content_type = "application/octet-stream"),
        (status = 304, description = "It is the one that the header If-None-Match names."),
        (status = 416, description = "It has no such part."),
        ApiError,
    ))]
pub(super) async fn open(
    State(desks): State<Desks>,
    State(shelf): State<Shelf>,
    State(links): State<Links>,
    Path(id): Path<MediaId>,
    Query(Seal { e, s }): Query<Seal>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    links.check(id, (e, &s), Time::now()).map_err(|broken| match broken {
        Broken::Wrong => ApiError::Link("wrong"),
        Broken::Expired => ApiError::Link("no longer good"),
    })?;
    let media = desks.media(id).await?;
    let etag = format!("\"{}\"", media.file.sha256);
    let named = headers.get(IF_NONE_MATCH).and_then(|it| it.to_str().ok()).unwrap_or_default();
    if named.split(',').any(|it| it.trim().trim_start_matches("W/") == etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    let size = media.file.size;
    let (status, range) = match part(&headers, &etag, size) {
        Part::All => (StatusCode::OK, 0..size),
        Part::Of(range) => (StatusCode::PARTIAL_CONTENT, *range.start()..range.end() + 1),
        Part::None => {
            let told = [(CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, told).into_response());
        }
    };
    let bytes = shelf.files.read(&media.file.sha256, range.clone()).await?;
    let mut response = (status, told(&media, etag, &range)).into_response();
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        response.headers_mut().insert(CONTENT_RANGE, part.parse().expect("digits"));
    }
    *response.body_mut() = Body::from_stream(bytes);
    Ok(response)
}

/// Which part of a file is asked for.
enum Part {
    All,
    Of(RangeInclusive<u64>),
    None,
}

fn part(headers: &HeaderMap, etag: &str, size: u64) -> Part {
    let text = |name| headers.get(name).and_then(|it: &axum::http::HeaderValue| it.to_str().ok());
    // A part of another file than the one that they have the rest of is of no use.
    let is_same = text(IF_RANGE).is_none_or(|named| named.trim() == etag);
    let Some(asked) = text(RANGE).filter(|_| is_same) else { return Part::All };
    // What makes no sense is as if it were not there: RFC 9110, section 14.2.
    let Ok(asked) = http_range_header::parse_range_header(asked) else { return Part::All };
    match asked.validate(size) {
        Err(_) => Part::None,
        Ok(ranges) => match <[_; 1]>::try_from(ranges) {
            Ok([only]) => Part::Of(only),
            // Several at once may be answered by the whole.
            Err(_) => Part::All,
        },
    }
}

fn told(media: &Media, etag: String, range: &Range<u64>) -> [(HeaderName, String); 8] {
    let mime_type = media.file.mime_type.as_str();
    let is_shown = SHOWN.contains(&mime_type);
    let shown_as = if is_shown { mime_type } else { "application/octet-stream" };
    [
        (CONTENT_TYPE, shown_as.to_owned()),
        (CONTENT_LENGTH, (range.end - range.start).to_string()),
        (CONTENT_DISPOSITION, disposition(is_shown, media.filename.as_deref())),
        (ETAG, etag),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CACHE_CONTROL, "private, max-age=300".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
    ]
}

/// Whether to open a file or to save it, and under which name: <https://www.rfc-editor.org/rfc/rfc6266>.
fn disposition(is_shown: bool, name: Option<&str>) -> String {
    let what = if is_shown { "inline" } else { "attachment" };
    match name {
        Some(name) => {
            format!("{what}; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
        }
        None => what.to_owned(),
    }
}
