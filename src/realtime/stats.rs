//! Who is connected.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;

use axum::{Extension, Json};
use serde::Serialize;
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;

use super::elsewhere::News;
use super::reader::Reader;
use super::signals::Signals;
use super::socketio::Link;
use crate::api::ApiError;
use crate::auth::Caller;
use crate::desk::{Desks, NodeId, Role, TenantId};

/// How many clients are connected, by tenant.
#[derive(Debug, Default)]
pub(super) struct Counts {
    here: BTreeMap<TenantId, usize>,
    /// Of which tenants the other nodes are to be told.
    changed: BTreeSet<TenantId>,
    elsewhere: HashMap<NodeId, BTreeMap<TenantId, usize>>,
}

/// How many clients are connected to all nodes.
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

/// `GET /api/socket/stats`: of the own tenant for an admin, of all tenants for the operator. Those of
/// other nodes are as they were a second ago.
pub(super) async fn stats(
    caller: Caller,
    Extension(signals): Extension<Signals>,
) -> Result<Json<Stats>, ApiError> {
    caller.require(Role::Admin)?;
    let mut connections_by_tenant = signals.counts().all();
    connections_by_tenant.retain(|tenant, _| is_visible(tenant, &caller));
    let total_connections = connections_by_tenant.values().sum();
    Ok(Json(Stats { total_connections, connections_by_tenant }))
}

/// `GET /api/socket/connections`: each connection of this node, the most behind first.
pub(super) async fn connections(
    caller: Caller,
    Extension(io): Extension<SocketIo>,
) -> Result<Json<Vec<Connection>>, ApiError> {
    let mut connections = Vec::new();
    for (socket, link) in visible(&io, &caller)? {
        let transport = link.transport();
        let Link { reader, progress, .. } = link;
        let cursor = progress.cursor.load(Ordering::Relaxed);
        let lag = match &reader {
            Reader::Agent(caller) => caller.desk.head().await? - cursor,
            // Their numbers are no places in the log.
            Reader::Visitor(_) => 0,
        };
        connections.push(Connection {
            id: socket.id.to_string(),
            transport,
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
    let sockets = io.sockets().into_iter().filter_map(|socket| {
        let link = socket.extensions.get::<Link>()?;
        is_visible(link.reader.tenant(), caller).then_some((socket, link))
    });
    Ok(sockets.collect())
}

fn is_visible(tenant: &TenantId, caller: &Caller) -> bool {
    caller.role == Role::Operator || tenant == caller.desk.tenant()
}

impl Counts {
    /// Counts a client of this node for as long as it is connected.
    pub(super) fn connect(&mut self, tenant: &TenantId) {
        *self.here.entry(tenant.clone()).or_default() += 1;
        self.changed.insert(tenant.clone());
    }

    /// A client's connection to this node has ended.
    pub(super) fn disconnect(&mut self, tenant: &TenantId) {
        let Some(count) = self.here.get_mut(tenant) else { return };
        *count -= 1;
        if *count == 0 {
            self.here.remove(tenant);
        }
        self.changed.insert(tenant.clone());
    }

    /// How many there are on all nodes.
    fn all(&self) -> BTreeMap<TenantId, usize> {
        let mut all = self.here.clone();
        for (tenant, count) in self.elsewhere.values().flatten().filter(|(_, count)| **count > 0) {
            *all.entry(tenant.clone()).or_default() += count;
        }
        all
    }

    /// Tells the other nodes what has changed.
    pub(super) fn tell(&mut self, desks: &Desks) {
        for tenant in std::mem::take(&mut self.changed) {
            let count = self.here.get(&tenant).copied().unwrap_or_default();
            desks.tell_neighbours(&News::Connections { tenant, count });
        }
    }

    /// Tells the other nodes once more what they were told.
    pub(super) fn tell_all(&self, desks: &Desks) {
        for (tenant, count) in &self.here {
            let news = News::Connections { tenant: tenant.clone(), count: *count };
            desks.tell_neighbours(&news);
        }
    }

    /// Another node says how many of a tenant's clients it has.
    pub(super) fn hear(&mut self, node: NodeId, tenant: TenantId, count: usize) {
        self.elsewhere.entry(node).or_default().insert(tenant, count);
    }

    /// What a node has said counts no more.
    pub(super) fn forget(&mut self, node: NodeId) {
        self.elsewhere.remove(&node);
    }
}
