//! Webhooks of every kind: in any order, twice, in random batches, they end in the same state.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use recado::desk::{Filter, Outcome, Sees};
use serde_json::{Value, json};

use crate::support::{TestServer, post};

/// Bodies of our own, one a line.
const OWN: &str = include_str!("fixtures/whatsapp.jsonl");

/// How many orders are tried.
const ORDERS: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_every_kind_end_in_one_state() {
    assert_same_state(lines_of(OWN)).await;
}

/// The public bodies in the folder that `RECADO_FIXTURES` names, where it names one: they are other
/// projects' test data, to be run against, not to be kept here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_bodies_end_in_one_state() {
    let Some(lines) = public_fixtures("whatsapp.jsonl") else { return };
    let bodies: Vec<_> = lines.into_iter().map(|mut line| line["body"].take()).collect();
    assert!(bodies.len() > 100, "only {} bodies", bodies.len());
    assert_same_state(bodies).await;
}

async fn assert_same_state(mut bodies: Vec<Value>) {
    tell_apart(&mut bodies);
    let mut first = None;
    for seed in 1..=ORDERS {
        let state = state_after(&bodies, seed).await;
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
    waiting: BTreeSet<String>,
}

/// Posts all bodies twice, in an order and in batches that depend on `seed`, some at once.
async fn state_after(bodies: &[Value], seed: u64) -> State {
    let server = TestServer::with(&["--demo"]).await;
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut order: Vec<&Value> = bodies.iter().chain(bodies).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, random.below(at + 1));
    }
    let mut rest = order.as_slice();
    while !rest.is_empty() {
        let mut posts = Vec::new();
        for _ in 0..=random.below(3) {
            let (batch, others) = rest.split_at(rest.len().min(1 + random.below(6)));
            rest = others;
            let entries = batch.iter().flat_map(|body| body["entry"].as_array().unwrap());
            let body = json!({ "entry": entries.collect::<Vec<_>>() }).to_string();
            let url = server.url.clone();
            posts.push(tokio::spawn(async move { post(&url, body).await.status() }));
        }
        for answer in posts {
            assert_eq!(answer.await.unwrap(), 200);
        }
    }
    read_state(&server).await
}

async fn read_state(server: &TestServer) -> State {
    let desk = server.desks.of("demo".into());
    let addresses: BTreeMap<_, _> = desk
        .inboxes()
        .await
        .unwrap()
        .into_iter()
        .map(|(inbox, address)| (inbox.id, address))
        .collect();
    let (mut conversations, mut messages) = (BTreeSet::new(), BTreeMap::new());
    let board = desk.board(&Sees::everything()).await.unwrap();
    for card in board.columns.into_iter().flat_map(|column| column.conversations) {
        let last = card.last_message.and_then(|last| last.provider_id);
        let inbox = &addresses[&card.inbox.id];
        let contact = (&card.contact.name, &card.contact.phone_number);
        conversations.insert(format!(
            "{inbox} {contact:?} {:?} {} {last:?}",
            card.status, card.unread_count
        ));
        for mut message in
            desk.history(card.id, None, 1_000, &Sees::everything()).await.unwrap().messages
        {
            // A number of our own, another in every run.
            if let Some(media) = message.metadata.get_mut("media") {
                media["id"].take();
            }
            let name = format!("{inbox} {}", message.provider_id.as_deref().unwrap());
            let said = (message.direction, message.kind, &message.content, &message.metadata);
            let become_of = (
                message.status,
                &message.error,
                &message.reactions,
                message.edited_at,
                message.deleted_at,
            );
            let told = format!(
                "{} {said:?} {become_of:?} {}",
                message.contact.phone_number, message.sent_at
            );
            assert!(messages.insert(name, told).is_none(), "a message is stored twice");
        }
    }
    let mut waiting = BTreeSet::new();
    for receipt in server.desks.webhooks(Filter { outcome: None, limit: 10_000 }).await.unwrap() {
        for fate in receipt.fates {
            let explained = matches!(fate.outcome, Outcome::Applied | Outcome::Duplicate);
            assert!(explained || fate.reason.is_some(), "{fate:?}");
            if fate.outcome >= Outcome::Parked {
                waiting.insert(format!("{} {:?} {:?}", fate.kind, fate.provider_id, fate.reason));
            }
        }
    }
    State { conversations, messages, waiting }
}

/// Gives messages that bear the same placeholder for an id one of their own, and each its own time:
/// which of two that claim to be the same came first is all that could tell them apart.
fn tell_apart(bodies: &mut [Value]) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut number = 0;
    for body in bodies {
        let entries = body["entry"].as_array_mut().unwrap().iter_mut();
        let changes =
            entries.flat_map(|entry| entry["changes"].as_array_mut().into_iter().flatten());
        for change in changes {
            let value = &mut change["value"];
            let inbox = value["metadata"]["phone_number_id"].to_string();
            for key in ["messages", "message_echoes"] {
                let Some(messages) = value.get_mut(key).and_then(Value::as_array_mut) else {
                    continue;
                };
                for message in messages {
                    number += 1;
                    message["timestamp"] = json!((1_600_000_000 + number * 10).to_string());
                    let Some(id) = message["id"].as_str().map(str::to_owned) else { continue };
                    let (name, said) = (format!("{inbox} {id}"), message.to_string());
                    if seen.get(&name).is_some_and(|known| *known != said) {
                        message["id"] = json!(format!("{id}#{number}"));
                    }
                    seen.entry(name).or_insert(said);
                }
            }
        }
    }
}

/// The lines of a file of other projects' test data, where `RECADO_FIXTURES` names their folder.
#[expect(clippy::disallowed_methods, reason = "where other projects' test data are")]
pub(crate) fn public_fixtures(file: &str) -> Option<Vec<Value>> {
    let Some(folder) = std::env::var("RECADO_FIXTURES").ok().filter(|path| !path.is_empty()) else {
        eprintln!("RECADO_FIXTURES is not set: only our own bodies are tried");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    let text = std::fs::read_to_string(&path);
    Some(lines_of(&text.unwrap_or_else(|error| panic!("{}: {error}", path.display()))))
}

/// What stands in a text, one value a line.
pub(crate) fn lines_of(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % limit
    }
}
