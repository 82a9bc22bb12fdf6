//! Whatever happens at a desk, a visitor hears of their own chat and of nothing else.

use recado::desk::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestServer};

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
