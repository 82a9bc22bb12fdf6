//! Tokens for programs.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use super::{ApiError, ApiState};
use crate::auth::{Auth, Caller, Scope};
use crate::desk::{self, ApiTokenId, Error, Time};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(revoke))
}

/// A token that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewToken {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may do of what its person may.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// Until when it can be used, in ISO 8601; for ever if not given.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A token, which nobody is told once more.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedToken)]
pub(super) struct Added {
    /// What is put after `Bearer`.
    token: String,
    #[serde(flatten)]
    shown: Token,
}

/// What is known of a token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Token {
    #[schema(value_type = uuid::Uuid)]
    id: ApiTokenId,
    name: String,
    scopes: Vec<String>,
    created_at: String,
    expires_at: Option<String>,
    /// To the minute.
    last_used_at: Option<String>,
}

/// All of one's own.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    tokens: Vec<Token>,
}

/// One's own tokens for programs.
#[utoipa::path(get, path = "/api/tokens", tag = "tokens",
    responses((status = 200, body = Tokens), ApiError))]
pub(super) async fn list(caller: Caller) -> Result<Json<Tokens>, ApiError> {
    caller.require_person()?;
    let tokens = caller.desk.tokens_of(&caller.user).await?;
    Ok(Json(Tokens { tokens: tokens.into_iter().map(Token::from).collect() }))
}

/// Makes a token by which a program acts as oneself. It is shown this once.
#[utoipa::path(post, path = "/api/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = Added), ApiError))]
pub(super) async fn add(
    State(auth): State<Auth>,
    caller: Caller,
    Json(NewToken { name, scopes, expires_at }): Json<NewToken>,
) -> Result<(StatusCode, Json<Added>), ApiError> {
    caller.require_person()?;
    if scopes.is_empty() {
        return Err(invalid("a token without scopes can do nothing"));
    }
    let expires_at = expires_at.map(|it| it.parse::<Time>()).transpose();
    let expires_at = expires_at.map_err(|_| invalid("expiresAt is no time in ISO 8601"))?;
    let (token, added) = auth.add_token(&caller, name, &scopes, expires_at).await?;
    Ok((StatusCode::CREATED, Json(Added { token, shown: added.into() })))
}

/// Takes a token back.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "tokens",
    params(("id" = uuid::Uuid, Path)), responses((status = 204), ApiError))]
pub(super) async fn revoke(
    caller: Caller,
    Path(id): Path<ApiTokenId>,
) -> Result<StatusCode, ApiError> {
    caller.require_person()?;
    caller.desk.revoke_token(id, &caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn invalid(why: &str) -> ApiError {
    Error::Invalid(why.to_owned()).into()
}

impl From<desk::ApiToken> for Token {
    fn from(token: desk::ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            scopes: token.scopes,
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|it| it.to_string()),
            last_used_at: token.last_used_at.map(|it| it.to_string()),
        }
    }
}
