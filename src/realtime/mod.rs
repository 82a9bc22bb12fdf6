//! The log going out. Every transport reads the same events from a cursor and differs only in how
//! it writes them down.

mod config;
mod last_check;
mod mailbox;
mod metrics;
mod polling;
mod recovery;
mod sending;
mod session;
pub mod socketio;
mod sse;
mod stats;

use axum::routing::get;
use axum::{Extension, Router};
use socketioxide::SocketIo;

pub use mailbox::Mailbox;
pub use recovery::Pids;

use crate::api::ApiState;
use crate::config::Readers;

/// Returns the routes on which the log goes out over HTTP, and those that tell of connections; the
/// metrics only to `readers`.
pub fn routes(io: SocketIo, readers: Readers) -> Router<ApiState> {
    Router::new()
        .route("/api/events", get(polling::events))
        .route("/api/events/stream", get(sse::events))
        .route("/api/chats/check-updates", get(polling::check_updates))
        .route("/api/chats/check-updates/", get(polling::check_updates))
        .route("/api/chats/realtime-updates", get(sse::updates))
        .route("/api/chats/realtime-updates/", get(sse::updates))
        .route("/api/realtime/config", get(config::show))
        .route("/api/socket/stats", get(stats::stats))
        .route("/api/socket/connections", get(stats::connections))
        .route("/metrics", get(metrics::show))
        .layer(Extension(metrics::Board::new(readers)))
        .layer(Extension(io))
}
