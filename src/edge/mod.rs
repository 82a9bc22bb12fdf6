//! The edge: a thin layer of our own in front of the stock Socket.IO engine.
//!
//! It speaks websocket itself, and to the engine by long polling alone (`engine`), which costs it least
//! memory. Standing there it can do what the engine does not: name connections so
//! that clients recover them ([`Arrivals`]), tell clients what their sessions say without the engine
//! (`line`, `poll`), compress each event once for all clients (`deflate`), limit what clients send,
//! let go of those that do not read, hand on a request that is stripped to what is needed, and keep a
//! session whole while it moves from long polling to websocket (`moving`).

mod bridge;
mod deflate;
mod engine;
mod frames;
mod handshake;
mod line;
mod moving;
mod payload;
mod poll;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, Request, Response, Uri};
use axum::response::IntoResponse as _;
use bytes::BytesMut;
use hyper::upgrade::{Parts, Upgraded};
use hyper_util::rt::TokioIo;
use socketioxide::service::SocketIoService;
use tokio::net::TcpStream;
use tower::Service;

use bridge::{Bridge, Client};
pub use deflate::Compression;
use deflate::Deflate;
use engine::Engine;
use handshake::Handshake;
use line::Line;
use moving::Moves;

use crate::api::{ApiError, Budget, ClientAddress};
use crate::realtime::{Arrivals, Knock, OnWebsocket};

/// Where the engine is served.
const PATH: &str = "/socket.io";

/// How the edge treats clients.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest message a client may send, in bytes, inflated or not.
    pub message: usize,
    /// How long a client that does not read keeps its connection.
    pub patience: Duration,
}

/// The engine and all other routes, behind the edge.
#[derive(Clone)]
pub struct Edge {
    engine: SocketIoService<Router>,
    arrivals: Arrivals,
    deflate: Option<Arc<Deflate>>,
    limits: Limits,
    connections: Budget,
    moves: Moves,
}

/// The session that a request names.
#[derive(Clone)]
struct Session {
    id: String,
    /// Whether its client speaks the protocol's version 3, as 2.x does.
    is_old: bool,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl Edge {
    /// Stands in front of `engine`; without `compression`, none is offered.
    pub fn new(
        engine: SocketIoService<Router>,
        arrivals: Arrivals,
        compression: Option<Compression>,
        limits: Limits,
        connections: Budget,
    ) -> Self {
        let deflate = compression.map(|compression| Arc::new(Deflate::new(compression)));
        Self { engine, arrivals, deflate, limits, connections, moves: Moves::default() }
    }

    /// Answers an upgrade, and bridges what follows.
    fn upgrade(&self, mut request: Request<Body>, handshake: &Handshake) -> Response<Body> {
        let deflate = self.deflate.clone().filter(|_| handshake.offers_deflate);
        let answer = handshake.answer(deflate.is_some());
        let upgrade = hyper::upgrade::on(&mut request);
        let (edge, stripped) = (self.clone(), stripped(&request));
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let Some((stream, read)) = beneath(upgraded) else { return };
            let client = Client::new(stream, read, edge.limits, deflate.is_some());
            match Session::of(stripped.uri()) {
                Some(session) => edge.take_over(client, deflate, session).await,
                None => edge.begin(client, deflate, stripped).await,
            }
        });
        answer
    }

    /// Bridges a session that begins on websocket; lets a client go whose version the engine does not
    /// speak.
    async fn begin(self, client: Client, deflate: Option<Arc<Deflate>>, request: Request<()>) {
        if let Some((engine, opening)) = Engine::open(self.engine.clone(), request).await {
            self.bridge(client, deflate, engine, Some(&opening));
        }
    }

    /// Passes on what a client and the engine say, the engine's `opening` first.
    fn bridge(
        self,
        client: Client,
        deflate: Option<Arc<Deflate>>,
        engine: Engine,
        opening: Option<&str>,
    ) {
        let mut line = Line::new(self.arrivals, deflate, engine.id());
        let mut first = Vec::new();
        line.translate(&mut first, Some(opening.into_iter().collect()));
        tokio::spawn(Bridge { line, limits: self.limits }.run(client, engine, first));
    }
}

impl Service<Request<Body>> for Edge {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Answer {
        let path = request.uri().path();
        let is_engines =
            path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if is_engines {
            let address = ClientAddress::of(request.extensions());
            // A request that names no session begins one.
            let begins = Session::of(request.uri()).is_none();
            if begins && let Err(wait) = self.connections.spend_from(address) {
                let refusal = ApiError::RateLimited(wait).into_response();
                return Box::pin(std::future::ready(Ok(refusal)));
            }
            if request.uri().query().is_some_and(handshake::is_wanted) {
                // Also a wrong one: the engine would take it.
                let answer = match Handshake::read(&request) {
                    Some(handshake) => self.upgrade(request, &handshake),
                    None => handshake::refusal(),
                };
                return Box::pin(std::future::ready(Ok(answer)));
            }
            // A session keeps the request that began it: not with the whole connection's buffer.
            *request.uri_mut() = owned(request.uri());
            request.headers_mut().values_mut().for_each(|value| {
                if let Ok(copy) = HeaderValue::from_bytes(value.as_bytes()) {
                    *value = copy;
                }
            });
            request.extensions_mut().clear();
            if begins {
                request.extensions_mut().insert(Knock::default());
            }
            if let Some(address) = address {
                request.extensions_mut().insert(ClientAddress(address));
            }
        }
        let session = Session::of(request.uri()).filter(|_| is_engines);
        Box::pin(self.clone().pass(request, session))
    }
}

/// The stream beneath an upgraded connection, and what was read of it already.
fn beneath(upgraded: Upgraded) -> Option<(TcpStream, BytesMut)> {
    let parts = upgraded.downcast::<TokioIo<TcpStream>>();
    let parts = parts
        .inspect_err(|_| tracing::error!("a websocket stands on something else than a TCP stream"));
    let Parts { io, read_buf, .. } = parts.ok()?;
    Some((io.into_inner(), BytesMut::from(read_buf)))
}

/// What the engine and its handlers need of a request, in memory of its own.
fn stripped(request: &Request<Body>) -> Request<()> {
    let mut stripped = Request::new(());
    *stripped.method_mut() = request.method().clone();
    *stripped.uri_mut() = owned(request.uri());
    let mut headers = HeaderMap::with_capacity(1);
    if let Some(token) = request.headers().get(AUTHORIZATION)
        && let Ok(token) = HeaderValue::from_bytes(token.as_bytes())
    {
        headers.insert(AUTHORIZATION, token);
    }
    *stripped.headers_mut() = headers;
    stripped.extensions_mut().insert(OnWebsocket);
    stripped.extensions_mut().insert(Knock::default());
    if let Some(address) = ClientAddress::of(request.extensions()) {
        stripped.extensions_mut().insert(ClientAddress(address));
    }
    stripped
}

/// A copy that shares no memory with the request it came in.
fn owned(uri: &Uri) -> Uri {
    uri.to_string().parse().unwrap_or_else(|_| uri.clone())
}

/// Whether a query asks for the protocol's version 3, as the engine reads it.
fn is_old(query: &str) -> bool {
    let version = query.split('&').find(|pair| pair.starts_with("EIO="));
    version.and_then(|version| version.split('=').nth(1)) == Some("3")
}

impl Session {
    fn of(uri: &Uri) -> Option<Self> {
        let query = uri.query()?;
        let id = query.split('&').find_map(|pair| pair.strip_prefix("sid="))?.to_owned();
        Some(Self { id, is_old: is_old(query) })
    }

    /// Where the engine is asked for it by long polling.
    fn polled(&self) -> String {
        let Self { id, is_old } = self;
        let version = if *is_old { 3 } else { 4 };
        format!("{PATH}/?EIO={version}&transport=polling&sid={id}")
    }
}

/// Reads what a client sends until it ends or breaks the rules; returns the size of the largest
/// message that came through. For fuzzing.
#[cfg(fuzzing)]
pub async fn largest_message(bytes: &[u8], limit: usize, deflate: bool) -> usize {
    let mut frames = frames::Frames::new(BytesMut::new(), bytes, limit);
    let mut inbound = frames::Inbound::new(limit, deflate);
    let mut largest = 0;
    while let Ok(frame) = frames.next().await {
        match inbound.take(frame) {
            Ok(Some(frames::Said::Message(_, message))) => largest = largest.max(message.len()),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::is_old;

    #[test]
    fn a_version_is_what_the_engine_takes_it_for() {
        for (query, is) in [
            ("EIO=3", true),
            ("t=x&EIO=3&sid=y", true),
            ("EIO=3=4", true),
            ("EIO=4", false),
            ("EIO=4&EIO=3", false),
            ("EIO=33", false),
            ("sid=3", false),
        ] {
            assert_eq!(is_old(query), is, "{query}");
        }
    }
}
