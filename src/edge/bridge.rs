//! Between a client's websocket and the engine's.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::time::timeout;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::Limits;
use super::deflate::Deflate;
use super::frames::{End, Fault, Frames, Inbound, Said, write};
use super::pipe::{Reader, Writer};
use crate::realtime::{Mailbox, Pids};
use crate::telemetry::FIGURES;

/// How much is gathered for one write.
const AT_ONCE: usize = 64 * 1_024;

/// The longest header of a frame.
const LONGEST_HEADER: usize = 14;

/// How many pings wait to be answered; further ones are not.
const PINGS: usize = 4;

/// What is done with one connection.
pub(super) struct Bridge {
    pub(super) pids: Pids,
    pub(super) deflate: Option<Arc<Deflate>>,
    pub(super) limits: Limits,
}

/// A client's end of the bridge.
pub(super) struct Client<C> {
    pub(super) hears: Ear<ReadHalf<C>>,
    pub(super) told: WriteHalf<C>,
}

/// Reads what a client says.
pub(super) struct Ear<R> {
    frames: Frames<R>,
    inbound: Inbound,
}

/// The engine's end of the bridge.
pub(super) struct Engine {
    pub(super) frames: Frames<Reader>,
    pub(super) writer: Writer,
}

/// What the edge itself says to a client.
pub(super) enum Say {
    Pong(Vec<u8>),
    Close(CloseCode),
}

impl<C: AsyncRead + AsyncWrite> Client<C> {
    /// A connection on which the client may compress what it says, or not.
    pub(super) fn new(connection: C, bridge: &Bridge) -> Self {
        let (reader, told) = split(connection);
        let frames = Frames::new(reader, bridge.limits.message);
        let inbound = Inbound::new(bridge.limits.message, bridge.deflate.is_some());
        Self { hears: Ear { frames, inbound }, told }
    }
}

impl<R: AsyncRead + Unpin> Ear<R> {
    /// Returns what the client says next; nothing when it has gone.
    ///
    /// # Errors
    /// What it did wrong.
    pub(super) async fn next(&mut self) -> Result<Option<Said>, Fault> {
        loop {
            match self.frames.next().await {
                Ok(frame) => {
                    if let Some(said) = self.inbound.take(frame)? {
                        return Ok(Some(said));
                    }
                }
                Err(End::Fault(fault)) => return Err(fault),
                Err(End::Closed) => return Ok(None),
            }
        }
    }
}

impl Bridge {
    /// Tells the client `first`, and passes on what either side says, until one of them is gone.
    #[expect(clippy::manual_async_fn, reason = "an async function would hold its arguments twice")]
    pub(super) fn run<C: AsyncRead + AsyncWrite + Send>(
        self,
        mut client: Client<C>,
        mut engine: Engine,
        first: Vec<u8>,
    ) -> impl Future<Output = ()> + Send {
        async move {
            let saying = Mailbox::default();
            let down = self.down(&mut engine.frames, &mut client.told, &saying, first);
            tokio::pin!(down);
            tokio::select! {
                () = &mut down => {}
                // The engine hears that the client has gone, and says its last words.
                () = up(&mut client.hears, &mut engine.writer, &saying) => down.await,
            }
        }
    }

    /// From the engine to the client: named, compressed, and as many at a time as there are.
    async fn down(
        &self,
        engine: &mut Frames<Reader>,
        client: &mut (impl AsyncWrite + Unpin),
        saying: &Mailbox<Say>,
        mut out: Vec<u8>,
    ) {
        let mut is_last = false;
        loop {
            if !self.send(client, &out).await {
                return;
            }
            FIGURES.wire_bytes.increment(out.len() as u64);
            // A quiet connection holds no memory for what comes next.
            out = Vec::new();
            if is_last {
                break;
            }
            tokio::select! {
                biased;
                say = saying.next() => is_last = tell(&mut out, say),
                frame = engine.next() => {
                    let Ok(frame) = frame else { break };
                    is_last = self.translate(&mut out, frame.header.opcode, &frame.payload);
                    while out.len() < AT_ONCE && !is_last && let Ok(Some(frame)) = engine.ready() {
                        is_last = self.translate(&mut out, frame.header.opcode, &frame.payload);
                    }
                }
            }
        }
        let _ = timeout(self.limits.patience, client.shutdown()).await;
    }

    /// Writes the engine's frame as the client is to get it; answers whether it is the last.
    pub(super) fn translate(&self, out: &mut Vec<u8>, opcode: OpCode, payload: &[u8]) -> bool {
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
    pub(super) async fn send(
        &self,
        client: &mut (impl AsyncWrite + Unpin),
        mut out: &[u8],
    ) -> bool {
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

/// From the client to the engine: whole messages, each in one frame.
async fn up(client: &mut Ear<impl AsyncRead + Unpin>, engine: &mut Writer, saying: &Mailbox<Say>) {
    let last_word = loop {
        match client.next().await {
            Ok(Some(Said::Ping(payload))) => {
                // Who pings faster than it reads gets fewer answers.
                let _ = saying.put(Say::Pong(payload), PINGS);
            }
            Ok(Some(Said::Message(kind, message))) => {
                let mut out = Vec::with_capacity(message.len() + LONGEST_HEADER);
                write(&mut out, OpCode::Data(kind), &message, false, true);
                if engine.write_all(&out).await.is_err() {
                    break None;
                }
            }
            Ok(Some(Said::Close(code))) => break Some(code),
            Ok(None) => break None,
            Err(fault) => break Some(fault.code()),
        }
    };
    if let Some(code) = last_word {
        let _ = saying.put(Say::Close(code), usize::MAX);
    }
    let _ = engine.shutdown().await;
}

/// Writes the edge's own words; answers whether they are the last.
pub(super) fn tell(out: &mut Vec<u8>, say: Say) -> bool {
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
