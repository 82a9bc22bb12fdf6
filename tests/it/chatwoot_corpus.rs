//! Chatwoot's webhooks of every kind: in any order, twice, with gaps that asking its API fills, they
//! end in the same state.

use std::collections::{BTreeMap, BTreeSet};

use recado::desk::{Desk, Sees};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::corpus::{Random, lines_of, public_fixtures};
use crate::support::{Chatwoot, TestServer, admin};

/// Bodies of our own, one a line.
const OWN: &str = include_str!("fixtures/chatwoot.jsonl");

/// How many orders are tried.
const ORDERS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_every_kind_end_in_one_state() {
    assert_same_state(lines_of(OWN)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_bodies_end_in_one_state() {
    let Some(lines) = public_fixtures("chatwoot.jsonl") else { return };
    let bodies = lines.into_iter().map(|mut line| {
        let event = line["event"].take();
        let mut body = line["body"].take();
        body["event"] = event;
        body
    });
    assert_same_state(bodies.collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gaps_are_filled_by_asking() {
    let chatwoot = Chatwoot::start().await;
    chatwoot.lose(true);
    live(&chatwoot).await;
    let webhooks = chatwoot.sent();

    let mut first = None;
    for seed in 0..ORDERS {
        let server = TestServer::with(&["--chatwoot-reconcile", "0"]).await;
        let acme = server.tenant("acme").await;
        let inbox = chatwoot.connect(&server, &acme.desk, &json!({})).await;
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        let mut order: Vec<&Value> = webhooks.iter().collect();
        if seed > 0 {
            shuffle(&mut order, &mut random);
            order.truncate(order.len() / 2);
        }
        for webhook in order {
            post(&chatwoot.webhooks_to(), webhook).await;
        }
        if seed > 0 {
            let (path, since) = (format!("/api/inboxes/{inbox}/reconcile"), "2025-01-01T00:00:00Z");
            let (token, since) = (admin(&acme.desk), json!({ "since": since }));
            let (status, found) = server.send(Method::POST, &path, &token, &since).await;
            assert_eq!(status, 200, "{found}");
        }
        let state = read_state(&acme.desk, &chatwoot).await;
        assert!(state.messages.len() > 15, "{state:#?}");
        let expected = first.get_or_insert_with(|| state.clone());
        assert_eq!(&state, expected, "order {seed} ends in another state");
    }
}

/// What happens in a Chatwoot for a while.
async fn live(chatwoot: &Chatwoot) {
    for (contact, name) in [(14, "Bea"), (15, "Rui"), (16, "Lia")] {
        let talk = chatwoot.begins(name, contact).await;
        for n in 0..5 {
            chatwoot.says(talk, "incoming", &format!("pergunta {n}"), json!({})).await;
            chatwoot.says(talk, "outgoing", &format!("resposta {n}"), json!({})).await;
        }
        chatwoot.says(talk, "outgoing", "nota", json!({ "private": true })).await;
        let ada = json!({ "id": 7, "name": "Ada", "type": "user" });
        chatwoot.turns(talk, |it| it.assignee = ada).await;
        let gone = chatwoot.says(talk, "incoming", "apagar", json!({})).await;
        chatwoot.deletes(talk, gone).await;
        chatwoot.turns(talk, |it| it.labels = vec!["vip".to_owned()]).await;
        chatwoot.turns(talk, |it| it.status = String::from("resolved")).await;
    }
    let talk = chatwoot.begins("Bea", 14).await;
    chatwoot.says(talk, "incoming", "de novo", json!({})).await;
}

async fn assert_same_state(bodies: Vec<Value>) {
    let mut first = None;
    for seed in 1..=ORDERS {
        let (server, chatwoot) = (TestServer::start().await, Chatwoot::start().await);
        let acme = server.tenant("acme").await;
        chatwoot.connect(&server, &acme.desk, &json!({})).await;
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut order: Vec<&Value> = bodies.iter().chain(&bodies).collect();
        shuffle(&mut order, &mut random);
        for some in order.chunks(3) {
            let url = chatwoot.webhooks_to();
            futures_util::future::join_all(some.iter().map(|body| post(&url, body))).await;
        }
        let state = read_state(&acme.desk, &chatwoot).await;
        assert!(!state.messages.is_empty());
        let expected = first.get_or_insert_with(|| state.clone());
        assert_eq!(&state, expected, "order {seed} ends in another state");
    }
}

/// What must be the same in the end.
#[derive(Clone, Debug, PartialEq)]
struct State {
    conversations: BTreeSet<String>,
    messages: BTreeMap<String, String>,
}

async fn read_state(desk: &Desk, chatwoot: &Chatwoot) -> State {
    // Who has told no number is called by where they are known, another port in every run.
    let host = chatwoot.url.trim_start_matches("http://");
    let same = |text: String| text.replace(host, "chatwoot");
    let (mut conversations, mut messages) = (BTreeSet::new(), BTreeMap::new());
    let board = desk.board(&Sees::everything()).await.unwrap();
    for card in board.columns.into_iter().flat_map(|column| column.conversations) {
        let last = card.last_message.and_then(|last| last.provider_id);
        let contact = (&card.contact.name, &card.contact.phone_number, &card.contact.email);
        conversations.insert(same(format!(
            "{contact:?} {:?} {:?} {:?} {} {last:?}",
            card.status, card.snoozed_until, card.labels, card.unread_count
        )));
        let page = desk.history(card.id, None, 1_000, &Sees::everything()).await.unwrap();
        for mut message in page.messages {
            // A number of our own, another in every run.
            if let Some(media) = message.metadata.get_mut("media") {
                *media = media["filename"].take();
            }
            let said = (message.direction, message.kind, &message.content, &message.metadata);
            let become_of = (message.status, message.is_private, message.deleted_at.is_some());
            let told = same(format!("{said:?} {become_of:?} {} {contact:?}", message.sent_at));
            let name = message.provider_id.unwrap();
            assert!(messages.insert(name, told).is_none(), "a message is stored twice");
        }
    }
    State { conversations, messages }
}

async fn post(url: &str, body: &Value) {
    let answer = Client::new().post(url).json(body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{body}");
}

fn shuffle(order: &mut [&Value], random: &mut Random) {
    for at in (1..order.len()).rev() {
        order.swap(at, random.below(at + 1));
    }
}
