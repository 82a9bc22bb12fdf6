//! Putting it together: state, routes, workers, shutdown.

mod chores;
mod demo;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::http::HeaderName;
use axum::middleware::map_request_with_state;
use axum::{Extension, Router};
use socketioxide::SocketIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::Layer as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};
use tower_http::timeout::RequestBodyDeadlineLayer;

use crate::api::{self, ApiError, ApiState, Budgets, ChatBudgets, Links, Origins, Proxies};
use crate::auth::{Auth, Lifetimes};
use crate::channels::chatwoot::send::Api;
use crate::config::{Connections, Deflate, Environment, Serve, Storage, Tokens};
use crate::courier::Courier;
use crate::desk::{DEMO, Db, Desks, Keys, Retention, TenantId};
use crate::edge::{Compression, Edge, Limits};
use crate::listen::{self, Patience};
use crate::media::Shelf;
use crate::push::Pusher;
use crate::realtime::{self, Arrivals, EventLimits, Parting, Receipts, Rollout, Signals, socketio};
use crate::reconcile::Reconciler;
use crate::telemetry::request;

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
    noting: (Receipts, ApiState),
    stop: CancellationToken,
    leaving: CancellationToken,
    drain: Duration,
    look: (Duration, Duration),
    lease: Duration,
    patience: Patience,
    retention: Retention,
    courier: Courier,
    shelf: Shelf,
    pusher: Pusher,
    reconciling: (Reconciler, Duration),
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
    #[expect(clippy::too_many_lines, reason = "one part after the other is put in its place")]
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
        let (stop, leaving) = (CancellationToken::new(), CancellationToken::new());
        let Connections { slow_client_timeout: patience, .. } = settings.connections;
        let arrivals = Arrivals::default();
        let (media, whatsapp) = (&settings.media, &settings.whatsapp);
        let chatwoot = chatwoot_api(settings).context("cannot make an HTTP client")?;
        let reconciler = Reconciler::new(desks.clone(), chatwoot.clone());
        let trusts = is_development;
        let shelf = Shelf::open(desks.clone(), media, whatsapp, trusts, chatwoot.clone())?;
        let pusher = pusher(&desks, settings).await?;
        let ways = ((chatwoot.clone(), reconciler.clone()), pusher.clone());
        let courier =
            Courier::new(desks.clone(), shelf.clone(), whatsapp, chatwoot, &settings.sending);
        let courier = courier.context("cannot make an HTTP client")?;
        let signals = Signals::new(settings.signals, courier.hints(), desks.clone());
        let budgets = Budgets::new(&settings.limits);
        let proxies = Proxies::new(&settings.trusted_proxies);
        let state = state(settings, auth.clone(), desks.clone(), shelf.clone(), ways);
        let of_socket = settings.limits.limit_socket_events;
        let (events, connections) = (budgets.events.clone(), budgets.connections.clone());
        let limits = EventLimits::new(of_socket, events, state.chats.clone(), connections);
        let receipts = Receipts::default();
        let told = (signals.clone(), receipts.clone(), limits);
        let until = (state.clone(), stop.clone());
        let (socketio, io) = socketio::layer(auth, pace(settings), arrivals.clone(), told, until);
        let noting = (receipts.clone(), state.clone());
        let uploads = api::uploads(&budgets)
            .layer(RequestBodyDeadlineLayer::new(media.media_upload_timeout))
            .with_state(state.clone());
        let readers = settings.metrics_readers();
        let rollout = Rollout::new(settings.rollout);
        let livechat = realtime::livechat().layer(Extension(signals.clone()));
        let told = (signals.clone(), receipts);
        let description = || api::description(realtime::livechat());
        let inner = api::routes(&state, &budgets, livechat, description)
            .merge(api::health(desks.clone(), leaving.clone()))
            .merge(realtime::routes(io.clone(), told, stop.clone(), &budgets, (readers, rollout)))
            .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
            .fallback(api::page)
            .layer(api::compress())
            .with_state(state);
        let Deflate { deflate_threshold: threshold, deflate_level: level } = settings.deflate;
        let compression = (level > 0).then_some(Compression { threshold, level });
        // Around the whole router and once: each route would else have an engine of its own.
        let engine = Router::new()
            .fallback_service(Edge::new(
                socketio.layer(inner),
                arrivals,
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
            .layer(cors(Origins::new(desks.clone(), &settings.cors_origins)));
        let router = request::named(router);

        let listener = bind(settings).await?;
        let retention = retention(settings);
        let patience = Patience { head: settings.connections.header_timeout, unread: patience };
        let drain = settings.connections.drain;
        let look = (settings.look_around, settings.realtime_cache_timeout);
        let lease = settings.signals.node_lease;
        let reconciling = (reconciler, settings.chatwoot.chatwoot_reconcile);
        Ok(Self {
            listener,
            router,
            desks,
            io,
            signals,
            noting,
            stop,
            leaving,
            drain,
            look,
            lease,
            patience,
            retention,
            courier,
            shelf,
            pusher,
            reconciling,
        })
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
            noting: (receipts, state),
            stop,
            leaving,
            drain,
            look,
            lease,
            patience,
            retention,
            courier,
            shelf,
            pusher,
            reconciling: (reconciler, pause),
        } = self;
        let mut parting = Parting::of(io.clone());
        let courier = tokio::spawn(courier.run(stop.clone()));
        let fetcher = tokio::spawn(shelf.clone().run(stop.clone()));
        tokio::spawn(pusher.run(stop.clone()));
        let pruning = prune(desks.clone(), retention, shelf);
        tokio::spawn(stop.clone().run_until_cancelled_owned(pruning));
        tokio::spawn(stop.clone().run_until_cancelled_owned(wake(desks.clone())));
        let telling = know_neighbours(&desks, &signals, lease, &stop);
        tokio::spawn(stop.clone().run_until_cancelled_owned(reconciler.run(pause)));
        let listening = signals.clone().listen(desks.typing());
        tokio::spawn(stop.clone().run_until_cancelled_owned(listening));
        tokio::spawn(stop.clone().run_until_cancelled_owned(look_around(desks, look)));
        tokio::spawn(stop.clone().run_until_cancelled_owned(sum_up()));
        tokio::spawn(stop.clone().run_until_cancelled_owned(signals.clone().tell(io.clone())));
        tokio::spawn(stop.clone().run_until_cancelled_owned(signals.store()));
        tokio::spawn(stop.clone().run_until_cancelled_owned(receipts.store(state)));
        let until = async move {
            until.await;
            leaving.cancel();
            sleep(drain).await;
        };
        let serving = listen::serve(listener, router, patience, until, stop.clone());
        // Only when nobody can come back to this node: the engine lets nobody in any more.
        let farewell = async {
            stop.cancelled().await;
            let _ = timeout(FAREWELL, parting.close()).await;
        };
        tokio::select! {
            ((), ()) = async { tokio::join!(serving, farewell) } => {}
            () = async { stop.cancelled().await; sleep(FAREWELL * 2).await } => {}
        }
        stop.cancel();
        all_told(telling).await;
        if let Err(error) = courier.await {
            tracing::error!(%error, "the courier failed");
        }
        if let Err(error) = fetcher.await {
            tracing::error!(%error, "the fetcher failed");
        }
    }
}

/// Does what nodes on one PostgreSQL do, until `stop` is cancelled: tells the others what happens here, and
/// hears what they tell; what is returned ends once they have been told that, too.
fn know_neighbours(
    desks: &Desks,
    signals: &Signals,
    lease: Duration,
    stop: &CancellationToken,
) -> Option<JoinHandle<()>> {
    if !desks.has_neighbours() {
        return None;
    }
    let hearing = signals.clone().hear(desks.hear_neighbours());
    tokio::spawn(stop.clone().run_until_cancelled_owned(hearing));
    let listening = chores::listen(desks.clone(), lease);
    tokio::spawn(stop.clone().run_until_cancelled_owned(listening));
    tokio::spawn(stop.clone().run_until_cancelled_owned(chores::learn_sizes(desks.clone())));
    let (desks, stop) = (desks.clone(), stop.clone());
    Some(tokio::spawn(async move {
        stop.run_until_cancelled(chores::call_out(desks.clone(), lease)).await;
        desks.say_goodbye().await;
    }))
}

/// Waits until the other nodes know that this one stops, but not for a database that does not answer.
async fn all_told(telling: Option<JoinHandle<()>>) {
    if let Some(telling) = telling
        && timeout(FAREWELL, telling).await.is_err()
    {
        tracing::warn!("other nodes cannot be told that this one stops");
    }
}

async fn bind(settings: &Serve) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::new(settings.host, settings.port);
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}"))
}

/// What a development server also speaks to, wherever others say that it is to go: what is beside it.
fn beside(settings: &Serve) -> Vec<String> {
    match settings.environment {
        Environment::Development => ["localhost", "127.0.0.1"].map(str::to_owned).into(),
        Environment::Production => Vec::new(),
    }
}

async fn pusher(desks: &Desks, settings: &Serve) -> anyhow::Result<Pusher> {
    let (contact, backoff) = (settings.push.push_contact.clone(), settings.sending.sending_backoff);
    let pusher = Pusher::new(desks.clone(), contact, &beside(settings), backoff).await;
    pusher.context("cannot get ready to push")
}

/// The way to Chatwoots.
fn chatwoot_api(settings: &Serve) -> reqwest::Result<Api> {
    let permitted = [settings.chatwoot.chatwoot_private_hosts.clone(), beside(settings)].concat();
    Api::new(&permitted, settings.sending.sending_timeout)
}

fn state(
    settings: &Serve,
    auth: Auth,
    desks: Desks,
    shelf: Shelf,
    (chatwoot, pusher): ((Api, Reconciler), Pusher),
) -> ApiState {
    let whatsapp = Arc::new(settings.whatsapp.clone());
    let clients = Arc::new(settings.clients.clone());
    let proxies = Proxies::new(&settings.trusted_proxies);
    let links = Links::new(&settings.tokens.jwt_secret);
    let chats = ChatBudgets::new(&settings.limits);
    let files = (shelf, links);
    let limits = (proxies, chats, settings.tokens.sign_in_tries);
    ApiState::new(desks, auth, (whatsapp, clients), limits, files, chatwoot, pusher)
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

fn cors(origins: Origins) -> CorsLayer {
    // By `*` browsers understand every header but Authorization.
    let headers = AllowHeaders::mirror_request();
    let shown = ["retry-after", "etag", "idempotent-replayed"].map(HeaderName::from_static);
    let shown = shown.into_iter().chain([request::REQUEST_ID]).collect::<Vec<_>>();
    let cors = CorsLayer::new().allow_methods(Any).allow_headers(headers).expose_headers(shown);
    if origins.are_all() {
        return cors.allow_origin(Any);
    }
    let allowed = AllowOrigin::async_predicate(move |origin, request| {
        let path = request.uri.path().to_owned();
        async move { origins.allow(origin, path).await }
    });
    cors.allow_origin(allowed)
}
