//! Nodes of one PostgreSQL tell each other that a log has grown.
//!
//! A call brings an event to another node's clients within a millisecond or two; one that is lost
//! costs no more than the time until that node looks around by itself. It goes out after the commit,
//! in a transaction of its own, since a NOTIFY holds a lock of the whole server until the commit; and
//! what happens while one is under way shares the next.
//! <https://www.postgresql.org/docs/current/sql-notify.html>

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use entity::TenantId;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};
use serde::Serialize;
use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{Desks, talk};

/// What the nodes listen to, to hear of logs.
const CHANNEL: &str = "recado_log";

/// How many logs one call speaks of; its payload may have 8,000 bytes.
const AT_ONCE: usize = 50;

/// The longest name of a tenant that a call carries; others are found by looking around.
const LONGEST_NAME: usize = 100;

/// The logs that have grown since the last call, and how far.
#[derive(Debug, Default)]
pub(super) struct Calls {
    grown: Mutex<HashMap<TenantId, i64>>,
    news: Notify,
}

impl Calls {
    /// Notes that a log has grown.
    pub(super) fn grew(&self, tenant: &TenantId, seq: i64) {
        if tenant.0.len() > LONGEST_NAME {
            return;
        }
        let mut grown = self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        grown.insert(tenant.clone(), seq);
        drop(grown);
        self.news.notify_one();
    }

    async fn next(&self) -> Vec<(TenantId, i64)> {
        loop {
            let grown =
                std::mem::take(&mut *self.grown.lock().unwrap_or_else(PoisonError::into_inner));
            if !grown.is_empty() {
                return grown.into_iter().collect();
            }
            self.news.notified().await;
        }
    }
}

impl Desks {
    /// Whether other nodes may share the database.
    pub fn has_neighbours(&self) -> bool {
        self.db.writer.get_database_backend() == DbBackend::Postgres
    }

    /// Tells the other nodes, for as long as it is polled, which logs have grown.
    pub async fn call_out(&self) {
        loop {
            for some in self.calls.next().await.chunks(AT_ONCE) {
                if let Err(error) = self.notify(CHANNEL, &some).await {
                    tracing::warn!(%error, "other nodes cannot be told that logs have grown");
                }
            }
        }
    }

    pub(super) async fn notify(
        &self,
        channel: &'static str,
        call: &impl Serialize,
    ) -> Result<(), DbErr> {
        let payload =
            serde_json::to_string(call).map_err(|error| DbErr::Json(error.to_string()))?;
        let values = [channel.into(), payload.into()];
        let sql = "SELECT pg_notify($1, $2)";
        let notify = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        self.db.writer.query_one_raw(notify).await.map(|_| ())
    }

    /// Catches up, for as long as it is polled, with the logs that other nodes say have grown, and
    /// hears what else they tell.
    ///
    /// # Errors
    /// When the database cannot be listened to, or nothing is heard for all of `lease`, in which this
    /// node itself says something. Looking around finds what was missed.
    pub async fn listen(&self, lease: Duration) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(&self.db.besides()).await?;
        listener.listen_all([CHANNEL, talk::CHANNEL]).await?;
        self.ask_neighbours();
        loop {
            let call = timeout(lease, listener.try_recv()).await;
            // Nothing: the connection was lost, and is made anew by the next call.
            let Some(call) = call.map_err(|_| sqlx::Error::PoolTimedOut)?? else { continue };
            if call.channel() == talk::CHANNEL {
                if let Ok(call) = serde_json::from_str(call.payload()) {
                    self.talk.hear(call);
                }
                continue;
            }
            let grown: Vec<(TenantId, i64)> =
                serde_json::from_str(call.payload()).unwrap_or_default();
            for (tenant, seq) in grown {
                self.tails.hear(&tenant, seq).await;
            }
        }
    }
}
