//! That nothing has `SQLite` read a large table from its beginning to its end.

use std::collections::BTreeSet;

use recado::desk::{Conversation, Time};
use reqwest::{Client, Method};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use serde_json::{Value, json};

use crate::planning::{ANA, Desk, LARGE};
use crate::support::{
    Chatwoot, Database, Process, TestServer, admin, change, echo, envelope, post, reaction, status,
    text,
};

const BEA: &str = "5511777777777";

/// A statement, and how `SQLite` goes about it.
struct Planned {
    statement: String,
    steps: Vec<String>,
}

impl Planned {
    /// Whether it reads a large table from its beginning to its end.
    fn scans(&self) -> bool {
        self.steps.iter().any(|step| step.strip_prefix("SCAN ").is_some_and(is_large))
    }

    /// Whether it reads all that a desk has in a large table, or something of each desk.
    fn reads_desk(&self) -> bool {
        self.steps.iter().any(|step| {
            step.strip_prefix("SEARCH ").is_some_and(is_large)
                && (step.ends_with("(tenant_id=?)") || step.contains("ANY("))
        })
    }

    /// Whether it puts all that a desk has in order.
    fn sorts_desk(&self) -> bool {
        self.reads_desk() && self.steps.iter().any(|step| step == "USE TEMP B-TREE FOR ORDER BY")
    }

    /// Whether it looks through all that a desk has for the first or last of something.
    fn looks_through_desk(&self) -> bool {
        let from_index_alone =
            self.steps.iter().any(|step| step.contains(" USING COVERING INDEX "));
        ["MIN(", "MAX("].iter().any(|of| self.statement.contains(of))
            && self.reads_desk()
            && !from_index_alone
    }
}

impl std::fmt::Display for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.steps, self.statement)
    }
}

/// Whether a step goes on with a large table.
fn is_large(step: &str) -> bool {
    LARGE.contains(&format!("'{}'", step.split(' ').next().unwrap_or_default()))
}

/// Has a server of its own do `work`, and looks up how each of its statements was done.
async fn planned(database: &Database, work: impl AsyncFnOnce(&str)) -> Vec<Planned> {
    let told = tempfile::NamedTempFile::new().unwrap();
    let flags = ["--log", "sqlx::query=trace", "--log-format", "json"];
    let process = Process::telling(database, told.reopen().unwrap(), &flags);
    work(&process.url).await;
    process.kill();
    let connection = sea_orm::Database::connect(database.url()).await.unwrap();
    let mut all = Vec::new();
    for statement in asked(&std::fs::read_to_string(told.path()).unwrap()) {
        let plan = format!("EXPLAIN QUERY PLAN {statement}");
        let plan = Statement::from_string(DbBackend::Sqlite, plan);
        let steps = connection.query_all_raw(plan).await.unwrap();
        let steps = steps.iter().map(|step| step.try_get("", "detail").unwrap()).collect();
        all.push(Planned { statement, steps });
    }
    all
}

/// The statements that a server's log tells of, those of transactions left out.
fn asked(log: &str) -> BTreeSet<String> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = lines.filter(|line| line["target"] == "sqlx::query").map(|line| {
        let text = |field: &str| line["fields"][field].as_str().unwrap().trim().to_owned();
        // A short statement is its own summary.
        Some(text("db.statement")).filter(|whole| !whole.is_empty()).unwrap_or(text("summary"))
    });
    let is_plain = |statement: &String| {
        ["SELECT", "WITH", "UPDATE", "DELETE"].iter().any(|verb| statement.starts_with(verb))
    };
    told.filter(is_plain).collect()
}

/// What changes a desk, from all sides.
struct Day<'a> {
    url: &'a str,
    phone: &'a str,
    token: &'a str,
}

impl Day<'_> {
    async fn customers_write(&self) {
        let mut question = text(ANA, "wamid.2", "Olá?");
        question["timestamp"] = json!(Time::now().seconds().to_string());
        let picture = json!({ "from": ANA, "id": "wamid.5", "timestamp": "1700000001", "type": "image",
            "image": { "id": "picture", "mime_type": "image/jpeg" } });
        self.arrives(json!({ "messages": [&question] })).await;
        self.arrives(json!({ "messages": [&question, text(BEA, "wamid.3", "Oi"), picture] })).await;
        self.arrives(json!({ "statuses": [status("wamid.4", "delivered")] })).await;
        self.arrives(json!({ "message_echoes": [echo(ANA, "wamid.4", "Já vemos")] })).await;
        self.arrives(json!({ "messages": [reaction(ANA, "wamid.4", "👍", 1_700_000_200)] })).await;
    }

    async fn agents_work(&self, card: &Conversation) {
        let conversation = format!("/api/conversations/{}", card.id);
        let later = Time::now().plus_seconds(3_600).to_string();
        for change in [
            json!({ "assigneeId": "boss", "labels": ["troca"] }),
            json!({ "stageId": card.stage_id, "atBottom": true }),
            json!({ "status": "SNOOZED", "snoozedUntil": later }),
            json!({ "status": "RESOLVED" }),
        ] {
            self.asks(Method::PATCH, &conversation, change).await;
        }
        for said in [
            json!({ "type": "TEXT", "content": "Já vai", "clientId": "c-1" }),
            json!({ "type": "TEXT", "content": "Difícil", "isPrivate": true }),
        ] {
            self.asks(Method::POST, &format!("{conversation}/messages"), said).await;
        }
        for done in ["read", "unread"] {
            self.asks(Method::POST, &format!("{conversation}/{done}"), json!({})).await;
        }
        let contacts = self.asks(Method::GET, "/api/contacts", Value::Null).await;
        let others = contacts["contacts"].as_array().unwrap().iter().map(|it| it["id"].clone());
        let other = others.into_iter().find(|it| *it != json!(card.contact.id)).unwrap();
        let contact = format!("/api/contacts/{}", card.contact.id);
        self.asks(Method::PATCH, &contact, json!({ "name": "Ana" })).await;
        for (done, body) in [
            ("block", json!({})),
            ("unblock", json!({})),
            ("merge", json!({ "into": other })),
            ("unmerge", json!({})),
        ] {
            self.asks(Method::POST, &format!("{contact}/{done}"), body).await;
        }
    }

    async fn visitor_chats(&self, site: &str) {
        let opening = json!({ "inbox": site, "name": "Caio" });
        let opened = self.asks(Method::POST, "/api/livechat/sessions", opening).await;
        let session =
            format!("/api/livechat/sessions/{}", opened["session"]["id"].as_str().unwrap());
        let visitor = Day { token: opened["token"].as_str().unwrap(), ..*self };
        for (done, body) in [
            ("messages", json!({ "content": "Oi" })),
            ("read", json!({})),
            ("end", json!({})),
            ("rating", json!({ "score": 5 })),
        ] {
            visitor.asks(Method::POST, &format!("{session}/{done}"), body).await;
        }
    }

    async fn chatwoot_tells(&self) {
        let chatwoot = Chatwoot::start().await;
        chatwoot.connect_at(self.url, self.token, &json!({})).await;
        let talk = chatwoot.begins("Dora", 14).await;
        let question = chatwoot.says(talk, "incoming", "Oi", json!({})).await;
        chatwoot.turns(talk, |standing| "resolved".clone_into(&mut standing.status)).await;
        chatwoot.deletes(talk, question).await;
    }

    async fn arrives(&self, value: Value) {
        let taken = post(self.url, envelope(&[change(self.phone, value)]).to_string()).await;
        assert!(taken.status().is_success());
    }

    async fn asks(&self, method: Method, path: &str, body: Value) -> Value {
        let request = Client::new().request(method, format!("{}{path}", self.url));
        let answer = request.bearer_auth(self.token).json(&body).send().await.unwrap();
        let (status, answer) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }
}

#[tokio::test]
async fn no_request_has_sqlite_read_or_sort_a_large_table_whole() {
    let server = TestServer::start().await;
    if server.database.is_postgres() {
        return;
    }
    let desk = Desk::open(&server).await;

    let all = planned(&server.stop().await, async |url| desk.ask(url).await).await;

    assert!(all.iter().any(|it| it.statement.contains("message_text")));
    let bad = all.iter().filter(|it| it.scans() || it.sorts_desk() || it.looks_through_desk());
    assert_eq!(bad.map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn nothing_that_is_received_or_changed_has_sqlite_read_what_was_there_before() {
    let server = TestServer::start().await;
    if server.database.is_postgres() {
        return;
    }
    let acme = server.tenant("acme").await;
    let site = acme.site().await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let (card, phone, token) = (acme.card().await, acme.phone.clone(), admin(&acme.desk));
    let database = server.stop().await;

    let all = planned(&database, async |url| {
        let day = Day { url, phone: &phone, token: &token };
        day.customers_write().await;
        day.agents_work(&card).await;
        day.visitor_chats(&site).await;
        day.chatwoot_tells().await;
    })
    .await;

    for table in
        ["inbox", "contact_address", "conversation", "message", "parked", "media", "delivery"]
    {
        let table = format!("FROM \"{table}\"");
        assert!(all.iter().any(|it| it.statement.contains(&table)), "{table}");
    }
    let ends_soon = |it: &Planned| it.statement.contains(" LIMIT ") && !it.sorts_desk();
    let bad = all.iter().filter(|it| it.scans() || it.reads_desk() && !ends_soon(it));
    assert_eq!(bad.map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn sqlite_is_told_of_indexes_that_exist() {
    let server = TestServer::start().await;
    if server.database.is_postgres() {
        return;
    }
    let connection = sea_orm::Database::connect(server.database.url()).await.unwrap();
    let rows = |query: &'static str| {
        let query = Statement::from_string(DbBackend::Sqlite, query);
        let connection = connection.clone();
        async move {
            let rows = connection.query_all_raw(query).await.unwrap();
            rows.iter().map(|row| row.try_get("", "name").unwrap()).collect::<Vec<String>>()
        }
    };

    let unknown = rows(
        "SELECT idx AS name FROM sqlite_stat1
         WHERE NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = idx)",
    );
    let untold = rows(
        "SELECT name FROM sqlite_master WHERE type = 'index'
         AND tbl_name IN ('message', 'conversation', 'contact', 'event', 'milestone', 'traffic',
            'workday', 'conversation_label', 'contact_address', 'delivery', 'media')
         AND name NOT IN (SELECT idx FROM sqlite_stat1)",
    );

    assert_eq!((unknown.await, untold.await), (Vec::new(), Vec::new()));
}
