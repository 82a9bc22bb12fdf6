//! What operators see: logs, what requests are called in them, and figures.
//!
//! Logs have dotted fields and units in names; neither ever holds a token, a secret or a customer's
//! text.

mod figures;
pub mod request;

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

pub use figures::{FIGURES, Figures, number};

use crate::config::LogFormat;

/// Starts writing logs to standard error.
pub fn start(filter: &str, format: LogFormat) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(filter)?;
    let mut logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if !io::stderr().is_terminal() {
        logs = logs.with_ansi(false);
    }
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}
