//! Signing in.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::ApiError;
use crate::auth::{Auth, role_name};
use crate::desk::{Desks, TenantId, UserId};

/// What somebody signs in with.
#[derive(Deserialize)]
pub(super) struct Credentials {
    email: String,
    password: SecretString,
}

/// Somebody who has signed in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    token: String,
    expires_at: String,
    user: Person,
    tenant: Tenant,
}

#[derive(Serialize)]
struct Person {
    id: UserId,
    name: String,
    email: String,
    role: &'static str,
}

#[derive(Serialize)]
struct Tenant {
    id: TenantId,
    name: String,
}

/// `POST /api/sessions`: a token for an email address and a password.
pub(super) async fn create(
    State(auth): State<Auth>,
    State(desks): State<Desks>,
    credentials: Result<Json<Credentials>, JsonRejection>,
) -> Result<(StatusCode, Json<Session>), ApiError> {
    let Json(Credentials { email, password }) = credentials?;
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
