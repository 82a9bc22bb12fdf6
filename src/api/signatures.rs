//! Who may speak for an inbox: by which secret its webhooks have to be signed.
//!
//! One request is signed once, by one app, and may speak of several inboxes. It is taken if it is
//! signed by the installation's app; else all inboxes that it names must have one and the same
//! secret of their own, which has signed it. Were only those elements taken whose inbox has signed,
//! a tenant could put another's in between, and what is kept of a request, an operator may replay.
//! Without a secret of the installation's (a development server), unsigned requests are taken too,
//! unless one of the inboxes named has a secret.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};

use super::ApiError;
use crate::auth::same;
use crate::channels::whatsapp;
use crate::config::WhatsApp;
use crate::desk::{self, Channel, Desks, Element};

/// For how long inboxes' secrets are remembered, and of how many: webhooks come often.
const KNOWN_FOR: Duration = Duration::from_secs(5);
const MOST_KNOWN: u64 = 10_000;

/// The most inboxes that a request may name which the installation's app has not signed.
const MOST_NAMED: usize = 100;

/// The secrets by which webhooks are signed.
#[derive(Clone)]
pub(super) struct Signatures {
    settings: Arc<WhatsApp>,
    desks: Desks,
    known: Cache<String, Option<Arc<SecretString>>>,
}

impl Signatures {
    pub(super) fn new(settings: Arc<WhatsApp>, desks: Desks) -> Self {
        let known = Cache::builder().time_to_live(KNOWN_FOR).max_capacity(MOST_KNOWN).build();
        Self { settings, desks, known }
    }

    /// Forgets the secret of an inbox, since it may be another now.
    pub(super) fn forget(&self, address: &str) {
        self.known.invalidate(address);
    }

    /// Reads a webhook that is signed as it must be.
    pub(super) async fn read(
        &self,
        body: &[u8],
        signature: Option<&str>,
    ) -> Result<Vec<Element>, ApiError> {
        let signed = |secret: &SecretString| {
            signature.is_some_and(|told| whatsapp::verify(secret.expose_secret(), body, told))
        };
        let wrong = ApiError::Unsigned(if signature.is_some() { "wrong" } else { "missing" });
        let installation = self.settings.app_secret();
        if installation.is_some_and(signed) {
            return Ok(whatsapp::parse(body)?);
        }
        let elements = match whatsapp::parse(body) {
            Ok(elements) => elements,
            // Whoever has not signed is not told more.
            Err(_) if installation.is_some() => return Err(wrong),
            Err(error) => return Err(error.into()),
        };
        let named = elements.iter().filter_map(|element| Some(element.inbox.as_ref()?.id.clone()));
        let named: BTreeSet<_> = named.collect();
        if installation.is_some() && (signature.is_none() || named.len() > MOST_NAMED) {
            return Err(wrong);
        }
        let secrets = self.secrets(named).await?;
        let mut own = secrets.iter().flatten();
        let Some(first) = own.next() else {
            return if installation.is_none() { Ok(elements) } else { Err(wrong) };
        };
        let is_one = own.all(|secret| secret.expose_secret() == first.expose_secret());
        let is_all = installation.is_none() || secrets.iter().all(Option::is_some);
        if is_one && is_all && signed(first) { Ok(elements) } else { Err(wrong) }
    }

    /// Whether Meta's verification request knows a word of the installation's or of an inbox's.
    pub(super) async fn knows(&self, told: &str) -> desk::Result<bool> {
        let knows = |word: &SecretString| {
            !word.expose_secret().is_empty() && same(word.expose_secret(), told)
        };
        if self.settings.whatsapp_verify_token.as_ref().is_some_and(knows) {
            return Ok(true);
        }
        Ok(self.desks.verify_tokens(Channel::WhatsApp).await?.iter().any(knows))
    }

    /// The secrets of the inboxes at these addresses; nothing for one that has none, or is unknown.
    async fn secrets(
        &self,
        addresses: BTreeSet<String>,
    ) -> desk::Result<Vec<Option<Arc<SecretString>>>> {
        let (mut secrets, mut unknown) = (Vec::with_capacity(addresses.len()), Vec::new());
        for address in addresses {
            match self.known.get(&address) {
                Some(known) => secrets.push(known),
                None => unknown.push(address),
            }
        }
        if unknown.is_empty() {
            return Ok(secrets);
        }
        let mut found = self.desks.app_secrets(Channel::WhatsApp, unknown.clone()).await?;
        for address in unknown {
            let secret = found.remove(&address).flatten().map(Arc::new);
            self.known.insert(address, secret.clone());
            secrets.push(secret);
        }
        Ok(secrets)
    }
}
