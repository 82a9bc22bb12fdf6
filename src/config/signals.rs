//! What is merely happening: who types, who is there.

use std::time::Duration;

use clap::Args;

use super::units::{milliseconds, milliseconds_above_0};

/// What is merely happening.
#[derive(Args, Clone, Copy, Debug)]
pub struct Signals {
    /// How long somebody types who says no more of it, in milliseconds; who goes on typing is told of
    /// once in half that time
    #[arg(long, env = "TYPING_TIMEOUT_MS", default_value = "6000", value_parser = milliseconds)]
    pub typing_timeout: Duration,

    /// How long somebody whose last connection has ended is not yet said to be offline, in
    /// milliseconds
    #[arg(long, env = "PRESENCE_GRACE_MS", default_value = "10000", value_parser = milliseconds)]
    pub presence_grace: Duration,

    /// How long those who are connected to another node are there although it says no more of itself,
    /// in milliseconds; each node does three times in that time
    #[arg(long, env = "NODE_LEASE_MS", default_value = "15000", value_parser = milliseconds_above_0)]
    pub node_lease: Duration,
}
