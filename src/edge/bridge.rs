//! Between a client's websocket and the engine.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::coop::consume_budget;
use tokio::time::timeout;
use tungstenite::protocol::frame::coding::{CloseCode, Control, OpCode};

use super::Limits;
use super::engine::{Engine, Polls, Refused};
use super::frames::{End, Fault, Frames, Inbound, Said, write};
use super::line::{AT_ONCE, Line};
use crate::realtime::Mailbox;
use crate::telemetry::FIGURES;

/// How many pings wait to be answered; further ones are not.
const PINGS: usize = 4;

/// What is done with one connection.
pub(super) struct Bridge {
    pub(super) line: Line,
    pub(super) limits: Limits,
}

/// A client's end of the bridge.
pub(super) struct Client {
    pub(super) hears: Ear<OwnedReadHalf>,
    pub(super) told: OwnedWriteHalf,
}

/// Reads what a client says.
pub(super) struct Ear<R> {
    frames: Frames<R>,
    inbound: Inbound,
}

/// What the edge itself says to a client.
pub(super) enum Say {
    Pong(Vec<u8>),
    Close(CloseCode),
}

impl Client {
    /// A connection of which some bytes were read already, and on which the client may compress what
    /// it says, or not.
    pub(super) fn new(stream: TcpStream, read: BytesMut, limits: Limits, deflate: bool) -> Self {
        let (reader, told) = stream.into_split();
        let frames = Frames::new(read, reader, limits.message);
        Self { hears: Ear { frames, inbound: Inbound::new(limits.message, deflate) }, told }
    }
}

impl<R: AsyncRead + Unpin> Ear<R> {
    /// Returns what the client says next; nothing when it has gone.
    ///
    /// # Errors
    /// What it did wrong.
    pub(super) async fn next(&mut self) -> Result<Option<Said>, Fault> {
        loop {
            // Whoever sends many at once lets others take their turns.
            consume_budget().await;
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
    pub(super) fn run(
        mut self,
        mut client: Client,
        mut engine: Engine,
        first: Vec<u8>,
    ) -> impl Future<Output = ()> + Send {
        async move {
            let (saying, mut polls) = (Mailbox::default(), engine.polls());
            let down = self.down(&mut polls, &mut client.told, &saying, first);
            tokio::pin!(down);
            tokio::select! {
                () = &mut down => engine.close(),
                // The engine hears that the client has gone, and says its last words.
                () = up(&mut client.hears, &mut engine, &saying) => down.await,
            }
        }
    }

    /// From the session and the engine to the client: named, compressed, and as much at a time as
    /// there is.
    async fn down(
        &mut self,
        engine: &mut Polls,
        client: &mut OwnedWriteHalf,
        saying: &Mailbox<Say>,
        mut out: Vec<u8>,
    ) {
        let mut is_last = false;
        loop {
            let sent = send(client, &out, self.limits.patience);
            if !self.line.meanwhile(sent).await {
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
                // Before the engine, which says farewell after a session's last word.
                () = self.line.session() => is_last = self.line.pour(&mut out),
                said = engine.next() => {
                    let packets = said.as_deref().and_then(|said| engine.packets(said));
                    is_last = self.line.translate(&mut out, packets);
                }
            }
            // However much a session says, the engine is heard.
            while out.len() < 2 * AT_ONCE
                && !is_last
                && let Some(said) = engine.come()
            {
                is_last = self.line.translate(&mut out, engine.packets(&said));
            }
        }
        let _ = timeout(self.limits.patience, client.shutdown()).await;
    }
}

/// Sends bytes to the client; answers whether it has taken them. One that takes nothing at all for
/// `patience` is let go.
pub(super) async fn send(client: &mut OwnedWriteHalf, mut out: &[u8], patience: Duration) -> bool {
    while !out.is_empty() {
        match timeout(patience, client.write(out)).await {
            Ok(Ok(taken)) if taken > 0 => out = &out[taken..],
            Ok(_) => return false,
            Err(_) => {
                FIGURES.slow_at_wire.increment(1);
                tracing::warn!("a client takes nothing any more and is let go");
                return false;
            }
        }
    }
    true
}

/// From the client to the engine: whole messages.
async fn up(client: &mut Ear<impl AsyncRead + Unpin>, engine: &mut Engine, saying: &Mailbox<Say>) {
    let last_word = loop {
        match client.next().await {
            Ok(Some(Said::Ping(payload))) => {
                // Who pings faster than it reads gets fewer answers.
                let _ = saying.put(Say::Pong(payload), PINGS);
            }
            Ok(Some(Said::Message(kind, message))) => {
                if let Err(Refused) = engine.tell(kind, message) {
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
    engine.close();
}

/// Writes the edge's own words; answers whether they are the last.
pub(super) fn tell(out: &mut Vec<u8>, say: Say) -> bool {
    match say {
        Say::Pong(payload) => {
            write(out, OpCode::Control(Control::Pong), &payload, false);
            false
        }
        Say::Close(code) => {
            let code = u16::from(code).to_be_bytes();
            write(out, OpCode::Control(Control::Close), &code, false);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use futures_util::FutureExt as _;

    use super::{Ear, Frames, Inbound};

    #[tokio::test]
    async fn who_sends_many_frames_at_once_lets_others_take_their_turns() {
        const LIMIT: usize = 1_000;
        // Pongs, which say nothing.
        let read = [0x8a_u8, 0x80, 0, 0, 0, 0].repeat(1_000);
        let frames = Frames::new(BytesMut::from(&read[..]), tokio::io::empty(), LIMIT);
        let mut ear = Ear { frames, inbound: Inbound::new(LIMIT, false) };
        let heard = ear.next();
        tokio::pin!(heard);

        assert!(heard.as_mut().now_or_never().is_none());

        assert_eq!(heard.await, Ok(None));
    }
}
