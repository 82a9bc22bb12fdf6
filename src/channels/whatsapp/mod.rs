//! WhatsApp Cloud API.
//!
//! What arrives: <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components>.

mod content;
mod envelope;
mod readable;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

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

/// Whether two words are the same, found out in a time that does not tell where they differ.
pub fn same(word: &str, told: &str) -> bool {
    let digest = |text: &str| {
        let mac = Hmac::<Sha256>::new_from_slice(b"recado: compare");
        mac.expect("HMAC takes keys of any length").chain_update(text)
    };
    digest(word).verify(&digest(told).finalize().into_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::verify;

    // printf 'The quick brown fox jumps over the lazy dog' | openssl dgst -sha256 -hmac key
    const BODY: &[u8] = b"The quick brown fox jumps over the lazy dog";
    const SIGNATURE: &str = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";

    #[test]
    fn the_apps_own_signature_is_accepted() {
        assert!(verify("key", BODY, &format!("sha256={SIGNATURE}")));
    }

    #[test]
    fn anything_else_is_not() {
        assert!(!verify("key", b"another body", &format!("sha256={SIGNATURE}")));
        assert!(!verify("another key", BODY, &format!("sha256={SIGNATURE}")));
        for signature in [
            SIGNATURE,
            "sha256=",
            "sha256=zz",
            "sha1=00",
            "",
            &format!("sha256={}", &SIGNATURE[..62]),
        ] {
            assert!(!verify("key", BODY, signature), "{signature}");
        }
    }
}
