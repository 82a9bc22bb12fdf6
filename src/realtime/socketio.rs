//! The log over Socket.IO: who may connect, and what a client may ask for.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use socketioxide::extract::{Extension, SocketRef, State, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::layer::SocketIoLayer;
use socketioxide::socket::Sid;
use socketioxide::{ParserError, SocketError, SocketIo};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::ack::Ack;
use super::arrivals::{Arrivals, Away};
use super::hello::Hello;
use super::limited::{EventLimits, Limited};
use super::mailbox::Mailbox;
use super::outlet::Outlet;
use super::parting::End;
use super::reader::Reader;
use super::receipts::Receipts;
use super::recovery::Pid;
use super::sending::send;
use super::session::{Ending, Order, Place, Progress, Session};
use super::signals::Signals;
use super::syncing::sync;
use super::{presence, typing, viewing, visiting};
use crate::api::{ApiError, ApiState, ClientAddress};
use crate::auth::{Auth, Caller, Refusal, Scope};
use crate::desk::{self, ConversationId, Time};
use crate::telemetry::FIGURES;

/// The largest message a client may send, in bytes.
pub const LARGEST_MESSAGE: usize = 1024 * 1024;

/// How many packets of the engine's own (acks, signals, pings) wait for a client's connection.
const WAITING_PACKETS: usize = 256;

/// How long to wait before a client with a full buffer is told once more that it is let go.
const FAREWELL: Duration = Duration::from_millis(100);

/// How sessions behave.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often clients are told how far the log has got.
    pub heartbeat: Duration,
    /// How long a client that does not read keeps its connection.
    pub patience: Duration,
    /// How often the engine asks a client whether it is still there.
    pub ping_interval: Duration,
    /// How long the client may take to answer.
    pub ping_timeout: Duration,
}

/// What the handlers share.
#[derive(Clone)]
struct Shared {
    auth: Auth,
    pace: Pace,
    arrivals: Arrivals,
    signals: Signals,
    receipts: Receipts,
    limits: EventLimits,
    state: ApiState,
    stop: CancellationToken,
}

/// A connected client, whoever it is.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) reader: Reader,
    pub(super) progress: Arc<Progress>,
    outlet: Arc<Outlet>,
    pub(super) limits: EventLimits,
    pub(super) address: Option<IpAddr>,
    pub(super) orders: Arc<Mailbox<Order>>,
    /// Ends what is done for it.
    gone: CancellationToken,
}

/// What a connected agent may use. Visitors' clients have none of it, so that no handler of agents'
/// events could serve them.
#[derive(Clone)]
pub(super) struct Connected {
    /// As they connected, which they may no more: see [`Self::now`].
    caller: Arc<Caller>,
    auth: Auth,
    pub(super) signals: Signals,
    pid: Pid,
}

impl Connected {
    /// The agent as they are now, if they are still let in: the only way to what they may do. Their session
    /// would end, but only where the client reads what it says.
    pub(super) async fn now(&self) -> Result<Caller, Refusal> {
        if self.caller.until <= Time::now() {
            return Err(Refusal::Expired);
        }
        self.auth.again(&self.caller).await
    }

    /// Whether the agent sees what they saw when they connected.
    pub(super) fn sees_as_before(&self, now: &Caller) -> bool {
        now.sees == self.caller.sees
    }
}

impl Link {
    /// Whether the client speaks websocket, and does not poll.
    pub(super) fn is_on_websocket(&self) -> bool {
        self.outlet.is_on_websocket()
    }

    /// Ends the connection of a client for which there is no room any more, so that it comes back.
    pub(super) fn let_go(&self, socket: Sid) {
        if self.gone.is_cancelled() {
            return;
        }
        tracing::warn!(socket.id = %socket, "a client leaves no room for answers and is let go");
        self.progress.is_waiting.store(true, Ordering::Relaxed);
        self.outlet.end();
        self.gone.cancel();
    }

    /// What the client speaks.
    pub(super) fn transport(&self) -> &'static str {
        if self.is_on_websocket() { "websocket" } else { "polling" }
    }
}

/// Serves the default namespace, until `stop` is cancelled.
pub fn layer(
    auth: Auth,
    pace: Pace,
    arrivals: Arrivals,
    (signals, receipts, limits): (Signals, Receipts, EventLimits),
    (state, stop): (ApiState, CancellationToken),
) -> (SocketIoLayer, SocketIo) {
    let (layer, io) = SocketIo::builder()
        .max_buffer_size(WAITING_PACKETS)
        .max_payload(LARGEST_MESSAGE as u64)
        .ping_interval(pace.ping_interval)
        .ping_timeout(pace.ping_timeout)
        .with_state(Shared { auth, pace, arrivals, signals, receipts, limits, state, stop })
        .build_layer();
    io.ns("/", greet.with(admit));
    (layer, io)
}

/// Lets a client in, or tells it why not.
///
/// Rooms and handlers are set up here, before the client is told that it is connected: what it
/// emits at once would else find nobody.
async fn admit(
    socket: SocketRef,
    io: SocketIo,
    TryData(hello): TryData<Value>,
    State(shared): State<Shared>,
) -> Result<(), Away> {
    if !shared.limits.hear_out(&socket) {
        return Err(Away::NotNow);
    }
    Ok(let_in(socket, io, hello, shared).await?)
}

async fn let_in(
    socket: SocketRef,
    io: SocketIo,
    hello: Result<Value, ParserError>,
    shared: Shared,
) -> Result<(), Refusal> {
    let hello = Hello::of(&socket, &hello.unwrap_or_default());
    let address = ClientAddress::of(&socket.req_parts().extensions);
    let after = hello.has_until();
    let mut reader = Reader::let_in(&shared.auth, &hello.token.unwrap_or_default()).await?;
    match &mut reader {
        Reader::Agent(caller) => {
            Arc::make_mut(caller).address = address;
            caller.may(Scope::Read)?;
        }
        Reader::Visitor(visitor) => Arc::make_mut(visitor).address = address,
    }
    let place = Place::find(&reader, after).await?;
    match (after, place.complete) {
        (None, _) => {}
        (Some(_), true) => FIGURES.recovered.increment(1),
        (Some(_), false) => FIGURES.not_recovered.increment(1),
    }

    let recovered = hello.pid.map(|(pid, _)| pid).filter(|_| place.complete);
    let cursor = place.reading.cursor();
    let progress = Progress::new(cursor, recovered.is_some());
    let pid = recovered.clone().unwrap_or_else(|| Pid::new(cursor));
    let gone = shared.stop.child_token();
    match reader.clone() {
        Reader::Agent(caller) => {
            socket.join(rooms(&caller));
            if let Some(pid) = &recovered {
                let joined = caller.desk.rooms_of(pid.as_str(), &caller.sees).await?;
                socket
                    .join(joined.iter().map(|id| format!("conversation:{id}")).collect::<Vec<_>>());
            }
            listen_to_agent(&socket);
            let (auth, signals) = (shared.auth.clone(), shared.signals.clone());
            socket.extensions.insert(Connected { caller, auth, signals, pid: pid.clone() });
        }
        Reader::Visitor(visitor) => {
            visiting::welcome(&socket, visitor, shared.signals.clone(), shared.state);
        }
    }
    socket.on("sync", Limited(sync));
    // What nobody knows counts too.
    socket.on_fallback(Limited(async || {}));
    let outlet = Arc::new(Outlet::of(&socket.req_parts().extensions));
    let orders = Arc::default();
    let session = Session::start(
        (io, socket.id, Arc::clone(&outlet)),
        (reader.clone(), shared.auth),
        Arc::clone(&orders),
        shared.pace,
        Arc::clone(&progress),
        (shared.signals, shared.receipts),
    );
    let serving = Box::pin(follow(session, place, gone.clone()));
    let expected = shared.arrivals.expect(socket.id, pid, Arc::clone(&outlet), serving);
    socket.on_disconnect(End::of(expected, gone.clone()));
    let limits = shared.limits;
    socket.extensions.insert(Link { reader, progress, outlet, limits, address, orders, gone });
    Ok(())
}

/// Listens to what agents ask for.
fn listen_to_agent(socket: &SocketRef) {
    socket.on("conversation:join", Limited(join));
    socket.on("conversation:leave", Limited(leave_conversation));
    socket.on("conversation:read", Limited(read));
    socket.on("message:send", Limited(send));
    socket.on("typing:start", Limited(typing::start));
    socket.on("typing:stop", Limited(typing::stop));
    socket.on("viewing:start", Limited(viewing::start));
    socket.on("viewing:stop", Limited(viewing::stop));
}

async fn greet(socket: SocketRef, Extension(me): Extension<Link>) {
    tracing::info!(
        socket.id = %socket.id,
        tenant.id = %me.reader.tenant(),
        user.id = %me.reader.label(),
        transport = me.transport(),
        "Client connected"
    );
}

/// Follows the log for one client for as long as it stays.
#[expect(clippy::manual_async_fn, reason = "an async function would hold its arguments twice")]
fn follow(
    mut session: Session,
    mut place: Place,
    gone: CancellationToken,
) -> impl Future<Output = ()> + Send {
    async move {
        let served = tokio::select! {
            biased;
            () = gone.cancelled() => return,
            served = session.serve(&mut place) => served,
        };
        match served {
            Ok(Ending::Goodbye) => {
                let _ = gone.run_until_cancelled(say_goodbye(&session)).await;
            }
            Ok(Ending::Cut) => session.outlet.end(),
            Err(error) => {
                tracing::error!(socket.id = %session.id, %error, "a client cannot be served");
                session.outlet.end();
            }
        }
    }
}

/// Has the engine end a connection whose client does not come back by itself then, after the session's
/// last word. A full buffer takes no goodbye yet; should the client read again, it must not stay
/// connected and hear nothing.
async fn say_goodbye(session: &Session) {
    let _ = timeout(session.pace.patience, session.outlet.drained()).await;
    while let Some(socket) = session.socket()
        && let Err(SocketError::InternalChannelFull) = socket.disconnect()
    {
        sleep(FAREWELL).await;
    }
}

async fn join(
    socket: SocketRef,
    Extension(me): Extension<Connected>,
    TryData(id): TryData<Value>,
    ack: Ack,
) {
    let joined = async {
        let caller = me.now().await?;
        let id = identifier(id.ok()).ok_or_else(no_conversation)?;
        caller.desk.join_room(me.pid.as_str(), id, &caller.sees).await?;
        socket.join(format!("conversation:{id}"));
        Ok(())
    };
    ack.send(&answer(joined.await));
}

async fn leave_conversation(
    socket: SocketRef,
    Extension(me): Extension<Connected>,
    TryData(id): TryData<Value>,
    ack: Ack,
) {
    let left = async {
        let caller = me.now().await?;
        let Some(id) = identifier(id.ok()) else { return Ok(()) };
        viewing::leave(&socket, &me.signals, &caller, id);
        socket.leave(format!("conversation:{id}"));
        me.signals.turns_from(&caller, id, socket.id);
        caller.desk.leave_room(me.pid.as_str(), id).await?;
        Ok(())
    };
    ack.send(&answer(left.await));
}

async fn read(Extension(me): Extension<Connected>, TryData(id): TryData<Value>, ack: Ack) {
    let read = async {
        let caller = me.now().await?;
        caller.may(Scope::Write)?;
        let id = identifier(id.ok()).ok_or_else(no_conversation)?;
        caller.desk.mark_read(id, &caller.sees).await?;
        Ok(())
    };
    ack.send(&answer(read.await));
}

pub(super) fn identifier(told: Option<Value>) -> Option<ConversationId> {
    told?.as_str()?.parse().ok()
}

/// What is no identifier is answered like one of a conversation that does not exist.
pub(super) fn no_conversation() -> ApiError {
    ApiError::Desk(desk::Error::NoConversation(ConversationId::default()))
}

/// What a client is told that asks for nothing but that something is done.
pub(super) fn answer(done: Result<(), ApiError>) -> Value {
    done.map_or_else(|error| refused(&error), |()| json!({ "ok": true }))
}

pub(super) fn refused(error: &ApiError) -> Value {
    match error {
        ApiError::Desk(desk::Error::NoConversation(_)) => {
            problem("not_found", "there is no such conversation")
        }
        ApiError::Desk(error) | ApiError::Refused(Refusal::Storage(error)) => {
            tracing::error!(%error, "a client's request failed");
            problem("unavailable", "this cannot be done at the moment")
        }
        refusal => problem(refusal.code(), &refusal.to_string()),
    }
}

pub(super) fn problem(code: &str, message: &str) -> Value {
    json!({ "ok": false, "error": { "code": code, "message": message } })
}

/// The rooms of whom a caller's colleagues and signals reach.
fn rooms(caller: &Caller) -> Vec<String> {
    let tenant = caller.desk.tenant();
    let mut rooms = vec![format!("user:{}", caller.user), presence::room(tenant)];
    match &caller.sees.inboxes {
        None => rooms.push(format!("tenant:{tenant}")),
        Some(inboxes) => {
            rooms.extend(inboxes.iter().map(|inbox| format!("inbox:{inbox}")));
        }
    }
    rooms
}
