//! Chance that can be had again: it depends on the seed and on what it is about, not on when it is
//! asked. So what happens to the third message to somebody is the same however requests interleave.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

use crate::config::Share;

/// The source of all chance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice {
    seed: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Numbers about a subject, the same each time.
    pub(super) fn about(self, subject: &[&str]) -> StdRng {
        let mut digest = Sha256::new_with_prefix(self.seed.to_le_bytes());
        for word in subject {
            digest.update(word.len().to_le_bytes());
            digest.update(word);
        }
        StdRng::from_seed(digest.finalize().into())
    }

    /// Whether something of this share happens to a subject.
    pub(super) fn falls(self, share: Share, subject: &[&str]) -> bool {
        share.get() > 0.0 && self.about(subject).random_bool(share.get())
    }
}
