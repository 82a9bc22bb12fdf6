//! The file that a message carries, as its webhook tells of it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::envelope::{as_text, clip};
use crate::desk::Attachment;

/// The kinds of messages that carry a file.
const KINDS: [&str; 6] = ["image", "video", "audio", "voice", "document", "sticker"];

/// For how long what came by webhook can be fetched, in seconds: 7 days.
/// <https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media#media-ids>
const KEPT_FOR: i64 = 7 * 24 * 60 * 60;

/// The longest name of a file, in bytes: what file systems take.
const LONGEST_NAME: usize = 255;

/// Returns what is to be fetched for a message of that kind, if anything is.
pub(super) fn attachment(kind: &str, fields: &Map<String, Value>) -> Option<Attachment> {
    let part = fields.get(kind).filter(|_| KINDS.contains(&kind))?;
    let told = |key: &str| part.get(key).and_then(as_text);
    let provider_id = told("id")?;
    Some(Attachment {
        provider_id,
        mime_type: told("mime_type").unwrap_or_else(|| "application/octet-stream".to_owned()),
        filename: told("filename").map(|name| clip(&name, LONGEST_NAME)),
        sha256: told("sha256").and_then(|told| checksum(&told)),
        kept_for: KEPT_FOR,
        stored: None,
    })
}

/// A checksum in hexadecimal: webhooks write it in base64, look-ups in hexadecimal.
pub(super) fn checksum(told: &str) -> Option<String> {
    let bytes = match told.len() {
        64 => hex::decode(told).ok()?,
        _ => BASE64_STANDARD.decode(told).ok()?,
    };
    (bytes.len() == 32).then(|| hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{attachment, checksum};

    #[test]
    fn a_checksum_is_read_as_webhooks_and_look_ups_write_it() {
        let hex = "ab".repeat(32);
        assert_eq!(checksum("q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="), Some(hex.clone()));
        assert_eq!(checksum(&hex), Some(hex));
        assert_eq!(checksum("q6ur"), None);
        assert_eq!(checksum("not one"), None);
    }

    #[test]
    fn only_what_has_an_identifier_can_be_fetched() {
        let message =
            json!({ "voice": { "id": 7 }, "image": { "caption": "?" }, "text": { "id": "1" } });
        let message = message.as_object().unwrap();
        let voice = attachment("voice", message).unwrap();
        assert_eq!(
            (voice.provider_id.as_str(), voice.mime_type.as_str()),
            ("7", "application/octet-stream")
        );
        assert_eq!(attachment("image", message), None);
        assert_eq!(attachment("text", message), None);
    }
}
