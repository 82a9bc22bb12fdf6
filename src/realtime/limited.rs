//! How often clients may emit events.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::SocketRef;
use socketioxide::handler::{FromMessageParts as _, MessageHandler, Value};
use socketioxide::socket::{Sid, Socket};

use super::ack::Ack;
use super::reader::Reader;
use super::socketio::Link;
use crate::api::{Budget, ChatBudgets, ClientAddress, limiter};
use crate::config::Limit;
use crate::limit::Limiter;
use crate::telemetry::FIGURES;

/// How many times as many events as a client may emit at once may be refused within a time, before it
/// is disconnected.
const PATIENCE: u32 = 3;
const WITHIN: Duration = Duration::from_secs(10);

/// How often clients may emit events.
#[derive(Clone, Debug)]
pub struct EventLimits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Of whole users and addresses.
    shared: Budget,
    /// Of visitors.
    chats: ChatBudgets,
    /// Of those who ask to be let in.
    connections: Budget,
    by_socket: Option<Limiter<Sid>>,
    refusals: Limiter<Sid>,
}

/// Stands in the request that begins a connection: whether its client has asked by it to be let in.
#[derive(Clone, Debug, Default)]
pub struct Knock(Arc<AtomicBool>);

/// A handler that is not called for what is too much.
pub(super) struct Limited<H>(pub(super) H);

impl EventLimits {
    /// Besides what each socket may do, what its user or visitor, and its address, may.
    pub fn new(of_socket: Limit, shared: Budget, chats: ChatBudgets, connections: Budget) -> Self {
        let at_once = of_socket.at_once_and_every().map_or(NonZeroU32::MIN, |(at_once, _)| at_once);
        let refused = at_once.saturating_mul(NonZeroU32::MIN.saturating_add(PATIENCE - 1));
        let refusals = Limiter::new(refused, WITHIN / refused.get());
        let by_socket = limiter(of_socket);
        Self(Arc::new(Inner { shared, chats, connections, by_socket, refusals }))
    }

    /// Whether a client may ask to be let in. Its connection was counted when it began; each time more that it
    /// asks by that counts as another one.
    pub(super) fn hear_out(&self, socket: &SocketRef) -> bool {
        let request = &socket.req_parts().extensions;
        let is_first = request
            .get::<Knock>()
            .is_none_or(|Knock(before)| !before.swap(true, Ordering::Relaxed));
        is_first || self.0.connections.spend_from(ClientAddress::of(request)).is_ok()
    }

    /// Counts an event of a client.
    ///
    /// # Errors
    /// How long the client is to wait, if that is too much.
    fn spend(&self, socket: Sid, me: &Link) -> Result<(), Duration> {
        let Inner { by_socket, shared, chats, .. } = &*self.0;
        if let Some(limiter) = by_socket {
            limiter.check(&socket).inspect_err(|_| FIGURES.refused_events.increment(1))?;
        }
        match &me.reader {
            Reader::Agent(caller) => shared.spend(caller)?,
            Reader::Visitor(visitor) => chats.ask(visitor.chat.id())?,
        }
        shared.spend_from(me.address)
    }
}

impl<H, T> MessageHandler<LocalAdapter, T> for Limited<H>
where
    H: MessageHandler<LocalAdapter, T>,
{
    fn call(&self, socket: Arc<Socket>, mut said: Value, ack_id: Option<i64>) {
        let Some(me) = socket.extensions.get::<Link>() else { return };
        let Err(wait) = me.limits.spend(socket.id, &me) else {
            return self.0.call(socket, said, ack_id);
        };
        let retry_after = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        let error = json!({
            "code": "rate_limited",
            "message": "too many events at once: try again later",
            "retryAfterMs": retry_after,
        });
        let Ok(ack) = Ack::from_message_parts(&socket, &mut said, &ack_id);
        ack.send(&json!({ "ok": false, "error": error }));
        if me.limits.0.refusals.check(&socket.id).is_err() {
            tracing::warn!(
                socket.id = %socket.id,
                tenant.id = %me.reader.tenant(),
                user.id = %me.reader.label(),
                "a client that goes on beyond its limit is disconnected"
            );
            FIGURES.floods.increment(1);
            // One whose buffer is full is tried again with what it emits next.
            let _ = socket.disconnect();
        }
    }
}
