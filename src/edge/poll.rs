//! Long polling: what a session says, and what the engine does, in one answer.

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::ops::ControlFlow;
use std::pin::pin;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use tower::Service;

use super::payload::{self, CLOSE, NOTHING};
use super::{Edge, Session, handshake};
use crate::realtime::{Outlet, turns_away};

/// The type of a body that is not text.
const BYTES: &str = "application/octet-stream";

impl Edge {
    /// Passes a request on. A poll also brings what the session has said meanwhile; what confirms a
    /// connection names it, and its session begins.
    pub(super) async fn pass(
        mut self,
        request: Request<Body>,
        session: Option<Session>,
    ) -> Result<Response<Body>, Infallible> {
        let outlet = session.as_ref().and_then(|session| self.arrivals.outlet(&session.id));
        if outlet.as_ref().is_some_and(|outlet| outlet.is_on_websocket()) {
            return Ok(handshake::refusal());
        }
        let session = match session {
            Some(session) if request.method() == Method::GET => session,
            session => return self.take(request, session).await,
        };
        let mut polled = pin!(self.engine.call(request));
        let answer = tokio::select! {
            biased;
            answer = &mut polled => Some(answer?),
            // The engine has taken no packet for a poll that still waits.
            () = self.moves.end_of_poll(&session.id) => None,
            () = said(outlet.as_deref()) => polled.as_mut().now_or_never().transpose()?,
        };
        let mut body = String::new();
        // Before what the engine says, whose farewell comes after a session's last word.
        if let Some(outlet) = &outlet {
            outlet.pour(|packet| {
                let text = String::from_utf8_lossy(packet.text());
                payload::add(&mut body, &text, session.is_old);
                ControlFlow::Continue(())
            });
        }
        // Whatever else the engine would tell: it may be what the client may not hear any more.
        if body.is_empty() && outlet.is_some_and(|outlet| outlet.is_over()) {
            self.close(&session).await;
            return Ok(unknown());
        }
        match answer {
            // Also of a client that was met before: it may have left and joined again meanwhile.
            Some(answer) => Ok(self.complete(answer.map(Body::new), body, &session).await),
            None => Ok(text(body, &session)),
        }
    }

    /// Passes on what a client says.
    async fn take(
        mut self,
        request: Request<Body>,
        session: Option<Session>,
    ) -> Result<Response<Body>, Infallible> {
        let old = session.filter(|session| session.is_old && request.method() == Method::POST);
        let Some(session) = old else {
            return Ok(self.engine.call(request).await?.map(Body::new));
        };
        let Some(request) = renewed(request, &session, self.limits.message).await else {
            self.close(&session).await;
            return Ok(handshake::refusal());
        };
        Ok(self.engine.call(request).await?.map(Body::new))
    }

    /// Has the engine end a session, as if the client had closed it.
    async fn close(&mut self, session: &Session) {
        let mut packets = String::new();
        payload::add(&mut packets, CLOSE, session.is_old);
        let Ok(close) = Request::post(session.polled()).body(Body::from(packets)) else { return };
        let Ok(_) = Service::<Request<Body>>::call(&mut self.engine, close).await;
    }

    /// Puts what a session has said before the engine's own packets; names the connection where they
    /// confirm one, and ends it where they turn the client away.
    async fn complete(
        &mut self,
        answer: Response<Body>,
        mut told: String,
        session: &Session,
    ) -> Response<Body> {
        if answer.status() != StatusCode::OK {
            return if told.is_empty() { answer } else { text(told, session) };
        }
        let (mut parts, body) = answer.into_parts();
        let Ok(body) = body.collect().await else {
            return Response::from_parts(parts, told.into());
        };
        let body = body.to_bytes();
        let packets = std::str::from_utf8(&body).ok();
        let packets = packets.and_then(|packets| payload::split(packets, session.is_old));
        // The engine's answer is empty where the session has ended.
        for packet in packets.unwrap_or_default().into_iter().filter(|it| !it.is_empty()) {
            if turns_away(packet) {
                self.close(session).await;
                return unknown();
            }
            let named = self.greet(packet, session);
            payload::add(&mut told, named.as_deref().unwrap_or(packet), session.is_old);
        }
        parts.headers.insert(CONTENT_LENGTH, told.len().into());
        Response::from_parts(parts, told.into())
    }

    /// Returns how a client is told that it is connected, if `packet` does so. Its session begins, in a
    /// task of its own, for polls come and go.
    fn greet(&self, packet: &str, session: &Session) -> Option<String> {
        let (named, arrival) = self.arrivals.meet(&session.id, packet)?;
        tokio::spawn(arrival.serving);
        Some(named)
    }
}

/// Returns what an older client says as newer ones would say it; nothing if it is none, or larger than
/// `limit`.
///
/// The engine reads a text of the older protocol anew for each of its packets, and for each piece in which it
/// comes: a few bytes a second would keep a thread busy.
async fn renewed(request: Request<Body>, session: &Session, limit: usize) -> Option<Request<Body>> {
    let (parts, body) = request.into_parts();
    let said = gathered(body, limit).await?;
    // Which the engine reads once, as long as they come in one piece.
    if parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == BYTES) {
        return Some(Request::from_parts(parts, Body::from(said)));
    }
    let said = payload::renewed(std::str::from_utf8(&said).ok()?)?;
    let session = Session { id: session.id.clone(), is_old: false };
    Request::post(session.polled()).body(Body::from(said)).ok()
}

/// Returns a whole body; nothing if it breaks off, or is larger than `limit`.
async fn gathered(mut body: Body, limit: usize) -> Option<Vec<u8>> {
    let mut gathered = Vec::new();
    while let Some(piece) = body.frame().await {
        let Ok(piece) = piece.ok()?.into_data() else { continue };
        if gathered.len() + piece.len() > limit {
            return None;
        }
        gathered.extend_from_slice(&piece);
    }
    Some(gathered)
}

/// Returns once a session has said something.
async fn said(outlet: Option<&Outlet>) {
    match outlet {
        Some(outlet) => poll_fn(|cx| outlet.poll_ready(cx)).await,
        None => pending().await,
    }
}

/// What the engine answers to those whose session it does not know: they begin another one.
/// <https://socket.io/docs/v4/troubleshooting-connection-issues/#http-400-bad-request>
fn unknown() -> Response<Body> {
    let mut answer = Response::new(Body::from(r#"{"code":1,"message":"Session ID unknown"}"#));
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, json);
    answer
}

/// The answer to a poll: some packets, or that nothing has happened.
fn text(mut packets: String, session: &Session) -> Response<Body> {
    if packets.is_empty() {
        payload::add(&mut packets, NOTHING, session.is_old);
    }
    let mut answer = Response::new(Body::from(packets));
    let text = HeaderValue::from_static("text/plain; charset=UTF-8");
    answer.headers_mut().insert(CONTENT_TYPE, text);
    answer
}
