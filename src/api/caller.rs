//! Who is asking: the extractors that are the authorisation.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use super::address::{Proxies, origin};
use super::visitor::bearer;
use super::{ApiError, Budget};
use crate::auth::{Auth, Caller, Scope};

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Auth: FromRef<S>,
    Proxies: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let token = bearer(parts)?;
        admit(parts, state, &token).await
    }
}

/// Lets in whoever holds this token, if it reaches what they ask for, and if they do not ask too often.
pub(crate) async fn admit<S>(parts: &mut Parts, state: &S, token: &str) -> Result<Caller, ApiError>
where
    Auth: FromRef<S>,
    Proxies: FromRef<S>,
{
    let mut caller = Auth::from_ref(state).caller(token).await?;
    caller.address = origin(parts, state).address;
    if let Some(budget) = parts.extensions.get::<Budget>() {
        budget.spend(&caller).map_err(ApiError::RateLimited)?;
    }
    caller.may(Scope::of(&parts.method))?;
    parts.extensions.insert(caller.clone());
    Ok(caller)
}
