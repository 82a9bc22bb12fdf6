//! Answers that clients have already: conditional requests.
//! <https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match>

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk;

/// Answers 304, without asking the database, when nothing has happened on the desk since the client
/// was answered last.
///
/// Only for routes whose every answer is made from the log's tenant, the caller, what they see, and
/// the address: whatever changes such an answer is an event.
pub(super) async fn revalidate(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if request.method() != Method::GET {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &state).await?;
    // Read before the rows are: an answer may be newer than its tag, never older.
    let tag = tag(&caller, &parts.uri).await?;
    let mut response = if holds(&parts.headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        next.run(Request::from_parts(parts, body)).await
    };
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        let headers = response.headers_mut();
        headers.insert(ETAG, HeaderValue::try_from(tag).expect("hexadecimal digits"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.append(VARY, AUTHORIZATION.into());
    }
    Ok(response)
}

async fn tag(caller: &Caller, uri: &Uri) -> desk::Result<String> {
    let mut hash = Sha256::new();
    let mut add = |part: &str| hash.update([part.as_bytes(), &[0]].concat());
    // Another version may write the same rows otherwise.
    add(env!("CARGO_PKG_VERSION"));
    add(&caller.desk.tenant().0);
    add(&caller.user.0);
    add(uri.path_and_query().map_or("", |it| it.as_str()));
    if let Some(inboxes) = &caller.sees.inboxes {
        let mut inboxes: Vec<_> = inboxes.iter().map(ToString::to_string).collect();
        inboxes.sort();
        add(&inboxes.join(","));
    }
    let about = hex::encode(&hash.finalize()[..12]);
    Ok(format!("W/\"{about}-{}\"", caller.desk.head().await?))
}

fn holds(headers: &HeaderMap, tag: &str) -> bool {
    let told = headers.get_all(IF_NONE_MATCH).iter().filter_map(|told| told.to_str().ok());
    let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    told.flat_map(|told| told.split(',')).any(|told| weak(told) == weak(tag))
}
