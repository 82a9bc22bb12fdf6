//! Clients of long polling that post and do not poll: they never hear that they are connected, so that
//! their sessions never begin.

use recado::desk::{Event, Role, Time};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{PATIENCE, Tenant, TestServer, happens, token};

const ANA: &str = "5511888888888";

/// What an agent may ask for by a conversation's id alone.
const BY_ID: [&str; 7] = [
    "conversation:join",
    "conversation:leave",
    "conversation:read",
    "typing:start",
    "typing:stop",
    "viewing:start",
    "viewing:stop",
];

/// A client that says what it has to say, and does not ask what it is told.
struct Talker {
    http: reqwest::Client,
    url: String,
}

impl Talker {
    async fn open(server: &TestServer) -> Self {
        let http = reqwest::Client::new();
        let url = format!("{}/socket.io/?EIO=4&transport=polling", server.url);
        let opened = http.get(&url).send().await.unwrap().text().await.unwrap();
        let (_, sid) = opened.split_once("\"sid\":\"").unwrap();
        let (sid, _) = sid.split_once('"').unwrap();
        Self { http, url: format!("{url}&sid={sid}") }
    }

    /// One that has been let in, as the only client.
    async fn connect(server: &TestServer, acme: &Tenant<'_>, token: &str) -> Self {
        let talker = Self::open(server).await;
        talker.says(&[connect(token)]).await;
        let operator = acme.token_of("root", "operator");
        let let_in = async {
            while server.get("/api/socket/stats", &operator).await.1["totalConnections"] != 1 {}
        };
        timeout(PATIENCE, let_in).await.expect("it is not let in");
        talker
    }

    /// Says some packets in one breath.
    async fn says(&self, packets: &[String]) {
        let posted = self.http.post(&self.url).body(packets.join("\u{1e}")).send().await.unwrap();
        assert_eq!(posted.status(), StatusCode::OK);
    }

    /// Asks for all that an agent may ask for; returns what it has been told, for which it polls after all.
    async fn asks_for_everything(&self, acme: &Tenant<'_>) -> String {
        let id = json!(acme.card().await.id);
        let note = json!({ "conversationId": id, "content": "Depois", "isPrivate": true });
        let by_id = BY_ID.iter().map(|name| json!([name, id]));
        let asked = by_id.chain([json!(["message:send", note])]).enumerate();
        self.says(&asked.map(|(ack, it)| format!("42{ack}{it}")).collect::<Vec<_>>()).await;
        let told = self.http.get(&self.url).send().await.unwrap();
        assert_eq!(told.status(), StatusCode::OK);
        told.text().await.unwrap()
    }
}

fn connect(token: &str) -> String {
    format!("40{}", json!({ "token": token }))
}

#[tokio::test]
async fn who_is_disabled_can_do_nothing_by_a_session_that_has_not_begun() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let ada = acme.person("ada", Role::Admin).await;
    let bia = acme.person("bia", Role::Agent).await;
    let talker = Talker::connect(&server, &acme, &bia.token).await;
    let id = acme.card().await.id;
    let note = json!({ "conversationId": id, "content": "Antes", "isPrivate": true });
    talker.says(&[format!("42{}", json!(["message:send", note]))]).await;
    happens(&acme.desk, |event| matches!(event, Event::MessageSent(_))).await;

    ada.patch(&format!("/api/users/{}", bia.id), json!({ "isDisabled": true })).await;
    // Known from here on, so that the answers are there before the poll.
    assert_eq!(bia.get("/api/me").await.code(), (401, "account_disabled"));
    let before = acme.log().await.len();
    let told = talker.asks_for_everything(&acme).await;

    assert_eq!(told.matches("\"account_disabled\"").count(), BY_ID.len() + 1, "{told}");
    assert_eq!(acme.log().await.len(), before);
}

#[tokio::test]
async fn whose_token_has_expired_can_do_nothing_by_a_session_that_has_not_begun() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    // Within the leeway for clocks that differ it is still let in.
    let exp = Time::now().seconds();
    let token = token(&json!({ "sub": "ada", "tenantId": "acme", "role": "agent", "exp": exp }));
    let talker = Talker::connect(&server, &acme, &token).await;

    let before = acme.log().await.len();
    let told = talker.asks_for_everything(&acme).await;

    assert_eq!(told.matches("\"token_expired\"").count(), BY_ID.len() + 1, "{told}");
    assert_eq!(acme.log().await.len(), before);
}

#[tokio::test]
async fn a_visitor_who_is_blocked_can_do_nothing_by_a_session_that_has_not_begun() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ada = acme.person("ada", Role::Agent).await;
    let ana = acme.visitor("Ana").await;
    ana.says("Oi").await;
    let talker = Talker::connect(&server, &acme, &ana.token).await;
    let contact = acme.card().await.contact.id;

    ada.post(&format!("/api/contacts/{contact}/block"), Value::Null).await;
    // Known from here on, so that the answers are there before the poll.
    assert_eq!(ana.get("").await.code(), (403, "visitor_blocked"));
    let asked = ["typing:start", "typing:stop", "page:view", "conversation:read"];
    let page = json!({ "url": "https://shop.example/" });
    let packets = asked.iter().enumerate().map(|(ack, it)| format!("42{ack}{}", json!([it, page])));
    talker.says(&packets.collect::<Vec<_>>()).await;
    let told = talker.http.get(&talker.url).send().await.unwrap().text().await.unwrap();

    assert_eq!(told.matches("\"visitor_blocked\"").count(), asked.len(), "{told}");
}

/// As in a storm of clients that come back, when the database takes longer than they wait.
#[tokio::test]
async fn who_leaves_while_they_are_let_in_has_gone() {
    let server = TestServer::with(&["--presence-grace", "50"]).await;
    let acme = server.tenant("acme").await;
    let mut ada = acme.agent().await;
    ada.hear("ready").await;

    let bia = Talker::open(&server).await;
    bia.says(&[connect(&acme.token_of("bia", "agent")), "1".to_owned()]).await;

    for status in ["online", "offline"] {
        let told = ada.hear("presence:update").await.data;
        assert_eq!((&told["userId"], &told["status"]), (&json!("bia"), &json!(status)));
    }
    let (_, stats) = server.get("/api/socket/stats", &acme.token_of("root", "operator")).await;
    assert_eq!(stats["totalConnections"], 1);
}
