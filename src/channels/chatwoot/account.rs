//! Which account of which Chatwoot an inbox is.

use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Which account of which Chatwoot an inbox is, as its settings say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Where that Chatwoot is.
    pub base_url: Url,
    /// The account's number.
    pub account_id: u64,
    /// The numbers of its inboxes that are taken; none for all of them.
    pub inbox_ids: Vec<u64>,
}

/// An account as it stands in an inbox's settings.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    base_url: String,
    account_id: u64,
    #[serde(default)]
    inbox_ids: Vec<u64>,
}

impl Account {
    /// Reads an inbox's settings.
    ///
    /// # Errors
    /// Why they make no sense.
    pub fn read(settings: &Map<String, Value>) -> Result<Self, String> {
        let account = serde_json::from_value(Value::Object(settings.clone()));
        let account: Written = account.map_err(|error| error.to_string())?;
        let url = Url::parse(&account.base_url).map_err(|error| format!("baseUrl: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err("baseUrl is not an address of http or https".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err("baseUrl holds more than where Chatwoot is".to_owned());
        }
        let Written { account_id, inbox_ids, .. } = account;
        Ok(Self { base_url: url, account_id, inbox_ids })
    }

    /// Names the account among those of all Chatwoots: people are known by their numbers in it.
    pub fn site(&self) -> String {
        let host = self.base_url.host_str().unwrap_or_default();
        let port = self.base_url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let path = self.base_url.path().trim_end_matches('/');
        format!("{host}{port}{path}/{}", self.account_id)
    }

    /// An address of the account's API: whatever the parts hold, they stay parts.
    pub(super) fn address(&self, parts: &[&str]) -> Option<Url> {
        let mut url = self.base_url.clone();
        let mut path = url.path_segments_mut().ok()?;
        path.pop_if_empty().extend(["api", "v1", "accounts", &self.account_id.to_string()]);
        path.extend(parts);
        drop(path);
        Some(url)
    }
}
