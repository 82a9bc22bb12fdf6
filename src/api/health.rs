//! Whether the node lives, and whether it is to be sent anything.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::ApiState;
use crate::desk::{Desks, Trouble};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Returns the routes that proxies and supervisors ask; no token is needed.
///
/// `/health/live` answers while the process does; `/health/ready` answers 503 as soon as the node is
/// asked to stop (`leaving`), and while the database does not answer or takes nothing.
pub fn health(desks: Desks, leaving: CancellationToken) -> Router<ApiState> {
    let ready = async move || {
        if leaving.is_cancelled() {
            return (StatusCode::SERVICE_UNAVAILABLE, "stopping".to_owned());
        }
        match timeout(PATIENCE, desks.check()).await {
            Ok(Ok(())) => (StatusCode::OK, "ready".to_owned()),
            Ok(Err(trouble)) => (StatusCode::SERVICE_UNAVAILABLE, trouble.to_string()),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Trouble::Away.to_string()),
        }
    };
    let live = get(async || "ok");
    Router::new()
        .route("/health", live.clone())
        .route("/health/live", live)
        .route("/health/ready", get(ready))
}
