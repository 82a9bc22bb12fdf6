//! Not waiting for ever for a database of which nothing is heard any more.
//!
//! A connection whose other end is out of reach (a cable is cut, a firewall has forgotten it, the server
//! stands still) is closed by nobody: TCP tries for a quarter of an hour where something was sent, and
//! waits for ever where nothing was. So a statement is given up after a while, and a connection on which
//! one was left unanswered shows that it is alive before anybody is given it again.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement, TransactionOptions, TransactionTrait as _,
};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::time::timeout;

use super::db::{is_outage, planned_once};

/// How long a statement is waited for while nothing at all is heard of the database, and after how long
/// without a word that is so.
const IN_SILENCE: Duration = Duration::from_secs(10);
const SILENT: Duration = Duration::from_secs(5);

/// How long PostgreSQL itself goes on with a statement, and how long one is waited for at most.
pub(super) const LONGEST: Duration = Duration::from_secs(30);
const AT_MOST: Duration = Duration::from_secs(35);

/// For how long a connection that was alive is taken to be so still, unless another was not.
const ALIVE: Duration = Duration::from_secs(1);

/// How long a connection may take to show that it is alive.
const LIFE: Duration = Duration::from_secs(2);

/// For how long connections are looked at that come back to the pool after a statement was left.
const IN_DOUBT: Duration = Duration::from_secs(10);

/// A database or a transaction on which nothing is waited for for ever.
#[derive(Clone, Debug)]
pub(super) struct Patient<C> {
    inner: C,
    /// Nothing if whatever is asked is answered: by a file.
    trust: Option<Arc<Trust>>,
}

/// A transaction; dropping it undoes it.
pub(super) type Txn = Patient<DatabaseTransaction>;

/// What is known of whether a database can be reached.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// Whether somebody asks it so often that it would be heard of all the time.
    is_asked: AtomicBool,
    /// When a statement was last answered.
    heard: RwLock<Option<Instant>>,
    /// When a statement was last left unanswered, or its connection was found to be lost.
    left: RwLock<Option<Instant>>,
}

/// A statement that is waited for.
struct Waiting<'a> {
    trust: &'a Trust,
    is_answered: bool,
}

impl<C> Patient<C> {
    pub(super) fn new(inner: C, trust: Option<Arc<Trust>>) -> Self {
        Self { inner, trust }
    }

    /// What is asked here is waited for as long as it takes.
    pub(super) fn inner(&self) -> &C {
        &self.inner
    }

    /// What is known of the database, if it can be out of reach.
    pub(super) fn trust(&self) -> Option<&Arc<Trust>> {
        self.trust.as_ref()
    }

    /// Somebody asks the database every second or so: if nothing is heard of it, it is out of reach.
    pub(super) fn is_asked(&self) {
        if let Some(trust) = &self.trust {
            trust.is_asked.store(true, Ordering::Relaxed);
        }
    }

    async fn answered<T>(&self, asked: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let Some(trust) = &self.trust else { return asked.await };
        let mut asked = pin!(asked);
        // Dropped before what it waits for, which gives its connection back.
        let mut waiting = Waiting { trust, is_answered: false };
        let answer = match timeout(IN_SILENCE, asked.as_mut()).await {
            Ok(answer) => Some(answer),
            Err(_) if trust.is_silent() => None,
            Err(_) => timeout(AT_MOST.saturating_sub(IN_SILENCE), asked).await.ok(),
        };
        waiting.is_answered = answer.as_ref().is_some_and(|it| !it.as_ref().is_err_and(is_outage));
        if let Some(Ok(_)) = answer {
            note(&trust.heard);
        }
        answer.unwrap_or_else(|| {
            let told = "the database does not answer any more";
            Err(DbErr::Conn(RuntimeErr::Internal(told.to_owned())))
        })
    }
}

impl Patient<DatabaseConnection> {
    pub(super) async fn begin_with(&self, options: TransactionOptions) -> Result<Txn, DbErr> {
        let txn = self.answered(self.inner.begin_with_options(options)).await?;
        Ok(Patient { inner: txn, trust: self.trust.clone() })
    }

    pub(super) async fn ping(&self) -> Result<(), DbErr> {
        self.answered(self.inner.ping()).await
    }

    pub(super) async fn close(self) -> Result<(), DbErr> {
        self.inner.close().await
    }
}

impl Txn {
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        let Self { inner, trust } = self;
        Patient { inner: (), trust }.answered(inner.commit()).await
    }
}

#[async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Patient<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.answered(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.answered(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.answered(self.inner.query_one_raw(planned_once(statement))).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.answered(self.inner.query_all_raw(planned_once(statement))).await
    }
}

impl Trust {
    /// Has a pool give out connections only that are alive, and give none back that may not be.
    pub(super) fn guard(self: &Arc<Self>, pool: PgPoolOptions) -> PgPoolOptions {
        let [before, after] = [Arc::clone(self), Arc::clone(self)];
        pool.test_before_acquire(false)
            .before_acquire(move |connection, known| {
                let is_doubted = known.idle_for >= ALIVE || before.is_doubted();
                Box::pin(is_fit(connection, is_doubted))
            })
            // The pool itself then asks it, and would wait for ever.
            .after_release(move |connection, _| Box::pin(is_fit(connection, after.is_doubted())))
    }

    fn is_doubted(&self) -> bool {
        within(&self.left, IN_DOUBT)
    }

    fn is_silent(&self) -> bool {
        self.is_asked.load(Ordering::Relaxed) && !within(&self.heard, SILENT)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            note(&self.trust.left);
        }
    }
}

/// Whether a connection may be used: one that is doubted is asked.
async fn is_fit(connection: &mut PgConnection, is_doubted: bool) -> Result<bool, sqlx::Error> {
    if is_doubted { lives(connection).await } else { Ok(true) }
}

async fn lives(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let answer = timeout(LIFE, connection.ping()).await;
    answer.map_err(|_| sqlx::Error::PoolTimedOut)?.map(|()| true)
}

fn note(moment: &RwLock<Option<Instant>>) {
    *moment.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

/// Whether a moment was noted so long ago at most.
fn within(moment: &RwLock<Option<Instant>>, time: Duration) -> bool {
    let noted = *moment.read().unwrap_or_else(PoisonError::into_inner);
    noted.is_some_and(|at| at.elapsed() < time)
}
