//! Who is signed in. A sign-in begins a family of refresh tokens, each of which is used once.
//!
//! A token that is used a second time is in two hands, so that its whole family ends. Two tabs of one
//! browser, or a client that never heard the answer, use a token twice as well, but at once: within
//! [`GRACE_SECONDS`], and as long as nobody has used the next token yet, the repeat is answered with
//! that same next token. Since there is ever only one next token, a thief who is as quick gains no
//! branch of their own: whoever comes second with the next token gives the theft away.

use entity::{SessionId, TenantId, TenantScoped as _, Time, UserId, session};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _,
};
use serde_json::json;

use super::audit::{note, note_stranger};
use super::{Actor, Change, Desk, Desks, Event, Result, User};

/// How long a repeat of a used token is taken for the same client's.
const GRACE_SECONDS: i64 = 10;

/// The longest name of a program that is kept.
const LONGEST_AGENT: usize = 200;

/// A refresh token to be.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// SHA-256 of the token, in hexadecimal.
    pub token_hash: String,
    /// Until when it can be used.
    pub until: Time,
    /// The address it is issued to.
    pub address: Option<String>,
    /// The program it is issued to.
    pub user_agent: Option<String>,
}

/// What became of a refresh token that was handed in.
#[derive(Debug)]
pub enum Renewal {
    /// It is exchanged for the next one.
    Renewed {
        /// Whose it is.
        user: Box<User>,
        /// The sign-in it descends from.
        session: SessionId,
        /// Until when the next can be used.
        until: Time,
    },
    /// There is no such token, or it cannot be used any more.
    Unknown,
    /// It has been used before: the family has ended now.
    Reused(TenantId, UserId),
}

impl Desk {
    /// Begins a session of somebody who has shown who they are.
    pub async fn open_session(&self, by: &Actor, first: Refresh) -> Result<SessionId> {
        let txn = self.desks.db.begin().await?;
        let family = SessionId::generate();
        let row = first.row(family, family, &self.tenant, &by.user);
        session::Entity::insert(row.into_active_model()).exec_without_returning(&txn).await?;
        let details = json!({ "session": family });
        note(&txn, &self.tenant, Some(by), "session.opened", &subject(&by.user), details).await?;
        txn.commit().await?;
        Ok(family)
    }

    /// Notes that somebody tried to sign in as this person and did not know the password, or may not.
    pub async fn refuse_session(&self, user: &UserId, address: Option<String>) -> Result<()> {
        let (writer, subject) = (&self.desks.db.writer, subject(user));
        let (word, details) = ("session.refused", json!({}));
        note_stranger(writer, &self.tenant, address, word, &subject, details).await?;
        Ok(())
    }

    /// Until when a session of this person's goes on if it is not renewed; nothing if it has ended.
    pub async fn session_until(&self, id: SessionId, user: &UserId) -> Result<Option<Time>> {
        let alive = session::Entity::of_tenant(&self.tenant)
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::UserId.eq(user.clone()))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(Time::now()));
        Ok(alive.one(&self.desks.db.reader).await?.map(|alive| alive.expires_at))
    }

    /// Ends a session: its refresh token and its access tokens are refused from now on.
    pub async fn close_session(&self, id: SessionId, by: &Actor) -> Result<()> {
        let change = self.change().await?;
        change.end_session(id).await?;
        let details = json!({ "session": id });
        change.note(by, "session.closed", &subject(&by.user), details).await?;
        change.commit(Event::AccessChanged { user_id: by.user.clone() }, []).await
    }
}

impl Desks {
    /// Exchanges a refresh token for the next one, which always is the same for the same token.
    pub async fn renew_session(&self, token_hash: &str, next: Refresh) -> Result<Renewal> {
        #[expect(clippy::disallowed_methods, reason = "the token tells the tenant")]
        let known = session::Entity::find();
        let known = known.filter(session::Column::TokenHash.eq(token_hash));
        match known.one(&self.db.reader).await? {
            Some(row) => self.of(row.tenant_id.clone()).renew_session(&row, next).await,
            None => Ok(Renewal::Unknown),
        }
    }
}

impl Desk {
    async fn renew_session(&self, known: &session::Model, next: Refresh) -> Result<Renewal> {
        let change = self.change().await?;
        // The family's first row, which all that happens to the family takes turns at.
        let Some(first) = change.session(known.family).await? else { return Ok(Renewal::Unknown) };
        let row = if first.id == known.id { Some(first) } else { change.session(known.id).await? };
        let now = Time::now();
        let Some(row) = row.filter(|row| row.revoked_at.is_none() && row.expires_at > now) else {
            return Ok(Renewal::Unknown);
        };
        let user = self
            .person_in(&row.user_id, &change.txn)
            .await?
            .0
            .filter(|user| user.disabled_at.is_none());
        let Some(user) = user.map(Box::new) else { return Ok(Renewal::Unknown) };
        let (session, address) = (row.family, next.address.clone());
        let Some(used_at) = row.used_at else {
            let until = next.until;
            change.exchange(&row, next, now).await?;
            change.commit_unseen().await?;
            return Ok(Renewal::Renewed { user, session, until });
        };
        let next = session::Entity::of_tenant(&self.tenant)
            .filter(session::Column::TokenHash.eq(next.token_hash))
            .one(&change.txn)
            .await?;
        let at_once = now < used_at.plus_seconds(GRACE_SECONDS);
        if let Some(next) = next.filter(|next| at_once && next.used_at.is_none()) {
            return Ok(Renewal::Renewed { user, session, until: next.expires_at });
        }
        change.end_session(session).await?;
        let (word, details) = ("session.stolen", json!({ "session": session }));
        note_stranger(&change.txn, &self.tenant, address, word, &subject(&user.id), details)
            .await?;
        change.commit(Event::AccessChanged { user_id: user.id.clone() }, []).await?;
        Ok(Renewal::Reused(self.tenant.clone(), user.id))
    }
}

impl Change {
    /// Returns a token's row, locked until the commit.
    async fn session(&self, id: SessionId) -> Result<Option<session::Model>> {
        let row = session::Entity::of_tenant(&self.desk.tenant).filter(session::Column::Id.eq(id));
        Ok(row.lock_exclusive().one(&self.txn).await?)
    }

    async fn exchange(&self, used: &session::Model, next: Refresh, now: Time) -> Result<()> {
        let set = |id: SessionId, column, at: Time| {
            session::Entity::update_many()
                .col_expr(column, Expr::value(at))
                .filter(session::Column::TenantId.eq(self.desk.tenant.clone()))
                .filter(session::Column::Id.eq(id))
        };
        set(used.id, session::Column::UsedAt, now).exec(&self.txn).await?;
        // The first row stands for the family, so it is kept for as long as the family lives.
        set(used.family, session::Column::ExpiresAt, next.until).exec(&self.txn).await?;
        let row = next.row(SessionId::generate(), used.family, &used.tenant_id, &used.user_id);
        session::Entity::insert(row.into_active_model()).exec_without_returning(&self.txn).await?;
        Ok(())
    }

    async fn end_session(&self, family: SessionId) -> Result<()> {
        self.session(family).await?;
        session::Entity::update_many()
            .col_expr(session::Column::RevokedAt, Expr::value(Time::now()))
            .filter(session::Column::TenantId.eq(self.desk.tenant.clone()))
            .filter(session::Column::Family.eq(family))
            .filter(session::Column::RevokedAt.is_null())
            .exec(&self.txn)
            .await?;
        self.end_subscriptions(family).await
    }

    /// Ends all sessions of a person but one.
    pub(super) async fn end_sessions(&self, user: &UserId, but: Option<SessionId>) -> Result<()> {
        let families: Vec<SessionId> = session::Entity::of_tenant(&self.desk.tenant)
            .select_only()
            .column(session::Column::Family)
            .distinct()
            .filter(session::Column::UserId.eq(user.clone()))
            .filter(session::Column::RevokedAt.is_null())
            .into_tuple()
            .all(&self.txn)
            .await?;
        let mut families: Vec<_> = families.into_iter().filter(|id| Some(*id) != but).collect();
        families.sort();
        for family in families {
            self.end_session(family).await?;
        }
        Ok(())
    }
}

impl Refresh {
    fn row(
        self,
        id: SessionId,
        family: SessionId,
        tenant: &TenantId,
        user: &UserId,
    ) -> session::Model {
        session::Model {
            id,
            tenant_id: tenant.clone(),
            user_id: user.clone(),
            family,
            token_hash: self.token_hash,
            address: self.address,
            user_agent: self.user_agent.map(|agent| agent.chars().take(LONGEST_AGENT).collect()),
            created_at: Time::now(),
            expires_at: self.until,
            used_at: None,
            revoked_at: None,
        }
    }
}

fn subject(user: &UserId) -> String {
    format!("user:{user}")
}
