//! How clients are to connect, poll and try again: one place for numbers that would else be
//! scattered over frontends.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rollout::{Rollout, Transport, named};
use crate::api::{ApiError, Query};
use crate::auth::Caller;
use crate::config::{Backoff, Clients};

/// Who asks without a token.
#[derive(Deserialize)]
pub(super) struct Asker {
    /// What they call themselves: whoever stays the same is told the same.
    #[serde(default)]
    client: String,
}

/// `GET /api/realtime/config`. Times are milliseconds; 0 for an interval means not at all.
///
/// `rollout` is for whoever asks: with a token their user's, else that of `client`.
pub(super) async fn show(
    State(clients): State<Arc<Clients>>,
    Extension(rollout): Extension<Rollout>,
    caller: Result<Caller, ApiError>,
    Query(asker): Query<Asker>,
) -> Json<Value> {
    let who = caller.map_or(asker.client, |caller| named(&caller));
    let now = Instant::now();
    let (percent, is_rolled_back) = rollout.stands(now);
    let transport = match rollout.transport(&who, now) {
        Transport::Websocket => "websocket",
        Transport::Polling => "polling",
    };
    let profile = match clients.backoff {
        Backoff::Exponential => "exponential",
        Backoff::Steps => "steps",
    };
    Json(json!({
        "rollout": {
            "transport": transport, "percent": percent, "isRolledBack": is_rolled_back,
        },
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
