//! By what secrets are kept.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// What a development server's key is made from. A production server refuses it.
const DEVELOPMENT_KEY: &str = "recado-development-secrets";

/// By what secrets are kept.
#[derive(Args, Clone, Debug, Default)]
pub struct Sealing {
    /// The key by which inboxes' secrets are kept: 32 bytes in base64 (openssl rand -base64 32);
    /// a production server needs one
    #[arg(long, env = "SECRETS_KEY", hide_env_values = true)]
    pub secrets_key: Option<SecretString>,

    /// Keys of before, parted by commas: a server that starts seals anew by SECRETS_KEY what they
    /// have sealed; with several nodes, name the new key here on all of them first
    #[arg(long, env = "SECRETS_OLD_KEYS", hide_env_values = true, value_delimiter = ',')]
    pub secrets_old_keys: Vec<SecretString>,
}

impl Sealing {
    /// Whether it is the key that everybody knows.
    pub fn is_known_to_all(&self) -> bool {
        self.key().is_none()
    }

    /// The key that seals, and those that only open.
    ///
    /// # Errors
    /// When one is not 32 bytes in base64.
    pub fn keys(&self) -> Result<([u8; 32], Vec<[u8; 32]>), String> {
        let current = match self.key() {
            Some(key) => read("SECRETS_KEY", key)?,
            None => Sha256::digest(DEVELOPMENT_KEY).into(),
        };
        let older = self.secrets_old_keys.iter().filter(|key| !key.expose_secret().is_empty());
        let older = older.map(|key| read("SECRETS_OLD_KEYS", key)).collect::<Result<_, _>>()?;
        Ok((current, older))
    }

    fn key(&self) -> Option<&SecretString> {
        self.secrets_key.as_ref().filter(|key| !key.expose_secret().is_empty())
    }
}

fn read(setting: &str, key: &SecretString) -> Result<[u8; 32], String> {
    let bytes = BASE64_STANDARD.decode(key.expose_secret().trim()).ok();
    let key = bytes.and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| format!("{setting} is not 32 bytes in base64: try openssl rand -base64 32"))
}
