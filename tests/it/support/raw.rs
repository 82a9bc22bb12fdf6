//! A websocket without any rules, frame by frame.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{PATIENCE, Tenant, TestServer};

/// A frame's first byte: what is in it, and whether it is the last of its message.
pub(crate) const TEXT: u8 = 1;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const FIN: u8 = 0x80;

/// A websocket without any rules.
pub(crate) struct Raw {
    stream: TcpStream,
    /// What the server says to the upgrade, in small letters.
    pub(crate) answer: String,
}

/// A frame from the server: its first byte, and its payload.
pub(crate) type Frame = (u8, Vec<u8>);

impl Raw {
    pub(crate) async fn open(server: &TestServer, headers: &str) -> Self {
        Self::open_at(server, "EIO=4&transport=websocket", headers).await
    }

    pub(crate) async fn open_at(server: &TestServer, query: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let key = BASE64_STANDARD.encode([7; 16]);
        let request = format!(
            "GET /socket.io/?{query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
             Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        Self { stream, answer: String::from_utf8(answer).unwrap().to_lowercase() }
    }

    /// Opens one and connects to the default namespace.
    pub(crate) async fn connect(server: &TestServer, acme: &Tenant<'_>, headers: &str) -> Self {
        let mut raw = Self::open(server, headers).await;
        assert!(raw.answer.starts_with("http/1.1 101"), "{}", raw.answer);
        assert_eq!(raw.text().await.chars().next(), Some('0'));
        raw.send(FIN | TEXT, format!("40{}", json!({ "token": acme.token() })).as_bytes()).await;
        while !raw.text().await.starts_with("42[\"ready\"") {}
        raw
    }

    pub(crate) async fn send(&mut self, first: u8, payload: &[u8]) {
        self.write(&frame(first, payload)).await.unwrap();
    }

    /// Sends bytes, whatever they are; they may come to nobody any more.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next frame that is not one of the engine's own pings.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            let frame = self.any_frame().await;
            if !matches!(&frame, Some((_, payload)) if payload == b"2") {
                return frame;
            }
        }
    }

    async fn any_frame(&mut self) -> Option<Frame> {
        let reading = async {
            let first = self.stream.read_u8().await.ok()?;
            let length = match self.stream.read_u8().await.ok()? {
                126 => usize::from(self.stream.read_u16().await.ok()?),
                127 => usize::try_from(self.stream.read_u64().await.ok()?).unwrap(),
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.stream.read_exact(&mut payload).await.ok()?;
            Some((first, payload))
        };
        timeout(PATIENCE, reading).await.expect("no frame comes")
    }

    pub(crate) async fn text(&mut self) -> String {
        let (first, payload) = self.frame().await.expect("the connection is closed");
        assert_eq!(first, FIN | TEXT);
        String::from_utf8(payload).unwrap()
    }

    /// The code with which the server closes.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            let (first, payload) =
                self.frame().await.expect("the connection is closed without a word");
            if first == FIN | CLOSE {
                assert_eq!(self.frame().await, None);
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }
}

/// A client's frame, masked.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [9, 8, 7, 6];
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length @ 0..=125) => frame.push(0x80 | u8::try_from(length).unwrap()),
        Ok(length) => {
            frame.push(0x80 | 0x7e);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 0x7f);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}
