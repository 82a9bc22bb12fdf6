//! What goes to one client on its websocket: what the engine says, and, past it, what its session does.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::deflate::Deflate;
use super::frames::write;
use crate::realtime::{Arrivals, Outlet, Packet, Serving};
use crate::telemetry::FIGURES;

/// How much is gathered for one write.
pub(super) const AT_ONCE: usize = 64 * 1_024;

/// The opening packet, before the id it gives.
const OPEN: &str = "0{\"sid\":\"";

/// Translates what one client is told.
pub(super) struct Line {
    arrivals: Arrivals,
    deflate: Option<Arc<Deflate>>,
    /// The engine's name for the client, once it has one.
    id: Option<String>,
    outlet: Option<Arc<Outlet>>,
    /// The session, if it works here.
    serving: Option<Serving>,
}

impl Line {
    /// A line to a client that has no name yet.
    pub(super) fn new(arrivals: Arrivals, deflate: Option<Arc<Deflate>>) -> Self {
        Self { arrivals, deflate, id: None, outlet: None, serving: None }
    }

    /// Goes on with what is said to a client that has polled so far.
    pub(super) fn goes_on(&mut self, id: &str) {
        self.outlet = self.arrivals.outlet(id);
        self.id = Some(id.to_owned());
    }

    /// Lets the session work, until it has something for the client.
    pub(super) async fn session(&mut self) {
        poll_fn(|cx| self.poll_session(cx)).await;
    }

    /// Lets the session work while something else is done, which may take long: it is the session
    /// that notices when there is no room any more.
    pub(super) async fn meanwhile<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = pin!(other);
        poll_fn(|cx| {
            let done = other.as_mut().poll(cx);
            if done.is_pending() {
                self.work(cx);
            }
            done
        })
        .await
    }

    fn poll_session(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let works_here = self.serving.is_some();
        self.work(cx);
        match &self.outlet {
            None => Poll::Pending,
            Some(outlet) if !works_here => outlet.poll_ready(cx),
            // Nobody but the session fills it.
            Some(outlet) if outlet.is_empty() && !outlet.is_over() => Poll::Pending,
            Some(_) => Poll::Ready(()),
        }
    }

    fn work(&mut self, cx: &mut Context<'_>) {
        if let Some(serving) = &mut self.serving
            && serving.as_mut().poll(cx).is_ready()
        {
            self.serving = None;
        }
    }

    /// Writes what the session has for the client, as much as goes at once; answers whether the
    /// connection ends with it.
    pub(super) fn pour(&self, out: &mut Vec<u8>) -> bool {
        let Some(outlet) = &self.outlet else { return false };
        while out.len() < AT_ONCE
            && let Some(packet) = outlet.take()
        {
            self.write(out, &packet);
        }
        outlet.is_over()
    }

    /// Writes the engine's frame as the client is to get it; answers whether it is the last.
    pub(super) fn translate(&mut self, out: &mut Vec<u8>, opcode: OpCode, payload: &[u8]) -> bool {
        FIGURES.plain_bytes.increment(payload.len() as u64);
        let OpCode::Data(kind) = opcode else {
            write(out, opcode, payload, false, false);
            return opcode == OpCode::Control(Control::Close);
        };
        if kind == Data::Text
            && (self.id.is_none() || payload.starts_with(b"40"))
            && let Some(named) = std::str::from_utf8(payload).ok().and_then(|it| self.arrives(it))
        {
            write(out, opcode, named.as_bytes(), false, false);
            return false;
        }
        match self.deflate.as_ref().filter(|deflate| deflate.is_worth(payload)) {
            Some(deflate) => write(out, opcode, &deflate.compress(payload), true, false),
            None => write(out, opcode, payload, false, false),
        }
        false
    }

    /// Returns how the client is told that it is connected, if `packet` does so. Its session begins.
    fn arrives(&mut self, packet: &str) -> Option<String> {
        if self.id.is_none() {
            let (id, _) = packet.strip_prefix(OPEN)?.split_once('"')?;
            self.id = Some(id.to_owned());
            return None;
        }
        let (named, arrival) = self.arrivals.meet(self.id.as_ref()?, packet)?;
        (self.outlet, self.serving) = (Some(arrival.outlet), Some(arrival.serving));
        Some(named)
    }

    fn write(&self, out: &mut Vec<u8>, packet: &Packet) {
        const TEXT: OpCode = OpCode::Data(Data::Text);
        let text = packet.text();
        FIGURES.plain_bytes.increment(text.len() as u64);
        match self.deflate.as_ref().filter(|deflate| deflate.is_worth(text)) {
            Some(deflate) => {
                write(out, TEXT, &packet.deflated(|text| deflate.compress(text)), true, false);
            }
            None => write(out, TEXT, text, false, false),
        }
    }
}
