//! How Chatwoots are spoken to.

use std::time::Duration;

use clap::Args;

use super::units::seconds_or_never;

/// How Chatwoots are spoken to.
#[derive(Args, Clone, Debug)]
pub struct Chatwoot {
    /// Chatwoots that are not at public addresses, or not served by https, and where their files are,
    /// as host or host:port: all others are spoken to by https at public addresses only
    #[arg(long, env = "CHATWOOT_PRIVATE_HOSTS", value_delimiter = ',', value_name = "HOST[:PORT]")]
    pub chatwoot_private_hosts: Vec<String>,

    /// How often to ask Chatwoots what their webhooks may have lost, in seconds, and after each start;
    /// 0 for on demand only
    #[arg(long, env = "CHATWOOT_RECONCILE_S", default_value = "300", value_parser = seconds_or_never)]
    pub chatwoot_reconcile: Duration,
}
