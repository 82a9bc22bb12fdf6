//! Signing in, staying signed in, and who that is.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::address::household;
use super::extract::Json;
use super::tenants::Tenant;
use super::{ApiError, ApiState};
use crate::auth::{Auth, Caller, Origin, SignedIn, role_name};
use crate::desk::{Desks, InboxId, UserId};
use crate::limit::Limiter;
use crate::wire::schema;

/// The time for which tries are counted.
const MINUTE: Duration = Duration::from_mins(1);

/// How many people try from one address at the same time as one does for an account: an office has one
/// for all.
const PEOPLE: NonZeroU32 = NonZeroU32::new(3).unwrap();

/// Routes on which no key makes a repeat harmless: what a refresh token is exchanged for is the same
/// at once anyway, and each sign-in is one of its own.
pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(create, close)).routes(routes!(refresh))
}

/// What is about oneself.
pub(super) fn own_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(me)).routes(routes!(change_password))
}

/// How often somebody tries passwords.
#[derive(Debug)]
pub(super) struct Guesses {
    from: Limiter<IpAddr>,
    at: Limiter<[u8; 32]>,
}

impl Guesses {
    /// Allows so many a minute for one account.
    pub(super) fn new(tries: NonZeroU32) -> Self {
        let from = tries.saturating_mul(PEOPLE);
        let every = |tries: NonZeroU32| MINUTE / tries.get();
        Self { from: Limiter::new(from, every(from)), at: Limiter::new(tries, every(tries)) }
    }

    /// Counts one more guess of a word that is nobody's own.
    pub(super) fn check_word(&self, from: Option<IpAddr>) -> Result<(), ApiError> {
        let allowed = from.map_or(Ok(()), |address| self.from.check(&household(address)));
        allowed.map_err(ApiError::RateLimited)
    }

    /// Counts one more guess, whether or not it will be right.
    fn check(&self, from: Option<IpAddr>, account: &str) -> Result<(), ApiError> {
        self.check_word(from)?;
        // However long an address somebody makes up, it takes no more room than others.
        let account = Sha256::digest(account.trim().to_lowercase()).into();
        self.at.check(&account).map_err(ApiError::RateLimited)
    }
}

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
pub(super) struct Credentials {
    email: String,
    #[schema(value_type = String)]
    password: SecretString,
}

/// What somebody stays signed in with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Renewal {
    #[schema(value_type = String)]
    refresh_token: SecretString,
}

/// A password, and the one that it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Passwords {
    #[schema(value_type = String)]
    old: SecretString,
    #[schema(value_type = String, min_length = 8, max_length = 200)]
    new: SecretString,
}

/// Somebody who has signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    /// The token by which they act.
    token: String,
    expires_at: String,
    /// What is exchanged, once, for the next of both tokens.
    refresh_token: String,
    refresh_expires_at: String,
    user: Person,
    tenant: Tenant,
}

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    user: Person,
    tenant: Tenant,
    /// The inboxes they see; null for all.
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    inboxes: Option<Vec<InboxId>>,
}

#[derive(Serialize, ToSchema)]
struct Person {
    #[schema(value_type = String)]
    id: UserId,
    name: String,
    /// Missing for whom only a backend of the tenant's knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[schema(value_type = schema::Role)]
    role: &'static str,
}

/// Signs in: a token for an email address and a password.
#[utoipa::path(post, path = "/api/sessions", tag = "sessions", security(()),
    request_body = Credentials, responses((status = 201, body = Session), ApiError))]
pub(super) async fn create(
    State(state): State<ApiState>,
    from: Origin,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Result<(StatusCode, Json<Session>), ApiError> {
    state.guesses.check(from.address, &email)?;
    let signed_in = state.auth.sign_in(&email, password, from).await?;
    Ok((StatusCode::CREATED, Json(show(&state.desks, signed_in).await?)))
}

/// Exchanges a refresh token for the next tokens. It can be used once: a second use, but for a repeat
/// within seconds, ends the session, since it is in two hands.
#[utoipa::path(post, path = "/api/sessions/refresh", tag = "sessions", security(()),
    request_body = Renewal, responses((status = 200, body = Session), ApiError))]
pub(super) async fn refresh(
    State(state): State<ApiState>,
    from: Origin,
    Json(Renewal { refresh_token }): Json<Renewal>,
) -> Result<Json<Session>, ApiError> {
    let signed_in = state.auth.renew(refresh_token.expose_secret(), from).await?;
    Ok(Json(show(&state.desks, signed_in).await?))
}

/// Signs out: the session's tokens are refused from now on, and its sockets are let go.
#[utoipa::path(delete, path = "/api/sessions", tag = "sessions",
    responses((status = 204), ApiError))]
pub(super) async fn close(
    State(auth): State<Auth>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    auth.sign_out(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who asks.
#[utoipa::path(get, path = "/api/me", tag = "sessions",
    responses((status = 200, body = Me), ApiError))]
pub(super) async fn me(caller: Caller) -> Result<Json<Me>, ApiError> {
    let (known, _) = caller.desk.person(&caller.user).await?;
    let name = caller.desk.name().await?;
    let inboxes = caller.sees.inboxes.map(|inboxes| {
        let mut inboxes: Vec<_> = inboxes.into_iter().collect();
        inboxes.sort();
        inboxes
    });
    let user = Person {
        id: caller.user,
        name: caller.name,
        email: known.map(|known| known.email),
        role: role_name(caller.role),
    };
    Ok(Json(Me { user, tenant: Tenant { id: caller.desk.tenant().clone(), name }, inboxes }))
}

/// Changes one's own password, and ends one's other sessions.
#[utoipa::path(put, path = "/api/me/password", tag = "sessions", request_body = Passwords,
    responses((status = 204), ApiError))]
pub(super) async fn change_password(
    State(state): State<ApiState>,
    caller: Caller,
    Json(Passwords { old, new }): Json<Passwords>,
) -> Result<StatusCode, ApiError> {
    caller.require_person()?;
    state.guesses.check(caller.address, &caller.user.0)?;
    state.auth.change_password(&caller, old, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn show(desks: &Desks, signed_in: SignedIn) -> Result<Session, ApiError> {
    let SignedIn { user, token, until, refresh_token, refresh_until } = signed_in;
    let name = desks.of(user.tenant.clone()).name().await?;
    Ok(Session {
        token,
        expires_at: until.to_string(),
        refresh_token,
        refresh_expires_at: refresh_until.to_string(),
        tenant: Tenant { id: user.tenant, name },
        user: Person {
            id: user.id,
            name: user.name,
            email: Some(user.email),
            role: role_name(user.role),
        },
    })
}
