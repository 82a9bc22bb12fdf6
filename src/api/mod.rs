//! HTTP in: routes, extractors, and what clients are told when something is refused.

mod board;
mod caller;
mod conversations;
mod error;
mod page;
mod sessions;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::{get, post};

pub use error::ApiError;
pub use page::page;

use crate::auth::Auth;
use crate::config::{Clients, WhatsApp};
use crate::desk::Desks;

/// The largest webhook that is taken: WhatsApp sends up to 3 MB.
const LARGEST_WEBHOOK: usize = 4 * 1024 * 1024;

/// The largest body of any other request.
const LARGEST_REQUEST: usize = 256 * 1024;

/// What handlers need.
#[derive(Clone, FromRef)]
pub struct ApiState {
    /// Every tenant's desk.
    pub desks: Desks,
    /// Checks and issues credentials.
    pub auth: Auth,
    /// WhatsApp's settings.
    pub whatsapp: Arc<WhatsApp>,
    /// What clients are told about how to connect.
    pub clients: Arc<Clients>,
}

/// Returns the routes of the API and of webhooks.
pub fn routes() -> Router<ApiState> {
    let webhooks = Router::new()
        .route("/webhooks/whatsapp", get(webhooks::subscribe).post(webhooks::receive))
        .layer(DefaultBodyLimit::max(LARGEST_WEBHOOK));
    Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/api/sessions", post(sessions::create))
        .route("/api/board", get(board::show))
        .route("/api/conversations/{id}", get(conversations::show))
        .route("/api/conversations/{id}/messages", get(conversations::messages))
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .merge(webhooks)
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
}
