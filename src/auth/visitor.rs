//! Visitors of sites: who shows an opaque token of their own, and never anything else.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use super::token::{digest, opaque};
use super::{Auth, Refusal};
use crate::desk::{Chat, Entry, NewToken};

/// What visitors' tokens begin with. No other token does, so that one is never taken for the other.
const VISITOR_TOKEN: &str = "vis_";

/// A visitor who has shown who they are. There is no way from here to a desk.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The only chat that they may touch.
    pub chat: Chat,
    /// From where they ask, as far as is known.
    pub address: Option<IpAddr>,
    digest: String,
}

/// Makes a token for a visitor: 256 random bits, of which only the digest is kept.
pub fn visitor_token() -> (String, NewToken) {
    let token = format!("{VISITOR_TOKEN}{}", opaque());
    let hash = digest(&token);
    (token, NewToken { hash })
}

/// Whether a site vouches for a user: by HMAC-SHA256 of the user's identifier, in hexadecimal, under
/// the secret of its chat. Takes the same time wherever they differ.
pub fn vouches(secret: &SecretString, user: &str, hash: &str) -> bool {
    let Ok(hash) = hex::decode(hash) else { return false };
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
    let mac = mac.expect("HMAC takes keys of any length").chain_update(user);
    mac.verify_slice(&hash).is_ok()
}

impl Visitor {
    /// Whether a token claims to be a visitor's.
    pub fn claims(token: &str) -> bool {
        token.starts_with(VISITOR_TOKEN)
    }
}

impl Auth {
    /// Lets in a visitor who holds a valid token.
    pub async fn visitor(&self, token: &str) -> Result<Visitor, Refusal> {
        if !Visitor::claims(token) {
            return Err(Refusal::Malformed);
        }
        self.visitor_by(digest(token), None).await
    }

    /// Asks anew, whatever is remembered, about a visitor who was let in.
    pub async fn visitor_again(&self, visitor: &Visitor) -> Result<Visitor, Refusal> {
        self.forget_visitor(visitor);
        self.visitor_by(visitor.digest.clone(), visitor.address).await
    }

    /// A visitor who was let in, as they are remembered now.
    pub async fn visitor_now(&self, visitor: &Visitor) -> Result<Visitor, Refusal> {
        self.visitor_by(visitor.digest.clone(), visitor.address).await
    }

    /// Forgets what is remembered of a visitor, since it is another now.
    pub fn forget_visitor(&self, visitor: &Visitor) {
        self.0.visitors.invalidate(&visitor.digest);
    }

    /// Forgets what is remembered of all visitors, since some may not be let in any more, or again.
    pub fn forget_visitors(&self) {
        self.0.visitors.invalidate_all();
    }

    async fn visitor_by(
        &self,
        digest: String,
        address: Option<IpAddr>,
    ) -> Result<Visitor, Refusal> {
        let entry = if let Some(entry) = self.0.visitors.get(&digest) {
            entry
        } else {
            let entry = self.0.desks.chat(&digest).await?;
            self.0.visitors.insert(digest.clone(), entry.clone());
            entry
        };
        match entry {
            Entry::Open(chat) => Ok(Visitor { chat: *chat, address, digest }),
            Entry::Blocked => Err(Refusal::Blocked),
            Entry::None => Err(Refusal::ApiToken),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::vouches;

    #[test]
    fn a_site_vouches_for_one_user_by_one_secret() {
        let secret = SecretString::from("secret");
        // printf %s 42 | openssl dgst -sha256 -hmac secret
        let hash = "93c121e7aa437a1e01e3c512c6f0ce3c821a839025dca4408f85616de4aaee70";
        assert!(vouches(&secret, "42", hash));
        assert!(!vouches(&secret, "43", hash));
        assert!(!vouches(&SecretString::from("another"), "42", hash));
        assert!(!vouches(&secret, "42", "no digits"));
        assert!(!vouches(&secret, "42", ""));
    }
}
