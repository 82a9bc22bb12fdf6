//! Chatwoot, as a place where agents work that Recado shares conversations with.
//!
//! What arrives: <https://www.chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks>.
//! What is sent: <https://developers.chatwoot.com/api-reference/introduction>.

mod account;
mod compose;
mod conversation;
mod envelope;
mod fields;
mod message;
pub mod reconcile;
mod request;
pub mod send;
#[cfg(test)]
mod tests;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

pub use account::Account;
pub use compose::compose;
pub use conversation::Typing;
pub use envelope::{Source, parse, typing, write};

/// How far the clocks of a Chatwoot and of this server may be apart, and how long a webhook may be
/// on its way, in seconds: what is older may be somebody's who has overheard it.
const TOLERANCE: i64 = 300;

/// Whether `signature` (the value of `X-Chatwoot-Signature`) is made by the webhook's secret over
/// these bytes and `timestamp` (that of `X-Chatwoot-Timestamp`, in seconds), and not long ago at
/// `now`.
///
/// The comparison takes the same time wherever they differ.
pub fn verify(
    secret: &SecretString,
    timestamp: &str,
    body: &[u8],
    signature: &str,
    now: i64,
) -> bool {
    let is_recent =
        timestamp.parse().is_ok_and(|at: i64| at.abs_diff(now) <= TOLERANCE.unsigned_abs());
    let Some(Ok(signature)) = signature.strip_prefix("sha256=").map(hex::decode) else {
        return false;
    };
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&signature).is_ok() && is_recent
}

/// The address of the inbox whose webhooks come with a token: its hash, so that whoever reads the
/// database cannot speak for a Chatwoot.
pub fn address_of(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}
