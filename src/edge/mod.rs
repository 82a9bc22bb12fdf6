//! The edge: a thin layer of our own in front of the stock Socket.IO engine.
//!
//! It answers the websocket upgrade itself and hands the engine an in-memory stream, translating
//! frames between the two. Standing there it can do what the engine does not: name connections so
//! that clients recover them ([`Pids`]), compress each event once for all clients (`deflate`), limit
//! what clients send, let go of those that do not read, and hand on a request that is stripped to
//! what is needed. HTTP long polling passes through, but for the name.

mod bridge;
mod deflate;
mod frames;
mod handshake;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body_util::BodyExt as _;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use socketioxide::service::SocketIoService;
use tokio::time::sleep;
use tower::Service;

use bridge::{Bridge, Milestones};
pub use deflate::Compression;
use deflate::Deflate;
use handshake::Handshake;

use crate::realtime::Pids;

/// Where the engine is served.
const PATH: &str = "/socket.io";

/// What separates the packets of a long-polling response.
/// <https://socket.io/docs/v4/engine-io-protocol/#http-long-polling-1>
const SEPARATOR: char = '\u{1e}';

/// How much may be on its way between the edge and the engine, in each direction.
const ON_THE_WAY: usize = 4 * 1024;

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
    pids: Pids,
    deflate: Option<Arc<Deflate>>,
    limits: Limits,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl Edge {
    /// Stands in front of `engine`; without `compression`, none is offered.
    pub fn new(
        engine: SocketIoService<Router>,
        pids: Pids,
        compression: Option<Compression>,
        limits: Limits,
    ) -> Self {
        let deflate = compression.map(|compression| Arc::new(Deflate::new(compression)));
        Self { engine, pids, deflate, limits }
    }

    /// Answers an upgrade, and bridges what follows.
    fn upgrade(&self, mut request: Request<Body>, handshake: &Handshake) -> Response<Body> {
        let deflate = self.deflate.clone().filter(|_| handshake.offers_deflate);
        let answer = handshake.answer(deflate.is_some());
        let upgrade = hyper::upgrade::on(&mut request);
        let stripped = stripped(&request);
        let bridge = Bridge { pids: self.pids.clone(), deflate, limits: self.limits };
        let edge = self.clone();
        tokio::spawn(async move {
            let Ok(client) = upgrade.await else { return };
            if stripped.uri().query().and_then(session).is_some() {
                edge.take_over(bridge, client, stripped).await;
            } else {
                edge.begin(bridge, client, stripped).await;
            }
        });
        answer
    }

    /// Bridges a session that begins on websocket.
    async fn begin(mut self, bridge: Bridge, client: Upgraded, request: Request<()>) {
        let (ours, engines) = tokio::io::duplex(ON_THE_WAY);
        // It fails for a protocol version that nobody speaks.
        if Service::call(&mut self.engine, (engines, request)).await.is_ok() {
            bridge.run(TokioIo::new(client), ours, Milestones::default()).await;
        }
    }

    /// Bridges a session that is to move from long polling to websocket.
    ///
    /// The engine hears of it with the client's first word, since from then on long polling brings
    /// nothing: a proxy that lets the upgrade pass and nothing else leaves the session as it was. If
    /// the client is cut off after that, and before it has moved, the session has to end, or it would
    /// wait for ever; the client comes back with its cursor.
    async fn take_over(mut self, bridge: Bridge, client: Upgraded, request: Request<()>) {
        let (ours, engines) = tokio::io::duplex(ON_THE_WAY);
        let (milestones, patience) = (Milestones::default(), self.limits.patience);
        let close = request.uri().query().and_then(closing);
        let bridging = bridge.run(TokioIo::new(client), ours, milestones.clone());
        tokio::pin!(bridging);
        tokio::select! {
            () = &mut bridging => return,
            () = milestones.first_word() => {}
            // Clients speak at once; nothing else would ever end this one's silence.
            () = sleep(patience) => return,
        }
        if Service::call(&mut self.engine, (engines, request)).await.is_ok() {
            bridging.await;
        }
        if let Some(close) = close.filter(|_| !milestones.has_moved()) {
            let _ = Service::<Request<Body>>::call(&mut self.engine, close).await;
        }
    }

    /// Passes a request on; names the connection in a long-polling response that confirms one.
    async fn pass(mut self, request: Request<Body>) -> Result<Response<Body>, Infallible> {
        let session = request.uri().query().and_then(session).map(str::to_owned);
        let response = self.engine.call(request).await?;
        let (parts, body) = response.into_parts();
        match session.filter(|session| self.pids.awaits(session)) {
            Some(_) => Ok(self.name(parts, Body::new(body)).await),
            None => Ok(Response::from_parts(parts, Body::new(body))),
        }
    }

    async fn name(&self, mut parts: axum::http::response::Parts, body: Body) -> Response<Body> {
        let Ok(body) = body.collect().await else {
            return Response::from_parts(parts, Body::empty());
        };
        let body = body.to_bytes();
        let named = std::str::from_utf8(&body).ok().map(|packets| {
            let named = packets
                .split(SEPARATOR)
                .map(|packet| self.pids.write(packet).unwrap_or_else(|| packet.to_owned()));
            named.collect::<Vec<_>>().join(&SEPARATOR.to_string())
        });
        let body = named.map_or(body, Into::into);
        parts.headers.insert(CONTENT_LENGTH, body.len().into());
        Response::from_parts(parts, body.into())
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
        }
        Box::pin(self.clone().pass(request))
    }
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
    stripped
}

/// A copy that shares no memory with the request it came in.
fn owned(uri: &Uri) -> Uri {
    uri.to_string().parse().unwrap_or_else(|_| uri.clone())
}

/// The request with which a client of long polling ends the session that `query` names.
fn closing(query: &str) -> Option<Request<Body>> {
    let (session, is_old) = (session(query)?, query.split('&').any(|pair| pair == "EIO=3"));
    let (version, packet) = if is_old { ("3", "1:1") } else { ("4", "1") };
    let uri = format!("{PATH}/?EIO={version}&transport=polling&sid={session}");
    let request = Request::post(uri).header(CONTENT_TYPE, "text/plain;charset=UTF-8");
    request.body(Body::from(packet)).ok()
}

/// The session that a request names.
fn session(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("sid="))
}

/// Reads what a client sends until it ends or breaks the rules; returns the size of the largest
/// message that came through. For fuzzing.
#[cfg(fuzzing)]
pub async fn largest_message(bytes: &[u8], limit: usize, deflate: bool) -> usize {
    let mut frames = frames::Frames::new(bytes, limit);
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
