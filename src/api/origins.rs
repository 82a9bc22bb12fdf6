//! Of which sites pages may ask from a browser.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::HeaderValue;

use crate::desk::Desks;

/// For how long it is remembered which sites have chats.
const KNOWN_FOR: Duration = Duration::from_secs(30);

/// Where visitors' clients ask.
const FOR_VISITORS: [&str; 3] = ["/api/livechat/", "/api/events", "/socket.io/"];

/// The origins from which browsers may ask: those of the settings for everything, and those of sites with a
/// chat for what visitors' clients need. Neither opens anything without a token.
#[derive(Clone)]
pub struct Origins {
    desks: Desks,
    everywhere: Arc<[String]>,
    sites: Arc<RwLock<Option<Known>>>,
}

/// When they were asked for, and which there are.
type Known = (Instant, HashSet<String>);

impl Origins {
    /// Allows these, and those of sites with a chat.
    pub fn new(desks: Desks, everywhere: &[String]) -> Self {
        // As browsers write them.
        let tidy = |origin: &String| origin.trim().trim_end_matches('/').to_ascii_lowercase();
        let tidy = everywhere.iter().map(tidy);
        Self { desks, everywhere: tidy.collect(), sites: Arc::default() }
    }

    /// Whether pages of every site may ask for everything.
    pub fn are_all(&self) -> bool {
        self.everywhere.iter().any(|allowed| allowed == "*")
    }

    /// Whether a page of that origin may ask for `path`.
    pub async fn allow(&self, origin: HeaderValue, path: String) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        if self.everywhere.iter().any(|allowed| allowed == origin) {
            return true;
        }
        FOR_VISITORS.iter().any(|begin| path.starts_with(begin)) && self.is_site(origin).await
    }

    async fn is_site(&self, origin: &str) -> bool {
        if let Some(known) = self.known(origin) {
            return known;
        }
        match self.desks.chat_origins().await {
            Ok(origins) => {
                let sites = origins.into_iter().collect();
                let mut known = self.sites.write().unwrap_or_else(PoisonError::into_inner);
                *known = Some((Instant::now(), sites));
            }
            Err(error) => tracing::warn!(%error, "it cannot be looked up which sites have chats"),
        }
        self.known(origin).unwrap_or(false)
    }

    /// What is remembered of an origin, if that is not too old.
    fn known(&self, origin: &str) -> Option<bool> {
        let known = self.sites.read().unwrap_or_else(PoisonError::into_inner);
        let (at, sites) = known.as_ref()?;
        (at.elapsed() < KNOWN_FOR).then(|| sites.contains("*") || sites.contains(origin))
    }
}
