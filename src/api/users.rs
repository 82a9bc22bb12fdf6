//! The tenant's people.

use axum::http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path, told};
use super::{ApiError, ApiState};
use crate::auth::{Caller, choose, role_name};
use crate::desk::{self, InboxId, Role, UserEdit, UserId};
use crate::wire::schema;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(change))
        .routes(routes!(reset_password))
        .routes(routes!(agents))
}

/// Somebody who signs in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    #[schema(value_type = String)]
    id: UserId,
    email: String,
    name: String,
    #[schema(value_type = schema::Role)]
    role: &'static str,
    /// The inboxes they see; null for all.
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    inboxes: Option<Vec<InboxId>>,
    is_disabled: bool,
    created_at: String,
}

/// All of them.
#[derive(Serialize, ToSchema)]
pub(super) struct Users {
    users: Vec<User>,
}

/// A colleague, as everybody sees them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Agent {
    #[schema(value_type = String)]
    id: UserId,
    name: String,
    /// Whether they are gone; what they have done still bears their name.
    is_disabled: bool,
}

/// All of them.
#[derive(Serialize, ToSchema)]
#[schema(as = Colleagues)]
pub(super) struct Agents {
    agents: Vec<Agent>,
}

/// Somebody who is to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewUser {
    email: String,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(value_type = schema::Role)]
    role: Role,
    #[schema(value_type = String, min_length = 8, max_length = 200)]
    password: SecretString,
    /// The inboxes they are to see; null or absent for all.
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    inboxes: Option<Vec<InboxId>>,
}

/// What is to be another about somebody; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UserChanges {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[schema(value_type = Option<schema::Role>)]
    role: Option<Role>,
    /// The inboxes they are to see; null for all.
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    inboxes: Option<Option<Vec<InboxId>>>,
    /// Whether they may not sign in any more; what they are signed in with ends.
    is_disabled: Option<bool>,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Password {
    #[schema(value_type = String, min_length = 8, max_length = 200)]
    password: SecretString,
}

/// The tenant's people, by address. For admins.
#[utoipa::path(get, path = "/api/users", tag = "users",
    responses((status = 200, body = Users), ApiError))]
pub(super) async fn list(caller: Caller) -> Result<Json<Users>, ApiError> {
    caller.require(Role::Admin)?;
    let users = caller.desk.users().await?.into_iter().map(User::from).collect();
    Ok(Json(Users { users }))
}

/// The names of those to whom a conversation can be given, or who are mentioned.
#[utoipa::path(get, path = "/api/agents", tag = "users",
    responses((status = 200, body = Agents), ApiError))]
pub(super) async fn agents(caller: Caller) -> Result<Json<Agents>, ApiError> {
    let users = caller.desk.users().await?.into_iter();
    let agents = users.map(|user| {
        let desk::User { id, name, disabled_at, .. } = user;
        Agent { id, name, is_disabled: disabled_at.is_some() }
    });
    Ok(Json(Agents { agents: agents.collect() }))
}

/// Adds somebody. For admins, who cannot add operators; not for programs.
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = NewUser,
    responses((status = 201, body = User), ApiError))]
pub(super) async fn add(
    caller: Caller,
    Json(new): Json<NewUser>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    caller.require(Role::Admin)?;
    caller.require_person()?;
    let NewUser { email, name, role, password, inboxes: only } = new;
    let password_hash = choose(password).await?;
    let new = desk::NewUser { email, name, role, password_hash, only };
    let added = caller.desk.take_on(new, &caller.actor(), caller.role).await?;
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// Changes what somebody may see and do. For admins, who cannot change operators; one admin stays.
/// Programs change neither roles nor who is disabled.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users",
    params(("id" = String, Path)), request_body = UserChanges,
    responses((status = 200, body = User), ApiError))]
pub(super) async fn change(
    caller: Caller,
    Path(id): Path<UserId>,
    Json(changes): Json<UserChanges>,
) -> Result<Json<User>, ApiError> {
    caller.require(Role::Admin)?;
    let UserChanges { name, role, inboxes: only, is_disabled } = changes;
    if role.is_some() || is_disabled.is_some() {
        caller.require_person()?;
    }
    let edit = UserEdit { name, role, only, is_disabled };
    let changed = caller.desk.change_user(&id, edit, &caller.actor(), caller.role).await?;
    Ok(Json(changed.into()))
}

/// Gives somebody another password, and ends all their sessions. For admins, not for programs.
#[utoipa::path(put, path = "/api/users/{id}/password", tag = "users",
    params(("id" = String, Path)), request_body = Password,
    responses((status = 204), ApiError))]
pub(super) async fn reset_password(
    caller: Caller,
    Path(id): Path<UserId>,
    Json(Password { password }): Json<Password>,
) -> Result<StatusCode, ApiError> {
    caller.require(Role::Admin)?;
    caller.require_person()?;
    let (hash, by) = (choose(password).await?, caller.actor());
    caller.desk.set_password(&id, hash, Some(&by), caller.role, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<desk::User> for User {
    fn from(user: desk::User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: role_name(user.role),
            inboxes: user.only,
            is_disabled: user.disabled_at.is_some(),
            created_at: user.created_at.to_string(),
        }
    }
}
