//! Between a client's websocket and the engine's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, split};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::Limits;
use super::deflate::Deflate;
use super::frames::{End, Frame, Frames, Inbound, Said, write};
use crate::realtime::Pids;
use crate::telemetry::FIGURES;

/// How much is gathered for one write.
const AT_ONCE: usize = 64 * 1_024;

/// How much memory a quiet connection keeps for writing.
const KEPT: usize = 4 * 1_024;

/// The packet with which a client's session moves to websocket.
/// <https://socket.io/docs/v4/engine-io-protocol/#upgrade>
const MOVED: &[u8] = b"5";

/// How many pings wait to be answered; further ones are not.
const PINGS: usize = 4;

/// One connection.
pub(super) struct Bridge {
    pub(super) pids: Pids,
    pub(super) deflate: Option<Arc<Deflate>>,
    pub(super) limits: Limits,
}

/// How far a client has got with moving its session to websocket.
#[derive(Clone, Default)]
pub(super) struct Milestones(Arc<Passed>);

#[derive(Default)]
struct Passed {
    first_word: Notify,
    has_moved: AtomicBool,
}

impl Milestones {
    /// Comes true with the client's first word.
    pub(super) async fn first_word(&self) {
        self.0.first_word.notified().await;
    }

    /// Whether the client has said that it has moved.
    pub(super) fn has_moved(&self) -> bool {
        self.0.has_moved.load(Ordering::Relaxed)
    }

    fn note(&self, message: &[u8]) {
        self.0.first_word.notify_one();
        if message == MOVED {
            self.0.has_moved.store(true, Ordering::Relaxed);
        }
    }
}

/// What the edge itself says to a client.
enum Say {
    Pong(Vec<u8>),
    Close(CloseCode),
}

impl Bridge {
    /// Passes on what either side says, until one of them is gone.
    pub(super) async fn run(
        self,
        client: impl AsyncRead + AsyncWrite,
        engine: impl AsyncRead + AsyncWrite,
        milestones: Milestones,
    ) {
        let ((from_client, to_client), (from_engine, to_engine)) = (split(client), split(engine));
        let (say, said) = mpsc::channel(PINGS);
        tokio::pin!(from_client, to_client, from_engine, to_engine);
        let down = self.down(from_engine, to_client, said);
        let up = self.up(from_client, to_engine, say, &milestones);
        tokio::pin!(down);
        tokio::select! {
            () = &mut down => {}
            // The engine hears that the client has gone, and says its last words.
            () = up => down.await,
        }
    }

    /// From the client to the engine: whole messages, each in one frame.
    async fn up(
        &self,
        client: impl AsyncRead + Unpin,
        mut engine: impl AsyncWrite + Unpin,
        say: mpsc::Sender<Say>,
        milestones: &Milestones,
    ) {
        let mut frames = Frames::new(client, self.limits.message);
        let mut inbound = Inbound::new(self.limits.message, self.deflate.is_some());
        let mut out = Vec::new();
        let last_word = loop {
            let said = match frames.next().await {
                Ok(frame) => inbound.take(frame),
                Err(End::Fault(fault)) => Err(fault),
                Err(End::Closed) => break None,
            };
            match said {
                Ok(None) => {}
                Ok(Some(Said::Ping(payload))) => {
                    // Who pings faster than it reads gets fewer answers.
                    let _ = say.try_send(Say::Pong(payload));
                }
                Ok(Some(Said::Close(code))) => break Some(code),
                Ok(Some(Said::Message(kind, message))) => {
                    milestones.note(&message);
                    write(&mut out, OpCode::Data(kind), &message, false, true);
                    if engine.write_all(&out).await.is_err() || engine.flush().await.is_err() {
                        break None;
                    }
                    forget(&mut out);
                }
                Err(fault) => break Some(fault.code()),
            }
        };
        if let Some(code) = last_word {
            let _ = say.send(Say::Close(code)).await;
        }
        let _ = engine.shutdown().await;
    }

    /// From the engine to the client: named, compressed, and as many at a time as there are.
    async fn down(
        &self,
        engine: impl AsyncRead + Unpin,
        mut client: impl AsyncWrite + Unpin,
        mut said: mpsc::Receiver<Say>,
    ) {
        let mut frames = Frames::new(engine, usize::MAX);
        let mut out = Vec::new();
        let mut is_last = false;
        while !is_last {
            tokio::select! {
                biased;
                Some(say) = said.recv() => is_last = tell(&mut out, say),
                frame = frames.next() => {
                    let Ok(frame) = frame else { break };
                    is_last = self.translate(&mut out, &frame);
                    while out.len() < AT_ONCE && !is_last && let Ok(Some(frame)) = frames.ready() {
                        is_last = self.translate(&mut out, &frame);
                    }
                }
            }
            if !self.send(&mut client, &out).await {
                return;
            }
            FIGURES.wire_bytes.increment(out.len() as u64);
            forget(&mut out);
        }
        let _ = timeout(self.limits.patience, client.shutdown()).await;
    }

    /// Writes the engine's frame as the client is to get it; answers whether it is the last.
    fn translate(&self, out: &mut Vec<u8>, frame: &Frame) -> bool {
        let (opcode, payload) = (frame.header.opcode, &frame.payload[..]);
        FIGURES.plain_bytes.increment(payload.len() as u64);
        let OpCode::Data(kind) = opcode else {
            write(out, opcode, payload, false, false);
            return opcode == OpCode::Control(Control::Close);
        };
        if kind == Data::Text
            && payload.starts_with(b"40{")
            && let Some(named) =
                std::str::from_utf8(payload).ok().and_then(|it| self.pids.write(it))
        {
            write(out, opcode, named.as_bytes(), false, false);
            return false;
        }
        match self.deflate.as_ref().and_then(|deflate| deflate.compress(payload)) {
            Some(compressed) => write(out, opcode, &compressed, true, false),
            None => write(out, opcode, payload, false, false),
        }
        false
    }

    /// Sends bytes to the client; answers whether it has taken them. One that takes nothing at all
    /// for too long is let go.
    async fn send(&self, client: &mut (impl AsyncWrite + Unpin), mut out: &[u8]) -> bool {
        while !out.is_empty() {
            match timeout(self.limits.patience, client.write(out)).await {
                Ok(Ok(taken)) if taken > 0 => out = &out[taken..],
                Ok(_) => return false,
                Err(_) => {
                    FIGURES.slow_at_wire.increment(1);
                    tracing::warn!("a client takes nothing any more and is let go");
                    return false;
                }
            }
        }
        matches!(timeout(self.limits.patience, client.flush()).await, Ok(Ok(())))
    }
}

/// Writes the edge's own words; answers whether they are the last.
fn tell(out: &mut Vec<u8>, say: Say) -> bool {
    match say {
        Say::Pong(payload) => {
            write(out, OpCode::Control(Control::Pong), &payload, false, false);
            false
        }
        Say::Close(code) => {
            let code = u16::from(code).to_be_bytes();
            write(out, OpCode::Control(Control::Close), &code, false, false);
            true
        }
    }
}

fn forget(out: &mut Vec<u8>) {
    out.clear();
    out.shrink_to(KEPT);
}
