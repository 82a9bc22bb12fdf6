//! How the server is doing, for Prometheus.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use metrics::Gauge;
use secrecy::ExposeSecret as _;
use socketioxide::SocketIo;
use tokio::time::timeout;

use super::reader::Reader;
use super::socketio::Link;
use crate::api::ApiError;
use crate::auth::same;
use crate::config::Readers;
use crate::desk::{Desks, TenantId, Time};
use crate::telemetry::{FIGURES, number};

/// How many tenants have a figure of their own.
const NAMED_TENANTS: usize = 100;

/// What the connections of all other tenants are counted under.
const OTHERS: &str = "(others)";

/// How long the database may take to say what waits to be sent: whoever reads has the other figures then.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prometheus's text format.
/// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Who may read, and which tenants they have been told of by name.
#[derive(Clone)]
pub(super) struct Board {
    readers: Arc<Readers>,
    named: Arc<Mutex<BTreeSet<TenantId>>>,
}

/// A connection that is counted for as long as this is kept.
pub(super) struct Counted(&'static Gauge);

/// What is seen of all sockets at one moment.
#[derive(Default)]
struct Seen {
    websockets: u32,
    pollings: u32,
    waiting: u32,
    lags: Vec<u32>,
    by_tenant: BTreeMap<TenantId, u32>,
}

/// `GET /metrics`.
pub(super) async fn show(
    State(desks): State<Desks>,
    Extension(io): Extension<SocketIo>,
    Extension(board): Extension<Board>,
    headers: HeaderMap,
) -> Result<([(HeaderName, &'static str); 1], String), ApiError> {
    board.admit(&headers)?;
    let seen = Seen::at(&io).await?;
    seen.tell();
    board.tell(&seen.by_tenant);
    FIGURES.intake_waiting.set(number(desks.waiting_webhooks()));
    let held = desks.held();
    FIGURES.tail_events.set(number(held.events));
    FIGURES.tail_bytes.set(number(held.bytes));
    tell_backlog(&desks).await;
    Ok(([(CONTENT_TYPE, TEXT)], FIGURES.render()))
}

async fn tell_backlog(desks: &Desks) {
    let (waiting, oldest) = match timeout(PATIENCE, desks.backlog()).await {
        Ok(Ok(backlog)) => {
            let waits = backlog.oldest.map_or(0, |since| Time::now().0 - since.0);
            let waits = Duration::from_micros(waits.try_into().unwrap_or_default());
            (u32::try_from(backlog.total).unwrap_or(u32::MAX).into(), waits.as_secs_f64())
        }
        _ => (f64::NAN, f64::NAN),
    };
    FIGURES.deliveries_waiting.set(waiting);
    FIGURES.deliveries_oldest.set(oldest);
}

impl Board {
    pub(super) fn new(readers: Readers) -> Self {
        Self { readers: Arc::new(readers), named: Arc::default() }
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let word = match &*self.readers {
            Readers::Anybody => return Ok(()),
            Readers::Knowing(word) => word.expose_secret(),
            Readers::Nobody => return Err(ApiError::NotFound),
        };
        let told = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let told = told.and_then(|header| header.split_once(' '));
        let knows = told.is_some_and(|(scheme, told)| {
            scheme.eq_ignore_ascii_case("Bearer") && same(word, told.trim())
        });
        if knows { Ok(()) } else { Err(ApiError::MetricsToken) }
    }

    /// Tells how many clients each tenant has. The first tenants that had any are named, so that
    /// their number bounds what is kept here and by Prometheus.
    fn tell(&self, by_tenant: &BTreeMap<TenantId, u32>) {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let mut others = 0;
        for (tenant, sockets) in by_tenant {
            if named.len() < NAMED_TENANTS {
                named.insert(tenant.clone());
            }
            if !named.contains(tenant) {
                others += sockets;
            }
        }
        for tenant in named.iter() {
            let sockets = by_tenant.get(tenant).copied().unwrap_or_default();
            FIGURES.tenant_sockets(tenant.to_string()).set(sockets);
        }
        FIGURES.tenant_sockets(OTHERS).set(others);
    }
}

impl Counted {
    pub(super) fn new(connections: &'static Gauge) -> Self {
        connections.increment(1);
        Self(connections)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

impl Seen {
    async fn at(io: &SocketIo) -> Result<Self, ApiError> {
        let mut seen = Self::default();
        let mut heads = HashMap::new();
        for socket in io.sockets() {
            let Some(link) = socket.extensions.get::<Link>() else { continue };
            if link.is_on_websocket() {
                seen.websockets += 1;
            } else {
                seen.pollings += 1;
            }
            let Link { reader, progress, .. } = link;
            let tenant = reader.tenant();
            // Visitors' numbers are no places in the log.
            if let Reader::Agent(caller) = &reader {
                let head = match heads.get(tenant) {
                    Some(head) => *head,
                    None => *heads.entry(tenant.clone()).or_insert(caller.desk.head().await?),
                };
                let lag = head - progress.cursor.load(Ordering::Relaxed);
                seen.lags.push(u32::try_from(lag.max(0)).unwrap_or(u32::MAX));
            }
            seen.waiting += u32::from(progress.is_waiting.load(Ordering::Relaxed));
            *seen.by_tenant.entry(tenant.clone()).or_default() += 1;
        }
        Ok(seen)
    }

    fn tell(&self) {
        FIGURES.websockets.set(self.websockets);
        FIGURES.pollings.set(self.pollings);
        FIGURES.sockets_waiting.set(self.waiting);
        FIGURES.largest_lag.set(self.lags.iter().copied().max().unwrap_or_default());
        FIGURES.all_lags.set(self.lags.iter().copied().map(f64::from).sum::<f64>());
        for (least, gauge) in &FIGURES.behind {
            gauge.set(number(self.lags.iter().filter(|lag| *lag >= least).count()));
        }
    }
}
