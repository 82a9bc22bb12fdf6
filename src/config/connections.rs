//! How long clients may take.

use std::time::Duration;

use clap::Args;

use super::units::{milliseconds, seconds};

/// How long clients may take.
#[derive(Args, Clone, Copy, Debug)]
pub struct Connections {
    /// How long the head of a request may take, and how long a connection waits for its next
    /// request, in seconds; longer than a proxy in front keeps its connections (most: 60), or it
    /// would send requests into closed ones
    #[arg(long, env = "HEADER_TIMEOUT_S", default_value = "75", value_parser = seconds)]
    pub header_timeout: Duration,

    /// How long the body of a request may take, in seconds
    #[arg(long, env = "BODY_TIMEOUT_S", default_value = "30", value_parser = seconds)]
    pub body_timeout: Duration,

    /// How long a client that does not read may keep its connection, in seconds
    #[arg(long, env = "SLOW_CLIENT_TIMEOUT_S", default_value = "30", value_parser = seconds)]
    pub slow_client_timeout: Duration,

    /// How often Socket.IO clients are asked whether they are still there, in seconds
    #[arg(long, env = "PING_INTERVAL_S", default_value = "25", value_parser = seconds)]
    pub ping_interval: Duration,

    /// How long they may take to answer that before they are taken for gone, in seconds
    #[arg(long, env = "PING_TIMEOUT_S", default_value = "20", value_parser = seconds)]
    pub ping_timeout: Duration,

    /// How long a server that is asked to stop goes on serving, in milliseconds; `/health/ready` answers
    /// 503 meanwhile, so that a proxy that asks it sends new requests elsewhere
    #[arg(long, env = "DRAIN_MS", default_value = "0", value_parser = milliseconds)]
    pub drain: Duration,
}
