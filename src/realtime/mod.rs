//! The log going out. Every transport reads the same events from a cursor and differs only in how
//! it writes them down.

mod ack;
mod arrivals;
mod config;
mod crier;
mod elsewhere;
mod hello;
mod last_check;
mod limited;
mod livechat;
mod mailbox;
mod metrics;
mod outlet;
mod parting;
mod polling;
mod presence;
mod reader;
mod receipts;
mod recovery;
mod rollout;
mod sending;
mod session;
mod signals;
pub mod socketio;
mod sse;
mod stats;
mod syncing;
mod typing;
mod viewing;
mod visiting;
mod visitors;

use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::{Extension, Router};
use socketioxide::SocketIo;
use tokio_util::sync::CancellationToken;

pub use arrivals::{Arrivals, Serving, turns_away};
pub use limited::{EventLimits, Knock};
pub use livechat::livechat;
pub use mailbox::Mailbox;
pub use outlet::{OnWebsocket, Outlet, Packet};
pub use parting::Parting;
pub use receipts::Receipts;
pub use rollout::Rollout;
pub use signals::Signals;

use crate::api::{ApiState, Budgets, limit};
use crate::config::Readers;

/// Returns the routes on which the log goes out over HTTP, and those that tell of connections; the
/// metrics only to `readers`. Who waits on one is answered when `stop` is cancelled.
pub fn routes(
    io: SocketIo,
    (signals, receipts): (Signals, Receipts),
    stop: CancellationToken,
    budgets: &Budgets,
    (readers, rollout): (Readers, Rollout),
) -> Router<ApiState> {
    let polls = Router::new()
        .route("/api/events", get(polling::events))
        .route("/api/events/stream", get(sse::events))
        .route("/api/chats/check-updates", get(polling::check_updates))
        .route("/api/chats/check-updates/", get(polling::check_updates))
        .route("/api/chats/realtime-updates", get(sse::updates))
        .route("/api/chats/realtime-updates/", get(sse::updates))
        .route_layer(from_fn_with_state(budgets.polls.clone(), limit));
    Router::new()
        .route("/api/realtime/config", get(config::show))
        .route("/api/realtime/reports", post(rollout::report))
        .route("/api/socket/stats", get(stats::stats))
        .route("/api/socket/connections", get(stats::connections))
        .route("/api/presence", get(presence::show))
        .route_layer(from_fn_with_state(budgets.requests.clone(), limit))
        .route("/metrics", get(metrics::show))
        .merge(polls)
        .layer(Extension(metrics::Board::new(readers)))
        .layer(Extension(rollout))
        .layer(Extension(stop))
        .layer(Extension(signals))
        .layer(Extension(receipts))
        .layer(Extension(io))
}
