//! Secrets at rest: AES-256-GCM, bound to the row they belong to; and HMAC-SHA256 of what may hold one and
//! is only to be known again.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// The keys by which secrets are kept: the first seals, any opens.
#[derive(Clone)]
pub struct Keys(Arc<[Key]>);

struct Key {
    /// What a sealed text is marked with: tells which key opens it, and nothing about the key.
    name: String,
    cipher: RandomizedNonceKey,
    digests: Hmac<Sha256>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

impl Keys {
    /// Seals with `current`; opens what it or one of the `older` has sealed.
    pub fn new(current: &[u8; 32], older: &[[u8; 32]]) -> Self {
        let keys = std::iter::once(current).chain(older).map(|bytes| Key {
            name: hex::encode(&Sha256::digest(bytes)[..4]),
            cipher: RandomizedNonceKey::new(&AES_256_GCM, bytes).expect("AES-256 takes 32 bytes"),
            digests: Hmac::<Sha256>::new_from_slice(bytes)
                .expect("HMAC takes keys of any length")
                .chain_update(b"recado: digests\0"),
        });
        Self(keys.collect())
    }

    /// Returns `plain` sealed; it can be opened for the same `owner` only, so that nobody gains by
    /// copying it to another row.
    pub(super) fn seal(&self, plain: &str, owner: &str) -> String {
        let Key { name, cipher, .. } = &self.0[0];
        let mut bytes = plain.as_bytes().to_vec();
        let nonce = cipher.seal_in_place_append_tag(Aad::from(owner.as_bytes()), &mut bytes);
        let nonce = nonce.expect("a text is shorter than the 64 GiB that a nonce seals");
        let sealed = [nonce.as_ref().as_slice(), &bytes].concat();
        format!("{name}.{}", BASE64_STANDARD_NO_PAD.encode(sealed))
    }

    /// Returns what was sealed for `owner`; nothing if it was for another, or if the key is not here.
    pub(super) fn open(&self, sealed: &str, owner: &str) -> Option<String> {
        let (name, sealed) = sealed.split_once('.')?;
        let Key { cipher, .. } = self.0.iter().find(|key| key.name == name)?;
        let mut sealed = BASE64_STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = cipher.open_in_place(nonce, Aad::from(owner.as_bytes()), sealed).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }

    /// Returns by what `text` is known again, and nobody without the key can guess it.
    pub(super) fn digest(&self, text: &str) -> String {
        let key = &self.0[0];
        format!("{}.{}", key.name, key.digest(text))
    }

    /// Whether a digest is that of `text`; nothing if its key is not here.
    pub(super) fn is_digest(&self, digest: &str, text: &str) -> Option<bool> {
        let (name, digest) = digest.split_once('.')?;
        let key = self.0.iter().find(|key| key.name == name)?;
        Some(key.digest(text) == digest)
    }

    /// Whether it is the newest key that has sealed this.
    pub(super) fn is_current(&self, sealed: &str) -> bool {
        sealed.split_once('.').is_some_and(|(name, _)| name == self.0[0].name)
    }
}

impl Key {
    fn digest(&self, text: &str) -> String {
        hex::encode(self.digests.clone().chain_update(text).finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn what_is_sealed_opens_for_its_owner_alone() {
        let keys = Keys::new(&[1; 32], &[]);
        let sealed = keys.seal("EAAG-token", "inbox:acme:1");
        assert!(!sealed.contains("EAAG"));
        assert_ne!(sealed, keys.seal("EAAG-token", "inbox:acme:1"), "each has a nonce of its own");

        assert_eq!(keys.open(&sealed, "inbox:acme:1").as_deref(), Some("EAAG-token"));
        assert_eq!(keys.open(&sealed, "inbox:acme:2"), None);
        assert_eq!(Keys::new(&[2; 32], &[]).open(&sealed, "inbox:acme:1"), None);
        let broken =
            sealed.replace(&sealed[12..14], if &sealed[12..14] == "AA" { "BB" } else { "AA" });
        assert_eq!(keys.open(&broken, "inbox:acme:1"), None);
        for nonsense in ["", ".", "x", "x.y", &sealed[..14]] {
            assert_eq!(keys.open(nonsense, "inbox:acme:1"), None, "{nonsense}");
        }
    }

    #[test]
    fn an_older_key_opens_and_does_not_seal() {
        let old = Keys::new(&[1; 32], &[]).seal("word", "row");
        let keys = Keys::new(&[2; 32], &[[1; 32]]);
        assert_eq!(keys.open(&old, "row").as_deref(), Some("word"));
        assert!(!keys.is_current(&old) && keys.is_current(&keys.seal("word", "row")));
    }

    #[test]
    fn a_digest_is_known_again_by_whoever_has_its_key() {
        let digest = Keys::new(&[1; 32], &[]).digest("word");
        let keys = Keys::new(&[2; 32], &[[1; 32]]);
        assert_eq!(keys.is_digest(&digest, "word"), Some(true));
        assert_eq!(keys.is_digest(&digest, "another"), Some(false));
        assert_eq!(keys.is_digest(&keys.digest("word"), "word"), Some(true));
        assert_ne!(keys.digest("word"), digest);
        assert_eq!(Keys::new(&[2; 32], &[]).is_digest(&digest, "word"), None);
        assert_eq!(keys.is_digest("no digest", "word"), None);
    }
}
