//! Requests that a client may safely send again: the Idempotency-Key header.
//! <https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header>

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest as _, FromRequestParts as _, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{self, Answer, Attempt, Desk, Keyed};
use crate::telemetry::request::in_its_name;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Tells that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The longest key.
const LONGEST_KEY: usize = 255;

/// The largest answer that is kept, in bytes. A larger one is told once.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// Does a POST that bears a key once: a repeat is answered like the first.
///
/// The work goes on if the client hangs up, so that its repeat finds it done.
pub(super) async fn once(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let key = key(&parts.headers)?;
    let caller = Caller::from_request_parts(&mut parts, &state).await?;
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await?;
    let fingerprint = fingerprint(&parts, &body);
    let keyed = Keyed { caller: caller.user, key, fingerprint };
    match caller.desk.attempt(&keyed).await? {
        Attempt::First => {}
        Attempt::Running => return Err(ApiError::InProgress),
        Attempt::Done(answer) => return Ok(replay(answer)),
    }
    let request = Request::from_parts(parts, Body::from(body));
    let work = work(caller.desk.clone(), keyed.clone(), request, next);
    match tokio::spawn(in_its_name(work)).await {
        Ok(answered) => answered,
        Err(panicked) => {
            caller.desk.give_back(&keyed).await?;
            std::panic::resume_unwind(panicked.into_panic())
        }
    }
}

async fn work(
    desk: Desk,
    keyed: Keyed,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (parts, body) = next.run(request).await.into_parts();
    // Answers are made in memory, so that reading one whole takes no more than there is.
    let body = to_bytes(body, usize::MAX).await.ok();
    let kept = if is_final(parts.status) {
        let body = body.as_ref().filter(|body| body.len() <= LARGEST_ANSWER);
        let body = body.and_then(|body| std::str::from_utf8(body).ok());
        desk.settle(&keyed, parts.status.as_u16(), body).await
    } else {
        desk.give_back(&keyed).await
    };
    // It has been done, whether or not that could be kept.
    if let Err(error) = kept {
        tracing::error!(%error, "the answer to a request with a key cannot be kept");
    }
    let body = body.ok_or(desk::Error::AnswerLost)?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Whether the same request would always be answered so.
fn is_final(status: StatusCode) -> bool {
    let passes = [
        StatusCode::UNAUTHORIZED,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    !status.is_server_error() && !passes.contains(&status)
}

fn replay(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    let kind = match status {
        StatusCode::NO_CONTENT => None,
        status if status.is_success() => Some("application/json"),
        _ => Some("application/problem+json"),
    };
    headers.remove(CONTENT_TYPE);
    headers.extend(kind.map(|kind| (CONTENT_TYPE, HeaderValue::from_static(kind))));
    response
}

/// Reads the key: a string as RFC 8941 writes it, or, as many clients have it, without the quotes.
fn key(headers: &HeaderMap) -> Result<String, ApiError> {
    let told = headers.get(KEY).and_then(|told| told.to_str().ok()).map(str::trim);
    let bare = told
        .map(|told| told.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(told));
    let key = bare.filter(|key| {
        let is_plain = key.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"');
        (1..=LONGEST_KEY).contains(&key.len()) && is_plain
    });
    let why = || format!("an Idempotency-Key has 1 to {LONGEST_KEY} printable characters");
    key.map(str::to_owned).ok_or_else(|| ApiError::BadRequest(why()))
}

/// What makes a request what it is.
fn fingerprint(parts: &Parts, body: &Bytes) -> String {
    let path = parts.uri.path_and_query().map_or("", |it| it.as_str());
    let head = Sha256::new().chain_update(path).chain_update([0]);
    hex::encode(head.chain_update(body).finalize())
}
