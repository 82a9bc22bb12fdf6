//! Files at WhatsApp: looked up and downloaded.
//!
//! <https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media>

mod kinds;

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::super::file::{Download, Trouble, hear};
use super::super::guard::{Guard, GuardedClient};

pub use kinds::{Kind, kind_of};

/// For how long an uploaded file is known, in seconds: a day less than the 30 that WhatsApp says.
pub const KNOWN_FOR: i64 = 29 * 24 * 60 * 60;

/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 64 * 1024;

/// How long it may take to reach WhatsApp at all.
const REACHING: Duration = Duration::from_secs(10);

/// The way to WhatsApp's files.
#[derive(Clone, Debug)]
pub struct Library {
    graph: Url,
    client: GuardedClient,
}

/// Where a file is, for a few minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The address, at which the token is needed too.
    pub url: Url,
    /// How large it is said to be, in bytes.
    pub size: Option<u64>,
}

impl Library {
    /// Speaks to the Graph API at `graph`, version included, and downloads from `hosts`; also from
    /// the Graph API's own host, however it is reached, if that is trusted.
    ///
    /// # Errors
    /// When `graph` is no address, or the system has no certificates that could be trusted.
    pub fn new(graph: &str, hosts: &[String], trusts_graph: bool) -> anyhow::Result<Self> {
        let graph = Url::parse(&format!("{}/", graph.trim_end_matches('/')))?;
        let client = || -> ClientBuilder {
            Client::builder().redirect(Policy::none()).connect_timeout(REACHING)
        };
        let guard = Guard::new(hosts, trusts_graph.then_some(&graph));
        Ok(Self { client: GuardedClient::new(guard, client)?, graph })
    }

    /// Asks where a file is.
    pub async fn look_up(&self, id: &str, token: &SecretString) -> Result<Found, Trouble> {
        let request =
            self.client.own().get(self.address(&[id])?).bearer_auth(token.expose_secret());
        let answer = answer(hear(request.send()).await?).await?;
        let url = answer.get("url").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
        let url = url.ok_or_else(|| Trouble::Unreachable("it does not say where".to_owned()))?;
        let size = answer.get("file_size").and_then(|it| match it {
            Value::String(text) => text.parse().ok(),
            it => it.as_u64(),
        });
        Ok(Found { url, size })
    }

    /// Begins to download what was found.
    pub async fn download(&self, url: &Url, token: &SecretString) -> Result<Download, Trouble> {
        let client = self.client.to(url).ok_or_else(|| Trouble::forbidden(url))?;
        let request = client.get(url.clone()).bearer_auth(token.expose_secret());
        let response = hear(request.send()).await?;
        match response.status() {
            StatusCode::OK => Ok(Download(response)),
            // The address may have run out, which a look-up tells from a file that is gone.
            status => Err(Trouble::Refused { status: status.as_u16(), code: None }),
        }
    }

    /// An address of the Graph API: whatever the parts hold, they stay parts.
    fn address(&self, parts: &[&str]) -> Result<Url, Trouble> {
        let mut url = self.graph.clone();
        let mut path = url.path_segments_mut().map_err(|()| Trouble::Gone)?;
        path.pop_if_empty().extend(parts);
        drop(path);
        Ok(url)
    }
}

/// Reads an answer of the Graph API.
async fn answer(mut response: Response) -> Result<Value, Trouble> {
    let status = response.status();
    let mut bytes = Vec::new();
    while let Some(piece) = hear(response.chunk()).await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > LARGEST_ANSWER {
            return Err(Trouble::Unreachable("its answer is too long".to_owned()));
        }
    }
    let answer: Option<Value> = serde_json::from_slice(&bytes).ok();
    if status.is_success() {
        return answer.ok_or_else(|| Trouble::Unreachable("its answer is not JSON".to_owned()));
    }
    let error = answer.as_ref().and_then(|answer| answer.get("error"));
    let code = |key: &str| error.and_then(|error| error.get(key)?.as_i64());
    // 100 with the subcode 33: "Object with ID … does not exist".
    // <https://developers.facebook.com/docs/graph-api/guides/error-handling>
    let is_gone = code("code") == Some(100) || code("error_subcode") == Some(33);
    if is_gone || (status == StatusCode::NOT_FOUND && error.is_none()) {
        return Err(Trouble::Gone);
    }
    Err(Trouble::Refused { status: status.as_u16(), code: code("code") })
}
