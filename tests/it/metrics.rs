//! What Prometheus is told. Each server is a process of its own, since figures are a process's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use recado::desk::Time;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::neighbours::ONLY_TOLD;
use crate::support::{
    Client, Connecting, Database, PATIENCE, Process, SECRET, TestServer, notification, post, text,
    token,
};

const ANA: &str = "5511888888888";

/// A token of somebody of the tenant's.
fn token_of(user: &str) -> String {
    let exp = Time::now().seconds() + 3_600;
    token(&json!({ "sub": user, "tenantId": "acme", "role": "admin", "exp": exp }))
}

/// A server with one tenant.
struct Acme {
    server: Process,
    token: String,
    database: Database,
}

/// What is told at one moment: samples by name and labels, and what each name is.
#[derive(Default)]
struct Told {
    text: String,
    samples: BTreeMap<String, String>,
    kinds: BTreeMap<String, String>,
}

impl Acme {
    async fn start(flags: &[&str]) -> Self {
        let flags = [&["--bootstrap", "acme=phone"], flags].concat();
        let database = Database::create().await;
        let server = Process::serve(&database, &flags);
        Self { server, token: token_of("ada"), database }
    }

    async fn connect(&self, how: Connecting<'_>) -> Client {
        let address = self.server.url.trim_start_matches("http://").parse().unwrap();
        Client::with(address, how).await.unwrap()
    }

    async fn agent(&self) -> Client {
        let auth = json!({ "token": self.token });
        self.connect(Connecting { auth, ..Connecting::default() }).await
    }

    async fn writes(&self, ids: std::ops::Range<u32>, body: &str) {
        let messages: Vec<_> = ids.map(|n| text(ANA, &format!("wamid.{n}"), body)).collect();
        let answer = post(&self.server.url, notification("phone", &messages).to_string()).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let request = reqwest::Client::new().get(format!("{}{path}", self.server.url));
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer
    }

    async fn metrics(&self) -> Told {
        let answer = self.get("/metrics").await;
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
        Told::read(answer.text().await.unwrap())
    }

    /// Returns once a figure is what it should be.
    async fn until(&self, name: &str, is_right: impl Fn(i64) -> bool) -> Told {
        let reading = async {
            loop {
                let told = self.metrics().await;
                if is_right(told.of(name)) {
                    return told;
                }
            }
        };
        timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("{name} never gets there"))
    }
}

impl Told {
    /// Reads the text as strictly as its definition is.
    /// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
    fn read(text: String) -> Self {
        let mut told = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(comment) = line.strip_prefix("# ") {
                let (what, rest) = comment.split_once(' ').unwrap();
                let (name, rest) = rest.split_once(' ').unwrap();
                assert!(is_name(name) && !rest.is_empty(), "{line}");
                match what {
                    "HELP" => assert!(rest.ends_with('.'), "{line}"),
                    "TYPE" => assert_eq!(told.kinds.insert(name.into(), rest.into()), None),
                    _ => panic!("{line}"),
                }
                continue;
            }
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            assert!(is_name(name) && labels.ends_with('}'), "{line}");
            assert!(told.kinds.contains_key(family(name, &told.kinds)), "no TYPE before {line}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert_eq!(told.samples.insert(series.into(), value.into()), None, "{line}");
        }
        told.text = text;
        told
    }

    /// A figure that counts something.
    fn of(&self, series: &str) -> i64 {
        let value = self.samples.get(series);
        let value = value.unwrap_or_else(|| panic!("no {series} in:\n{}", self.text));
        value.parse().unwrap()
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_')
}

/// The name under which a sample is described: a histogram has several.
fn family<'a>(name: &'a str, kinds: &BTreeMap<String, String>) -> &'a str {
    let parts = ["_bucket", "_sum", "_count"].iter().filter_map(|part| name.strip_suffix(part));
    let histogram = parts.into_iter().find(|it| kinds.get(*it).is_some_and(|it| it == "histogram"));
    histogram.unwrap_or(name)
}

#[tokio::test]
async fn a_webhook_to_two_clients_moves_the_figures() {
    // What is read in the database, before who has stored it hands it over, is not timed.
    let acme = Acme::start(&ONLY_TOLD).await;
    let before = acme.metrics().await;
    let mut clients = [acme.agent().await, acme.agent().await];

    acme.writes(0..1, &"Segredo! ".repeat(300)).await;

    for client in &mut clients {
        assert_eq!([client.stored().await.seq(), client.stored().await.seq()], [1, 2]);
        // Answered after the events: they have been counted.
        client.ask("sync", json!({ "after": 2 })).await;
    }
    let after = acme.metrics().await;
    for (series, moved) in [
        (r#"recado_connections{transport="websocket"}"#, 2),
        (r#"recado_connections{transport="polling"}"#, 0),
        (r#"recado_tenant_sockets{tenant="(others)"}"#, 0),
        ("recado_webhook_to_socket_seconds_count", 2),
        (r#"recado_webhook_to_socket_seconds_bucket{le="60"}"#, 2),
        ("recado_intake_commit_seconds_count", 1),
        (r#"recado_intake_commit_webhooks_bucket{le="1"}"#, 1),
        ("recado_intake_waiting_webhooks", 0),
        ("recado_tail_events", 2),
        ("recado_socket_lag_max_events", 0),
        ("recado_socket_lag_sum_events", 0),
        ("recado_sockets_waiting", 0),
        ("recado_replayed_events_total", 0),
    ] {
        assert_eq!(after.of(series) - before.of(series), moved, "{series}");
    }
    assert_eq!(after.of(r#"recado_tenant_sockets{tenant="acme"}"#), 2);
    let of_two = |name: &str| after.of(name) - before.of(name);
    // Nobody offered to compress, so that the frames come on top.
    assert!(of_two("recado_websocket_plain_bytes_total") > 2 * 2 * 2_700);
    assert!(
        of_two("recado_websocket_wire_bytes_total") > of_two("recado_websocket_plain_bytes_total")
    );
    // Each of the two as an event, and in a packet.
    assert!(after.of("recado_tail_bytes") > 2 * 2 * 2_700);
    assert!(after.of("process_resident_memory_bytes") > 1_000_000);
    assert!(after.of("process_open_fds") > 5);
    for secret in [&acme.token, SECRET, ANA, "5511", "Segredo", "wamid", "phone"] {
        assert!(!after.text.contains(secret), "{secret} is in:\n{}", after.text);
    }
}

/// WhatsApp cannot be reached.
#[tokio::test]
async fn what_waits_to_be_sent_is_counted_and_since_when() {
    let nowhere = ["--whatsapp-graph-url", "http://127.0.0.1:1", "--whatsapp-access-token", "word"];
    let acme = Acme::start(&nowhere).await;
    let (waiting, oldest) =
        ("recado_deliveries_waiting_messages", "recado_deliveries_oldest_seconds");
    let before = acme.metrics().await;
    let mut hello = text(ANA, "wamid.1", "Oi");
    hello["timestamp"] = json!(Time::now().seconds().to_string());
    post(&acme.server.url, notification("phone", &[hello]).to_string()).await;
    let conversations: Value = acme.get("/api/conversations").await.json().await.unwrap();
    let id = conversations["conversations"][0]["id"].as_str().unwrap();

    let path = format!("{}/api/conversations/{id}/messages", acme.server.url);
    let reply = reqwest::Client::new().post(path).bearer_auth(&acme.token);
    let reply = reply.json(&json!({ "type": "TEXT", "content": "Olá!" })).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::ACCEPTED);
    let tried = acme.until(r#"recado_deliveries_total{outcome="later"}"#, |tries| tries > 0).await;

    assert_eq!((before.of(waiting), before.of(oldest)), (0, 0));
    assert_eq!(tried.of(waiting), 1);
    assert!(tried.samples[oldest].parse::<f64>().unwrap() > 0.0);
    acme.database.execute("ALTER TABLE delivery RENAME TO away").await;
    let unknown = acme.metrics().await;
    assert_eq!((&*unknown.samples[waiting], &*unknown.samples[oldest]), ("NaN", "NaN"));
}

#[tokio::test]
async fn who_comes_back_polls_or_streams_is_counted() {
    let acme = Acme::start(&[]).await;
    acme.agent().await.hear("ready").await;
    acme.writes(0..1, "Oi").await;
    for (after, recovered, not_recovered) in [(0, 1, 0), (99, 1, 1)] {
        let auth = json!({ "token": acme.token, "after": after });
        let mut back = acme.connect(Connecting { auth, ..Connecting::default() }).await;
        back.ask("sync", json!({ "after": 2 })).await;
        let told = acme.metrics().await;
        let resumes = |outcome| told.of(&format!("recado_resumes_total{{outcome=\"{outcome}\"}}"));
        assert_eq!(
            [resumes("recovered"), resumes("not_recovered")],
            [recovered, not_recovered],
            "{after}"
        );
        assert_eq!(told.of("recado_replayed_events_total"), 2);
    }

    acme.get("/api/chats/check-updates/").await;
    acme.get("/api/chats/check-updates/?last_check=2020-01-01").await;
    let told = acme.metrics().await;
    let polls = |source| told.of(&format!("recado_polls_total{{source=\"{source}\"}}"));
    assert_eq!([polls("memory"), polls("database")], [1, 1]);

    let stream = acme.get("/api/events/stream").await;
    let streams = r#"recado_connections{transport="sse"}"#;
    acme.until(streams, |count| count == 1).await;
    drop(stream);
    acme.until(streams, |count| count == 0).await;

    let long_polls = r#"recado_connections{transport="longpoll"}"#;
    tokio::join!(acme.get("/api/events?wait=60"), async {
        acme.until(long_polls, |count| count == 1).await;
        acme.writes(1..2, "Oi").await;
    });
    acme.until(long_polls, |count| count == 0).await;
}

#[tokio::test]
async fn a_share_of_clients_is_moved_to_websockets_compared_and_brought_back() {
    let acme = Acme::start(&["--rollout-percent", "40"]).await;
    let moved = async || {
        let mut moved = BTreeSet::new();
        for client in 0..60 {
            let url = format!("{}/api/realtime/config?client={client}", acme.server.url);
            let config = reqwest::get(url).await.unwrap().json::<Value>().await.unwrap();
            if config["rollout"]["transport"] == "websocket" {
                moved.insert(client);
            }
        }
        moved
    };
    let reports = async |user: &str, report: &Value| {
        let url = format!("{}/api/realtime/reports", acme.server.url);
        let request = reqwest::Client::new().post(url).bearer_auth(token_of(user)).json(report);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    };

    let connected = json!({ "transport": "websocket", "isConnected": true, "latencyMs": 20 });
    let failed = json!({ "transport": "websocket", "isConnected": false });
    let polls = json!({ "transport": "polling", "isConnected": true, "latencyMs": 900 });

    let (first, again) = (moved().await, moved().await);
    reports("ada", &connected).await;
    for _ in 0..25 {
        reports("ada", &failed).await;
    }
    let meanwhile = moved().await;
    for n in 0..20 {
        let user = format!("agent-{n}");
        reports(&user, &failed).await;
        reports(&user, &polls).await;
    }
    let after = moved().await;

    assert!((10..40).contains(&first.len()), "{first:?}");
    assert_eq!(first, again, "somebody is moved to and fro");
    assert_eq!(first, meanwhile, "somebody alone brings others back");
    assert!(after.is_empty(), "{after:?} are not brought back");
    let told = acme.metrics().await;
    for (series, count) in [
        (r#"recado_client_reports_total{outcome="websocket_connected"}"#, 1),
        (r#"recado_client_reports_total{outcome="websocket_failed"}"#, 45),
        (r#"recado_client_reports_total{outcome="polling_connected"}"#, 20),
        (r#"recado_client_websocket_seconds_bucket{le="0.1"}"#, 1),
        ("recado_client_polling_seconds_count", 20),
    ] {
        assert_eq!(told.of(series), count, "{series}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_seen_until_it_is_let_go() {
    let acme = Acme::start(&["--slow-client-timeout", "4"]).await;
    let auth = json!({ "token": acme.token });
    let how = Connecting { auth, receive_buffer: Some(4_096), ..Connecting::default() };
    let mut stuck = acme.connect(how).await;
    stuck.hear("ready").await;

    let filling = async {
        for block in 0.. {
            acme.writes(block * 100..(block + 1) * 100, &"x".repeat(4_000)).await;
        }
    };
    let looking = async {
        let told = acme.until("recado_sockets_waiting", |count| count == 1).await;
        acme.until(r#"recado_connections{transport="websocket"}"#, |count| count == 0).await;
        told
    };
    // Until the end: the kernel may take a little more, after which there would be room.
    let told = tokio::select! {
        told = looking => told,
        () = filling => unreachable!("there are enough blocks"),
    };

    let lag = told.of("recado_socket_lag_max_events");
    assert!(lag >= 1, "{}", told.text);
    assert_eq!(told.of("recado_socket_lag_sum_events"), lag);
    assert_eq!(told.of(r#"recado_sockets_behind{events="1"}"#), 1);
    acme.until(r#"recado_slow_clients_total{at="buffer"}"#, |count| count == 1).await;
}

#[tokio::test]
async fn metrics_are_for_who_knows_the_word() {
    let server = TestServer::with(&["--metrics-token", "the word"]).await;
    let acme = server.tenant("acme").await;
    let operator = acme.token_of("ada", "operator");
    for (word, status) in [
        ("the word", StatusCode::OK),
        ("a word", StatusCode::UNAUTHORIZED),
        (&operator, StatusCode::UNAUTHORIZED),
    ] {
        let request = reqwest::Client::new().get(format!("{}/metrics", server.url));
        assert_eq!(request.bearer_auth(word).send().await.unwrap().status(), status, "{word}");
    }
    let nameless = reqwest::get(format!("{}/metrics", server.url)).await.unwrap();
    assert_eq!(nameless.status(), StatusCode::UNAUTHORIZED);

    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let secrets = ["--whatsapp-app-secret", "s", "--secrets-key", key, "--metrics-token", ""];
    let production = [&["--env", "production"], secrets.as_slice()].concat();
    let server = TestServer::with(&production).await;
    let closed = reqwest::get(format!("{}/metrics", server.url)).await.unwrap();
    assert_eq!(closed.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_lists_what_is_told_and_nothing_else() {
    let acme = Acme::start(&[]).await;
    acme.agent().await.hear("ready").await;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: BTreeSet<_> = rows
        .map(|row| {
            let mut cells = row.split(" | ");
            let name = cells.next().unwrap().split(['`', '{']).next().unwrap();
            (name.to_owned(), cells.next().unwrap().to_owned())
        })
        .collect();

    let told = acme.metrics().await;

    assert_eq!(listed, told.kinds.clone().into_iter().collect());
    let described = told.text.lines().filter(|line| line.starts_with("# HELP")).count();
    assert_eq!(described, told.kinds.len());
}
