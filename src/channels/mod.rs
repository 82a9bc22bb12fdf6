//! The dialects of providers, a module each, with the same functions: `verify` and `parse`, both
//! pure.

pub mod whatsapp;

mod mend;

use crate::desk::{Channel, Element};

/// Why a webhook is refused as a whole. A part that makes no sense is quarantined instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is not JSON.
    #[error("the body is not JSON: {0}")]
    Json(String),

    /// It is JSON, but not what this provider sends.
    #[error("the body is not a {0} webhook: {1}")]
    Shape(&'static str, &'static str),
}

/// Reads a webhook in its channel's dialect.
pub fn parse(channel: Channel, body: &[u8]) -> Result<Vec<Element>, Malformed> {
    match channel {
        Channel::WhatsApp => whatsapp::parse(body),
    }
}
