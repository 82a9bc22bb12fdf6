//! One client's way through the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use socketioxide::socket::Sid;
use tokio::time::{Instant, sleep_until, timeout};

use super::mailbox::Mailbox;
use super::outlet::{Outlet, Packet};
use super::reader::{Reader, Reading, Told};
use super::receipts::Receipts;
use super::signals::Signals;
use super::socketio::Pace;
use super::typing;
use super::visitors::availability;
use crate::auth::Auth;
use crate::desk::{self, Error, Event, Time};
use crate::telemetry::FIGURES;

/// What a client asks of its session.
pub(super) enum Order {
    /// To be sent once more what followed the event `after`.
    Sync {
        /// The number of the last event the client has.
        after: i64,
        /// By what number to tell that it has been sent, if the client asks for that.
        ack: Option<i64>,
    },
}

/// A client's place in the log. Everything stored that a client gets goes through here, so that it
/// comes in order, once, and as fast as the client reads.
pub(super) struct Session {
    io: SocketIo,
    /// The engine's name for the client.
    pub(super) id: Sid,
    pub(super) outlet: Arc<Outlet>,
    reader: Reader,
    auth: Auth,
    orders: Arc<Mailbox<Order>>,
    pub(super) pace: Pace,
    pub(super) progress: Arc<Progress>,
    signals: Signals,
    receipts: Receipts,
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
    ack: Option<i64>,
    complete: bool,
}

/// The client has gone, or has been let go.
struct Gone;

/// How a session ends whose client is still there.
pub(super) enum Ending {
    /// Coming back would be of no use.
    Goodbye,
    /// The client is to come back, with its cursor, as it may by then.
    Cut,
}

/// A place in the log from which a client is to be served.
pub(super) struct Place {
    pub(super) reading: Reading,
    /// Whether the log keeps everything after the cursor that was asked for.
    pub(super) complete: bool,
}

impl Place {
    /// Finds the place after the event `after`, else the end of the log.
    pub(super) async fn find(reader: &Reader, after: Option<i64>) -> desk::Result<Self> {
        match reader.follow(after).await {
            Ok(reading) => Ok(Self { reading, complete: true }),
            Err(Error::Forgotten { .. }) => {
                Ok(Self { reading: reader.follow(None).await?, complete: false })
            }
            Err(error) => Err(error),
        }
    }
}

impl Session {
    pub(super) fn start(
        (io, id, outlet): (SocketIo, Sid, Arc<Outlet>),
        (reader, auth): (Reader, Auth),
        orders: Arc<Mailbox<Order>>,
        pace: Pace,
        progress: Arc<Progress>,
        (signals, receipts): (Signals, Receipts),
    ) -> Self {
        signals.counts().connect(reader.tenant());
        match &reader {
            Reader::Agent(caller) => signals.enters(caller),
            Reader::Visitor(visitor) => signals.visitor_enters(&visitor.chat),
        }
        let syncs = Vec::new();
        Self {
            io,
            id,
            outlet,
            reader,
            auth,
            orders,
            pace,
            progress,
            signals,
            receipts,
            syncs,
            missed_until: 0,
        }
    }

    /// The client's socket, if the engine still has it. It is not held here: of a client that has gone while
    /// it was let in, the socket's end is all that ends the session.
    pub(super) fn socket(&self) -> Option<SocketRef> {
        self.io.of("/")?.get_socket(self.id)
    }

    /// Sends what follows a place in the log, and then what happens, until the client is gone, may see
    /// something else, or its token has expired.
    pub(super) async fn serve(&mut self, from: &mut Place) -> desk::Result<Ending> {
        let Place { reading: feed, complete } = from;
        self.missed_until = feed.newest();
        // Asked after the cursor is fixed, so that no change of what they may see falls in between.
        if !self.is_as_before().await || self.ready(feed, *complete).await.is_err() {
            return Ok(Ending::Cut);
        }
        let expiry = instant(self.reader.until());
        // One timer for both: each session has it all the time.
        let timer = sleep_until(expiry.min(Instant::now() + self.pace.heartbeat));
        tokio::pin!(timer);
        loop {
            let sent = tokio::select! {
                biased;
                () = &mut timer => {
                    if Instant::now() >= expiry {
                        let _ = self.say("auth:expired", &json!({ "message": "the token has expired" })).await;
                        return Ok(Ending::Goodbye);
                    }
                    timer.as_mut().reset(expiry.min(Instant::now() + self.pace.heartbeat));
                    self.heartbeat(feed).await
                }
                order = self.orders.next() => {
                    // Queries are large: in memory of their own, which those who wait do not hold.
                    Box::pin(self.take(order, feed)).await?;
                    Ok(())
                }
                next = step(feed, self.syncs.is_empty()) => match next {
                    Ok(Some(told)) => self.events(told, feed).await,
                    Ok(None) => self.synced(feed).await,
                    Err(error) => Box::pin(self.afresh(feed, error)).await?,
                },
            };
            if let Err(Gone) = sent {
                return Ok(Ending::Cut);
            }
        }
    }

    /// Whether the client may see and do what it could when it was let in. One that may see something
    /// else is to come back, and is served the rest of the log as it is now.
    async fn is_as_before(&self) -> bool {
        // In memory of its own: each session would else hold room for it all the time.
        match Box::pin(self.reader.again(&self.auth)).await {
            Ok(now) => now.is_as(&self.reader),
            Err(refusal) => {
                tracing::info!(socket.id = %self.id, %refusal, "a client is let go");
                false
            }
        }
    }

    async fn take(&mut self, order: Order, feed: &mut Reading) -> desk::Result<()> {
        let Order::Sync { after, ack } = order;
        // Events the client has had already do no harm; it drops them by their number.
        let cursor = feed.cursor();
        let complete = feed.seek(after).await?;
        if after > cursor && complete {
            feed.seek(cursor).await?;
        }
        self.missed_until = cursor.max(self.missed_until);
        self.syncs.push(Sync { ack, complete });
        Ok(())
    }

    async fn synced(&mut self, feed: &Reading) -> Result<(), Gone> {
        for Sync { ack, complete } in std::mem::take(&mut self.syncs) {
            if let Some(ack) = ack {
                let done = json!([{ "ok": true, "seq": feed.cursor(), "complete": complete }]);
                self.send(Packet::Said(format!("43{ack}{done}"))).await?;
            }
        }
        Ok(())
    }

    /// The log has moved on too far for this client: it is to load everything anew.
    async fn afresh(&mut self, feed: &mut Reading, error: Error) -> desk::Result<Result<(), Gone>> {
        if !matches!(error, Error::Forgotten { .. }) {
            return Err(error);
        }
        feed.seek_end().await?;
        self.syncs.iter_mut().for_each(|sync| sync.complete = false);
        Ok(self.ready(feed, false).await)
    }

    async fn ready(&self, feed: &Reading, complete: bool) -> Result<(), Gone> {
        let mut ready = json!({
            "seq": feed.cursor(),
            "head": feed.head(),
            "complete": complete,
            "user": self.reader.introduced(),
            "serverTime": Time::now().to_string(),
        });
        if let Reader::Visitor(visitor) = &self.reader {
            let is_available =
                self.signals.is_available(visitor.chat.tenant(), visitor.chat.inbox());
            ready["agents"] = json!(availability(is_available));
        }
        self.say("ready", &ready).await
    }

    async fn heartbeat(&self, feed: &Reading) -> Result<(), Gone> {
        let beat = json!({ "seq": feed.head(), "serverTime": Time::now().to_string() });
        self.say("heartbeat", &beat).await
    }

    /// Sends a stored event, and those that are at hand behind it.
    async fn events(&self, first: Told, feed: &mut Reading) -> Result<(), Gone> {
        self.event(&first).await?;
        if first.seq() > self.missed_until
            && let Some(arrived) = first.arrived()
        {
            FIGURES.webhook_to_socket.record(arrived.elapsed());
        }
        while let Some(told) = feed.at_hand() {
            self.event(&told).await?;
        }
        Ok(())
    }

    async fn event(&self, told: &Told) -> Result<(), Gone> {
        self.send(told.packet()).await?;
        let seq = told.seq();
        tracing::debug!(
            socket.id = %self.id,
            tenant.id = %self.reader.tenant(),
            event.name = told.name(),
            event.seq = seq,
            "Socket.io event emitted"
        );
        self.receipts.note(&self.reader, told);
        self.progress.cursor.store(seq, Ordering::Relaxed);
        self.progress.bytes.fetch_add(told.payload().get().len() as u64, Ordering::Relaxed);
        if seq <= self.missed_until {
            FIGURES.replayed.increment(1);
        }
        // Of the agent's own connections at least one follows the log.
        if let (Told::Agent(logged), Reader::Agent(caller)) = (told, &self.reader)
            && let Event::MessageSent(message) = &logged.event
            && seq > self.missed_until
            && typing::author(message) == Some(caller.user.0.as_str())
        {
            self.signals.stops(caller, message.conversation_id);
        }
        if !told.is_decisive() || self.is_as_before().await { Ok(()) } else { Err(Gone) }
    }

    async fn say(&self, name: &str, payload: &Value) -> Result<(), Gone> {
        self.send(Packet::Said(format!("42{}", json!([name, payload])))).await
    }

    /// Sends a packet as soon as there is room for it. A client that makes none for too long is let
    /// go; it comes back with its cursor.
    async fn send(&self, packet: Packet) -> Result<(), Gone> {
        let Err(mut packet) = self.outlet.put(packet) else { return Ok(()) };
        self.progress.is_waiting.store(true, Ordering::Relaxed);
        let sent = async {
            loop {
                self.outlet.room().await;
                match self.outlet.put(packet) {
                    Ok(()) => return,
                    Err(again) => packet = again,
                }
            }
        };
        if timeout(self.pace.patience, sent).await.is_err() {
            tracing::warn!(socket.id = %self.id, "a client takes nothing any more and is let go");
            return Err(Gone);
        }
        self.progress.is_waiting.store(false, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Whoever of the session, the edge and the kernel has lost patience first.
        if self.progress.is_waiting.load(Ordering::Relaxed) {
            FIGURES.slow_at_buffer.increment(1);
        }
        match &self.reader {
            Reader::Agent(caller) => self.signals.leaves(caller, self.id),
            Reader::Visitor(visitor) => self.signals.visitor_leaves(&visitor.chat),
        }
        self.signals.counts().disconnect(self.reader.tenant());
    }
}

/// Returns the next event; where there is none yet, waits for it or says so.
async fn step(feed: &mut Reading, waits: bool) -> desk::Result<Option<Told>> {
    if waits { feed.next().await.map(Some) } else { feed.try_next().await }
}

/// The moment of a timer; further away than a timer can tell is as good as never.
pub(super) fn instant(time: Time) -> Instant {
    let left = u64::try_from(time.0.saturating_sub(Time::now().0)).unwrap_or(0);
    Instant::now() + Duration::from_micros(left).min(Duration::from_hours(24 * 365))
}
