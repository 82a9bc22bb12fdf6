//! A session's move from long polling to websocket.
//! <https://socket.io/docs/v4/engine-io-protocol/#upgrade>
//!
//! The edge itself answers the client that tries a websocket out, and meanwhile ends the polls that
//! wait for something to happen, since the client moves between two of them. The engine hears nothing of
//! it: from then on it is the edge that polls. So a proxy that lets the upgrade pass and swallows what
//! follows leaves the session as it was.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};

use super::bridge::{Client, Say, send, tell};
use super::deflate::Deflate;
use super::engine::Engine;
use super::frames::{Fault, Said, write};
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

/// What goes on in a session.
type Known = watch::Sender<Users>;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Users {
    /// How many polls are under way.
    polls: usize,
    /// How many websockets are being tried out.
    trials: usize,
}

/// A poll of a session, or a trial, during which its polls are short.
struct Use {
    moves: Moves,
    session: String,
    counted: fn(&mut Users) -> &mut usize,
}

impl Moves {
    /// Returns when a poll has to end that else waits on: soon after its session is about to move.
    pub(super) async fn end_of_poll(&self, session: &str) {
        let polling = Use::new(self, session, |users| &mut users.polls);
        polling.until(|users| users.trials > 0).await;
        sleep(SHORT_POLL).await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Use {
    fn new(moves: &Moves, session: &str, counted: fn(&mut Users) -> &mut usize) -> Self {
        let mut known = moves.lock();
        known.entry(session.to_owned()).or_default().send_modify(|users| *counted(users) += 1);
        Self { moves: moves.clone(), session: session.to_owned(), counted }
    }

    /// Returns once the session is used like that.
    async fn until(&self, is_so: impl Fn(&Users) -> bool) {
        let users = self.moves.lock().get(&self.session).map(watch::Sender::subscribe);
        // The sender lives for as long as there is a use.
        if let Some(mut users) = users {
            let _ = users.wait_for(|users| is_so(users)).await;
        }
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut moves = self.moves.lock();
        if let Some(known) = moves.get_mut(&self.session) {
            known.send_modify(|users| *(self.counted)(users) -= 1);
            if *known.borrow() == Users::default() {
                moves.remove(&self.session);
            }
        }
    }
}

impl Edge {
    /// Bridges a session that moves from long polling to websocket, once it has.
    pub(super) async fn take_over(
        self,
        mut client: Client,
        deflate: Option<Arc<Deflate>>,
        session: Session,
    ) {
        let patience = self.limits.patience;
        let moved = async {
            let trial = client.try_out(&self.moves, &session.id, patience).await?;
            // The engine would end a session that is polled twice at once.
            trial.until(|users| users.polls == 0).await;
            Ok(())
        };
        match timeout(LONGEST_TRIAL, moved).await {
            Ok(Ok(())) => {
                let engine = Engine::resume(self.engine.clone(), session);
                self.bridge(client, deflate, engine, None);
            }
            Ok(Err(code)) => client.dismiss(code, patience).await,
            // The session goes on by long polling.
            Err(_) => client.dismiss(CloseCode::Away, patience).await,
        }
    }
}

impl Client {
    /// Lets a client try the websocket out, until it has moved.
    ///
    /// # Errors
    /// With what it is told as the connection closes.
    async fn try_out(
        &mut self,
        moves: &Moves,
        session: &str,
        patience: Duration,
    ) -> Result<Use, CloseCode> {
        let mut trial = None;
        loop {
            let mut out = Vec::new();
            match self.hears.next().await.map_err(Fault::code)? {
                Some(Said::Message(Data::Text, word)) if word == PROBE => {
                    trial
                        .get_or_insert_with(|| Use::new(moves, session, |users| &mut users.trials));
                    write(&mut out, TEXT, PROBED, false);
                }
                Some(Said::Message(Data::Text, word)) if word == MOVED => {
                    return trial.ok_or(CloseCode::Policy);
                }
                Some(Said::Message(..)) => return Err(CloseCode::Policy),
                Some(Said::Ping(payload)) => {
                    tell(&mut out, Say::Pong(payload));
                }
                Some(Said::Close(code)) => return Err(code),
                None => return Err(CloseCode::Away),
            }
            if !send(&mut self.told, &out, patience).await {
                return Err(CloseCode::Away);
            }
        }
    }

    /// Closes a connection that carries no session.
    async fn dismiss(mut self, code: CloseCode, patience: Duration) {
        let mut out = Vec::new();
        tell(&mut out, Say::Close(code));
        if send(&mut self.told, &out, patience).await {
            let _ = timeout(patience, self.told.shutdown()).await;
        }
    }
}
