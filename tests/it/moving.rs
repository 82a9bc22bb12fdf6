//! Clients of long polling, and how their sessions move to websocket.

use recado::desk::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    CLOSE, Client, FIN, PATIENCE, Raw, TEXT, Tenant, TestServer, notification, text,
};

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
        Self::connect_as(server, &acme.token(), version).await
    }

    /// As [`Self::connect`], as whoever has that token.
    async fn connect_as(server: &'a TestServer, token: &str, version: &'static str) -> Self {
        let http = reqwest::Client::new();
        let query = format!("EIO={version}&transport=polling&token={token}&after=0");
        let url = format!("{}/socket.io/?{query}", server.url);
        let opened = http.get(&url).send().await.unwrap().text().await.unwrap();
        let (_, sid) = opened.split_once("\"sid\":\"").unwrap();
        let sid = sid.split('"').next().unwrap().to_owned();
        let polling = Self { server, http, version, sid };
        if version == "4" {
            polling.join(token).await;
        }
        polling
    }

    /// Asks to be let into the default namespace.
    async fn join(&self, token: &str) {
        self.say(format!("40{}", json!({ "token": token }))).await;
    }

    async fn say(&self, packet: impl Into<reqwest::Body>) {
        let posted = self.http.post(self.url()).body(packet).send().await.unwrap();
        assert_eq!(posted.status(), 200);
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

/// When the engine has closed what there is to be let into, and says so.
#[tokio::test]
async fn who_comes_while_the_server_stops_is_cut_off_and_not_refused() {
    let server = TestServer::start().await;
    let token = server.tenant("acme").await.token();
    let mut raw = Raw::open(&server, "").await;
    assert_eq!(raw.text().await.chars().next(), Some('0'));

    let _database = server.stop().await;
    raw.send(FIN | TEXT, format!("40{}", json!({ "token": token })).as_bytes()).await;

    let (first, told) = raw.frame().await.expect("the connection is closed without a word");
    assert_eq!(first, FIN | CLOSE, "{}", String::from_utf8_lossy(&told));
}

/// Though with each poll there is something else to be told: here, that a question was none.
#[tokio::test]
async fn who_polls_and_is_let_go_hears_nothing_more() {
    let limits = ["--limit-socket-events", "0", "--limit-user-events", "0"];
    let server = TestServer::with(&limits).await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let bia = acme.person("bia", Role::Agent).await;
    let polling = Polling::connect_as(&server, &bia.token, "4").await;
    polling.hears("ready").await;

    ada.patch(&format!("/api/users/{}", bia.id), json!({ "isDisabled": true })).await;
    polling.hears("access:changed").await;

    let ending = async {
        loop {
            polling.say(r#"421["sync",1]"#).await;
            let answer = polling.ask().await;
            if answer.status() != 200 {
                return answer.status();
            }
        }
    };
    assert_eq!(timeout(PATIENCE, ending).await.expect("the client is served on"), 400);
}

/// It would wait for answers that never come.
#[tokio::test]
async fn who_leaves_no_room_for_answers_is_let_go() {
    // Nor does it answer whether it is there.
    let server = TestServer::with(&["--ping-interval", "120", "--ping-timeout", "120"]).await;
    let acme = server.tenant("acme").await;
    let polling = Polling::connect(&server, &acme, "4").await;
    polling.hears("ready").await;

    // More than wait for a client that does not poll.
    let asked: Vec<_> = (0..300).map(|ack| format!("42{ack}[\"sync\",1]")).collect();
    polling.say(asked.join("\u{1e}")).await;

    let operator = acme.token_of("root", "operator");
    let let_go = async {
        while server.get("/api/socket/stats", &operator).await.1["totalConnections"] != 0 {}
    };
    timeout(PATIENCE, let_go).await.expect("it waits in vain");
    assert_eq!(polling.ask().await.status(), 400);
}

#[tokio::test]
async fn what_an_older_client_posts_is_taken_as_it_means_it() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let polling = Polling::connect(&server, &acme, "3").await;
    polling.hears("ready").await;
    let body = |packets: &[&str]| -> String {
        let counted = packets.iter().map(|it| format!("{}:{it}", it.encode_utf16().count()));
        counted.collect()
    };

    let bytes = r#"451-["𝕊",{"_placeholder":true,"num":0}]"#;
    polling.say(body(&["2", bytes, "b4AP8e", r#"427["sync",{"after":0}]"#])).await;
    polling.hears("437[{\"complete\":true").await;

    // Half a packet is none.
    let posted = polling.http.post(polling.url()).body("9:42").send().await.unwrap();
    assert_eq!(
        (posted.status(), polling.ask().await.status()),
        (StatusCode::BAD_REQUEST, StatusCode::BAD_REQUEST)
    );
}

/// As by a manager whose other namespaces keep the connection open.
#[tokio::test]
async fn who_leaves_and_joins_again_while_a_poll_waits_is_served() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let polling = Polling::connect(&server, &acme, "4").await;
    polling.hears("ready").await;

    let rejoining = async {
        polling.say("41").await;
        polling.join(&acme.token()).await;
    };
    tokio::join!(polling.poll(), rejoining);

    polling.hears("ready").await;
    acme.writes("5511888888888", "wamid.1", "Olá").await;
    polling.hears("wamid.1").await;
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
