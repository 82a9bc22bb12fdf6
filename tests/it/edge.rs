//! The websocket as it is on the wire: frames, limits, compression.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::{Compress, Decompress, FlushCompress, FlushDecompress};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Client, PATIENCE, Tenant, TestServer, notification, text};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const FIN: u8 = 0x80;
const COMPRESSED: u8 = 0x40;

/// A websocket without any rules.
struct Raw {
    stream: TcpStream,
    answer: String,
}

/// A frame from the server: its first byte, and its payload.
type Frame = (u8, Vec<u8>);

impl Raw {
    async fn open(server: &TestServer, headers: &str) -> Self {
        Self::open_at(server, "EIO=4&transport=websocket", headers).await
    }

    async fn open_at(server: &TestServer, query: &str, headers: &str) -> Self {
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
    async fn connect(server: &TestServer, acme: &Tenant<'_>, headers: &str) -> Self {
        let mut raw = Self::open(server, headers).await;
        assert!(raw.answer.starts_with("http/1.1 101"), "{}", raw.answer);
        assert_eq!(raw.text().await.chars().next(), Some('0'));
        raw.send(FIN | TEXT, format!("40{}", json!({ "token": acme.token() })).as_bytes()).await;
        while !raw.text().await.starts_with("42[\"ready\"") {}
        raw
    }

    async fn send(&mut self, first: u8, payload: &[u8]) {
        self.stream.write_all(&frame(first, payload)).await.unwrap();
    }

    /// The next frame that is not one of the engine's own pings.
    async fn frame(&mut self) -> Option<Frame> {
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

    async fn text(&mut self) -> String {
        let (first, payload) = self.frame().await.expect("the connection is closed");
        assert_eq!(first, FIN | TEXT);
        String::from_utf8(payload).unwrap()
    }

    /// The code with which the server closes.
    async fn closed(&mut self) -> u16 {
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
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
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

fn compress(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 100);
    Compress::new(flate2::Compression::best(), false)
        .compress_vec(message, &mut out, FlushCompress::Sync)
        .unwrap();
    out.truncate(out.len() - 4);
    out
}

fn inflate(mut message: Vec<u8>) -> String {
    message.extend([0, 0, 0xff, 0xff]);
    let mut out = Vec::with_capacity(1_000_000);
    Decompress::new(false).decompress_vec(&message, &mut out, FlushDecompress::Sync).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn a_client_that_offers_deflate_gets_large_events_compressed_and_small_ones_not() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let (mut first, mut second) =
        (Raw::connect(&server, &acme, offer).await, Raw::connect(&server, &acme, offer).await);
    let agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    assert!(first.answer.contains(agreed), "{}", first.answer);

    acme.writes("5511888888888", "wamid.1", &"Olá! ".repeat(400)).await;

    // conversation:new carries the message as well.
    for _ in 0..2 {
        let told = first.frame().await.unwrap();
        assert_eq!(told.0, FIN | COMPRESSED | TEXT);
        assert!(told.1.len() < 700, "{} bytes", told.1.len());
        assert_eq!(second.frame().await.unwrap(), told);
        assert!(inflate(told.1).contains("Olá! Olá! "));
    }
    // What the client compresses is understood, in pieces too.
    let ask = compress(br#"421["sync",{"after":2}]"#);
    first.send(COMPRESSED | TEXT, &ask[..5]).await;
    first.send(FIN, &ask[5..]).await;
    assert_eq!(first.text().await, r#"431[{"complete":true,"ok":true,"seq":2}]"#);
}

#[tokio::test]
async fn a_client_that_offers_nothing_or_what_cannot_be_met_gets_everything_plain() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut clients = Vec::new();
    for headers in
        ["", "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n"]
    {
        let client = Raw::connect(&server, &acme, headers).await;
        assert!(!client.answer.contains("sec-websocket-extensions"), "{}", client.answer);
        clients.push(client);
    }
    acme.writes("5511888888888", "wamid.1", &"Olá! ".repeat(400)).await;
    for mut client in clients {
        assert!(client.text().await.contains("conversation:new"));
    }
}

#[tokio::test]
async fn a_message_in_pieces_with_pings_between_byte_by_byte_is_one_message() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut raw = Raw::connect(&server, &acme, "").await;
    let ask = br#"427["sync",{"after":0}]"#;
    let pieces = [
        frame(TEXT, &ask[..4]),
        frame(FIN | PING, b"there?"),
        frame(0, &ask[4..9]),
        frame(FIN, &ask[9..]),
    ];
    for byte in pieces.concat() {
        raw.stream.write_all(&[byte]).await.unwrap();
    }
    let mut heard = [raw.frame().await.unwrap(), raw.frame().await.unwrap()];
    heard.sort();
    assert_eq!(heard[0].1, br#"437[{"complete":true,"ok":true,"seq":0}]"#);
    assert_eq!(heard[1], (FIN | PONG, b"there?".to_vec()));
}

#[tokio::test]
async fn bytes_that_a_client_attaches_are_taken() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    // The older protocol says of what kind also packets of bytes are.
    for (version, bytes) in [("4", &b"\0\xff\x1e"[..]), ("3", b"\x04\0\xff\x1e")] {
        let query = format!("EIO={version}&transport=websocket&token={}", acme.token());
        let mut raw = Raw::open_at(&server, &query, "").await;
        if version == "4" {
            raw.send(FIN | TEXT, b"40").await;
        }
        while !raw.text().await.starts_with("42[\"ready\"") {}

        raw.send(FIN | TEXT, br#"451-["x",{"_placeholder":true,"num":0}]"#).await;
        raw.send(FIN | BINARY, bytes).await;

        raw.send(FIN | TEXT, br#"427["sync",{"after":0}]"#).await;
        assert_eq!(raw.text().await, r#"437[{"complete":true,"ok":true,"seq":0}]"#, "{version}");
    }
}

#[tokio::test]
async fn what_is_no_packet_ends_the_connection() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    for nonsense in ["", "9", "4x", "2probe", "é"] {
        let mut raw = Raw::connect(&server, &acme, "").await;
        raw.send(FIN | TEXT, nonsense.as_bytes()).await;
        while let Some((first, _)) = raw.frame().await {
            assert!(first == FIN | TEXT || first == FIN | CLOSE, "{nonsense}: {first}");
        }
    }
}

#[tokio::test]
async fn what_breaks_the_rules_is_told_why() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let unmasked = vec![FIN | TEXT, 1, b'2'];
    let long_ping = frame(FIN | PING, &[b'x'; 126]);
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let bomb = compress(&vec![b'x'; 50_000_000]);
    assert!(bomb.len() < 100_000);
    for (name, headers, bytes, code) in [
        ("unmasked", "", unmasked, 1002),
        ("a reserved bit", "", frame(FIN | 0x20 | TEXT, b"2"), 1002),
        ("compressed without agreement", "", frame(FIN | COMPRESSED | TEXT, b"2"), 1002),
        ("a reserved opcode", "", frame(FIN | 3, b"2"), 1002),
        ("a piece of nothing", "", frame(FIN, b"2"), 1002),
        ("a long ping", "", long_ping, 1002),
        ("a ping in pieces", "", frame(PING, b"2"), 1002),
        ("a close code of nobody", "", frame(FIN | CLOSE, &[0, 1]), 1002),
        ("no text", "", frame(FIN | TEXT, &[0xc3, 0x28]), 1007),
        ("no deflate", offer, frame(FIN | COMPRESSED | TEXT, &[0xff; 9]), 1007),
        ("too large", "", frame(FIN | TEXT, &vec![b'x'; 1024 * 1024 + 1]), 1009),
        (
            "too large in pieces",
            "",
            [frame(TEXT, &vec![b'x'; 1024 * 1024]), frame(FIN, b"x")].concat(),
            1009,
        ),
        (
            "announced too large",
            "",
            [vec![FIN | TEXT, 0xff], u64::MAX.to_be_bytes().to_vec(), vec![0; 4]].concat(),
            1009,
        ),
        ("a bomb", offer, frame(FIN | COMPRESSED | TEXT, &bomb), 1009),
    ] {
        let mut raw = Raw::connect(&server, &acme, headers).await;
        // The server may close before it has read it all.
        let _ = raw.stream.write_all(&bytes).await;
        assert_eq!(raw.closed().await, code, "{name}");
    }
    assert_eq!(acme.agent().await.next().await.name, "ready");
}

#[tokio::test]
async fn a_farewell_is_returned() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    for (payload, code) in
        [(&b""[..], 1000), (&[0x03, 0xe9], 1001), (&[0x0f, 0xa0, b'o', b'k'], 4000)]
    {
        let mut raw = Raw::connect(&server, &acme, "").await;
        raw.send(FIN | CLOSE, payload).await;
        assert_eq!(raw.closed().await, code);
    }
}

/// A client of long polling, of either version of the protocol.
struct Polling<'a> {
    server: &'a TestServer,
    http: reqwest::Client,
    version: &'static str,
    sid: String,
}

impl<'a> Polling<'a> {
    /// Connects to the default namespace, and says that it has seen nothing.
    async fn connect(server: &'a TestServer, acme: &Tenant<'_>, version: &'static str) -> Self {
        let http = reqwest::Client::new();
        let token = acme.token();
        let query = format!("EIO={version}&transport=polling&token={token}&after=0");
        let url = format!("{}/socket.io/?{query}", server.url);
        let opened = http.get(&url).send().await.unwrap().text().await.unwrap();
        let (_, sid) = opened.split_once("\"sid\":\"").unwrap();
        let sid = sid.split('"').next().unwrap().to_owned();
        let polling = Self { server, http, version, sid };
        if version == "4" {
            let connect = format!("40{}", json!({ "token": token }));
            let posted = polling.http.post(polling.url()).body(connect).send().await.unwrap();
            assert_eq!(posted.status(), 200);
        }
        polling
    }

    fn url(&self) -> String {
        format!("{}/socket.io/?{}&transport=polling", self.server.url, self.session())
    }

    fn session(&self) -> String {
        format!("EIO={}&sid={}", self.version, self.sid)
    }

    /// What the next poll is answered.
    async fn poll(&self) -> String {
        let answer = self.ask().await;
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    async fn ask(&self) -> reqwest::Response {
        self.http.get(self.url()).send().await.unwrap()
    }

    /// Polls until an answer holds some words.
    async fn hears(&self, words: &str) {
        let hearing = async { while !self.poll().await.contains(words) {} };
        timeout(PATIENCE, hearing).await.unwrap_or_else(|_| panic!("{words} does not come"));
    }

    /// Opens a websocket for the session, and says the first word on it.
    async fn try_out(&self) -> Raw {
        let path = format!("transport=websocket&{}", self.session());
        let mut websocket = Raw::open_at(self.server, &path, "").await;
        websocket.send(FIN | TEXT, b"2probe").await;
        assert_eq!(websocket.text().await, "3probe");
        websocket
    }

    /// The poll that says nothing, of which a client that moves waits for one.
    fn nothing(&self) -> &'static str {
        if self.version == "4" { "6" } else { "1:6" }
    }
}

/// A refusal would be understood as an order to stay away.
#[tokio::test]
async fn who_cannot_be_let_in_at_the_moment_is_cut_off_and_not_refused() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let token = acme.token();
    server.database.execute("ALTER TABLE \"user\" RENAME TO away").await;

    let ended = Client::connect(server.address(), &token).await;
    assert_eq!(ended.err().as_deref(), Some("the connection has ended"));
    for version in ["4", "3"] {
        let polling = Polling::connect(&server, &acme, version).await;
        let mut answer = polling.ask().await;
        // The engine asks at once whether a client is there, which may be before anything else is known.
        if answer.status() == 200 {
            assert_eq!(answer.text().await.unwrap(), "2");
            answer = polling.ask().await;
        }
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.json::<Value>().await.unwrap()["message"], "Session ID unknown");
    }

    server.database.execute("ALTER TABLE away RENAME TO \"user\"").await;
    let mut client = Client::connect(server.address(), &token).await.unwrap();
    client.hear("ready").await;
    for version in ["4", "3"] {
        Polling::connect(&server, &acme, version).await.hears("ready").await;
    }
}

#[tokio::test]
async fn a_session_that_is_cut_off_while_it_tries_a_websocket_goes_on_by_long_polling() {
    for version in ["4", "3"] {
        let server = TestServer::start().await;
        let acme = server.tenant("acme").await;
        let polling = Polling::connect(&server, &acme, version).await;
        polling.hears("ready").await;

        // A proxy that lets the upgrade pass and nothing else; another one that cuts it off later.
        let path = format!("transport=websocket&{}", polling.session());
        drop(Raw::open_at(&server, &path, "").await);
        let websocket = polling.try_out().await;
        polling.hears(polling.nothing()).await;
        drop(websocket);

        acme.writes("5511888888888", "wamid.1", "Olá").await;
        polling.hears("wamid.1").await;
        let mut websocket = polling.try_out().await;
        websocket.send(FIN | TEXT, b"5").await;
        acme.writes("5511888888888", "wamid.2", "Olá").await;
        while !websocket.text().await.contains("wamid.2") {}
    }
}

/// As behind a proxy that swallows what the server says.
#[tokio::test]
async fn a_session_that_tries_a_websocket_for_too_long_goes_on_by_long_polling() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let polling = Polling::connect(&server, &acme, "4").await;
    polling.hears("ready").await;
    let mut websocket = polling.try_out().await;

    acme.writes("5511888888888", "wamid.1", "Olá").await;
    polling.hears("wamid.1").await;
    assert_eq!(websocket.closed().await, 1001);

    acme.writes("5511888888888", "wamid.2", "Olá").await;
    polling.hears("wamid.2").await;
}

#[tokio::test]
async fn a_session_moves_with_all_that_waits_to_be_polled_and_more() {
    const EVENTS: usize = 1_000;
    for version in ["4", "3"] {
        let server = TestServer::start().await;
        let acme = server.tenant("acme").await;
        for messages in 0..EVENTS / 100 {
            let texts: Vec<_> = (0..50)
                .map(|n| text("5511888888888", &format!("wamid.{}", messages * 50 + n), "Olá"))
                .collect();
            server.take(&notification(&acme.phone, &texts)).await;
        }
        let polling = Polling::connect(&server, &acme, version).await;

        let mut websocket = polling.try_out().await;
        websocket.send(FIN | TEXT, b"5").await;

        let mut told = 0;
        while told < EVENTS {
            let packet = websocket.text().await;
            assert_eq!(packet.contains("\"pid\""), told == 0 && packet.starts_with("40{"));
            if packet.contains("conversation:") || packet.contains("message:") {
                told += 1;
                assert!(packet.ends_with(&format!(",\"{told}\"]")), "{told}: {packet}");
            }
        }
        let poll = polling.http.get(polling.url()).send().await.unwrap();
        assert_eq!(poll.status(), 400);
        websocket.send(FIN | TEXT, br#"427["sync",{"after":999}]"#).await;
        while !websocket.text().await.starts_with("437[{\"complete\":true") {}
    }
}

#[tokio::test]
async fn an_upgrade_that_is_none_is_refused() {
    let server = TestServer::start().await;
    let url = format!("{}/socket.io/?EIO=4&transport=websocket", server.url);
    let answer = reqwest::get(&url).await.unwrap();
    assert_eq!(answer.status(), 400);
    let old = reqwest::Client::new()
        .get(url)
        .header("upgrade", "websocket")
        .header("connection", "upgrade");
    let old = old
        .header("sec-websocket-version", "8")
        .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
    let old = old.send().await.unwrap();
    assert_eq!(
        (old.status().as_u16(), &old.headers()["sec-websocket-version"]),
        (400, &"13".parse().unwrap())
    );
}
