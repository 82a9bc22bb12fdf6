//! How WhatsApp is spoken to, and how messages are handed to their channels.

use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::units::{at_least_one, milliseconds, seconds};

/// WhatsApp.
#[derive(Args, Clone, Debug)]
pub struct WhatsApp {
    /// The word that Meta's verification request must know
    #[arg(long, env = "WHATSAPP_VERIFY_TOKEN", hide_env_values = true)]
    pub whatsapp_verify_token: Option<SecretString>,

    /// The app's secret: with it, webhooks must be signed
    #[arg(long, env = "WHATSAPP_APP_SECRET", hide_env_values = true)]
    pub whatsapp_app_secret: Option<SecretString>,

    /// Where messages are sent to, and files asked for
    #[arg(long, env = "WHATSAPP_GRAPH_URL", default_value = "https://graph.facebook.com/v25.0")]
    pub whatsapp_graph_url: String,

    /// The token that WhatsApp asks for from whoever sends or fetches
    #[arg(long, env = "WHATSAPP_ACCESS_TOKEN", hide_env_values = true)]
    pub whatsapp_access_token: Option<SecretString>,
}

/// How messages are handed to their channels.
#[derive(Args, Clone, Debug)]
pub struct Sending {
    /// How many messages this node sends at once
    #[arg(long, env = "SENDING_CONCURRENCY", default_value = "16", value_parser = at_least_one)]
    pub sending_concurrency: usize,

    /// How long a channel may take to answer, in seconds, besides what a file takes at 1 Mbit/s; whether
    /// it has taken the message is unknown after that
    #[arg(long, env = "SENDING_TIMEOUT_S", default_value = "30", value_parser = seconds)]
    pub sending_timeout: Duration,

    /// How long to wait at most before trying again, in milliseconds; it doubles with each try
    #[arg(long, env = "SENDING_BACKOFF_MS", default_value = "1000", value_parser = milliseconds)]
    pub sending_backoff: Duration,
}

impl WhatsApp {
    /// The app's secret, unless it is set to nothing.
    pub fn app_secret(&self) -> Option<&SecretString> {
        self.whatsapp_app_secret.as_ref().filter(|secret| !secret.expose_secret().is_empty())
    }

    /// The token to speak to WhatsApp with, unless it is set to nothing.
    pub fn access_token(&self) -> Option<&SecretString> {
        self.whatsapp_access_token.as_ref().filter(|token| !token.expose_secret().is_empty())
    }
}
