//! What a session says, on its way to its client.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::http::Extensions;
use bytes::Bytes;

use crate::desk::Logged;
use crate::wire;

/// How many packets wait for a client. A session whose client is slower than the log waits at its
/// cursor, so that this bounds memory and loses nothing.
const WAITING: usize = 64;

/// Something that a session says.
#[derive(Debug)]
pub enum Packet {
    /// A stored event, which many are told.
    Event(Arc<Logged>),
    /// What only this client is told.
    Said(String),
}

/// Stands in the request that begins a session whose client speaks websocket from the start: the engine
/// is asked by long polling, and knows of no other.
#[derive(Clone, Copy, Debug)]
pub struct OnWebsocket;

/// The packets that a session has for its client, oldest first: the session puts them here, and the
/// edge takes them, past the engine. Holds no memory for those to come.
#[derive(Debug, Default)]
pub struct Outlet {
    inner: Mutex<Inner>,
    is_on_websocket: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<Packet>,
    /// Whether the connection is to end once everything has been taken.
    is_last: bool,
    /// The session, while it waits for room, or for everything to be taken.
    session: Option<Waker>,
    /// Whoever takes packets, while there is none.
    taker: Option<Waker>,
}

impl Packet {
    /// The packet as Engine.IO and Socket.IO write it.
    pub fn text(&self) -> &[u8] {
        match self {
            Self::Event(logged) => wire::packet(logged),
            Self::Said(text) => text.as_bytes(),
        }
    }

    /// Its compressed form, which `compress` makes if nobody has yet.
    pub fn deflated(&self, compress: impl FnOnce(&[u8]) -> Bytes) -> Bytes {
        match self {
            Self::Event(logged) => logged.deflated(|logged| compress(wire::packet(logged))).clone(),
            Self::Said(text) => compress(text.as_bytes()),
        }
    }
}

impl Outlet {
    /// The outlet of a session that has begun with such a request.
    pub(super) fn of(request: &Extensions) -> Self {
        let outlet = Self::default();
        if request.get::<OnWebsocket>().is_some() {
            outlet.moves();
        }
        outlet
    }

    /// The client speaks websocket from now on.
    pub fn moves(&self) {
        self.is_on_websocket.store(true, Ordering::Relaxed);
    }

    /// Whether the client speaks websocket, and does not poll.
    pub fn is_on_websocket(&self) -> bool {
        self.is_on_websocket.load(Ordering::Relaxed)
    }

    /// Leaves a packet for the edge; hands it back if there is no room.
    pub(super) fn put(&self, packet: Packet) -> Result<(), Packet> {
        let mut inner = self.lock();
        if inner.waiting.len() >= WAITING {
            return Err(packet);
        }
        inner.waiting.push_back(packet);
        let taker = inner.taker.take();
        drop(inner);
        if let Some(taker) = taker {
            taker.wake();
        }
        Ok(())
    }

    /// Has the connection end after what waits, without a goodbye: a client of Socket.IO that hears
    /// none comes back by itself.
    /// <https://socket.io/docs/v4/client-socket-instance/#disconnect>
    pub(super) fn end(&self) {
        let mut inner = self.lock();
        inner.is_last = true;
        let taker = inner.taker.take();
        drop(inner);
        if let Some(taker) = taker {
            taker.wake();
        }
    }

    /// Whether everything has been taken, and the connection is to end.
    pub fn is_over(&self) -> bool {
        let inner = self.lock();
        inner.is_last && inner.waiting.is_empty()
    }

    /// Returns once there is room.
    pub(super) async fn room(&self) {
        self.left(WAITING - 1).await;
    }

    /// Returns once everything has been taken.
    pub(super) async fn drained(&self) {
        self.left(0).await;
    }

    /// Whether there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// Is ready once there is a packet, or will be none any more. There is one at a time who waits for
    /// that.
    pub fn poll_ready(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if inner.waiting.is_empty() && !inner.is_last {
            inner.taker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Hands over packets, the one that has waited for longest first, until `write` says that it has
    /// enough.
    pub fn pour(&self, mut write: impl FnMut(&Packet) -> ControlFlow<()>) {
        let mut inner = self.lock();
        if inner.waiting.is_empty() {
            return;
        }
        while let Some(packet) = inner.waiting.pop_front()
            && write(&packet).is_continue()
        {}
        if inner.waiting.is_empty() {
            inner.waiting = VecDeque::new();
        }
        let session = inner.session.take();
        drop(inner);
        if let Some(session) = session {
            session.wake();
        }
    }

    async fn left(&self, most: usize) {
        poll_fn(|cx| {
            let mut inner = self.lock();
            if inner.waiting.len() <= most {
                return Poll::Ready(());
            }
            inner.session = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use bytes::Bytes;
    use futures_util::FutureExt as _;

    use super::{Outlet, Packet, WAITING};
    use crate::desk::{Event, Logged, UserId};

    /// Takes one packet.
    fn take(outlet: &Outlet) -> Option<String> {
        let mut taken = None;
        outlet.pour(|packet| {
            taken = Some(String::from_utf8(packet.text().to_vec()).unwrap());
            ControlFlow::Break(())
        });
        taken
    }

    fn said(n: usize) -> Packet {
        Packet::Said(n.to_string())
    }

    #[tokio::test]
    async fn who_says_more_than_fits_waits_until_something_is_taken() {
        let outlet = Outlet::default();
        for n in 0..WAITING {
            outlet.put(said(n)).unwrap();
        }
        assert!(outlet.put(said(WAITING)).is_err());
        assert!(outlet.room().now_or_never().is_none());

        let ((), first) = tokio::join!(outlet.room(), async { take(&outlet) });

        assert_eq!(first.unwrap(), "0");
        outlet.put(said(WAITING)).unwrap();
        for n in 1..=WAITING {
            assert!(outlet.drained().now_or_never().is_none());
            assert_eq!(take(&outlet).unwrap(), n.to_string());
        }
        outlet.drained().await;
    }

    #[test]
    fn an_event_is_written_and_compressed_once_for_all() {
        let logged = Logged::example(7, Event::AccessChanged { user_id: UserId("ada".to_owned()) });
        let [one, other] = [(); 2].map(|()| Packet::Event(Arc::clone(&logged)));
        assert_eq!(one.text(), br#"42["access:changed",{"seq":7,"userId":"ada"},"7"]"#);
        assert_eq!(one.text().as_ptr(), other.text().as_ptr());

        let made = one.deflated(|text| Bytes::copy_from_slice(&text[..2]));

        assert_eq!(other.deflated(|_| unreachable!("it was made before")), made);
    }

    #[tokio::test]
    async fn who_waits_for_a_packet_is_told() {
        let outlet = Outlet::default();
        let ready = poll_fn(|cx| outlet.poll_ready(cx));
        tokio::join!(ready, async { outlet.put(said(1)).unwrap() });
        assert_eq!(take(&outlet).unwrap(), "1");
        assert!(poll_fn(|cx| outlet.poll_ready(cx)).now_or_never().is_none());
    }

    #[tokio::test]
    async fn the_end_comes_after_what_waits_and_is_told() {
        let outlet = Outlet::default();
        outlet.put(said(1)).unwrap();
        outlet.end();
        assert!(!outlet.is_over());
        assert_eq!(take(&outlet).unwrap(), "1");
        assert!(outlet.is_over());

        let outlet = Outlet::default();
        let ready = poll_fn(|cx| outlet.poll_ready(cx));
        tokio::join!(ready, async { outlet.end() });
        assert!(outlet.is_over());
    }
}
