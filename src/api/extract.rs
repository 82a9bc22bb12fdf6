//! Extractors that refuse in the API's own words.

use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::ApiError;
use crate::desk::Error;

/// How an address writes U+0000. PostgreSQL holds no text with it, so that none is taken.
const NUL: &str = "%00";

/// A JSON body: an object.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let body = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await?;
        // A list would else be taken for an object's values in their order.
        if body.trim_ascii_start().first().is_some_and(|first| *first == b'[') {
            return Err(ApiError::BadRequest("the body is a list, not an object".to_owned()));
        }
        if holds_nul(&body) {
            return Err(Error::Invalid("a text holds the character U+0000".to_owned()).into());
        }
        let request = Request::from_parts(parts, Body::from(body));
        let axum::Json(body) = axum::Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// The parameters after the question mark.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        if parts.uri.query().is_some_and(|query| query.contains(NUL)) {
            let why = "the address holds the character U+0000";
            return Err(ApiError::BadRequest(why.to_owned()));
        }
        let told = axum::extract::Query::<T>::try_from_uri(&parts.uri)?;
        Ok(Self(told.0))
    }
}

/// The parameters within the path. What is no identifier names nothing.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if parts.uri.path().contains(NUL) {
            return Err(ApiError::NotFound);
        }
        let named = axum::extract::Path::<T>::from_request_parts(parts, state).await?;
        Ok(Self(named.0))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        Self::NotFound
    }
}

/// Whether a text in `json` holds U+0000, which is written as an escape alone.
fn holds_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escaped = &rest[at + 1..];
        if escaped.starts_with(b"u0000") {
            return true;
        }
        rest = escaped.get(1..).unwrap_or_default();
    }
    false
}

/// How many rows a page holds: from 1 to `MOST`, and `USUAL` unless it is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit<const USUAL: u64, const MOST: u64>(pub(crate) u64);

impl<const USUAL: u64, const MOST: u64> Default for Limit<USUAL, MOST> {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl<'de, const USUAL: u64, const MOST: u64> Deserialize<'de> for Limit<USUAL, MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u64::deserialize(from)? {
            limit @ 1.. if limit <= MOST => Ok(Self(limit)),
            _ => Err(de::Error::custom(format!("limit is a number from 1 to {MOST}"))),
        }
    }
}

/// Reads a value that is there, were it null: absent is another thing.
pub(super) fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Reads an object within an object, if it is there: a list would else be taken for its values in
/// their order.
pub(crate) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let fields = Option::<Map<String, Value>>::deserialize(from)?;
    let read = fields.map(|fields| serde_json::from_value(Value::Object(fields)));
    read.transpose().map_err(de::Error::custom)
}
