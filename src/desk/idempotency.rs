//! Requests that are not to be done twice.

use entity::{TenantScoped as _, Time, UserId, idempotency};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, TryInsertResult,
};

use super::{Desk, Error, Result};

/// After how long a request whose answer is not known counts as given up, in seconds: the server
/// that worked on it is gone. No request is worked on for longer.
const GIVEN_UP_AFTER: i64 = 60;

/// A request that bears a key.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// Who asks.
    pub caller: UserId,
    /// The key that they chose.
    pub key: String,
    /// SHA-256 of all that makes the request what it is, in hexadecimal. It is not kept as it is: who reads
    /// the database could try out which password was in the request.
    pub fingerprint: String,
}

/// An answer that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// What it says.
    pub body: String,
}

/// What is known of a request that bears a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Nothing: it is the asker's now to be done.
    First,
    /// It is being done.
    Running,
    /// It has been done, and was answered.
    Done(Answer),
}

impl Desk {
    /// Takes a request on, unless that has been done.
    ///
    /// # Errors
    /// [`Error::OtherRequest`] if the key was used for another request; [`Error::AnswerLost`] if it was used,
    /// and what for, or what was answered, is not known any more.
    pub async fn attempt(&self, request: &Keyed) -> Result<Attempt> {
        let row = idempotency::Model {
            tenant_id: self.tenant.clone(),
            caller: request.caller.0.clone(),
            key: request.key.clone(),
            fingerprint: self.desks.keys.digest(&self.known_by(request)),
            status: None,
            body: None,
            created_at: Time::now(),
        };
        let key =
            [idempotency::Column::TenantId, idempotency::Column::Caller, idempotency::Column::Key];
        let inserted = idempotency::Entity::insert(row.into_active_model())
            .on_conflict_do_nothing_on(key)
            .exec_without_returning(&self.desks.db.writer)
            .await?;
        if matches!(inserted, TryInsertResult::Inserted(1)) {
            return Ok(Attempt::First);
        }
        let known = idempotency::Entity::of_tenant(&self.tenant)
            .filter(idempotency::Column::Caller.eq(&*request.caller.0))
            .filter(idempotency::Column::Key.eq(&*request.key))
            .one(&self.desks.db.writer)
            .await?;
        // Given back just now: whoever asks once more finds it free.
        let Some(known) = known else { return Ok(Attempt::Running) };
        let is_same = self.desks.keys.is_digest(&known.fingerprint, &self.known_by(request));
        if is_same == Some(false) {
            return Err(Error::OtherRequest);
        }
        let Some(status) = known.status else { return self.take_over(request, &known).await };
        let body = known.body.filter(|_| is_same.is_some());
        let body = body.and_then(|sealed| self.desks.keys.open(&sealed, &self.owner(request)));
        let status = u16::try_from(status).ok();
        let (Some(status), Some(body)) = (status, body) else { return Err(Error::AnswerLost) };
        Ok(Attempt::Done(Answer { status, body }))
    }

    /// Notes that a request that was taken on has been answered, and keeps what the answer says, if that is
    /// told here. It is sealed: it may hold anything. Whoever repeats a request of which nothing is kept is
    /// told [`Error::AnswerLost`].
    pub async fn settle(&self, request: &Keyed, status: u16, body: Option<&str>) -> Result<()> {
        let body = body.map(|body| self.desks.keys.seal(body, &self.owner(request)));
        idempotency::Entity::update_many()
            .col_expr(idempotency::Column::Status, Expr::value(i32::from(status)))
            .col_expr(idempotency::Column::Body, Expr::value(body))
            .filter(idempotency::Column::TenantId.eq(self.tenant.clone()))
            .filter(idempotency::Column::Caller.eq(&*request.caller.0))
            .filter(idempotency::Column::Key.eq(&*request.key))
            .exec(&self.desks.db.writer)
            .await?;
        Ok(())
    }

    /// Gives a request back that was taken on, and that may be tried again.
    pub async fn give_back(&self, request: &Keyed) -> Result<()> {
        idempotency::Entity::delete_many()
            .filter(idempotency::Column::TenantId.eq(self.tenant.clone()))
            .filter(idempotency::Column::Caller.eq(&*request.caller.0))
            .filter(idempotency::Column::Key.eq(&*request.key))
            .filter(idempotency::Column::Status.is_null())
            .exec(&self.desks.db.writer)
            .await?;
        Ok(())
    }

    /// Takes over what a server that is gone has left undone; of several who try, one does.
    async fn take_over(&self, request: &Keyed, known: &idempotency::Model) -> Result<Attempt> {
        let now = Time::now();
        if known.created_at.plus_seconds(GIVEN_UP_AFTER) > now {
            return Ok(Attempt::Running);
        }
        let taken = idempotency::Entity::update_many()
            .col_expr(idempotency::Column::CreatedAt, Expr::value(now))
            .filter(idempotency::Column::TenantId.eq(self.tenant.clone()))
            .filter(idempotency::Column::Caller.eq(&*request.caller.0))
            .filter(idempotency::Column::Key.eq(&*request.key))
            .filter(idempotency::Column::Status.is_null())
            .filter(idempotency::Column::CreatedAt.eq(known.created_at))
            .exec(&self.desks.db.writer)
            .await?;
        Ok(if taken.rows_affected == 1 { Attempt::First } else { Attempt::Running })
    }

    /// What a request is known again by, which no other caller's has.
    fn known_by(&self, request: &Keyed) -> String {
        format!("{} {}", self.owner(request), request.fingerprint)
    }

    fn owner(&self, request: &Keyed) -> String {
        format!("answer:{}:{}:{}", self.tenant, request.caller, request.key)
    }
}
