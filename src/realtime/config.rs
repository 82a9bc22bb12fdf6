//! How clients are to connect, poll and try again: one place for numbers that would else be
//! scattered over frontends.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::config::{Backoff, Clients};

/// `GET /api/realtime/config`. Times are milliseconds; 0 for an interval means not at all.
pub(super) async fn show(State(clients): State<Arc<Clients>>) -> Json<Value> {
    let profile = match clients.backoff {
        Backoff::Exponential => "exponential",
        Backoff::Steps => "steps",
    };
    Json(json!({
        "websocket": { "timeoutMs": clients.ws_fallback_timeout_ms },
        "polling": {
            "activeMs": clients.polling_active_ms,
            "inactiveMs": clients.polling_inactive_ms,
            "backgroundMs": clients.polling_background_ms,
            "fallbackMs": clients.polling_fallback_ms,
            "errorBackoffMs": [1_000, 2_000, 5_000, 10_000],
        },
        "backoff": {
            "profile": profile,
            "profiles": {
                "exponential": { "delaysMs": [1_000, 2_000, 4_000, 8_000, 16_000, 30_000], "maxRetries": null },
                "steps": { "delaysMs": [1_000, 2_000, 5_000, 10_000], "maxRetries": clients.max_retries },
            },
        },
        "cache": { "maxMessages": clients.chat_cache_max_messages, "ttlMs": 300_000 },
    }))
}
