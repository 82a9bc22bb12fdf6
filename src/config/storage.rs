//! Where the data is, and for how long.

use clap::Args;

use super::Sealing;

/// Where the data is.
#[derive(Args, Clone, Debug)]
pub struct Storage {
    /// `sqlite:FILE` (made if missing) or `postgres://USER:PASSWORD@HOST/DATABASE`
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:data/recado.db",
        hide_env_values = true
    )]
    pub database_url: String,

    /// How many connections read the database at once (on PostgreSQL: read and write, and webhooks
    /// come in by one or two more)
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 8)]
    pub database_connections: u32,

    /// By what secrets are kept.
    #[command(flatten)]
    pub secrets: Sealing,
}

/// How long the log and raw webhooks are kept.
#[derive(Args, Clone, Debug)]
pub struct RetentionSettings {
    /// How long events are kept, in days; clients that were away for longer load afresh
    #[arg(long, env = "LOG_RETENTION_DAYS", default_value_t = 7)]
    pub log_retention_days: u32,

    /// How many events are kept per tenant, whatever their age
    #[arg(long, env = "LOG_RETENTION_EVENTS", default_value_t = 1_000_000)]
    pub log_retention_events: u32,

    /// How long raw webhooks are kept, and what waits for its message (for 7 days at least), in days
    #[arg(long, env = "WEBHOOK_RETENTION_DAYS", default_value_t = 30)]
    pub webhook_retention_days: u32,
}
