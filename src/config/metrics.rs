//! Who may read the metrics.

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Environment, Serve};

/// Who may read the metrics.
#[derive(Args, Clone, Debug)]
pub struct Metrics {
    /// The bearer token with which `GET /metrics` is read. Without one, a development server shows
    /// its metrics to anybody, a production server to nobody
    #[arg(long, env = "METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<SecretString>,
}

/// Who may read the metrics.
#[derive(Clone, Debug)]
pub enum Readers {
    /// Whoever asks.
    Anybody,
    /// Who knows the word.
    Knowing(SecretString),
    /// Nobody.
    Nobody,
}

impl Serve {
    /// Who may read the metrics.
    pub fn metrics_readers(&self) -> Readers {
        let token = self.metrics.metrics_token.as_ref();
        match token.filter(|token| !token.expose_secret().is_empty()) {
            Some(token) => Readers::Knowing(token.clone()),
            None if self.environment == Environment::Development => Readers::Anybody,
            None => Readers::Nobody,
        }
    }
}
