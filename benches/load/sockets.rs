//! Many Socket.IO clients, who cost next to nothing: they count frames, and answer pings. Some read
//! what they get.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::frames::{Frame, Frames, masked};
use crate::inflate::Inflate;
use crate::server::token;
use crate::table::progress;
use crate::texts;
use crate::tracker::Tracker;

/// How many clients connect at once.
const AT_ONCE: usize = 50;

/// When nothing has come for so long, nothing more is to come.
const QUIET: Duration = Duration::from_millis(1_500);

/// All clients of a server.
pub(crate) struct Sockets {
    clients: Vec<Arc<Seen>>,
    _reading: JoinSet<()>,
}

/// What clients read of what they get; all of them count it.
#[derive(Clone)]
pub(crate) enum Reads {
    /// The first so many all texts. Clients offer compression, as browsers do.
    TextsOf(usize),
    /// All the numbers of the messages. Clients offer no compression, which they would have to undo.
    Numbers(Arc<Tracker>),
}

/// What a client has got.
#[derive(Default)]
pub(crate) struct Seen {
    frames: AtomicU64,
    bytes: AtomicU64,
    last: Mutex<Option<Instant>>,
    /// The texts of `message:new`, of those who read.
    texts: Mutex<Vec<String>>,
}

/// What a client had got at a moment.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

impl Count {
    pub(crate) fn since(self, before: Self) -> Self {
        Self { frames: self.frames - before.frames, bytes: self.bytes - before.bytes }
    }
}

/// The name of every client's agent.
pub(crate) fn one_agent(_: usize) -> String {
    "agent".to_owned()
}

/// The name of an agent of a client's own.
pub(crate) fn own_agent(client: usize) -> String {
    format!("agent-{client}")
}

impl Sockets {
    /// Connects clients, each as the agent whom `name` tells. A team is told of all who come: where that is
    /// not what is measured, all are one agent.
    pub(crate) async fn connect(
        to: SocketAddr,
        clients: usize,
        name: fn(usize) -> String,
        reads: &Reads,
    ) -> anyhow::Result<Self> {
        let (mut reading, mut all) = (JoinSet::new(), Vec::new());
        let numbers: Vec<_> = (0..clients).collect();
        for group in numbers.chunks(AT_ONCE) {
            let mut connecting = JoinSet::new();
            for &number in group {
                let token = token(&name(number))?;
                let ear = reads.ear(number);
                connecting.spawn(async move { Socket::open(to, &token, ear).await });
            }
            while let Some(socket) = connecting.join_next().await {
                let (socket, seen) = (socket??, Arc::new(Seen::default()));
                all.push((matches!(socket.ear, Ear::Texts), Arc::clone(&seen)));
                reading.spawn(socket.read_on(seen));
            }
        }
        all.sort_by_key(|(reads, _)| !reads);
        Ok(Self { clients: all.into_iter().map(|(_, seen)| seen).collect(), _reading: reading })
    }

    /// What each has got so far, those who read first.
    pub(crate) fn counts(&self) -> Vec<Count> {
        let count = |seen: &Arc<Seen>| Count {
            frames: seen.frames.load(Ordering::Relaxed),
            bytes: seen.bytes.load(Ordering::Relaxed),
        };
        self.clients.iter().map(count).collect()
    }

    /// The texts that one of those who read has got since this was last asked.
    pub(crate) fn take_texts(&self, reader: usize) -> Vec<String> {
        std::mem::take(&mut *lock(&self.clients[reader].texts))
    }

    /// Waits until nothing comes any more; returns when the last frame came.
    pub(crate) async fn settle(&self) -> Instant {
        let began = Instant::now();
        loop {
            let newest = self.clients.iter().filter_map(|seen| *lock(&seen.last)).max();
            let newest = newest.unwrap_or(began).max(began);
            if newest.elapsed() > QUIET {
                return newest;
            }
            sleep(QUIET.saturating_sub(newest.elapsed()) + Duration::from_millis(10)).await;
        }
    }
}

impl Reads {
    fn ear(&self, client: usize) -> Ear {
        match self {
            Self::TextsOf(readers) if client < *readers => Ear::Texts,
            Self::TextsOf(_) => Ear::Frames,
            Self::Numbers(tracker) => Ear::Numbers(client, Arc::clone(tracker)),
        }
    }
}

/// What a client reads.
enum Ear {
    Frames,
    Texts,
    Numbers(usize, Arc<Tracker>),
}

/// A client's connection.
struct Socket {
    stream: TcpStream,
    frames: Frames,
    inflate: Inflate,
    ear: Ear,
}

impl Socket {
    /// Connects as a browser does: websocket at once, offering compression in a browser's words.
    async fn open(to: SocketAddr, token: &str, ear: Ear) -> anyhow::Result<Self> {
        let offer = match ear {
            Ear::Numbers(..) => "",
            Ear::Frames | Ear::Texts => {
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
            }
        };
        let mut stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        let upgrade = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {to}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{offer}\r\n"
        );
        stream.write_all(upgrade.as_bytes()).await?;
        let mut answer = Vec::new();
        let end = loop {
            ensure!(stream.read_buf(&mut answer).await? > 0, "closed during the upgrade");
            if let Some(at) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        ensure!(head.starts_with("http/1.1 101"), "no upgrade: {head}");
        let mut inflate = Inflate::new();
        inflate.takes_over = !head.contains("server_no_context_takeover");
        let mut socket = Self { stream, frames: Frames::new(), inflate, ear };
        socket.join(&answer[end..], token).await?;
        socket.frames.reads = !matches!(socket.ear, Ear::Frames);
        Ok(socket)
    }

    /// Enters the default namespace.
    async fn join(&mut self, begun: &[u8], token: &str) -> anyhow::Result<()> {
        self.stream.write_all(&masked(&format!("40{}", json!({ "token": token })))).await?;
        let (mut piece, mut is_in) = (begun.to_vec(), false);
        loop {
            let Self { frames, inflate, .. } = self;
            let mut is_pinged = false;
            frames.take(&piece, |frame| {
                let packet = packet(frame, inflate)?;
                is_pinged |= frame.is_ping();
                is_in |= packet.starts_with(b"40");
                ensure!(!packet.starts_with(b"44"), "{}", String::from_utf8_lossy(&packet));
                Ok(())
            })?;
            if is_pinged {
                self.stream.write_all(&masked("3")).await?;
            }
            if is_in {
                return Ok(());
            }
            piece.clear();
            ensure!(self.stream.read_buf(&mut piece).await? > 0, "closed before it was in");
        }
    }

    /// Counts what comes until the connection ends; that ends with the server.
    async fn read_on(mut self, seen: Arc<Seen>) {
        while let Ok(is_pinged) = self.read(&seen).await {
            if is_pinged && self.stream.write_all(&masked("3")).await.is_err() {
                return;
            }
        }
    }

    /// Reads what is there; returns whether a ping is.
    async fn read(&mut self, seen: &Seen) -> anyhow::Result<bool> {
        thread_local!(static PIECE: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]));
        self.stream.readable().await?;
        let Self { stream, frames, inflate, ear } = self;
        let mut is_pinged = false;
        PIECE.with_borrow_mut(|piece| {
            let read = match stream.try_read(piece) {
                Ok(0) => bail!("closed"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            frames
                .take(&piece[..read], |frame| {
                    if frame.is_ping() {
                        is_pinged = true;
                        return Ok(());
                    }
                    match ear {
                        Ear::Frames => {}
                        Ear::Texts => {
                            lock(&seen.texts).extend(text_of(&packet(frame, inflate)?)?);
                        }
                        Ear::Numbers(client, tracker) => {
                            if let Some(number) = number_of(&frame.payload) {
                                tracker.hears(*client, number);
                            }
                        }
                    }
                    *lock(&seen.last) = Some(Instant::now());
                    seen.frames.fetch_add(1, Ordering::Relaxed);
                    seen.bytes.fetch_add(frame.length as u64, Ordering::Relaxed);
                    Ok(())
                })
                .inspect_err(|error| progress(&format!("a client gives up: {error:#}")))
        })?;
        Ok(is_pinged)
    }
}

/// What a frame says.
fn packet<'a>(frame: &'a Frame, inflate: &mut Inflate) -> anyhow::Result<Cow<'a, [u8]>> {
    ensure!(frame.is_whole_text(), "no whole text");
    if frame.is_deflated() {
        return Ok(inflate.read(&frame.payload)?.into());
    }
    Ok(frame.payload.as_slice().into())
}

/// The text of a `message:new`.
fn text_of(packet: &[u8]) -> anyhow::Result<Option<String>> {
    let Some(event) = packet.strip_prefix(b"42") else { return Ok(None) };
    let event: Value = serde_json::from_slice(event)?;
    if event[0] != "message:new" {
        return Ok(None);
    }
    let text = event[1]["message"]["content"].as_str().context("no content")?;
    Ok(Some(text.to_owned()))
}

/// The number of a `message:new`, found without reading the rest of it.
fn number_of(packet: &[u8]) -> Option<u64> {
    const START: &[u8] = b"\"content\":\"";
    let event = packet.strip_prefix(b"42[\"message:new\",")?;
    let at = memchr::memmem::find(event, START)? + START.len();
    let text = std::str::from_utf8(event.get(at..(at + 24).min(event.len()))?);
    let text = text.or_else(|error| std::str::from_utf8(&event[at..at + error.valid_up_to()]));
    texts::number(text.ok()?)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
