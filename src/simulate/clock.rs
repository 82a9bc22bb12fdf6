//! The far side's own clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "WhatsApp's clock is not the log's")]
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Unix seconds, as WhatsApp writes them.
pub(super) fn timestamp() -> String {
    (now_ms() / 1_000).to_string()
}
