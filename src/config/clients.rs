//! What clients are told, and how.

use clap::{Args, ValueEnum};

/// What clients are told, by `GET /api/realtime/config`, about how to connect. Times are
/// milliseconds.
#[derive(Args, Clone, Debug)]
pub struct Clients {
    /// How often to poll for the open conversation, in milliseconds
    #[arg(long, env = "POLLING_ACTIVE_MS", default_value_t = 3_000)]
    pub polling_active_ms: u32,

    /// How often to poll for the others, in milliseconds
    #[arg(long, env = "POLLING_INACTIVE_MS", default_value_t = 30_000)]
    pub polling_inactive_ms: u32,

    /// How often to poll in a hidden tab, in milliseconds; 0 for not at all
    #[arg(long, env = "POLLING_BACKGROUND_MS", default_value_t = 0)]
    pub polling_background_ms: u32,

    /// How often widgets and dashboards poll without a websocket, in milliseconds
    #[arg(long, env = "POLLING_FALLBACK_MS", default_value_t = 30_000)]
    pub polling_fallback_ms: u32,

    /// How long to try a websocket before polling, in milliseconds
    #[arg(long, env = "WS_FALLBACK_TIMEOUT_MS", default_value_t = 10_000)]
    pub ws_fallback_timeout_ms: u32,

    /// How to try again: exponential (1, 2, 4 … 30 s, for ever) or in steps (1, 2, 5, 10 s)
    #[arg(long, env = "BACKOFF", value_enum, default_value_t = Backoff::Exponential)]
    pub backoff: Backoff,

    /// After how many tries in steps to give up
    #[arg(long, env = "MAX_RETRIES", default_value_t = 5)]
    pub max_retries: u32,

    /// How many messages of a conversation to keep in the browser
    #[arg(long, env = "CHAT_CACHE_MAX_MESSAGES", default_value_t = 100)]
    pub chat_cache_max_messages: u32,
}

/// How clients try again.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Backoff {
    /// 1, 2, 4, 8, 16, 30, 30 … seconds, for ever.
    Exponential,
    /// 1, 2, 5, 10 seconds, a few times.
    Steps,
}

/// How websockets are compressed, for clients that offer permessage-deflate.
#[derive(Args, Clone, Copy, Debug)]
pub struct Deflate {
    /// Compress messages to websockets from this size on, in bytes
    #[arg(long, env = "DEFLATE_THRESHOLD", default_value_t = 1_024)]
    pub deflate_threshold: usize,

    /// How hard to compress: 1 (fast) to 9 (small), 0 for not at all
    #[arg(long, env = "DEFLATE_LEVEL", default_value_t = 6, value_parser = clap::value_parser!(u32).range(0..=9))]
    pub deflate_level: u32,
}
