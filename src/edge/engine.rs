//! The engine's side of one session.
//!
//! The engine knows long polling alone. That a client speaks websocket, from the start or since it has
//! moved, is the edge's business: it polls for its client, and posts what that says. So a quiet websocket
//! costs the engine neither a task nor a buffer.

use std::convert::Infallible;
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, Response, StatusCode, Uri};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use socketioxide::service::SocketIoService;
use tower::Service;
use tungstenite::protocol::frame::coding::Data;

use super::payload::{self, CLOSE};
use super::{Session, is_old};

/// What is left of the opening packet's upgrades for a client that is on websocket already.
const UPGRADES: &str = "\"upgrades\":[\"websocket\"]";
const NO_UPGRADES: &str = "\"upgrades\":[]";

/// Speaks to the engine in one session.
#[derive(Clone)]
pub(super) struct Engine {
    service: SocketIoService<Router>,
    session: Session,
}

/// Hears what the engine says in one session.
pub(super) struct Polls {
    engine: Engine,
    /// The poll that waits.
    waiting: Option<Polled>,
}

type Polled = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// The engine does not take what it is told.
pub(super) struct Refused;

impl Engine {
    /// Begins a session for a client that speaks websocket; returns it with the packet that opens it.
    /// Nothing if the engine does not speak the version that is asked for.
    pub(super) async fn open(
        mut service: SocketIoService<Router>,
        request: Request<()>,
    ) -> Option<(Self, String)> {
        let (mut parts, ()) = request.into_parts();
        parts.uri = by_polling(&parts.uri)?;
        let is_old = is_old(parts.uri.query()?);
        let request = Request::from_parts(parts, Body::empty());
        let answer = Service::<Request<Body>>::call(&mut service, request).await;
        let body = text(answer)?;
        let [opening] = payload::split(&body, is_old)?[..] else { return None };
        let (id, _) = opening.strip_prefix("0{\"sid\":\"")?.split_once('"')?;
        let engine = Self { service, session: Session { id: id.to_owned(), is_old } };
        Some((engine, opening.replace(UPGRADES, NO_UPGRADES)))
    }

    /// Goes on with a session that was polled by its client so far.
    pub(super) fn resume(service: SocketIoService<Router>, session: Session) -> Self {
        Self { service, session }
    }

    /// The engine's name for the session.
    pub(super) fn id(&self) -> &str {
        &self.session.id
    }

    /// Hears what the engine says. Nobody else may poll meanwhile.
    pub(super) fn polls(&self) -> Polls {
        Polls { engine: self.clone(), waiting: None }
    }

    /// Tells the engine what the client says.
    pub(super) fn tell(&mut self, kind: Data, message: Vec<u8>) -> Result<(), Refused> {
        if kind == Data::Text {
            let packet = String::from_utf8(message).map_err(|_| Refused)?;
            return self.post(&packet);
        }
        // The older protocol says of what kind also packets of bytes are.
        let packet = if self.session.is_old {
            format!("b4{}", BASE64_STANDARD.encode(message.get(1..).unwrap_or_default()))
        } else {
            format!("b{}", BASE64_STANDARD.encode(message))
        };
        self.post(&packet)
    }

    /// Tells the engine that the client has gone.
    pub(super) fn close(&mut self) {
        let _ = self.post(CLOSE);
    }

    fn post(&mut self, packet: &str) -> Result<(), Refused> {
        let mut body = String::new();
        payload::add(&mut body, packet, self.session.is_old);
        let request = Request::post(self.session.polled()).body(Body::from(body));
        let request = request.map_err(|_| Refused)?;
        let answer = Service::<Request<Body>>::call(&mut self.service, request);
        // A post that is there as a whole is taken at once.
        answer.now_or_never().and_then(text).map(|_| ()).ok_or(Refused)
    }
}

impl Polls {
    /// Returns the next packets, as the body of a poll; nothing once the session has ended. What is
    /// waited for stays when this is given up.
    pub(super) async fn next(&mut self) -> Option<String> {
        if self.waiting.is_none() {
            let request = Request::get(self.engine.session.polled()).body(Body::empty()).ok()?;
            let answer = Service::<Request<Body>>::call(&mut self.engine.service, request);
            self.waiting = Some(Box::pin(answer.map(text)));
        }
        let body = self.waiting.as_mut()?.await;
        self.waiting = None;
        body.filter(|body| !body.is_empty())
    }

    /// Returns the next packets if there are any.
    pub(super) fn come(&mut self) -> Option<String> {
        self.next().now_or_never().flatten()
    }

    /// The packets in the body of a poll; nothing if it is broken.
    pub(super) fn packets<'a>(&self, body: &'a str) -> Option<Vec<&'a str>> {
        payload::split(body, self.engine.session.is_old)
    }
}

/// The address at which the same session is begun by long polling, with all that the client says
/// there.
fn by_polling(uri: &Uri) -> Option<Uri> {
    let query = uri.query()?.split('&');
    let query = query.map(|it| if it == "transport=websocket" { "transport=polling" } else { it });
    let address = format!("{}?{}", uri.path(), query.collect::<Vec<_>>().join("&"));
    Some(Uri::from(address.parse::<PathAndQuery>().ok()?))
}

/// The text of an answer; nothing if it refuses.
fn text<B>(answer: Result<Response<B>, Infallible>) -> Option<String>
where
    B: axum::body::HttpBody<Data = Bytes>,
{
    let Ok(answer) = answer;
    let answer = Some(answer).filter(|answer| answer.status() == StatusCode::OK)?;
    // The engine's answers are whole.
    let body = answer.into_body().collect().now_or_never()?.ok()?.to_bytes();
    String::from_utf8(body.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::by_polling;

    #[test]
    fn what_a_client_says_in_its_address_stays() {
        let uri = "http://host/socket.io/?EIO=4&transport=websocket&token=a%20b".parse().unwrap();
        let polling = by_polling(&uri).unwrap();
        assert_eq!(polling, "/socket.io/?EIO=4&transport=polling&token=a%20b");
        assert_eq!(by_polling(&"/socket.io/".parse().unwrap()), None);
    }
}
