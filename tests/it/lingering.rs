//! Clients that take their time, and clients that are gone without a word, cost the others nothing
//! and end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{interval, timeout};

use crate::support::{Client, Connecting, Database, PATIENCE, Process, TestServer};

const ANA: &str = "5511888888888";
const HALF_A_HEAD: &str = "GET /health HTTP/1.1\r\nX-Slow: ";

/// Sends a byte every few milliseconds until the server ends the connection; answers what it said.
async fn trickle(mut stream: TcpStream) -> String {
    let mut heard = Vec::new();
    let mut ticks = interval(Duration::from_millis(20));
    let ending = async {
        let mut some = [0; 1_024];
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    if stream.write_all(b"x").await.is_err() {
                        return;
                    }
                }
                read = stream.read(&mut some) => match read {
                    Ok(count) if count > 0 => heard.extend_from_slice(&some[..count]),
                    _ => return,
                },
            }
        }
    };
    timeout(PATIENCE, ending).await.expect("the connection never ends");
    String::from_utf8_lossy(&heard).into_owned()
}

async fn begin(server: &TestServer, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Returns once the server has no connected Socket.IO client.
async fn nobody_is_connected(server: &TestServer, token: &str) {
    let path = "/api/socket/connections";
    let gone = async { while server.get(path, token).await.1 != json!([]) {} };
    timeout(PATIENCE, gone).await.expect("somebody stays connected");
}

#[tokio::test]
async fn heads_that_trickle_keep_nobody_waiting() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut trickling = JoinSet::new();
    for _ in 0..500 {
        trickling.spawn(trickle(begin(&server, HALF_A_HEAD).await));
    }

    let mut agent = acme.agent().await;
    acme.writes(ANA, "wamid.1", "Oi").await;

    assert_eq!(agent.stored().await.seq(), 1);
    assert!(trickling.try_join_next().is_none());
}

#[tokio::test]
async fn heads_that_trickle_are_given_up() {
    let server = TestServer::with(&["--header-timeout", "1"]).await;
    let mut trickling = JoinSet::new();
    for _ in 0..50 {
        trickling.spawn(trickle(begin(&server, HALF_A_HEAD).await));
    }
    assert_eq!(trickling.join_all().await, vec![""; 50]);
}

#[tokio::test]
async fn connections_on_which_nothing_is_asked_are_given_up() {
    let server = TestServer::with(&["--header-timeout", "1"]).await;
    let silent = begin(&server, "").await;
    let satisfied = begin(&server, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    for (mut stream, told) in [(silent, ""), (satisfied, "HTTP/1.1 200")] {
        let mut heard = String::new();
        let ended = timeout(PATIENCE, stream.read_to_string(&mut heard)).await;
        ended.expect("the connection never ends").unwrap();
        assert!(heard.starts_with(told), "{heard}");
    }
}

#[tokio::test]
async fn a_server_that_is_out_of_descriptors_serves_again_when_there_are_some() {
    const DESCRIPTORS: usize = 80;
    let database = Database::create().await;
    let server =
        Process::with_descriptors(&database, DESCRIPTORS, &["--database-connections", "2"]);
    let address = server.url.trim_start_matches("http://");

    let mut many = Vec::new();
    for _ in 0..DESCRIPTORS {
        many.push(TcpStream::connect(address).await.unwrap());
    }
    let used_up = async {
        while server.descriptors() < DESCRIPTORS {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, used_up).await.expect("there are more descriptors than that");
    drop(many);

    let answer = timeout(PATIENCE, reqwest::get(format!("{}/health", server.url))).await;
    assert_eq!(answer.expect("the server is stuck").unwrap().status(), 200);
}

#[tokio::test]
async fn a_body_that_trickles_ends_with_408() {
    let server = TestServer::with(&["--body-timeout", "1"]).await;
    let token = server.tenant("acme").await.token();
    let keyed =
        format!("/api/tokens HTTP/1.1\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: 1");
    for path in ["/webhooks/whatsapp HTTP/1.1", "/api/sessions HTTP/1.1", &keyed] {
        let head = format!(
            "POST {path}\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
        );
        let heard = trickle(begin(&server, &head).await).await;
        assert!(heard.starts_with("HTTP/1.1 408"), "{path}: {heard}");
        assert!(heard.contains(r#""code":"too_slow""#), "{path}: {heard}");
    }
}

#[tokio::test]
async fn a_body_that_trickles_into_the_engine_ends_too() {
    let server = TestServer::with(&["--body-timeout", "1"]).await;
    let sid = polling_session(&server).await["sid"].as_str().unwrap().to_owned();
    let head = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n4"
    );
    let heard = trickle(begin(&server, &head).await).await;
    assert!(heard.starts_with("HTTP/1.1 4"), "{heard}");
}

/// What has come already is not read anew with each byte.
#[tokio::test]
async fn a_text_that_an_older_client_sends_byte_by_byte_is_read_as_it_comes() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let url = format!("{}/socket.io/?EIO=3&transport=polling&token={}", server.url, acme.token());
    let opened = reqwest::get(url).await.unwrap().text().await.unwrap();
    let (_, sid) = opened.split_once("\"sid\":\"").unwrap();
    let (sid, _) = sid.split_once('"').unwrap();
    let text = format!(r#"42["x","{}"]"#, "é".repeat(450_000));
    let body = format!("{}:{text}", text.encode_utf16().count());
    let (most, rest) = body.as_bytes().split_at(body.len() - 10_000);

    let mut request = format!(
        "POST /socket.io/?EIO=3&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\n\
         Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
        most.len()
    )
    .into_bytes();
    request.extend_from_slice(most);
    for byte in rest {
        request.extend([&b"\r\n1\r\n"[..], &[*byte]].concat());
    }
    request.extend_from_slice(b"\r\n0\r\n\r\n");
    let mut stream = begin(&server, "").await;
    let mut heard = String::new();
    let answered = async {
        stream.write_all(&request).await.unwrap();
        stream.read_to_string(&mut heard).await.unwrap();
    };
    timeout(PATIENCE, answered).await.expect("it is not read as fast as it comes");

    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
}

#[tokio::test]
async fn clients_are_told_how_often_they_are_asked_whether_they_are_there() {
    let server = TestServer::with(&["--ping-interval", "7", "--ping-timeout", "3"]).await;
    let told = polling_session(&server).await;
    assert_eq!((&told["pingInterval"], &told["pingTimeout"]), (&json!(7_000), &json!(3_000)));
}

#[tokio::test]
async fn a_frame_that_never_ends_is_ended_by_the_heartbeat() {
    let server = TestServer::with(&["--ping-interval", "1", "--ping-timeout", "1"]).await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    agent.hear("ready").await;

    // A text of 60,000 bytes is announced, masked; of its payload there is never more than some.
    let mut stream = agent.into_stream();
    stream.write_all(&[0x81, 0xfe, 0xea, 0x60, 0, 0, 0, 0]).await.unwrap();
    trickle(stream).await;

    nobody_is_connected(&server, &acme.token_of("ada", "admin")).await;
}

#[tokio::test]
async fn an_upgrade_that_is_followed_by_silence_is_given_up_and_the_session_goes_on() {
    let server = TestServer::with(&["--slow-client-timeout", "1"]).await;
    let sid = polling_session(&server).await["sid"].as_str().unwrap().to_owned();
    let key = BASE64_STANDARD.encode([7; 16]);
    let head = format!(
        "GET /socket.io/?EIO=4&transport=websocket&sid={sid} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    );

    let mut heard = Vec::new();
    let mut silent = begin(&server, &head).await;
    let ended = timeout(PATIENCE, silent.read_to_end(&mut heard)).await;

    ended.expect("the connection never ends").unwrap();
    assert!(heard.starts_with(b"HTTP/1.1 101"));
    let url = format!("{}/socket.io/?EIO=4&transport=polling&sid={sid}", server.url);
    assert_eq!(reqwest::get(url).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_client_that_vanishes_is_noticed_forgotten_and_resumes_where_it_was() {
    let server = TestServer::with(&["--ping-interval", "1", "--ping-timeout", "1"]).await;
    let acme = server.tenant("acme").await;
    let admin = acme.token_of("ada", "admin");
    acme.writes(ANA, "wamid.1", "Oi").await;
    nobody_is_connected(&server, &admin).await;
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();

    let wire = Wire::to(server.address()).await;
    let mut agent = Client::after(wire.address, &acme.token(), 0).await.unwrap();
    let pid = agent.pid().to_owned();
    assert_eq!((agent.stored().await.seq(), agent.stored().await.seq()), (1, 2));
    let (_, connections) = server.get("/api/socket/connections", &admin).await;
    assert_eq!(connections.as_array().map(Vec::len), Some(1));

    // From here on nothing passes, and nobody is told.
    wire.cut.notify_one();
    acme.writes(ANA, "wamid.2", "Está aí?").await;
    timeout(PATIENCE, wire.ended_by_server).await.expect("nobody notices").unwrap();
    nobody_is_connected(&server, &admin).await;
    drop(agent);
    let forgotten = async {
        while tasks() > before {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, forgotten).await.expect("something of the session is still running");

    acme.writes(ANA, "wamid.3", "Alô?").await;
    let auth = json!({ "token": acme.token(), "pid": pid, "offset": "2" });
    let how = Connecting { auth, ..Connecting::default() };
    let mut back = Client::with(server.address(), how).await.unwrap();
    assert_eq!(back.pid(), pid);
    for seq in 3..=6 {
        assert_eq!(back.stored().await.seq(), seq);
    }
}

/// A connection through a network that can stop passing anything on, without telling either side.
struct Wire {
    address: SocketAddr,
    cut: Arc<Notify>,
    /// Finished once the server has ended its side of a wire that was cut.
    ended_by_server: JoinHandle<()>,
}

impl Wire {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = Arc::new(Notify::new());
        let cutting = Arc::clone(&cut);
        let ended_by_server = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = TcpStream::connect(server).await.unwrap();
            tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => panic!("it ended before it was cut"),
                () = cutting.notified() => {}
            }
            // What the server sends is lost on the way; the client's socket stays open meanwhile.
            let _ = server.read_to_end(&mut Vec::new()).await;
            drop(client);
        });
        Self { address, cut, ended_by_server }
    }
}

/// Opens a session on long polling; returns what the client is told about it.
async fn polling_session(server: &TestServer) -> Value {
    let url = format!("{}/socket.io/?EIO=4&transport=polling", server.url);
    let opened = reqwest::get(url).await.unwrap().text().await.unwrap();
    serde_json::from_str(opened.strip_prefix('0').unwrap()).unwrap()
}
