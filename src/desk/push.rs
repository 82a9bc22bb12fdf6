//! People without an open tab: the browsers that show what they are told, and by what this
//! installation is known to the services that reach these.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use entity::{
    PushSubscriptionId, SessionId, TenantId, TenantScoped as _, Time, UserId, push_key,
    push_subscription, session,
};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, Condition, DbErr, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use tokio::sync::broadcast;

use super::{Change, Desk, Desks, Error, Logged, Result};

/// The most browsers that show what a person is told; of more, those that were told of last.
const MOST: usize = 20;

/// The one row of the installation's key.
const ROW: i32 = 1;

/// For whom the key is sealed.
const OWNER: &str = "push";

/// By what this installation shows push services who it is: a private key of P-256, as PKCS#8.
#[derive(Clone, PartialEq, Eq)]
pub struct PushKey(pub Vec<u8>);

impl fmt::Debug for PushKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushKey")
    }
}

/// An event that tells one person something, fresh from its commit.
#[derive(Clone, Debug)]
pub struct Notice {
    /// On whose desk.
    pub tenant: TenantId,
    /// The event.
    pub logged: Arc<Logged>,
}

/// Where a browser is reached, and how what is for it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Where its push service takes messages.
    pub endpoint: String,
    /// The browser's public key, base64url.
    pub p256dh: String,
    /// The secret that it shares with whoever writes to it, base64url.
    pub auth: String,
}

/// A browser that shows what one person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushSubscription {
    /// Its identifier.
    pub id: PushSubscriptionId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Who uses it.
    pub user: UserId,
    /// Where it is reached.
    pub reach: Reach,
}

impl From<push_subscription::Model> for PushSubscription {
    fn from(row: push_subscription::Model) -> Self {
        let push_subscription::Model { id, tenant_id: tenant, user_id: user, .. } = row;
        let push_subscription::Model { endpoint, p256dh, auth, .. } = row;
        Self { id, tenant, user, reach: Reach { endpoint, p256dh, auth } }
    }
}

impl Desks {
    /// Returns the installation's key, which is made when it is first asked for; nodes that ask at
    /// once get the same.
    ///
    /// # Errors
    /// [`Error::PushKeySealed`] when the key that has sealed it is not here.
    pub async fn push_key(&self) -> Result<PushKey> {
        if let Some(row) = self.push_key_row().await? {
            return self.open_push_key(&row);
        }
        let made = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|pair| pair.to_pkcs8v1())
            .expect("the system gives random bytes");
        let sealed = self.keys.seal(&BASE64_STANDARD_NO_PAD.encode(made.as_ref()), OWNER);
        push_key::Entity::insert(push_key::Model { id: ROW, sealed }.into_active_model())
            .on_conflict_do_nothing_on([push_key::Column::Id])
            .exec_without_returning(&self.db.writer)
            .await?;
        let row = self.push_key_row().await?.ok_or(DbErr::RecordNotInserted)?;
        self.open_push_key(&row)
    }

    /// Seals the installation's key by the newest key, if an older one has.
    pub(super) async fn renew_push_key(&self) -> Result<()> {
        let Some(row) = self.push_key_row().await? else { return Ok(()) };
        let Some(plain) = self.keys.open(&row.sealed, OWNER) else { return Ok(()) };
        if !self.keys.is_current(&row.sealed) {
            let row = push_key::Model { sealed: self.keys.seal(&plain, OWNER), ..row };
            row.into_active_model().reset_all().update(&self.db.writer).await?;
        }
        Ok(())
    }

    async fn push_key_row(&self) -> Result<Option<push_key::Model>> {
        #[expect(clippy::disallowed_methods, reason = "the installation's, not a tenant's")]
        let key = push_key::Entity::find();
        // Not by a reader, which may not see yet what has just been written.
        Ok(key.one(&self.db.writer).await?)
    }

    fn open_push_key(&self, row: &push_key::Model) -> Result<PushKey> {
        let opened = self.keys.open(&row.sealed, OWNER);
        let key = opened.and_then(|it| BASE64_STANDARD_NO_PAD.decode(it).ok());
        key.map(PushKey).ok_or(Error::PushKeySealed)
    }

    /// Hears of whatever this node appends that tells one person something. Who falls behind loses the
    /// oldest.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.tails.notices()
    }

    /// Forgets a browser that its push service does not know any more.
    pub async fn forget_subscription(&self, subscription: &PushSubscription) -> Result<()> {
        push_subscription::Entity::delete_many()
            .filter(push_subscription::Column::TenantId.eq(subscription.tenant.clone()))
            .filter(push_subscription::Column::Id.eq(subscription.id))
            .filter(push_subscription::Column::Endpoint.eq(subscription.reach.endpoint.clone()))
            .exec(&self.db.writer)
            .await?;
        Ok(())
    }

    /// Lets go of subscriptions whose time is over.
    pub(super) async fn prune_subscriptions(&self) -> Result<u64, DbErr> {
        // Looked for one by one: of more sessions than fit into its memory, PostgreSQL would read all for each
        // subscription.
        let known = Expr::col((session::Entity, session::Column::Id));
        let theirs = (push_subscription::Entity, push_subscription::Column::SessionId);
        let known = Query::select()
            .column(session::Column::Id)
            .from(session::Entity)
            .and_where(known.equals(theirs))
            .take();
        let has_session = push_subscription::Column::SessionId.is_not_null();
        let is_over = Condition::any()
            .add(push_subscription::Column::ExpiresAt.lt(Time::now()))
            .add(has_session.and(Expr::not_exists(known)));
        let over = push_subscription::Entity::delete_many().filter(is_over);
        Ok(over.exec(&self.db.writer).await?.rows_affected)
    }
}

impl Desk {
    /// Has a browser show what a person is told, until their session ends; without a session, until
    /// `until`. Who used that browser before is told nothing there any more.
    pub async fn subscribe(
        &self,
        user: &UserId,
        session: Option<SessionId>,
        until: Time,
        reach: Reach,
    ) -> Result<PushSubscriptionId> {
        let change = self.change().await?;
        let Reach { endpoint, p256dh, auth } = reach;
        let row = push_subscription::Model {
            id: PushSubscriptionId::generate(),
            tenant_id: self.tenant.clone(),
            user_id: user.clone(),
            session_id: session,
            expires_at: session.is_none().then_some(until),
            endpoint,
            p256dh,
            auth,
            told_at: Time::now(),
        };
        let same = OnConflict::column(push_subscription::Column::Endpoint)
            .update_columns([
                push_subscription::Column::TenantId,
                push_subscription::Column::UserId,
                push_subscription::Column::SessionId,
                push_subscription::Column::ExpiresAt,
                push_subscription::Column::P256dh,
                push_subscription::Column::Auth,
                push_subscription::Column::ToldAt,
            ])
            .to_owned();
        let row = push_subscription::Entity::insert(row.into_active_model())
            .on_conflict(same)
            .exec_with_returning(&change.txn)
            .await?;
        change.keep_newest_subscriptions(user).await?;
        change.commit_unseen().await?;
        Ok(row.id)
    }

    /// Lets a browser of one's own show nothing any more.
    pub async fn unsubscribe(&self, id: PushSubscriptionId, user: &UserId) -> Result<()> {
        let ended = push_subscription::Entity::delete_many()
            .filter(push_subscription::Column::TenantId.eq(self.tenant.clone()))
            .filter(push_subscription::Column::UserId.eq(user.clone()))
            .filter(push_subscription::Column::Id.eq(id))
            .exec(&self.desks.db.writer)
            .await?;
        if ended.rows_affected == 0 { Err(Error::NoSubscription(id)) } else { Ok(()) }
    }

    /// Returns the browsers that show what these people are told; of those whose session goes on.
    pub async fn subscriptions(&self, of: &[UserId]) -> Result<Vec<PushSubscription>> {
        let rows = push_subscription::Entity::of_tenant(&self.tenant)
            .filter(push_subscription::Column::UserId.is_in(of.iter().cloned()))
            .all(&self.desks.db.reader)
            .await?;
        let sessions: Vec<_> = rows.iter().filter_map(|row| row.session_id).collect();
        let alive = if sessions.is_empty() { Vec::new() } else { self.alive(sessions).await? };
        let now = Time::now();
        let stands = |row: &push_subscription::Model| match row.session_id {
            Some(session) => alive.contains(&session),
            None => row.expires_at.is_some_and(|until| until > now),
        };
        Ok(rows.into_iter().filter(stands).map(PushSubscription::from).collect())
    }

    async fn alive(&self, sessions: Vec<SessionId>) -> Result<Vec<SessionId>> {
        let alive = session::Entity::of_tenant(&self.tenant)
            .select_only()
            .column(session::Column::Id)
            .filter(session::Column::Id.is_in(sessions))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(Time::now()));
        Ok(alive.into_tuple().all(&self.desks.db.reader).await?)
    }
}

impl Change {
    /// Forgets the browsers of a session that ends.
    pub(super) async fn end_subscriptions(&self, session: SessionId) -> Result<()> {
        push_subscription::Entity::delete_many()
            .filter(push_subscription::Column::TenantId.eq(self.desk.tenant.clone()))
            .filter(push_subscription::Column::SessionId.eq(session))
            .exec(&self.txn)
            .await?;
        Ok(())
    }

    /// Forgets all browsers of a person who may not sign in any more.
    pub(super) async fn end_all_subscriptions(&self, user: &UserId) -> Result<()> {
        push_subscription::Entity::delete_many()
            .filter(push_subscription::Column::TenantId.eq(self.desk.tenant.clone()))
            .filter(push_subscription::Column::UserId.eq(user.clone()))
            .exec(&self.txn)
            .await?;
        Ok(())
    }

    async fn keep_newest_subscriptions(&self, user: &UserId) -> Result<()> {
        let ids: Vec<PushSubscriptionId> = push_subscription::Entity::of_tenant(&self.desk.tenant)
            .select_only()
            .column(push_subscription::Column::Id)
            .filter(push_subscription::Column::UserId.eq(user.clone()))
            .order_by_desc(push_subscription::Column::ToldAt)
            .into_tuple()
            .all(&self.txn)
            .await?;
        if let Some(old) = ids.get(MOST..).filter(|old| !old.is_empty()) {
            push_subscription::Entity::delete_many()
                .filter(push_subscription::Column::TenantId.eq(self.desk.tenant.clone()))
                .filter(push_subscription::Column::Id.is_in(old.iter().copied()))
                .exec(&self.txn)
                .await?;
        }
        Ok(())
    }
}
