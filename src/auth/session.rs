//! Signing in, staying signed in, and tokens for programs.

use std::net::IpAddr;

use secrecy::SecretString;

use super::token::{API_TOKEN, Claims, digest, opaque};
use super::{Auth, Caller, Refusal, Scope, password, role_name};
use crate::desk::{
    Actor, ApiToken, Desk, NewApiToken, Refresh, Renewal, SessionId, Time, User, UserId,
};
use crate::telemetry::request::in_its_name;

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The client's address, as far as is known.
    pub address: Option<IpAddr>,
    /// The client's program.
    pub user_agent: Option<String>,
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The token by which they act.
    pub token: String,
    /// Until when it can be used.
    pub until: Time,
    /// The token by which they get the next ones.
    pub refresh_token: String,
    /// Until when that can be used.
    pub refresh_until: Time,
}

impl Auth {
    /// Lets in whoever knows the password.
    ///
    /// Takes the same time whether or not anybody signs in by that address.
    pub async fn sign_in(
        &self,
        email: &str,
        password: SecretString,
        from: Origin,
    ) -> Result<SignedIn, Refusal> {
        let user = self.0.desks.user_by_email(email).await?;
        let known = user.as_ref().map(|user| user.password_hash.clone());
        let matches = password::check(password, known).await;
        let Some(user) = user else { return Err(Refusal::Password) };
        let desk = self.0.desks.of(user.tenant.clone());
        if !matches || user.disabled_at.is_some() {
            // Not waited for: how long it takes would tell that there is such an account.
            tokio::spawn(in_its_name(note_refusal(desk, user.id, from.address)));
            return Err(if matches { Refusal::Disabled } else { Refusal::Password });
        }
        let refresh_token = opaque();
        let refresh = self.refresh(&refresh_token, from);
        let refresh_until = refresh.until;
        let by = Actor {
            user: user.id.clone(),
            name: user.name.clone(),
            address: refresh.address.clone(),
        };
        let session = desk.open_session(&by, refresh).await?;
        let (token, until) = self.issue_in(&user, Some(session));
        Ok(SignedIn { user, token, until, refresh_token, refresh_until })
    }

    /// Exchanges a refresh token, which can be used once.
    pub async fn renew(&self, refresh_token: &str, from: Origin) -> Result<SignedIn, Refusal> {
        let next = self.0.signer.next(refresh_token);
        let refresh = self.refresh(&next, from);
        match self.0.desks.renew_session(&digest(refresh_token), refresh).await? {
            Renewal::Renewed { user, session, until: refresh_until } => {
                let (token, until) = self.issue_in(&user, Some(session));
                Ok(SignedIn { user: *user, token, until, refresh_token: next, refresh_until })
            }
            Renewal::Unknown => Err(Refusal::RefreshToken),
            Renewal::Reused(tenant, user) => {
                tracing::warn!(tenant.id = %tenant, user.id = %user, "a refresh token was used twice");
                Err(Refusal::RefreshToken)
            }
        }
    }

    /// Ends the session that somebody acts in.
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), Refusal> {
        if let Some(session) = caller.session {
            caller.desk.close_session(session, &caller.actor()).await?;
        }
        Ok(())
    }

    /// Changes somebody's own password, and ends their other sessions.
    pub async fn change_password(
        &self,
        caller: &Caller,
        old: SecretString,
        new: SecretString,
    ) -> Result<(), Refusal> {
        let (person, _) = caller.desk.person(&caller.user).await?;
        let known = person.map(|person| person.password_hash);
        if !password::check(old, known).await {
            return Err(Refusal::OldPassword);
        }
        let hash = password::choose(new).await?;
        let (by, role) = (caller.actor(), caller.role);
        caller.desk.set_password(&caller.user, hash, Some(&by), role, caller.session).await?;
        Ok(())
    }

    /// Makes a token for a program; returns the token, which nobody can be told once more.
    pub async fn add_token(
        &self,
        caller: &Caller,
        name: String,
        scopes: &[Scope],
        expires_at: Option<Time>,
    ) -> Result<(String, ApiToken), Refusal> {
        let token = format!("{API_TOKEN}{}", opaque());
        let scopes = scopes.iter().map(|scope| scope.name().to_owned()).collect();
        let new = NewApiToken { name, scopes, token_hash: digest(&token), expires_at };
        let added = caller.desk.add_token(new, &caller.actor()).await?;
        Ok((token, added))
    }

    /// Returns a token for a user, and when it expires. It belongs to no session.
    pub fn issue(&self, user: &User) -> (String, Time) {
        self.issue_in(user, None)
    }

    fn issue_in(&self, user: &User, sid: Option<SessionId>) -> (String, Time) {
        let until = Time::now().plus_seconds(seconds(self.0.lifetimes.access));
        let claims = Claims {
            sub: user.id.0.clone(),
            tenant_id: user.tenant.0.clone(),
            role: role_name(user.role).to_owned(),
            name: Some(user.name.clone()),
            exp: until.seconds(),
            sid,
        };
        (self.0.signer.sign(&claims), Time(claims.exp * 1_000_000))
    }

    fn refresh(&self, token: &str, from: Origin) -> Refresh {
        Refresh {
            token_hash: digest(token),
            until: Time::now().plus_seconds(seconds(self.0.lifetimes.refresh)),
            address: from.address.map(|address| address.to_string()),
            user_agent: from.user_agent,
        }
    }
}

async fn note_refusal(desk: Desk, user: UserId, address: Option<IpAddr>) {
    if let Err(error) = desk.refuse_session(&user, address.map(|it| it.to_string())).await {
        tracing::error!(%error, "a refused sign-in cannot be noted");
    }
}

fn seconds(lifetime: std::time::Duration) -> i64 {
    i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)
}
