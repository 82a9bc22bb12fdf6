//! The installation's customers. For operators.

use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use super::{ApiError, ApiState};
use crate::auth::{Caller, choose};
use crate::desk::{Desks, NewUser, Role, TenantId};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(rename))
}

/// A customer.
#[derive(Serialize, ToSchema)]
pub(super) struct Tenant {
    #[schema(value_type = String)]
    pub(super) id: TenantId,
    pub(super) name: String,
}

/// All of them.
#[derive(Serialize, ToSchema)]
pub(super) struct Tenants {
    tenants: Vec<Tenant>,
}

/// A customer that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    /// What tokens carry as `tenantId`.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,64}$")]
    id: String,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Who signs in first, as an admin. Programs name nobody.
    admin: Option<FirstAdmin>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FirstAdmin {
    email: String,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(value_type = String, min_length = 8, max_length = 200)]
    password: SecretString,
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantName {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// All tenants. For operators.
#[utoipa::path(get, path = "/api/tenants", tag = "tenants",
    responses((status = 200, body = Tenants), ApiError))]
pub(super) async fn list(
    State(desks): State<Desks>,
    caller: Caller,
) -> Result<Json<Tenants>, ApiError> {
    caller.require(Role::Operator)?;
    let tenants = desks.tenants().await?.into_iter().map(|(id, name)| Tenant { id, name });
    Ok(Json(Tenants { tenants: tenants.collect() }))
}

/// Adds a tenant, with the first columns of its board and, if told, its first admin. For operators.
#[utoipa::path(post, path = "/api/tenants", tag = "tenants", request_body = NewTenant,
    responses((status = 201, body = Tenant), ApiError))]
pub(super) async fn add(
    State(desks): State<Desks>,
    caller: Caller,
    Json(NewTenant { id, name, admin }): Json<NewTenant>,
) -> Result<(StatusCode, Json<Tenant>), ApiError> {
    caller.require(Role::Operator)?;
    let admin = match admin {
        Some(FirstAdmin { email, name, password }) => {
            caller.require_person()?;
            let password_hash = choose(password).await?;
            Some(NewUser { email, name, role: Role::Admin, password_hash, only: None })
        }
        None => None,
    };
    let desk = desks.add_tenant(&id, &name, admin, &caller.actor()).await?;
    let tenant = Tenant { id: desk.tenant().clone(), name: desk.name().await? };
    Ok((StatusCode::CREATED, Json(tenant)))
}

/// Renames a tenant. For operators.
#[utoipa::path(patch, path = "/api/tenants/{id}", tag = "tenants",
    params(("id" = String, Path)), request_body = TenantName,
    responses((status = 200, body = Tenant), ApiError))]
pub(super) async fn rename(
    State(desks): State<Desks>,
    caller: Caller,
    Path(id): Path<TenantId>,
    Json(TenantName { name }): Json<TenantName>,
) -> Result<Json<Tenant>, ApiError> {
    caller.require(Role::Operator)?;
    let desk = desks.of(id);
    desk.rename(&name, &caller.actor()).await?;
    Ok(Json(Tenant { id: desk.tenant().clone(), name: desk.name().await? }))
}
