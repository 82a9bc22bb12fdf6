//! Who is asking: the extractor that is the authorisation.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::ApiError;
use crate::auth::{Auth, Caller, Refusal};

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Auth: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let token = parts.headers.get(AUTHORIZATION).ok_or(Refusal::Missing)?;
        let token = token.to_str().map_err(|_| Refusal::Malformed)?;
        let (scheme, token) = token.split_once(' ').ok_or(Refusal::Malformed)?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(Refusal::Malformed.into());
        }
        Ok(Auth::from_ref(state).caller(token.trim()).await?)
    }
}
