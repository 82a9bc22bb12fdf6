//! Which visitor is asking: extractors that are the authorisation, as `Caller` is for agents.

use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::address::{Proxies, origin};
use super::{ApiError, ChatBudgets};
use crate::auth::{Auth, Refusal, Visitor};
use crate::desk::{ChatSessionId, Error};

/// The visitor whose chat the address names: `id` in the path. Somebody else's chat is answered like
/// one that does not exist.
pub(crate) struct Own(pub(crate) Visitor);

impl<S: Send + Sync> FromRequestParts<S> for Visitor
where
    Auth: FromRef<S>,
    Proxies: FromRef<S>,
    ChatBudgets: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let token = bearer(parts)?;
        admit_visitor(parts, state, &token).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Own
where
    Auth: FromRef<S>,
    Proxies: FromRef<S>,
    ChatBudgets: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        let named = RawPathParams::from_request_parts(parts, state).await;
        let named = named.map_err(|_| ApiError::NotFound)?;
        let named = named.iter().find(|(name, _)| *name == "id").map(|(_, id)| id.to_owned());
        let named: Option<ChatSessionId> = named.and_then(|id| id.parse().ok());
        if named == Some(visitor.chat.id()) {
            return Ok(Self(visitor));
        }
        Err(named.map_or(ApiError::NotFound, |id| Error::NoChat(id).into()))
    }
}

/// The token in a request's headers.
pub(crate) fn bearer(parts: &Parts) -> Result<String, ApiError> {
    let token = parts.headers.get(AUTHORIZATION).ok_or(Refusal::Missing)?;
    let token = token.to_str().map_err(|_| Refusal::Malformed)?;
    let (scheme, token) = token.split_once(' ').ok_or(Refusal::Malformed)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Refusal::Malformed.into());
    }
    Ok(token.trim().to_owned())
}

/// Lets in the visitor who holds this token, if they do not ask too often.
pub(crate) async fn admit_visitor<S>(
    parts: &Parts,
    state: &S,
    token: &str,
) -> Result<Visitor, ApiError>
where
    Auth: FromRef<S>,
    Proxies: FromRef<S>,
    ChatBudgets: FromRef<S>,
{
    let auth = Auth::from_ref(state);
    if !Visitor::claims(token) {
        // Whoever has a good token of another kind is told so, all others what is wrong with theirs.
        auth.caller(token).await?;
        return Err(Refusal::Role.into());
    }
    let mut visitor = auth.visitor(token).await?;
    visitor.address = origin(parts, state).address;
    ChatBudgets::from_ref(state).ask(visitor.chat.id()).map_err(ApiError::RateLimited)?;
    Ok(visitor)
}
