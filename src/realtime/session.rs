//! One client's way through the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use socketioxide::extract::{AckSender, SocketRef};
use socketioxide::{SendError, SocketError};
use tokio::time::{Instant, sleep, sleep_until};

use super::mailbox::Mailbox;
use super::signals::Signals;
use super::socketio::Pace;
use super::typing;
use crate::auth::{Auth, Caller, role_name};
use crate::desk::{self, Error, Event, Feed, Logged, Time};
use crate::telemetry::FIGURES;
use crate::wire;

/// How long a session whose client's buffer is full waits before it tries again, at first and at
/// most: the engine does not tell when there is room.
const FIRST_WAIT: Duration = Duration::from_millis(2);
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// What a client asks of its session.
pub(super) enum Order {
    /// To be sent once more what followed the event `after`.
    Sync {
        /// The number of the last event the client has.
        after: i64,
        /// How to tell that it has been sent.
        ack: Box<AckSender>,
    },
}

/// A client's place in the log. Everything stored that a client gets goes through here, so that it
/// comes in order, once, and as fast as the client reads.
pub(super) struct Session {
    pub(super) socket: SocketRef,
    caller: Caller,
    auth: Auth,
    orders: Arc<Mailbox<Order>>,
    pace: Pace,
    pub(super) progress: Arc<Progress>,
    signals: Signals,
    syncs: Vec<Sync>,
    /// The last of the events that the client had missed, or has asked for again.
    missed_until: i64,
}

/// How a client's session gets on; read by those who look at connections.
#[derive(Debug)]
pub(super) struct Progress {
    /// Since when it is connected.
    pub(super) since: Time,
    /// Whether it went on where an earlier connection had been cut.
    pub(super) recovered: bool,
    /// The number of the last event it was sent.
    pub(super) cursor: AtomicI64,
    /// How many bytes of events it was sent, uncompressed.
    pub(super) bytes: AtomicU64,
    /// Whether its buffer is full.
    pub(super) is_waiting: AtomicBool,
}

impl Progress {
    pub(super) fn new(cursor: i64, recovered: bool) -> Arc<Self> {
        Arc::new(Self {
            since: Time::now(),
            recovered,
            cursor: AtomicI64::new(cursor),
            bytes: AtomicU64::new(0),
            is_waiting: AtomicBool::new(false),
        })
    }
}

/// A `sync` that is being served.
struct Sync {
    ack: Box<AckSender>,
    complete: bool,
}

/// The client has gone, or has been let go.
struct Gone;

/// A place in the log from which a client is to be served.
pub(super) struct Place {
    pub(super) feed: Feed,
    /// Whether the log keeps everything after the cursor that was asked for.
    pub(super) complete: bool,
}

impl Place {
    /// Finds the place after the event `after`, else the end of the log.
    pub(super) async fn find(caller: &Caller, after: Option<i64>) -> desk::Result<Self> {
        let mut feed = caller.desk.follow(after, caller.sees.clone()).await?;
        let complete = keeps_what_follows(&mut feed).await?;
        Ok(Self { feed, complete })
    }
}

impl Session {
    pub(super) fn start(
        socket: SocketRef,
        (caller, auth): (Caller, Auth),
        orders: Arc<Mailbox<Order>>,
        pace: Pace,
        progress: Arc<Progress>,
        signals: Signals,
    ) -> Self {
        signals.enters(&caller);
        let syncs = Vec::new();
        Self { socket, caller, auth, orders, pace, progress, signals, syncs, missed_until: 0 }
    }

    /// Sends what follows a place in the log, and then what happens, until the client is gone or its
    /// token has expired.
    pub(super) async fn serve(&mut self, from: &mut Place) -> desk::Result<()> {
        let Place { feed, complete } = from;
        self.missed_until = feed.head();
        // Asked after the cursor is fixed, so that no change of what they may see falls in between.
        if !self.is_as_before().await || self.ready(feed, *complete).await.is_err() {
            return Ok(());
        }
        let expiry = instant(self.caller.until);
        // One timer for both: each session has it all the time.
        let timer = sleep_until(expiry.min(Instant::now() + self.pace.heartbeat));
        tokio::pin!(timer);
        loop {
            let sent = tokio::select! {
                biased;
                () = &mut timer => {
                    if Instant::now() >= expiry {
                        let _ = self.send("auth:expired", &json!({ "message": "the token has expired" })).await;
                        return Ok(());
                    }
                    timer.as_mut().reset(expiry.min(Instant::now() + self.pace.heartbeat));
                    self.heartbeat(feed).await
                }
                order = self.orders.next() => {
                    self.take(order, feed).await?;
                    Ok(())
                }
                next = step(feed, self.syncs.is_empty()) => match next {
                    Ok(Some(logged)) => self.event(&logged).await,
                    Ok(None) => {
                        self.synced(feed);
                        Ok(())
                    }
                    Err(error) => self.afresh(feed, error).await?,
                },
            };
            if let Err(Gone) = sent {
                return Ok(());
            }
        }
    }

    /// Whether the client may see and do what it could when it was let in. One that may see something
    /// else is to come back, and is served the rest of the log as it is now.
    async fn is_as_before(&self) -> bool {
        // In memory of its own: each session would else hold room for it all the time.
        match Box::pin(self.auth.again(&self.caller)).await {
            Ok(now) => now.sees == self.caller.sees && now.role == self.caller.role,
            Err(refusal) => {
                tracing::info!(socket.id = %self.socket.id, %refusal, "a client is let go");
                false
            }
        }
    }

    async fn take(&mut self, order: Order, feed: &mut Feed) -> desk::Result<()> {
        let Order::Sync { after, ack } = order;
        // Events the client has had already do no harm; it drops them by their number.
        let cursor = feed.cursor();
        feed.seek(after);
        let complete = keeps_what_follows(feed).await?;
        if after > cursor && complete {
            feed.seek(cursor);
        }
        self.missed_until = cursor.max(self.missed_until);
        self.syncs.push(Sync { ack, complete });
        Ok(())
    }

    fn synced(&mut self, feed: &Feed) {
        for Sync { ack, complete } in self.syncs.drain(..) {
            let _ = ack.send(&json!({ "ok": true, "seq": feed.cursor(), "complete": complete }));
        }
    }

    /// The log has moved on too far for this client: it is to load everything anew.
    async fn afresh(&mut self, feed: &mut Feed, error: Error) -> desk::Result<Result<(), Gone>> {
        if !matches!(error, Error::Forgotten { .. }) {
            return Err(error);
        }
        feed.seek(feed.head());
        self.syncs.iter_mut().for_each(|sync| sync.complete = false);
        Ok(self.ready(feed, false).await)
    }

    async fn ready(&self, feed: &Feed, complete: bool) -> Result<(), Gone> {
        let Caller { user, name, role, .. } = &self.caller;
        let ready = json!({
            "seq": feed.cursor(),
            "head": feed.head(),
            "complete": complete,
            "user": { "id": user, "name": name, "role": role_name(*role) },
            "serverTime": Time::now().to_string(),
        });
        self.send("ready", &ready).await
    }

    async fn heartbeat(&self, feed: &Feed) -> Result<(), Gone> {
        let beat = json!({ "seq": feed.head(), "serverTime": Time::now().to_string() });
        self.send("heartbeat", &beat).await
    }

    /// Sends a stored event. Its last argument is the offset by which a client can resume.
    async fn event(&self, logged: &Logged) -> Result<(), Gone> {
        let payload = wire::live(logged);
        self.send(wire::live_name(&logged.event), &(payload, logged.seq.to_string())).await?;
        self.progress.cursor.store(logged.seq, Ordering::Relaxed);
        self.progress.bytes.fetch_add(payload.get().len() as u64, Ordering::Relaxed);
        if logged.seq <= self.missed_until {
            FIGURES.replayed.increment(1);
        } else if let Some(arrived) = logged.arrived {
            FIGURES.webhook_to_socket.record(arrived.elapsed());
        }
        // Of the agent's own connections at least one follows the log.
        if let Event::MessageSent(message) = &logged.event
            && logged.seq > self.missed_until
            && typing::author(message) == Some(self.caller.user.0.as_str())
        {
            self.signals.stops(&self.caller, message.conversation_id);
        }
        let may_stay = match logged.event {
            Event::AccessChanged { .. } => self.is_as_before().await,
            _ => true,
        };
        if may_stay { Ok(()) } else { Err(Gone) }
    }

    /// Sends an event as soon as the client's buffer has room for it. A client that makes none for
    /// too long is let go; it comes back with its cursor.
    async fn send<T: Serialize + ?Sized>(&self, name: &str, payload: &T) -> Result<(), Gone> {
        let deadline = Instant::now() + self.pace.patience;
        let mut wait = FIRST_WAIT;
        loop {
            match self.socket.emit(name, payload) {
                Ok(()) => {
                    self.progress.is_waiting.store(false, Ordering::Relaxed);
                    return Ok(());
                }
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                    self.progress.is_waiting.store(true, Ordering::Relaxed);
                }
                Err(SendError::Socket(SocketError::Closed)) => return Err(Gone),
                Err(SendError::Serialize(error)) => {
                    tracing::error!(%error, event.name = name, "an event cannot be written");
                    return Err(Gone);
                }
            }
            if Instant::now() > deadline {
                tracing::warn!(socket.id = %self.socket.id, "a client takes nothing any more and is let go");
                return Err(Gone);
            }
            sleep(wait).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.signals.leaves(&self.caller, self.socket.id);
    }
}

/// Whether the log keeps what follows the feed's cursor; if not, the feed goes on from now.
async fn keeps_what_follows(feed: &mut Feed) -> desk::Result<bool> {
    match feed.check().await {
        Ok(()) => Ok(true),
        Err(Error::Forgotten { .. }) => {
            feed.seek(feed.head());
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Returns the next event; where there is none yet, waits for it or says so.
async fn step(feed: &mut Feed, waits: bool) -> desk::Result<Option<Arc<Logged>>> {
    if waits { feed.next().await.map(Some) } else { feed.try_next().await }
}

/// The moment of a timer; further away than a timer can tell is as good as never.
pub(super) fn instant(time: Time) -> Instant {
    let left = u64::try_from(time.0.saturating_sub(Time::now().0)).unwrap_or(0);
    Instant::now() + Duration::from_micros(left).min(Duration::from_hours(24 * 365))
}
