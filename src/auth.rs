//! Credentials in, [`Caller`] out: who is asking, the one desk they may touch, and what of it they
//! may see.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::desk::{self, Actor, Desk, Desks, Role, Sees, TenantId, Time, User, UserId};

/// By how much the clocks of those who issue tokens may differ from this one.
const LEEWAY_SECONDS: u64 = 5;

/// For how long a user's name and permissions are remembered, and for how many users.
const KNOWN_FOR: Duration = Duration::from_secs(5);
const MOST_KNOWN: u64 = 100_000;

/// Somebody who has shown who they are.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The `sub` of their token.
    pub user: UserId,
    /// What colleagues see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The only desk they may touch.
    pub desk: Desk,
    /// What of it they may see.
    pub sees: Sees,
    /// When they have to show anew who they are.
    pub until: Time,
}

impl Caller {
    /// Who it is, for the audit log.
    pub fn actor(&self) -> Actor {
        Actor { user: self.user.clone(), name: self.name.clone(), address: None }
    }

    /// Lets nobody on whose role does not allow as much as `role` does.
    pub fn require(&self, role: Role) -> Result<(), Refusal> {
        let rank = |role| match role {
            Role::Agent => 0,
            Role::Admin => 1,
            Role::Operator => 2,
        };
        if rank(self.role) < rank(role) { Err(Refusal::Role) } else { Ok(()) }
    }
}

/// Checks and issues credentials.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    desks: Desks,
    encoding: EncodingKey,
    decoding: DecodingKey,
    lifetime: Duration,
    known: Cache<(TenantId, UserId), Known>,
}

/// What a desk knows of a user.
#[derive(Clone)]
struct Known {
    name: Option<String>,
    sees: Sees,
}

/// Why somebody is not let in. Each says so in words that a client may show.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is none.
    #[error("the token is missing")]
    Missing,
    /// It is no token, or lacks a claim.
    #[error("the token is malformed")]
    Malformed,
    /// It is signed by another algorithm than HS256, or not at all.
    #[error("the token's algorithm is not HS256")]
    Algorithm,
    /// Somebody else has signed it.
    #[error("the token's signature is wrong")]
    Signature,
    /// It was valid once.
    #[error("the token has expired")]
    Expired,
    /// Its tenant does not exist.
    #[error("the token's tenant is unknown")]
    Tenant,
    /// They may not do that.
    #[error("your role does not allow this")]
    Role,
    /// Nobody signs in by that address and password.
    #[error("the email address or the password is wrong")]
    Password,
    /// Nobody can tell at the moment.
    #[error("credentials cannot be checked at the moment")]
    Storage(#[from] desk::Error),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    sub: String,
    tenant_id: String,
    #[serde(default)]
    role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    exp: i64,
}

impl Auth {
    /// Checks tokens against `secret`, and issues such that are valid for `lifetime`.
    pub fn new(desks: Desks, secret: &SecretString, lifetime: Duration) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let (encoding, decoding) =
            (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret));
        let known = Cache::builder().time_to_live(KNOWN_FOR).max_capacity(MOST_KNOWN).build();
        Self(Arc::new(Inner { desks, encoding, decoding, lifetime, known }))
    }

    /// Lets in whoever holds a valid token.
    ///
    /// Its claims are trusted: the tenant must exist, a row of the user need not, since the token may
    /// come from the customer's own backend.
    pub async fn caller(&self, token: &str) -> Result<Caller, Refusal> {
        let claims = self.claims(token)?;
        let desk = self.0.desks.find(TenantId(claims.tenant_id)).await?.ok_or(Refusal::Tenant)?;
        let user = UserId(claims.sub);
        let Known { name, sees } = self.known(&desk, &user).await?;
        let name = claims.name.or(name);
        Ok(Caller {
            name: name.unwrap_or_else(|| user.0.clone()),
            role: role(&claims.role),
            until: Time(claims.exp.saturating_mul(1_000_000)),
            user,
            desk,
            sees,
        })
    }

    /// Asks the desk about a user, or remembers what it said a moment ago: clients that poll ask
    /// often.
    async fn known(&self, desk: &Desk, user: &UserId) -> Result<Known, Refusal> {
        let key = (desk.tenant().clone(), user.clone());
        if let Some(known) = self.0.known.get(&key) {
            return Ok(known);
        }
        let (person, sees) = desk.person(user).await?;
        let known = Known { name: person.map(|person| person.name), sees };
        self.0.known.insert(key, known.clone());
        Ok(known)
    }

    /// Lets in whoever knows the password.
    ///
    /// Takes the same time whether or not anybody signs in by that address.
    pub async fn sign_in(&self, email: &str, password: SecretString) -> Result<User, Refusal> {
        static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody's password"));
        let user = self.0.desks.user_by_email(email).await?;
        let known = user.as_ref().map(|user| user.password_hash.clone());
        let checked = tokio::task::spawn_blocking(move || {
            let hash = known.as_deref().unwrap_or(&NOBODY);
            let matches = PasswordHash::new(hash).is_ok_and(|hash| {
                let password = password.expose_secret().as_bytes();
                Argon2::default().verify_password(password, &hash).is_ok()
            });
            matches && known.is_some()
        });
        match (checked.await, user) {
            (Ok(true), Some(user)) => Ok(user),
            _ => Err(Refusal::Password),
        }
    }

    /// Returns a token for a user, and when it expires.
    pub fn issue(&self, user: &User) -> (String, Time) {
        let lifetime = i64::try_from(self.0.lifetime.as_secs()).unwrap_or(i64::MAX);
        let until = Time::now().plus_seconds(lifetime);
        let claims = Claims {
            sub: user.id.0.clone(),
            tenant_id: user.tenant.0.clone(),
            role: role_name(user.role).to_owned(),
            name: Some(user.name.clone()),
            exp: until.seconds(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.0.encoding);
        (token.expect("HS256 with a secret signs any claims"), Time(claims.exp * 1_000_000))
    }

    fn claims(&self, token: &str) -> Result<Claims, Refusal> {
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
        let read = jsonwebtoken::decode::<Claims>(token, &self.0.decoding, &rules);
        let claims = read.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => Refusal::Signature,
            ErrorKind::ExpiredSignature => Refusal::Expired,
            _ => Refusal::Malformed,
        })?;
        let named = !claims.claims.sub.is_empty() && !claims.claims.tenant_id.is_empty();
        if named { Ok(claims.claims) } else { Err(Refusal::Malformed) }
    }
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

/// Who may do least is who says what nobody knows.
fn role(name: &str) -> Role {
    match name.to_lowercase().as_str() {
        "operator" => Role::Operator,
        "admin" => Role::Admin,
        _ => Role::Agent,
    }
}

/// What tokens and clients call a role.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Operator => "operator",
        Role::Admin => "admin",
        Role::Agent => "agent",
    }
}

/// Returns the form in which a password is stored: Argon2id with a salt of its own.
pub fn hash(password: &str) -> String {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.expect("the default parameters hash any password").to_string()
}

/// Whether two words are the same, found out in a time that does not tell where they differ.
pub fn same(word: &str, told: &str) -> bool {
    let digest = |text: &str| {
        let mac = Hmac::<Sha256>::new_from_slice(b"recado: compare");
        mac.expect("HMAC takes keys of any length").chain_update(text)
    };
    digest(word).verify(&digest(told).finalize().into_bytes()).is_ok()
}
