//! Passwords: kept as Argon2id, checked a few at a time.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::Refusal;
use crate::desk::Error;

/// The shortest and the longest password that somebody may choose, in characters.
/// <https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver>
const SHORTEST: usize = 8;
const LONGEST: usize = 200;

/// How many are worked on at once: each takes 19 MiB, and all of a core.
static AT_ONCE: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)));

/// Returns the form in which a password is stored: Argon2id with a salt of its own.
pub fn hash(password: &str) -> String {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.expect("the default parameters hash any password").to_string()
}

/// As [`hash`], of a password that somebody has chosen.
pub async fn choose(password: SecretString) -> Result<String, Refusal> {
    if !(SHORTEST..=LONGEST).contains(&password.expose_secret().chars().count()) {
        let why = format!("a password has {SHORTEST} to {LONGEST} characters");
        return Err(Refusal::Storage(Error::Invalid(why)));
    }
    let _turn = AT_ONCE.acquire().await;
    let hashed = spawn_blocking(move || hash(password.expose_secret())).await;
    Ok(hashed.expect("hashing does not panic"))
}

/// Whether `password` is the one that was stored as `known`.
///
/// Takes the same time if none is known, which no password is.
pub(super) async fn check(password: SecretString, known: Option<String>) -> bool {
    static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody's password"));
    let _turn = AT_ONCE.acquire().await;
    let checked = spawn_blocking(move || {
        let hash = known.as_deref().unwrap_or(&NOBODY);
        let matches = PasswordHash::new(hash).is_ok_and(|hash| {
            let password = password.expose_secret().as_bytes();
            Argon2::default().verify_password(password, &hash).is_ok()
        });
        matches && known.is_some()
    });
    checked.await.unwrap_or(false)
}
