//! Signing in.

use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Json;
use super::{ApiError, ApiState};
use crate::auth::{Auth, role_name};
use crate::desk::{Desks, TenantId, UserId};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(create))
}

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
pub(super) struct Credentials {
    email: String,
    #[schema(value_type = String)]
    password: SecretString,
}

/// Somebody who has signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    token: String,
    expires_at: String,
    user: Person,
    tenant: Tenant,
}

#[derive(Serialize, ToSchema)]
struct Person {
    #[schema(value_type = String)]
    id: UserId,
    name: String,
    email: String,
    role: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Tenant {
    #[schema(value_type = String)]
    id: TenantId,
    name: String,
}

/// Signs in: a token for an email address and a password.
#[utoipa::path(post, path = "/api/sessions", tag = "sessions", security(()),
    request_body = Credentials, responses((status = 201, body = Session), ApiError))]
pub(super) async fn create(
    State(auth): State<Auth>,
    State(desks): State<Desks>,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Result<(StatusCode, Json<Session>), ApiError> {
    let user = auth.sign_in(&email, password).await?;
    let (token, until) = auth.issue(&user);
    let name = desks.of(user.tenant.clone()).name().await?;
    let session = Session {
        token,
        expires_at: until.to_string(),
        tenant: Tenant { id: user.tenant, name },
        user: Person {
            id: user.id,
            name: user.name,
            email: user.email,
            role: role_name(user.role),
        },
    };
    Ok((StatusCode::CREATED, Json(session)))
}
