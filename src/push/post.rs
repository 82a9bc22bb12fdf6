//! Handing a sealed message to a push service.

use std::time::Duration;

use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, Url, header};

use super::seal::Signer;
use crate::channels::{Guard, GuardedClient};
use crate::desk::Time;

/// How long a push service may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// For how long a push service keeps what it cannot hand over, in seconds: a customer who waits for
/// longer than a day is found otherwise.
const KEPT: &str = "86400";

/// How soon a device that saves power is woken: somebody waits.
const URGENCY: &str = "high";

/// What a push service says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It will hand the message over.
    Taken,
    /// It knows no such browser any more.
    Gone,
    /// It may take it later; after how long, if it says so.
    Trouble(Option<Duration>),
    /// It does not take it.
    Refused,
}

/// The way to push services, wherever browsers say that they are: at public addresses by https, and
/// where the operator permits.
pub(super) struct Post(GuardedClient);

impl Post {
    pub(super) fn new(permitted: &[String]) -> reqwest::Result<Self> {
        let client =
            || -> ClientBuilder { Client::builder().redirect(Policy::none()).timeout(PATIENCE) };
        GuardedClient::new(Guard::public(permitted), client).map(Self)
    }

    /// Whether a push service at that address may be spoken to.
    pub(super) fn permits(&self, url: &Url) -> bool {
        self.0.permits(url)
    }

    /// Sends a sealed message; of those with one `topic` that wait, the newest counts.
    pub(super) async fn send(
        &self,
        signer: &Signer,
        endpoint: &str,
        topic: &str,
        sealed: Vec<u8>,
    ) -> Answer {
        let Ok(url) = Url::parse(endpoint) else { return Answer::Refused };
        let Some(client) = self.0.to(&url) else { return Answer::Refused };
        let origin = url.origin().ascii_serialization();
        let Ok(authorization) = signer.authorization(&origin) else { return Answer::Refused };
        let request = client
            .post(url)
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_ENCODING, "aes128gcm")
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header("ttl", KEPT)
            .header("urgency", URGENCY)
            .header("topic", topic)
            .body(Bytes::from(sealed));
        match request.send().await {
            Ok(response) => understood(&response, &origin),
            Err(error) => {
                // The address is as good as a key.
                let error = error.without_url();
                tracing::info!(push.service = origin, %error, "a push service cannot be reached");
                Answer::Trouble(None)
            }
        }
    }
}

fn understood(response: &Response, origin: &str) -> Answer {
    let status = response.status().as_u16();
    match status {
        200..=299 => Answer::Taken,
        404 | 410 => Answer::Gone,
        429 | 500..=599 => {
            let after = response.headers().get(header::RETRY_AFTER);
            tracing::info!(push.service = origin, status, "a push service has trouble");
            Answer::Trouble(after.and_then(|after| wait(after.to_str().ok()?.trim())))
        }
        _ => {
            tracing::warn!(push.service = origin, status, "a push service refuses a message");
            Answer::Refused
        }
    }
}

/// What `Retry-After` asks for: seconds, or a moment. One that has passed asks for nothing.
fn wait(asked: &str) -> Option<Duration> {
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = httpdate::parse_http_date(asked).ok()?;
    moment.duration_since(Time::now().into()).ok()
}
