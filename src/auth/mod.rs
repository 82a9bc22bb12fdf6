//! Credentials in, [`Caller`] out: who is asking, the one desk they may touch, and what of it they
//! may see.

mod password;
mod refusal;
mod scope;
mod session;
mod token;
mod visitor;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::sync::Cache;
use secrecy::SecretString;

use crate::desk::{
    Actor, ApiToken, Desk, Desks, Entry, Role, Sees, SessionId, TenantId, Time, UserId,
};

pub use password::{choose, hash};
pub use refusal::Refusal;
pub use scope::Scope;
pub use session::{Origin, SignedIn};
pub use token::same;
pub use visitor::{Visitor, visitor_token, vouches};

use token::{API_TOKEN, Signer, digest};

/// For how long it is remembered at most what a desk knows of a caller, and of how many.
const KNOWN_FOR: Duration = Duration::from_mins(10);
const MOST_KNOWN: u64 = 100_000;

/// For how long it is remembered what a desk knows of a visitor, whose chat the log does not tell all of.
const VISITORS_KNOWN_FOR: Duration = Duration::from_secs(5);

/// For how long it is not noted once more that a program has used its token.
const USED_FOR: Duration = Duration::from_mins(1);

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
    /// From where they ask, as far as is known.
    pub address: Option<IpAddr>,
    session: Option<SessionId>,
    /// What of it all their token reaches; nothing for people, who reach everything.
    scopes: Option<Vec<Scope>>,
    proof: Arc<Proof>,
}

/// What somebody has shown.
#[derive(Debug)]
enum Proof {
    /// A JWT.
    Claims { name: Option<String>, role: Role },
    /// A token for programs, by its digest.
    ApiToken(String),
}

impl Caller {
    /// Who it is, for the audit log.
    pub fn actor(&self) -> Actor {
        let address = self.address.map(|address| address.to_string());
        Actor { user: self.user.clone(), name: self.name.clone(), address }
    }

    /// The session they act in, if it is one of Recado's own.
    pub fn session(&self) -> Option<SessionId> {
        self.session
    }
}

/// Checks and issues credentials.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

struct Inner {
    desks: Desks,
    signer: Signer,
    lifetimes: Lifetimes,
    known: Cache<Who, Known>,
    tokens: Cache<String, (Instant, ApiToken)>,
    visitors: Cache<String, Entry>,
}

/// For how long what Recado issues can be used.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Tokens by which people act.
    pub access: Duration,
    /// Tokens by which they get the next ones.
    pub refresh: Duration,
}

/// Who is asked about: a person in one of their sessions, or outside of all.
type Who = (TenantId, UserId, Option<SessionId>);

/// What a desk knows of a person.
#[derive(Clone)]
struct Known {
    /// Their name and role, if the tenant keeps them here.
    person: Option<(String, Role)>,
    is_disabled: bool,
    /// Until when their session goes on, if it does.
    session_until: Option<Time>,
    sees: Sees,
    /// When the desk was asked.
    asked: Instant,
}

impl Auth {
    /// Checks JWTs against `secret`, and issues tokens that are valid for `lifetimes`.
    pub fn new(desks: Desks, secret: &SecretString, lifetimes: Lifetimes) -> Self {
        let known = Cache::builder().time_to_live(KNOWN_FOR).max_capacity(MOST_KNOWN).build();
        let tokens = Cache::builder().time_to_live(USED_FOR).max_capacity(MOST_KNOWN).build();
        let visitors = Cache::builder().time_to_live(VISITORS_KNOWN_FOR).max_capacity(MOST_KNOWN);
        let (signer, visitors) = (Signer::new(secret), visitors.build());
        Self(Arc::new(Inner { desks, signer, lifetimes, known, tokens, visitors }))
    }

    /// Lets in whoever holds a valid token: a JWT, or one for programs.
    ///
    /// A JWT's claims are trusted: the tenant must exist, a row of the user need not, since it may
    /// come from the customer's own backend. One that Recado has issued bears its session, which must
    /// go on, and what its person may do is what the desk says now.
    pub async fn caller(&self, token: &str) -> Result<Caller, Refusal> {
        if token.starts_with(API_TOKEN) {
            return self.program(digest(token)).await;
        }
        let claims = self.0.signer.read(token)?;
        let desk = self.0.desks.find(TenantId(claims.tenant_id)).await?.ok_or(Refusal::Tenant)?;
        let proof = Proof::Claims { name: claims.name, role: role(&claims.role) };
        let until = Time(claims.exp.saturating_mul(1_000_000));
        self.admit(desk, UserId(claims.sub), claims.sid, until, None, proof).await
    }

    /// Lets somebody in once more who was let in before, as they are now: a change of what they may
    /// do that the log has told of has been heard of.
    pub async fn again(&self, caller: &Caller) -> Result<Caller, Refusal> {
        if let Proof::ApiToken(digest) = &*caller.proof {
            let again = self.program(digest.clone()).await?;
            return Ok(Caller { address: caller.address, ..again });
        }
        let who = (caller.desk.tenant().clone(), caller.user.clone(), caller.session);
        let known = self.known(&who, &caller.desk).await?;
        caller.clone().known_as(known)
    }

    async fn program(&self, digest: String) -> Result<Caller, Refusal> {
        let token = self.token(&digest).await?;
        let until = token.expires_at.unwrap_or(Time(i64::MAX));
        if until <= Time::now() {
            return Err(Refusal::ApiToken);
        }
        let desk = self.0.desks.find(token.tenant).await?.ok_or(Refusal::Tenant)?;
        let scopes = token.scopes.iter().filter_map(|name| Scope::named(name)).collect();
        self.admit(desk, token.user, None, until, Some(scopes), Proof::ApiToken(digest)).await
    }

    /// Finds a program's token, or remembers it.
    async fn token(&self, digest: &str) -> Result<ApiToken, Refusal> {
        if let Some((asked, token)) = self.0.tokens.get(digest) {
            let desk = self.0.desks.of(token.tenant.clone());
            if holds(asked, &desk, &token.user).await? {
                return Ok(token);
            }
        }
        let asked = Instant::now();
        let token = self.0.desks.use_token(digest).await?.ok_or(Refusal::ApiToken)?;
        self.0.tokens.insert(digest.to_owned(), (asked, token.clone()));
        Ok(token)
    }

    async fn admit(
        &self,
        desk: Desk,
        user: UserId,
        session: Option<SessionId>,
        until: Time,
        scopes: Option<Vec<Scope>>,
        proof: Proof,
    ) -> Result<Caller, Refusal> {
        let who = (desk.tenant().clone(), user, session);
        let known = self.known(&who, &desk).await?;
        let caller = Caller {
            name: String::new(),
            role: Role::Agent,
            sees: Sees { user: None, inboxes: None },
            user: who.1,
            address: None,
            proof: Arc::new(proof),
            desk,
            until,
            session,
            scopes,
        };
        caller.known_as(known)
    }

    /// Asks the desk about a person, or remembers what it said for as long as that holds: clients that
    /// poll ask often.
    async fn known(&self, who: &Who, desk: &Desk) -> Result<Known, Refusal> {
        let (_, user, session) = who;
        if let Some(known) = self.0.known.get(who)
            && known.session_until.is_none_or(|until| until > Time::now())
            && holds(known.asked, desk, user).await?
        {
            return Ok(known);
        }
        let asked = Instant::now();
        let (person, sees) = desk.person(user).await?;
        let session_until = match session {
            Some(session) => desk.session_until(*session, user).await?,
            None => Some(Time(i64::MAX)),
        };
        let is_disabled = person.as_ref().is_some_and(|person| person.disabled_at.is_some());
        let person = person.map(|person| (person.name, person.role));
        let known = Known { person, is_disabled, session_until, sees, asked };
        self.0.known.insert(who.clone(), known.clone());
        Ok(known)
    }
}

/// Whether what a desk has said of a person still holds.
async fn holds(asked: Instant, desk: &Desk, user: &UserId) -> Result<bool, Refusal> {
    Ok(desk.access_since(user).await?.is_some_and(|since| asked > since))
}

impl Caller {
    /// The caller as the desk knows them, if it lets them in.
    fn known_as(mut self, known: Known) -> Result<Self, Refusal> {
        if known.is_disabled {
            return Err(Refusal::Disabled);
        }
        if known.session_until.is_none() {
            return Err(Refusal::SessionEnded);
        }
        (self.name, self.role) = match (&*self.proof, known.person) {
            (Proof::Claims { name: None, role }, None) => (self.user.0.clone(), *role),
            (Proof::Claims { name: Some(name), role }, None) => (name.clone(), *role),
            // Their own backend has the last word, if it is that which speaks.
            (Proof::Claims { name, role }, Some((known, _))) if self.session.is_none() => {
                (name.clone().unwrap_or(known), *role)
            }
            (_, Some(known)) => known,
            // Whoever has a token for programs is kept here.
            (Proof::ApiToken(_), None) => return Err(Refusal::ApiToken),
        };
        self.sees = known.sees;
        Ok(self)
    }
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
