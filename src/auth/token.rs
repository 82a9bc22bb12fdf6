//! The tokens themselves: JWTs, which say who somebody is, and opaque ones, which only stand for it.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Number;
use sha2::{Digest as _, Sha256};

use super::Refusal;
use crate::desk::SessionId;

/// By how much the clocks of those who issue tokens may differ from this one.
const LEEWAY_SECONDS: u64 = 5;

/// What tokens for programs begin with, so that people and scanners recognise one.
pub(super) const API_TOKEN: &str = "rcd_";

/// The secret of JWTs, and of what follows from it.
pub(super) struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
    succession: Hmac<Sha256>,
}

/// What a JWT says.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Claims {
    pub(super) sub: String,
    pub(super) tenant_id: String,
    #[serde(default)]
    pub(super) role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "whole_seconds")]
    pub(super) exp: i64,
    /// The session that it was issued in; nothing if a backend of the customer's issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sid: Option<SessionId>,
}

impl Signer {
    pub(super) fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let succession = Hmac::<Sha256>::new_from_slice(secret);
        let succession = succession.expect("HMAC takes keys of any length");
        let succession = succession.chain_update(b"recado: refresh tokens\0");
        let (encoding, decoding) =
            (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret));
        Self { encoding, decoding, succession }
    }

    pub(super) fn sign(&self, claims: &Claims) -> String {
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding);
        token.expect("HS256 with a secret signs any claims")
    }

    pub(super) fn read(&self, token: &str) -> Result<Claims, Refusal> {
        if token.is_empty() {
            return Err(Refusal::Missing);
        }
        if algorithm(token).ok_or(Refusal::Malformed)? != "HS256" {
            return Err(Refusal::Algorithm);
        }
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = LEEWAY_SECONDS;
        rules.validate_aud = false;
        rules.validate_nbf = true;
        let read = jsonwebtoken::decode::<Claims>(token, &self.decoding, &rules);
        let claims = read.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => Refusal::Signature,
            ErrorKind::ExpiredSignature => Refusal::Expired,
            _ => Refusal::Malformed,
        })?;
        let named = !claims.claims.sub.is_empty() && !claims.claims.tenant_id.is_empty();
        if named { Ok(claims.claims) } else { Err(Refusal::Malformed) }
    }

    /// The refresh token that follows this one: always the same, and nobody's guess.
    pub(super) fn next(&self, refresh_token: &str) -> String {
        let next = self.succession.clone().chain_update(refresh_token).finalize();
        BASE64_URL_SAFE_NO_PAD.encode(next.into_bytes())
    }
}

/// Reads a moment in seconds, of which the part of a second does not count.
/// <https://www.rfc-editor.org/rfc/rfc7519#section-2>
#[expect(
    clippy::cast_possible_truncation,
    reason = "what lasts too long to be told lasts for ever"
)]
fn whole_seconds<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let told = Number::deserialize(from)?;
    let seconds = told.as_i64().or_else(|| told.as_f64().map(|seconds| seconds.floor() as i64));
    seconds.ok_or_else(|| de::Error::custom("no number of seconds"))
}

/// Returns a token of 256 random bits.
pub(super) fn opaque() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system has random numbers");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The form in which an opaque token is stored. It needs no salt: nobody can try all tokens.
pub(super) fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// The algorithm that a token claims to be signed by; the library knows no name for "none".
fn algorithm(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        alg: String,
    }
    let (header, _) = token.split_once('.')?;
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).ok()?;
    Some(serde_json::from_slice::<Claimed>(&header).ok()?.alg)
}

/// Whether two words are the same, found out in a time that does not tell where they differ.
pub fn same(word: &str, told: &str) -> bool {
    let digest = |text: &str| {
        let mac = Hmac::<Sha256>::new_from_slice(b"recado: compare");
        mac.expect("HMAC takes keys of any length").chain_update(text)
    };
    digest(word).verify(&digest(told).finalize().into_bytes()).is_ok()
}
