//! The dialects of providers, a module each, with the same functions: `verify`, `parse` and
//! `compose`, all pure, and what sends.

pub mod chatwoot;
pub mod live_chat;
pub mod whatsapp;

mod answer;
mod file;
mod guard;
mod mend;

use std::time::Duration;

use reqwest::multipart::Part;
use serde_json::{Map, Value};

pub use answer::{Answer, Refusal};
pub use file::{Download, Trouble};
pub(crate) use guard::{Guard, GuardedClient};

use crate::desk::{self, Channel, Element, MediaId, Outgoing, Type};

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

/// How many bytes of a file go out in a second where the line is slow: 1 Mbit/s.
const SLOWEST: u64 = 125_000;

/// Reads a webhook in its channel's dialect.
pub fn parse(channel: Channel, body: &[u8]) -> Result<Vec<Element>, Malformed> {
    match channel {
        Channel::WhatsApp => whatsapp::parse(body),
        Channel::Chatwoot => chatwoot::parse(body),
        Channel::LiveChat => live_chat::parse(body),
    }
}

/// A file on its way to a channel that takes it with the message.
#[derive(Debug)]
pub struct Parcel {
    /// What it is called.
    pub name: String,
    /// What kind of file it is.
    pub mime_type: String,
    /// How large it is, in bytes.
    pub size: u64,
    /// Its bytes.
    pub bytes: reqwest::Body,
}

impl Parcel {
    /// How long its bytes may be on their way.
    fn lasts(&self) -> Duration {
        Duration::from_secs(self.size / SLOWEST)
    }

    /// As a part of a form; nothing if its kind is no kind.
    fn part(self) -> Option<Part> {
        let part = Part::stream_with_length(self.bytes, self.size).file_name(self.name);
        part.mime_str(&self.mime_type).ok()
    }
}

/// What an agent wants to say to a customer, whatever the channel.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Words.
    Text {
        /// Which.
        text: String,
        /// Whether the first address in it is shown as what is there.
        preview_url: bool,
    },
    /// A file.
    Media {
        /// What it is drawn as.
        kind: Type,
        /// Which.
        media: MediaId,
        /// What is said about it.
        caption: String,
        /// What a document is called.
        filename: Option<String>,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// What it is called.
        name: Option<String>,
        /// Where it is, for people.
        address: Option<String>,
    },
    /// A message that the channel has approved, in its own form.
    Template {
        /// Which, and what goes into it.
        template: Map<String, Value>,
        /// How agents read it, if that is known.
        text: String,
    },
    /// Something to choose from, in the channel's own form.
    Interactive(Map<String, Value>),
}

/// Puts what an agent says into a channel's form.
///
/// # Errors
/// [`desk::Error::Invalid`] with the rule of the channel that it does not keep to.
pub fn compose(channel: Channel, said: Said) -> desk::Result<Outgoing> {
    match channel {
        Channel::WhatsApp => whatsapp::compose(said),
        Channel::Chatwoot => chatwoot::compose(said),
        Channel::LiveChat => live_chat::compose(said),
    }
}
