//! The chat on a tenant's site: visitors write, agents answer.

use std::time::Duration;

use recado::desk::{Role, Status};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::{PATIENCE, Person, Tenant, TestServer, Visitor, contents};

const SESSIONS: &str = "/api/livechat/sessions";

async fn answers(ada: &Person, visitor: &Visitor<'_>, text: &str) -> Value {
    let path = format!("/api/conversations/{}/messages", visitor.conversation);
    let sent = ada.post(&path, json!({ "content": text })).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{sent:?}");
    sent.body
}

/// Waits until the newest message has got so far, as agents see it.
async fn last_is(tenant: &Tenant<'_>, status: Status) {
    let waiting = async {
        while tenant.history().await.last().unwrap().status != status {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it never is {status:?}"));
}

#[tokio::test]
async fn a_visitor_writes_an_agent_answers_and_both_see_it_at_once() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ada = acme.person("Ada", Role::Agent).await;
    let mut screen = acme.agent().await;
    let ana = acme.visitor("Ana").await;
    let mut widget = ana.connect().await;

    let post = json!({ "content": "Olá?", "clientId": "c1" });
    let (said, mut heard) = widget.ask("message:send", post).await;
    answers(&ada, &ana, "Olá, Ana!").await;

    assert_eq!((&said["ok"], &said["message"]["direction"]), (&json!(true), &json!("INBOUND")));
    let card = screen.hear("conversation:new").await.data["conversation"].take();
    assert_eq!(card["inbox"]["channel"], "live_chat");
    assert_eq!(card["contact"]["name"], "Ana");
    assert_eq!(screen.hear("message:new").await.data["message"]["content"], "Olá?");
    // What they said themselves may come before they are told that it is stored.
    let answer = loop {
        heard.push(widget.hear("message:new").await);
        let last = &heard.last().unwrap().data;
        if last["message"]["direction"] == "OUTBOUND" {
            break last.clone();
        }
    };
    let own = heard.iter().find(|it| it.name == "message:new").unwrap();
    assert_eq!(own.data["message"]["metadata"], json!({ "kind": "text", "clientId": "c1" }));
    assert_eq!(answer["conversationId"], json!(ana.conversation));
    assert_eq!(answer["message"]["author"], json!({ "name": "Ada" }));
}

#[tokio::test]
async fn the_conversation_opens_with_the_first_message_and_a_repeat_is_none() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ana = acme.visitor("Ana").await;
    assert_eq!((acme.cards().await.len(), ana.status().await.as_str()), (0, "new"));

    let first = ana.post("/messages", json!({ "content": "Olá?", "clientId": "c1" })).await.body;
    let again = ana.post("/messages", json!({ "content": "Olá?", "clientId": "c1" })).await.body;

    assert_eq!(first["id"], again["id"]);
    assert_eq!(acme.card().await.id.to_string(), ana.conversation);
    assert_eq!(
        (ana.reads().await, ana.status().await),
        (vec!["Olá?".to_owned()], "waiting".to_owned())
    );
}

#[tokio::test]
async fn an_answer_is_delivered_when_the_visitor_has_it_and_read_when_they_say_so() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ada = acme.person("Ada", Role::Agent).await;
    let ana = acme.visitor("Ana").await;
    ana.says("Olá?").await;

    answers(&ada, &ana, "Um momento").await;
    last_is(&acme, Status::Sent).await;
    let mut widget = ana.connect().await;
    let (synced, _) = widget.ask("sync", json!({ "after": ana.seq })).await;
    assert_eq!(synced["ok"], true);
    last_is(&acme, Status::Delivered).await;
    let (read, _) = widget.ask("conversation:read", json!(ana.conversation)).await;

    assert_eq!(read, json!({ "ok": true }));
    last_is(&acme, Status::Read).await;
}

#[tokio::test]
async fn who_has_opened_no_chat_cannot_be_written_to_by_one() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let key = acme.site().await;
    let inbox = acme.desk.live_chat(&key).await.unwrap().inbox();
    let ada = acme.person("Ada", Role::Admin).await;

    let first = json!({ "content": "Olá?" });
    let first = json!({ "inboxId": inbox, "phoneNumber": "5511888888888", "message": first });
    let refused = ada.post("/api/conversations", first).await;

    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    assert_eq!(acme.cards().await, []);
}

#[tokio::test]
async fn a_visitor_who_comes_back_goes_on_and_finds_what_was_said_meanwhile() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let key = acme.site().await;
    let ada = acme.person("Ada", Role::Agent).await;
    let ana = acme.visitor("Ana").await;
    ana.says("Olá?").await;
    answers(&ada, &ana, "Bom dia").await;

    let bearer = format!("Bearer {}", ana.token);
    let back = server
        .ask_with(Method::POST, SESSIONS, &[("authorization", &bearer)], json!({ "inbox": key }))
        .await;

    assert_eq!((back.status, &back.body["session"]["id"]), (StatusCode::OK, &json!(ana.session)));
    assert_eq!(back.body["token"], json!(ana.token));
    assert_eq!(ana.reads().await, ["Olá?", "Bom dia"]);
}

#[tokio::test]
async fn a_polling_visitor_gets_each_message_once() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ada = acme.person("Ada", Role::Agent).await;
    let ana = acme.visitor("Ana").await;
    let mut after = ana.seq;
    let mut got = Vec::new();

    for n in 0..5 {
        ana.says(&format!("pergunta {n}")).await;
        answers(&ada, &ana, &format!("resposta {n}")).await;
        let page = ana.get(&format!("/messages?after={after}&limit=1")).await.body;
        after = page["seq"].as_i64().unwrap();
        got.extend(contents(&page["messages"]));
    }
    loop {
        let page = ana.get(&format!("/messages?after={after}")).await.body;
        after = page["seq"].as_i64().unwrap();
        // Of what was read before, some has been delivered since, and is not told once more.
        got.extend(contents(&page["messages"]));
        if page["hasMore"] == false {
            break;
        }
    }

    let all: Vec<_> =
        (0..5).flat_map(|n| [format!("pergunta {n}"), format!("resposta {n}")]).collect();
    assert_eq!(got, all);
}

#[tokio::test]
async fn either_side_ends_a_chat_and_writing_goes_on_with_it() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ada = acme.person("Ada", Role::Agent).await;
    let ana = acme.visitor("Ana").await;
    let mut widget = ana.connect().await;
    ana.says("Olá?").await;

    let ended = ana.post("/end", Value::Null).await.body;
    assert_eq!((&ended["status"], &ended["endedBy"]), (&json!("ended"), &json!("VISITOR")));
    assert_eq!(
        ada.get(&format!("/api/conversations/{}", ana.conversation)).await.body["status"],
        "RESOLVED"
    );
    ana.says("Mais uma coisa").await;
    assert_eq!(ana.status().await, "waiting");
    let path = format!("/api/conversations/{}", ana.conversation);
    ada.patch(&path, json!({ "status": "RESOLVED" })).await;

    let session = ana.get("").await.body["session"].take();
    assert_eq!((&session["status"], &session["endedBy"]), (&json!("ended"), &json!("AGENT")));
    let mut heard = Vec::new();
    while heard.len() < 4 {
        let told = widget.hear("session:updated").await.data;
        if told["updates"]["status"].is_string() {
            heard.push(told["updates"]["status"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(heard, ["waiting", "ended", "waiting", "ended"]);
}

#[tokio::test]
async fn a_rating_stands_in_the_conversation_and_alerts_nobody() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ada = acme.person("Ada", Role::Agent).await;
    let ana = acme.visitor("Ana").await;
    assert_eq!(
        ana.post("/rating", json!({ "score": 5 })).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    ana.says("Olá?").await;
    ana.post("/end", Value::Null).await;

    let rated = ana.post("/rating", json!({ "score": 2, "comment": "Demorou" })).await;
    let again = ana.post("/rating", json!({ "score": 5, "comment": "Ótimo" })).await;

    assert_eq!((rated.status, again.status), (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT));
    assert_eq!(acme.history().await.last().unwrap().content, "★★★★★ Ótimo");
    assert_eq!(ana.status().await, "ended");
    let stats = ada.get("/api/livechat/stats").await.body;
    assert_eq!(
        (&stats["rated"], &stats["rating"], &stats["ended"]),
        (&json!(1), &json!(5.0), &json!(1))
    );
}

#[tokio::test]
async fn a_transcript_is_text_or_json_and_holds_no_notes() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ada = acme.person("Ada", Role::Agent).await;
    let ana = acme.visitor("Ana").await;
    ana.says("Olá?").await;
    answers(&ada, &ana, "Bom dia").await;
    let path = format!("/api/conversations/{}/messages", ana.conversation);
    ada.post(&path, json!({ "content": "Cliente difícil", "isPrivate": true })).await;

    let url = format!("{}{}?format=text", server.url, ana.path("/transcript"));
    let text = reqwest::Client::new().get(url).bearer_auth(&ana.token).send().await.unwrap();
    let text = text.text().await.unwrap();
    let json = ana.get("/transcript?format=json").await.body;

    let lines: Vec<_> = text.lines().map(|line| line.split_once("] ").unwrap().1).collect();
    assert_eq!(lines, ["Ana: Olá?", "Ada: Bom dia"]);
    assert_eq!(contents(&json["messages"]), ["Olá?", "Bom dia"]);
}

#[tokio::test]
async fn agents_see_who_is_there_which_page_they_look_at_and_that_they_type() {
    let server = TestServer::with(&["--presence-grace", "50"]).await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ada = acme.person("Ada", Role::Agent).await;
    let ana = acme.visitor("Ana").await;
    ana.says("Olá?").await;
    let mut screen = acme.agent().await;
    screen.ask("conversation:join", json!(ana.conversation)).await;

    let mut widget = ana.connect().await;
    let there = screen.hear("visitor:presence").await.data;
    let page = json!({ "url": "https://shop.example/cart", "title": "Carrinho" });
    widget.ask("page:view", page.clone()).await;
    let moved = screen.hear("visitor:presence").await.data;
    widget.ask("typing:start", json!(ana.conversation)).await;
    let types = screen.hear("typing:start").await.data;
    let listed = ada.get("/api/livechat/sessions?online=true").await.body["sessions"].take();
    let stats = ada.get("/api/livechat/stats").await.body;
    drop(widget);
    let gone = screen.hear("visitor:presence").await.data;

    assert_eq!((&there["status"], &there["sessionId"]), (&json!("online"), &json!(ana.session)));
    assert_eq!(moved["page"]["url"], page["url"]);
    assert_eq!(types["user"]["kind"], "CONTACT");
    assert_eq!(
        (&listed[0]["isOnline"], &listed[0]["page"]["title"]),
        (&json!(true), &page["title"])
    );
    assert_eq!((&stats["visitorsOnline"], &stats["waiting"]), (&json!(1), &json!(1)));
    assert_eq!(gone["status"], "offline");
}

#[tokio::test]
async fn visitors_are_told_whether_an_agent_is_there_and_types_and_not_who() {
    let server = TestServer::with(&["--presence-grace", "50"]).await;
    let acme = server.tenant("acme").await;
    let key = acme.site().await;
    let config = format!("/api/livechat/inboxes/{key}");
    assert_eq!(server.ask(Method::GET, &config, Value::Null).await.body["agents"], "away");
    let ana = acme.visitor("Ana").await;
    ana.says("Olá?").await;
    let mut widget = ana.connect().await;
    assert_eq!(widget.hear("ready").await.data["agents"], "away");

    let mut screen = acme.agent().await;
    let come = widget.hear("agents:presence").await.data;
    let config = server.ask(Method::GET, &config, Value::Null).await.body;
    screen.ask("typing:start", json!(ana.conversation)).await;
    let types = widget.hear("typing:start").await.data;
    drop(screen);
    let gone = widget.hear("agents:presence").await.data;

    assert_eq!((come, gone), (json!({ "status": "available" }), json!({ "status": "away" })));
    assert_eq!(config["agents"], "available");
    assert_eq!(types["user"], json!({ "name": "ada", "kind": "AGENT" }));
}
