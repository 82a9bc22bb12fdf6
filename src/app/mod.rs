//! Putting it together: state, routes, workers, shutdown.

mod chores;
mod demo;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::http::{HeaderName, HeaderValue, Request};
use axum::middleware::map_request_with_state;
use socketioxide::SocketIo;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::Layer as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::timeout::RequestBodyDeadlineLayer;
use tower_http::trace::TraceLayer;

use crate::api::{self, ApiState, Budgets, Links, Proxies};
use crate::auth::{Auth, Lifetimes};
use crate::config::{Connections, Deflate, Environment, Serve, Storage, Tokens};
use crate::courier::Courier;
use crate::desk::{DEMO, Db, Desks, Keys, Retention, TenantId};
use crate::edge::{Compression, Edge, Limits};
use crate::listen::{self, Patience};
use crate::media::Shelf;
use crate::realtime::{self, EventLimits, Parting, Pids, Signals, socketio};

pub use demo::welcome;

use chores::{look_around, prune, sum_up, wake};
use demo::furnish;

/// How long a stopping server waits for its clients to go.
const FAREWELL: Duration = Duration::from_secs(5);

/// A server that is ready to be run.
pub struct App {
    listener: TcpListener,
    router: Router,
    desks: Desks,
    io: SocketIo,
    signals: Signals,
    stop: CancellationToken,
    patience: Patience,
    retention: Retention,
    courier: Courier,
    shelf: Shelf,
}

/// Opens the desks, with the schema up to date.
pub async fn open(storage: &Storage, adopter: Option<TenantId>) -> anyhow::Result<Desks> {
    let connected = Db::connect(&storage.database_url, storage.database_connections).await;
    let db = connected.context("cannot open the database")?;
    db.migrate().await.context("cannot bring the database's schema up to date")?;
    let (current, older) = storage.secrets.keys().map_err(anyhow::Error::msg)?;
    Ok(Desks::open(db, adopter, Keys::new(&current, &older)))
}

/// For how long tokens can be used.
pub fn lifetimes(tokens: &Tokens) -> Lifetimes {
    Lifetimes { access: tokens.jwt_lifetime, refresh: tokens.refresh_lifetime }
}

impl App {
    /// Opens the database, makes the tenants that the settings name, and listens.
    pub async fn start(settings: &Serve) -> anyhow::Result<Self> {
        settings.check().map_err(anyhow::Error::msg)?;
        let is_development = settings.environment == Environment::Development;
        let adopter = is_development.then(|| TenantId::from(DEMO));
        let desks = open(&settings.storage, adopter).await?;
        furnish(&desks, settings).await?;
        let renewed = desks.renew_secrets().await.context("cannot seal secrets anew")?;
        if renewed > 0 {
            tracing::info!(inboxes.count = renewed, "secrets are kept by the newest key now");
        }
        for danger in settings.dangers() {
            tracing::warn!("{danger}");
        }

        let tokens = &settings.tokens;
        let auth = Auth::new(desks.clone(), &tokens.jwt_secret, lifetimes(tokens));
        let stop = CancellationToken::new();
        let Connections { slow_client_timeout: patience, .. } = settings.connections;
        let pids = Pids::default();
        let (media, whatsapp) = (&settings.media, &settings.whatsapp);
        let shelf = Shelf::open(desks.clone(), media, whatsapp, is_development)?;
        let courier = Courier::new(desks.clone(), shelf.clone(), whatsapp, &settings.sending);
        let courier = courier.context("cannot make an HTTP client")?;
        let signals = Signals::new(settings.signals, courier.hints());
        let budgets = Budgets::new(&settings.limits);
        let limits = EventLimits::new(settings.limits.limit_socket_events, budgets.events.clone());
        let told = (signals.clone(), limits);
        let (socketio, io) =
            socketio::layer(auth.clone(), pace(settings), pids.clone(), told, stop.clone());
        let proxies = Proxies::new(&settings.trusted_proxies);
        let state = state(settings, auth, desks.clone(), shelf.clone());
        let uploads = api::uploads(&budgets)
            .layer(RequestBodyDeadlineLayer::new(media.media_upload_timeout))
            .with_state(state.clone());
        let readers = settings.metrics_readers();
        let inner = api::routes(&state, &budgets)
            .merge(realtime::routes(io.clone(), signals.clone(), &budgets, readers))
            .fallback(api::page)
            .with_state(state);
        let Deflate { deflate_threshold: threshold, deflate_level: level } = settings.deflate;
        let compression = (level > 0).then_some(Compression { threshold, level });
        // Around the whole router and once: each route would else have an engine of its own.
        let engine = Router::new()
            .fallback_service(Edge::new(
                socketio.layer(inner),
                pids,
                compression,
                Limits { message: socketio::LARGEST_MESSAGE, patience },
                budgets.connections,
            ))
            // The engine's too: what it reads of a request that trickles would else be kept for ever.
            .layer(RequestBodyDeadlineLayer::new(settings.connections.body_timeout));
        let router = uploads
            .fallback_service(engine)
            .layer(map_request_with_state(proxies, api::locate))
            .layer(CatchPanicLayer::new())
            .layer(TraceLayer::new_for_http().make_span_with(span))
            .layer(cors(&settings.cors_origins)?);

        let listener = bind(settings).await?;
        let retention = retention(settings);
        let patience = Patience { head: settings.connections.header_timeout, unread: patience };
        Ok(Self { listener, router, desks, io, signals, stop, patience, retention, courier, shelf })
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a listener has an address")
    }

    /// Every tenant's desk.
    pub fn desks(&self) -> &Desks {
        &self.desks
    }

    /// Who is there and who types.
    pub fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Serves until `until` comes true, then lets all clients go. What was acknowledged is stored.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let Self {
            listener,
            router,
            desks,
            io,
            signals,
            stop,
            patience,
            retention,
            courier,
            shelf,
        } = self;
        let _parting = Parting::of(io.clone());
        let courier = tokio::spawn(courier.run(stop.clone()));
        let fetcher = tokio::spawn(shelf.clone().run(stop.clone()));
        let pruning = prune(desks.clone(), retention, shelf);
        tokio::spawn(stop.clone().run_until_cancelled_owned(pruning));
        tokio::spawn(stop.clone().run_until_cancelled_owned(wake(desks.clone())));
        tokio::spawn(stop.clone().run_until_cancelled_owned(look_around(desks)));
        tokio::spawn(stop.clone().run_until_cancelled_owned(sum_up()));
        tokio::spawn(stop.clone().run_until_cancelled_owned(signals.clone().tell(io.clone())));
        tokio::spawn(stop.clone().run_until_cancelled_owned(signals.store()));
        let stopping = stop.clone();
        let farewell = async move {
            until.await;
            stopping.cancel();
            let _ = timeout(FAREWELL, io.close()).await;
        };
        tokio::select! {
            () = listen::serve(listener, router, patience, farewell) => {}
            () = async { stop.cancelled().await; sleep(FAREWELL * 2).await } => {}
        }
        stop.cancel();
        if let Err(error) = courier.await {
            tracing::error!(%error, "the courier failed");
        }
        if let Err(error) = fetcher.await {
            tracing::error!(%error, "the fetcher failed");
        }
    }
}

async fn bind(settings: &Serve) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::new(settings.host, settings.port);
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}"))
}

fn state(settings: &Serve, auth: Auth, desks: Desks, shelf: Shelf) -> ApiState {
    let whatsapp = Arc::new(settings.whatsapp.clone());
    let clients = Arc::new(settings.clients.clone());
    let proxies = Proxies::new(&settings.trusted_proxies);
    let links = Links::new(&settings.tokens.jwt_secret);
    ApiState::new(desks, auth, (whatsapp, clients), proxies, (shelf, links))
}

fn pace(settings: &Serve) -> socketio::Pace {
    socketio::Pace {
        heartbeat: settings.heartbeat,
        patience: settings.connections.slow_client_timeout,
        ping_interval: settings.connections.ping_interval,
        ping_timeout: settings.connections.ping_timeout,
    }
}

fn retention(settings: &Serve) -> Retention {
    Retention {
        log_days: settings.retention.log_retention_days,
        log_events: settings.retention.log_retention_events,
        webhook_days: settings.retention.webhook_retention_days,
    }
}

/// A request's span: without its query, which may hold a token.
fn span<B>(request: &Request<B>) -> tracing::Span {
    tracing::debug_span!("http", method = %request.method(), path = request.uri().path())
}

fn cors(origins: &[String]) -> anyhow::Result<CorsLayer> {
    let cors = CorsLayer::new().allow_methods(Any).allow_headers(Any);
    let shown = ["retry-after", "etag", "idempotent-replayed"].map(HeaderName::from_static);
    let cors = cors.expose_headers(shown);
    if origins.iter().any(|origin| origin == "*") {
        return Ok(cors.allow_origin(Any));
    }
    let origins = origins.iter().map(|origin| {
        let origin = origin.trim_end_matches('/');
        origin.parse::<HeaderValue>().with_context(|| format!("CORS_ORIGINS: {origin}"))
    });
    Ok(cors.allow_origin(origins.collect::<anyhow::Result<Vec<_>>>()?))
}
