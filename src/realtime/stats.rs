//! Who is connected.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use axum::{Extension, Json};
use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::{SocketIo, TransportType};

use super::reader::Reader;
use super::socketio::Link;
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

/// A client's connection, and how far behind the log it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection {
    id: String,
    tenant_id: TenantId,
    /// A user, or `visitor:` and the session of a visitor.
    user_id: String,
    transport: &'static str,
    protocol: usize,
    connected_at: String,
    recovered: bool,
    cursor: i64,
    /// Events that it has yet to be sent, those it may not see included.
    lag: i64,
    bytes_sent: u64,
}

/// `GET /api/socket/stats`: of the own tenant for an admin, of all tenants for the operator.
pub(super) async fn stats(
    caller: Caller,
    Extension(io): Extension<SocketIo>,
) -> Result<Json<Stats>, ApiError> {
    let mut connections_by_tenant = BTreeMap::new();
    for (_, link) in visible(&io, &caller)? {
        *connections_by_tenant.entry(link.reader.tenant().clone()).or_default() += 1;
    }
    let total_connections = connections_by_tenant.values().sum();
    Ok(Json(Stats { total_connections, connections_by_tenant }))
}

/// `GET /api/socket/connections`: each connection of this node, the most behind first.
pub(super) async fn connections(
    caller: Caller,
    Extension(io): Extension<SocketIo>,
) -> Result<Json<Vec<Connection>>, ApiError> {
    let mut connections = Vec::new();
    for (socket, Link { reader, progress, .. }) in visible(&io, &caller)? {
        let cursor = progress.cursor.load(Ordering::Relaxed);
        let lag = match &reader {
            Reader::Agent(caller) => caller.desk.head().await? - cursor,
            // Their numbers are no places in the log.
            Reader::Visitor(_) => 0,
        };
        connections.push(Connection {
            id: socket.id.to_string(),
            transport: match socket.transport_type() {
                TransportType::Polling => "polling",
                TransportType::Websocket => "websocket",
            },
            protocol: socket.protocol() as usize,
            connected_at: progress.since.to_string(),
            recovered: progress.recovered,
            lag,
            cursor,
            bytes_sent: progress.bytes.load(Ordering::Relaxed),
            tenant_id: reader.tenant().clone(),
            user_id: reader.label(),
        });
    }
    connections.sort_by_key(|connection| Reverse(connection.lag));
    Ok(Json(connections))
}

/// The connections that a caller may look at.
fn visible(io: &SocketIo, caller: &Caller) -> Result<Vec<(SocketRef, Link)>, ApiError> {
    caller.require(Role::Admin)?;
    let sees_all = caller.role == Role::Operator;
    let sockets = io.sockets().into_iter().filter_map(|socket| {
        let link = socket.extensions.get::<Link>()?;
        let is_own = link.reader.tenant() == caller.desk.tenant();
        (sees_all || is_own).then_some((socket, link))
    });
    Ok(sockets.collect())
}
