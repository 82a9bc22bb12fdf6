//! WhatsApp Cloud API.
//!
//! What arrives: <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components>. What
//! is sent: <https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages>.

mod attachment;
mod compose;
mod content;
mod envelope;
pub mod media;
mod readable;
pub mod refusal;
pub mod send;
#[cfg(test)]
mod tests;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

pub use compose::compose;
pub use envelope::parse;

/// Whether `signature` (the value of `X-Hub-Signature-256`) is the app's over these bytes.
///
/// The comparison takes the same time wherever they differ.
/// <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads>
pub fn verify(app_secret: &str, body: &[u8], signature: &str) -> bool {
    let Some(Ok(signature)) = signature.strip_prefix("sha256=").map(hex::decode) else {
        return false;
    };
    let mac = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes());
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}
