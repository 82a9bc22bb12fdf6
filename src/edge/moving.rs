//! A session's move from long polling to websocket.
//! <https://socket.io/docs/v4/engine-io-protocol/#upgrade>
//!
//! The edge itself answers the client that tries a websocket out, and meanwhile ends the polls that
//! wait for something to happen, since the client moves between two of them. The engine hears of the
//! move when the client has made it. So a proxy that lets the upgrade pass and swallows what follows
//! leaves the session as it was.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower::Service;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

use super::bridge::{Bridge, Client, Engine, Say, send, tell};
use super::frames::{Fault, Said, write};
use super::payload::{self, NOTHING};
use super::{Edge, Session};

const TEXT: OpCode = OpCode::Data(Data::Text);

/// What a client says first on the websocket, what it is answered, and what it says when it has
/// moved.
const PROBE: &[u8] = b"2probe";
const PROBED: &[u8] = b"3probe";
const MOVED: &[u8] = b"5";

/// How long a client may try a websocket out.
const LONGEST_TRIAL: Duration = Duration::from_secs(10);

/// How long a poll of a session that is about to move waits for something to happen.
const SHORT_POLL: Duration = Duration::from_millis(100);

/// The sessions that are polling, and whether they are about to move.
#[derive(Clone, Default)]
pub(super) struct Moves(Arc<Mutex<HashMap<String, Known>>>);

#[derive(Default)]
struct Known {
    /// How many polls and trials there are.
    users: usize,
    /// How many websockets are being tried out.
    trials: watch::Sender<usize>,
}

/// A poll, or a trial, of a session.
struct Use {
    moves: Moves,
    session: String,
}

/// While it lives, the polls of a session are short.
struct Trial(Use);

impl Moves {
    /// Returns when a poll has to end that else waits on: soon after its session is about to move.
    pub(super) async fn end_of_poll(&self, session: &str) {
        let polling = Use::new(self, session);
        let mut trials = polling.known(|known| known.trials.subscribe());
        // The sender lives for as long as there is a use.
        let _ = trials.wait_for(|trials| *trials > 0).await;
        sleep(SHORT_POLL).await;
    }

    fn begin(&self, session: &str) -> Trial {
        let trial = Use::new(self, session);
        trial.known(|known| known.trials.send_modify(|trials| *trials += 1));
        Trial(trial)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Use {
    fn new(moves: &Moves, session: &str) -> Self {
        let user = Self { moves: moves.clone(), session: session.to_owned() };
        user.known(|known| known.users += 1);
        user
    }

    fn known<T>(&self, what: impl FnOnce(&mut Known) -> T) -> T {
        what(self.moves.lock().entry(self.session.clone()).or_default())
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut moves = self.moves.lock();
        if let Some(known) = moves.get_mut(&self.session) {
            known.users -= 1;
            if known.users == 0 {
                moves.remove(&self.session);
            }
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        self.0.known(|known| known.trials.send_modify(|trials| *trials -= 1));
    }
}

impl Edge {
    /// Bridges a session that moves from long polling to websocket, once it has.
    pub(super) async fn take_over(
        mut self,
        mut bridge: Bridge,
        mut client: Client,
        request: Request<()>,
        session: Session,
    ) {
        let trial = bridge.try_out(&mut client, &self.moves, &session.id);
        let moved = match timeout(LONGEST_TRIAL, trial).await {
            Ok(Ok(())) => self.engage(&mut bridge, request, &session).await,
            Ok(Err(code)) => Err(code),
            // The session goes on by long polling.
            Err(_) => Err(CloseCode::Away),
        };
        match moved {
            Ok((engine, first)) => drop(tokio::spawn(bridge.run(client, engine, first))),
            Err(code) => bridge.dismiss(client, code).await,
        }
    }

    /// Has the engine take over a session whose client has moved; returns also what the client is to
    /// be told first.
    async fn engage(
        &mut self,
        bridge: &mut Bridge,
        request: Request<()>,
        session: &Session,
    ) -> Result<(Engine, Vec<u8>), CloseCode> {
        // What was said by long polling has been polled by now.
        bridge.line.goes_on(&session.id);
        // The engine waits, in vain, until there is room among what waits to be polled.
        let mut first = Vec::new();
        while let Some(packets) = self.unpolled(session) {
            for packet in payload::split(&packets, session.is_old).ok_or(CloseCode::Error)? {
                if packet != NOTHING {
                    bridge.line.translate(&mut first, TEXT, packet.as_bytes());
                }
            }
        }
        let mut engine = self.connect(request).await.ok_or(CloseCode::Error)?;
        engine.say(PROBE).await.ok_or(CloseCode::Error)?;
        // Cut off before that, the engine would leave the session between polling and websocket.
        match engine.frames.next().await {
            Ok(frame) if frame.payload == PROBED => {}
            _ => return Err(CloseCode::Error),
        }
        engine.say(MOVED).await.ok_or(CloseCode::Error)?;
        Ok((engine, first))
    }

    /// Takes what waits to be polled, if anything does.
    fn unpolled(&mut self, session: &Session) -> Option<String> {
        let poll = Request::get(session.polled()).body(Body::empty()).ok()?;
        let answered: Result<Response<_>, _> =
            Service::<Request<Body>>::call(&mut self.engine, poll).now_or_never()?;
        let answer = answered.ok().filter(|answer| answer.status() == StatusCode::OK)?;
        let packets = answer.into_body().collect().now_or_never()?.ok()?.to_bytes();
        String::from_utf8(packets.into()).ok().filter(|packets| !packets.is_empty())
    }
}

impl Bridge {
    /// Lets a client try the websocket out, until it has moved.
    ///
    /// # Errors
    /// With what it is told as the connection closes.
    async fn try_out(
        &mut self,
        client: &mut Client,
        moves: &Moves,
        session: &str,
    ) -> Result<(), CloseCode> {
        let mut trial = None;
        loop {
            let mut out = Vec::new();
            match client.hears.next().await.map_err(Fault::code)? {
                Some(Said::Message(Data::Text, word)) if word == PROBE => {
                    trial.get_or_insert_with(|| moves.begin(session));
                    write(&mut out, TEXT, PROBED, false, false);
                }
                Some(Said::Message(Data::Text, word)) if word == MOVED && trial.is_some() => {
                    return Ok(());
                }
                Some(Said::Message(..)) => return Err(CloseCode::Policy),
                Some(Said::Ping(payload)) => {
                    tell(&mut out, Say::Pong(payload));
                }
                Some(Said::Close(code)) => return Err(code),
                None => return Err(CloseCode::Away),
            }
            if !send(&mut client.told, &out, self.limits.patience).await {
                return Err(CloseCode::Away);
            }
        }
    }

    /// Closes a connection that carries no session.
    async fn dismiss(self, mut client: Client, code: CloseCode) {
        let mut out = Vec::new();
        tell(&mut out, Say::Close(code));
        if send(&mut client.told, &out, self.limits.patience).await {
            let _ = timeout(self.limits.patience, client.told.shutdown()).await;
        }
    }
}

impl Engine {
    async fn say(&mut self, word: &[u8]) -> Option<()> {
        let mut out = Vec::new();
        write(&mut out, TEXT, word, false, true);
        self.writer.write_all(&out).await.ok()
    }
}
