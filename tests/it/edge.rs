//! The websocket as it is on the wire: frames, limits, compression.

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress};

use crate::support::{CLOSE, FIN, Raw, TEXT, TestServer, frame};

const BINARY: u8 = 2;
const PING: u8 = 9;
const PONG: u8 = 10;
const COMPRESSED: u8 = 0x40;

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
        raw.write(&[byte]).await.unwrap();
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
        let _ = raw.write(&bytes).await;
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
