//! Who is connected.

use std::collections::BTreeMap;

use axum::Json;
use serde::Serialize;
use socketioxide::SocketIo;

use super::socketio::Connected;
use crate::api::ApiError;
use crate::auth::Caller;
use crate::desk::{Role, TenantId};

/// How many clients are connected to this node.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stats {
    total_connections: usize,
    connections_by_tenant: BTreeMap<TenantId, usize>,
}

/// `GET /api/socket/stats`: of the own tenant for an admin, of all tenants for the operator.
pub(super) fn stats(io: &SocketIo, caller: &Caller) -> Result<Json<Stats>, ApiError> {
    let sees_all = match caller.role {
        Role::Operator => true,
        Role::Admin => false,
        Role::Agent => return Err(ApiError::Forbidden),
    };
    let mut connections_by_tenant = BTreeMap::new();
    for socket in io.sockets() {
        let Some(connected) = socket.extensions.get::<Connected>() else { continue };
        let tenant = connected.caller.desk.tenant();
        if sees_all || tenant == caller.desk.tenant() {
            *connections_by_tenant.entry(tenant.clone()).or_default() += 1;
        }
    }
    let total_connections = connections_by_tenant.values().sum();
    Ok(Json(Stats { total_connections, connections_by_tenant }))
}
