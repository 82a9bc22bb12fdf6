//! What goes to one client on its websocket: what the engine says, and, past it, what its session does.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::deflate::Deflate;
use super::frames::write;
use super::payload::{CLOSE, NOTHING};
use crate::realtime::{Arrivals, Outlet, Packet, Serving, turns_away};
use crate::telemetry::FIGURES;

const TEXT: OpCode = OpCode::Data(Data::Text);

/// How much is gathered for one write.
pub(super) const AT_ONCE: usize = 64 * 1_024;

/// Translates what one client is told.
pub(super) struct Line {
    arrivals: Arrivals,
    deflate: Option<Arc<Deflate>>,
    /// The engine's name for the client.
    id: String,
    outlet: Option<Arc<Outlet>>,
    /// The session, if it works here.
    serving: Option<Serving>,
}

impl Line {
    /// A line to the client that the engine calls `id`. One that has polled so far hears the rest of
    /// what was said to it.
    pub(super) fn new(arrivals: Arrivals, deflate: Option<Arc<Deflate>>, id: &str) -> Self {
        let outlet = arrivals.outlet(id);
        if let Some(outlet) = &outlet {
            outlet.moves();
        }
        Self { arrivals, deflate, id: id.to_owned(), outlet, serving: None }
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
        let mut plain = 0;
        outlet.pour(|packet| {
            plain += packet.text().len() as u64;
            self.write(out, packet);
            if out.len() < AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        FIGURES.plain_bytes.increment(plain);
        outlet.is_over()
    }

    /// Writes the engine's packets as the client is to get them; without any, the session has ended.
    /// Answers whether the connection ends with them.
    pub(super) fn translate(&mut self, out: &mut Vec<u8>, packets: Option<Vec<&str>>) -> bool {
        let packets = packets.unwrap_or_else(|| vec![CLOSE]);
        for packet in packets.into_iter().filter(|packet| *packet != NOTHING) {
            if packet == CLOSE || turns_away(packet) {
                write(out, OpCode::Control(Control::Close), b"", false);
                return true;
            }
            self.pass(out, packet);
        }
        false
    }

    fn pass(&mut self, out: &mut Vec<u8>, packet: &str) {
        FIGURES.plain_bytes.increment(packet.len() as u64);
        if let Some((named, arrival)) = self.arrivals.meet(&self.id, packet) {
            arrival.outlet.moves();
            (self.outlet, self.serving) = (Some(arrival.outlet), Some(arrival.serving));
            return write(out, TEXT, named.as_bytes(), false);
        }
        let packet = packet.as_bytes();
        match self.deflate.as_ref().filter(|deflate| deflate.is_worth(packet)) {
            Some(deflate) => write(out, TEXT, &deflate.compress(packet), true),
            None => write(out, TEXT, packet, false),
        }
    }

    fn write(&self, out: &mut Vec<u8>, packet: &Packet) {
        let text = packet.text();
        match self.deflate.as_ref().filter(|deflate| deflate.is_worth(text)) {
            Some(deflate) => {
                write(out, TEXT, &packet.deflated(|text| deflate.compress(text)), true);
            }
            None => write(out, TEXT, text, false),
        }
    }
}
