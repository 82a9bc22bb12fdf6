//! Whatever happens at a desk, a visitor hears of their own chat and of nothing else.

use std::ops::Range;

use recado::desk::{Role, Time};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Client, Database, Process, TestServer, Visitor, contents, notification, post, text, token,
};

/// A server with the chat of a site: a process of its own, for that is what figures are of.
struct Site {
    database: Database,
    server: Process,
    admin: String,
}

impl Site {
    /// On which the chat is put now, ten minutes after a thousand messages have come by WhatsApp.
    async fn start() -> Self {
        let database = Database::create().await;
        let server = Process::serve(&database, &["--bootstrap", "acme=phone"]);
        let exp = Time::now().seconds() + 3_600;
        let admin =
            token(&json!({ "sub": "ada", "tenantId": "acme", "role": "admin", "exp": exp }));
        let site = Self { database, server, admin };
        site.customers_write(0..1_000).await;
        site.database.execute("UPDATE event SET happened_at = happened_at - 600000000").await;
        site
    }

    async fn customers_write(&self, ids: Range<u32>) {
        let messages: Vec<_> =
            ids.map(|n| text("5511888888888", &format!("wamid.{n}"), "Pelo WhatsApp")).collect();
        let taken = post(&self.server.url, notification("phone", &messages).to_string()).await;
        assert_eq!(taken.status(), StatusCode::OK);
    }

    async fn ask(&self, method: Method, path: &str, bearer: &str, body: Value) -> Value {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.server.url));
        let answer = request.bearer_auth(bearer).json(&body).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    /// A visitor: the path of their chat, and their token.
    async fn visitor(&self) -> (String, String) {
        let site = json!({ "name": "Site", "settings": { "allowedOrigins": ["*"] } });
        let site = self.ask(Method::POST, "/api/livechat/inboxes", &self.admin, site).await;
        let opening = json!({ "inbox": site["key"] });
        let opened = self.ask(Method::POST, "/api/livechat/sessions", "vis_none", opening).await;
        let id = opened["session"]["id"].as_str().unwrap();
        let token = opened["token"].as_str().unwrap();
        (format!("/api/livechat/sessions/{id}"), token.to_owned())
    }

    /// How many pages of the log have been read for whoever follows it.
    async fn reads(&self) -> u64 {
        let request = reqwest::Client::new().get(format!("{}/metrics", self.server.url));
        let told = request.bearer_auth(&self.admin).send().await.unwrap().text().await.unwrap();
        let pages = told.lines().filter(|line| line.starts_with("recado_feed_reads_total{"));
        pages.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    }
}

#[tokio::test]
async fn no_event_no_signal_and_no_room_of_others_reaches_a_visitor() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let (ana, bia) = (acme.visitor("Ana").await, acme.visitor("Bia").await);
    bia.says("Sou a Bia").await;
    ana.says("Sou a Ana").await;
    let mut widget = ana.connect().await;
    widget.hear("ready").await;
    let (ada, bob) = (acme.person("Ada", Role::Admin).await, acme.person("Bob", Role::Agent).await);
    let mut screen = Client::connect(server.address(), &bob.token).await.unwrap();

    for id in [&ana.conversation, &bia.conversation] {
        let (joined, _) = widget.ask("conversation:join", json!(id)).await;
        assert_eq!(joined["error"]["code"], "not_found");
        let path = format!("/api/conversations/{id}");
        screen.ask("conversation:join", json!(id)).await;
        ada.post(
            &format!("{path}/messages"),
            json!({ "content": "Segredo", "isPrivate": true, "mentions": [bob.id] }),
        )
        .await;
        ada.patch(&path, json!({ "assigneeId": bob.id, "labels": ["difícil"] })).await;
    }
    screen.ask("typing:start", json!(bia.conversation)).await;
    acme.writes("5511888888888", "wamid.1", "Pelo WhatsApp").await;
    bia.says("Ainda a Bia").await;
    ada.post("/api/stages", json!({ "name": "Outra", "color": "#0a72c4" })).await;
    ada.post(
        &format!("/api/conversations/{}/messages", ana.conversation),
        json!({ "content": "Olá, Ana" }),
    )
    .await;
    let mut heard = Vec::new();
    let answer = loop {
        let event = widget.next().await;
        if event.name == "message:new" {
            break event;
        }
        heard.push(event);
    };

    assert_eq!(answer.data["message"]["content"], "Olá, Ana");
    // That somebody came to the desk is theirs to know, and not who.
    heard.retain(|event| event.name != "heartbeat");
    for event in &heard {
        assert_eq!(
            (event.name.as_str(), &event.data),
            ("agents:presence", &json!({ "status": "available" }))
        );
    }
    let told = format!("{heard:?} {answer:?}");
    for secret in [&ada.id, &bob.id, &bia.conversation, &bia.session, &acme.card_of("Bia").await] {
        assert!(!told.contains(secret.as_str()), "{secret} in {told}");
    }
    for word in ["Segredo", "difícil", "stage", "assignee", "unread", "contact", "email"] {
        assert!(!told.contains(word), "{word} in {told}");
    }
}

#[tokio::test]
async fn numbers_do_not_tell_a_visitor_how_much_happens_to_others() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ana = acme.visitor("Ana").await;
    let mut widget = ana.connect().await;
    let first = ana.get("").await.body["seq"].as_i64().unwrap();
    for n in 0..50 {
        acme.writes("5511888888888", &format!("wamid.{n}"), "Pelo WhatsApp").await;
    }

    ana.says("Olá?").await;
    let heard = widget.hear("message:new").await;

    let minute = 60_000_000;
    assert_eq!(first % minute, 0);
    let last = acme
        .log()
        .await
        .iter()
        .rev()
        .find(|it| recado::wire::live_name(&it.event) == "message:new")
        .unwrap()
        .happened_at;
    assert_eq!(heard.seq(), last.0);
    assert_eq!(heard.offset, Some(last.0.to_string()));
    let page = ana.ask(Method::GET, &format!("/api/events?after={first}"), Value::Null).await.body;
    assert!(
        page["events"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["seq"].as_i64().unwrap() >= last.0 - 1_000_000)
    );
}

#[tokio::test]
async fn a_visitors_token_opens_the_log_on_every_transport_and_only_for_their_chat() {
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    acme.site().await;
    zenith.site().await;
    let (ana, caio) = (acme.visitor("Ana").await, zenith.visitor("Caio").await);
    ana.says("Olá?").await;
    caio.says("Sou o Caio").await;

    let page =
        ana.ask(Method::GET, &format!("/api/events?after={}", ana.seq), Value::Null).await.body;
    let names: Vec<_> = page["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["event"].as_str().unwrap().to_owned())
        .collect();
    let mut resumed = Client::after(server.address(), &ana.token, ana.seq).await.unwrap();
    let said = resumed.hear("message:new").await;
    let refused = Client::connect(server.address(), "vis_nobodys").await.err();

    assert_eq!(names, ["session:updated", "message:new"]);
    assert_eq!(said.data["message"]["content"], "Olá?");
    assert_eq!(
        refused.unwrap(),
        Client::connect(server.address(), "rcd_nobodys").await.err().unwrap()
    );
}

#[tokio::test]
async fn nothing_that_others_did_before_a_chat_is_read_for_its_visitor() {
    let site = Site::start().await;
    let (chat, token) = site.visitor().await;
    let six_days_ago = Time::now().plus_seconds(-6 * 86_400).0;
    let messages = format!("{chat}/messages?after={six_days_ago}");
    let events = format!("/api/events?after={six_days_ago}");
    let before = site.reads().await;

    let nothing = site.ask(Method::GET, &messages, &token, Value::Null).await;
    let silence = site.ask(Method::GET, &events, &token, Value::Null).await;
    let meanwhile = site.reads().await;
    let post = json!({ "content": "Olá?" });
    site.ask(Method::POST, &format!("{chat}/messages"), &token, post).await;
    let said = site.ask(Method::GET, &messages, &token, Value::Null).await;

    assert_eq!((&nothing["messages"], &silence["events"]), (&json!([]), &json!([])));
    for told in [&nothing, &silence] {
        assert!(told["seq"].as_i64().unwrap() > six_days_ago, "{told}");
    }
    assert_eq!(meanwhile, before);
    assert_eq!(contents(&said["messages"]), ["Olá?"]);
    // Of a thousand messages there are sixteen pages at least.
    let reads = site.reads().await - meanwhile;
    assert!(reads <= 2, "{reads} pages");
}

#[tokio::test]
async fn what_was_passed_over_for_a_visitor_is_not_read_again_when_they_sync() {
    let site = Site::start().await;
    let (chat, token) = site.visitor().await;
    let post = json!({ "content": "Olá?" });
    site.ask(Method::POST, &format!("{chat}/messages"), &token, post).await;
    let page =
        site.ask(Method::GET, &format!("{chat}/messages?after=0"), &token, Value::Null).await;
    let last = page["seq"].as_i64().unwrap();
    site.customers_write(1_000..2_000).await;
    let address = site.server.url.trim_start_matches("http://").parse().unwrap();
    let mut widget = Client::after(address, &token, last).await.unwrap();
    let sync = json!({ "after": last });
    widget.ask("sync", sync.clone()).await;
    let once = site.reads().await;

    let again = [widget.ask("sync", sync.clone()).await, widget.ask("sync", sync).await];

    for (synced, heard) in &again {
        assert_eq!((&synced["ok"], &synced["complete"]), (&json!(true), &json!(true)));
        assert!(heard.iter().all(|event| event.offset.is_none()), "{heard:?}");
    }
    assert_eq!(site.reads().await, once);
}

#[tokio::test]
async fn a_visitor_to_whom_nothing_happens_gets_on_with_the_log_to_the_minute() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ana = acme.visitor("Ana").await;
    ana.says("Olá?").await;
    let Visitor { session, conversation, token, seq, .. } = ana;
    // That was ten minutes ago.
    for moment in
        ["event SET happened_at = happened_at", "tenant SET last_event_at = last_event_at"]
    {
        server.database.execute(&format!("UPDATE {moment} - 600000000")).await;
    }
    let server = TestServer::on(server.stop().await, &[]).await;
    let acme = server.tenant("acme").await;
    let ana = Visitor { server: &server, session, conversation, token, seq };
    let last = acme.log().await.last().unwrap().happened_at.0;
    let messages = format!("/messages?after={last}");
    assert_eq!(ana.get(&messages).await.body["seq"], json!(last));

    acme.writes("5511888888888", "wamid.1", "Pelo WhatsApp").await;
    let page = ana.get(&messages).await.body;
    let events = format!("/api/events?after={last}");
    let events = ana.ask(Method::GET, &events, Value::Null).await.body;
    let mut widget = Client::after(server.address(), &ana.token, last).await.unwrap();
    let (synced, _) = widget.ask("sync", json!({ "after": last })).await;
    let passed = acme.log().await.last().unwrap().happened_at.0;
    ana.says("Ainda aí?").await;

    let minute = passed - passed % 60_000_000;
    for told in [&page, &events, &synced] {
        assert_eq!(told["seq"], json!(minute), "{told}");
    }
    assert_eq!((&page["messages"], &events["events"]), (&json!([]), &json!([])));
    let next = ana.get(&format!("/messages?after={minute}")).await.body;
    assert_eq!(contents(&next["messages"]), ["Ainda aí?"]);
    let heard = widget.hear("message:new").await;
    assert_eq!(heard.data["message"]["content"], "Ainda aí?");
}
