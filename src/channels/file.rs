//! Files at channels, on their way here.

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Response, Url};
use tokio::time::timeout;

/// How long a channel may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// A file on its way.
#[derive(Debug)]
pub struct Download(pub(super) Response);

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The channel has none by that identifier.
    #[error("there is no such file at its channel")]
    Gone,
    /// It is said to be where this server does not go.
    #[error("the file is at {0}, where this server does not download from")]
    Forbidden(String),
    /// The channel refuses.
    #[error("the channel refuses: HTTP {status}, code {code:?}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The channel's code.
        code: Option<i64>,
    },
    /// It does not answer, or not what can be understood.
    #[error("the channel cannot be reached: {0}")]
    Unreachable(String),
}

impl Trouble {
    /// The file is said to be at an address where this server does not go.
    pub(super) fn forbidden(url: &Url) -> Self {
        Self::Forbidden(url.host_str().unwrap_or_default().to_owned())
    }
}

impl Download {
    /// How large it says it is, in bytes.
    pub fn size(&self) -> Option<u64> {
        self.0.content_length()
    }

    /// The next piece of it.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Trouble> {
        hear(self.0.chunk()).await
    }
}

/// Waits for what a channel says next. (A client's own limit would also count the time in which a
/// request is sent, which for one with a file is long.)
pub(super) async fn hear<T>(next: impl Future<Output = reqwest::Result<T>>) -> Result<T, Trouble> {
    match timeout(SILENCE, next).await {
        Ok(heard) => Ok(heard?),
        Err(_) => Err(Trouble::Unreachable("it says nothing".to_owned())),
    }
}

impl From<reqwest::Error> for Trouble {
    fn from(error: reqwest::Error) -> Self {
        // Without the address, which holds what opens the file.
        let error = error.without_url();
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::Unreachable(format!("{error}{cause}"))
    }
}
