//! Media that people sent, and those that the business uploaded.

use axum::body::Bytes;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use moka::sync::Cache;
use rand::RngExt as _;
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};

use super::files;

/// How many bytes of media are kept; those that nobody asked for go first.
const ROOM: u64 = 256 * 1024 * 1024;

/// All media by their ids.
pub(super) struct Shelf {
    media: Cache<String, Medium>,
}

/// A file, and what is said of it.
#[derive(Clone)]
pub(super) struct Medium {
    pub(super) bytes: Bytes,
    pub(super) mime_type: String,
    /// That of the bytes, but for the share whose checksum is wrong.
    pub(super) sha256: [u8; 32],
    /// Whether nobody finds it.
    pub(super) is_missing: bool,
}

impl Shelf {
    pub(super) fn new() -> Self {
        let weight = |id: &String, medium: &Medium| {
            u32::try_from(id.len() + medium.bytes.len()).unwrap_or(u32::MAX)
        };
        Self { media: Cache::builder().weigher(weight).max_capacity(ROOM).build() }
    }

    /// Keeps a medium; returns its id.
    pub(super) fn put(&self, medium: Medium, chance: &mut StdRng) -> String {
        let id = chance.random_range(100_000_000_000_000_u64..1_000_000_000_000_000).to_string();
        self.media.insert(id.clone(), medium);
        id
    }

    pub(super) fn get(&self, id: &str) -> Option<Medium> {
        self.media.get(id).filter(|medium| !medium.is_missing)
    }

    /// Lets go of one; says whether it was there.
    pub(super) fn remove(&self, id: &str) -> bool {
        self.media.remove(id).is_some()
    }
}

impl Medium {
    pub(super) fn new(mime_type: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let sha256 = Sha256::digest(&bytes).into();
        Self { bytes, mime_type: mime_type.to_owned(), sha256, is_missing: false }
    }

    pub(super) fn picture(chance: &mut StdRng) -> Self {
        Self::new("image/png", files::picture(chance))
    }

    pub(super) fn voice(chance: &mut StdRng) -> Self {
        Self::new("audio/ogg; codecs=opus", files::voice(chance))
    }

    pub(super) fn document(line: &str) -> Self {
        Self::new("application/pdf", files::document(line))
    }

    pub(super) fn sticker() -> Self {
        Self::new("image/webp", files::sticker())
    }

    /// The checksum as webhooks write it.
    pub(super) fn checksum(&self) -> String {
        BASE64_STANDARD.encode(self.sha256)
    }
}
