//! What is sent through a provider that loses answers, by a server that is killed: nothing twice,
//! nothing lost, nothing out of order, and no message whose fate is told wrongly.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use recado::desk::{ConversationId, Direction, Event, Message, Sees, Status, Time};
use recado::simulate::Simulator;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::support::{Database, PATIENCE, Process, SHOP, Shop, sending_to, token, whatsapp};

/// How many people are written to, and how often the server is killed meanwhile.
const PEOPLE: usize = 20;
const KILLS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_sends_a_server_says_of_each_message_what_truly_became_of_it() {
    chaos(15).await;
}

/// `make chaos-sending`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: two thousand messages"]
async fn two_thousand_messages() {
    chaos(100).await;
}

async fn chaos(each: usize) {
    let shares =
        ["--drop", "0.1", "--truncate", "0.05", "--broken", "0.05", "--unavailable", "0.1"];
    // Some answers take a while, so that a kill finds requests in the act.
    let slow = ["--slow", "0.5", "--slow-by-ms", "100", "--seed", "1"];
    let whatsapp = Arc::new(whatsapp(&[&shares[..], &slow].concat()).await);
    // And statuses come when the claims of a killed server have run out.
    whatsapp.change(|conduct| conduct.sent_after_ms = 4_000);
    let database = Database::create().await;
    let talks = meet(&database, &whatsapp).await;
    let posted = Arc::new(AtomicUsize::new(0));
    let more = Arc::new(Notify::new());
    let (url, _) = watch::channel(String::new());
    let agents: Vec<_> = talks
        .iter()
        .map(|talk| {
            let (posted, more) = (Arc::clone(&posted), Arc::clone(&more));
            tokio::spawn(write(*talk, each, url.subscribe(), posted, more))
        })
        .collect();

    for kill in 1..=KILLS {
        let server = serve(&database, &whatsapp, &url);
        // Not at moments of its own choosing.
        while posted.load(Ordering::Relaxed) < PEOPLE * each * kill / (KILLS + 1) {
            timeout(PATIENCE, more.notified()).await.expect("nothing can be posted");
        }
        server.kill();
    }
    let last = serve(&database, &whatsapp, &url);
    for agent in agents {
        agent.await.unwrap();
    }
    drop(last);

    let whatsapp = Arc::into_inner(whatsapp).unwrap();
    let shop = Shop::on(database, whatsapp).await;
    let messages = fates(&shop, &talks).await;
    assert_eq!(messages.len(), PEOPLE * each);
    judge(&shop, &messages);
}

/// Lets everybody write once; returns the conversations.
async fn meet(database: &Database, whatsapp: &Simulator) -> Vec<ConversationId> {
    let flags = sending_to(&whatsapp.url);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server =
        Process::serve(database, &[&flags[..], &["--bootstrap", &format!("shop={SHOP}")]].concat());
    whatsapp.change(|conduct| conduct.server.clone_from(&server.url));
    for number in 0..PEOPLE {
        whatsapp.write(&format!("551198888{number:04}"), "Olá?").unwrap();
    }
    let heard = whatsapp.ledger().until(|book| book.written.iter().all(|it| it.acknowledged));
    timeout(PATIENCE, heard).await.unwrap();
    let board = reqwest::Client::new().get(format!("{}/api/board", server.url)).bearer_auth(ada());
    let board: Value = board.send().await.unwrap().json().await.unwrap();
    let cards = board["stages"][0]["conversations"].as_array().unwrap();
    cards.iter().map(|card| card["id"].as_str().unwrap().parse().unwrap()).collect()
}

fn serve(database: &Database, whatsapp: &Simulator, url: &watch::Sender<String>) -> Process {
    let flags = sending_to(&whatsapp.url);
    let server = Process::serve(database, &flags.iter().map(String::as_str).collect::<Vec<_>>());
    whatsapp.change(|conduct| conduct.server.clone_from(&server.url));
    url.send_replace(server.url.clone());
    server
}

fn ada() -> String {
    let exp = Time::now().seconds() + 3_600;
    token(&json!({ "sub": "ada", "tenantId": "shop", "role": "agent", "exp": exp }))
}

/// Writes one message after the other, each again and again until it is answered.
async fn write(
    to: ConversationId,
    count: usize,
    mut url: watch::Receiver<String>,
    posted: Arc<AtomicUsize>,
    more: Arc<Notify>,
) {
    let (client, token) = (reqwest::Client::new(), ada());
    for number in 0..count {
        let body = json!({ "content": number.to_string(), "clientId": number.to_string() });
        loop {
            let server = url.wait_for(|url| !url.is_empty()).await.unwrap().clone();
            let request = client.post(format!("{server}/api/conversations/{to}/messages"));
            match request
                .bearer_auth(&token)
                .body(body.to_string())
                .header("content-type", "application/json")
                .send()
                .await
            {
                Ok(answer) if answer.status() == 202 => break,
                Ok(answer) => panic!("answered {}", answer.status()),
                // Killed: there is another one soon.
                Err(_) => {
                    let is_next = |url: &String| *url != server;
                    let _ = timeout(PATIENCE, url.wait_for(is_next)).await.expect("no server");
                }
            }
        }
        posted.fetch_add(1, Ordering::Relaxed);
        more.notify_one();
    }
}

/// Waits until it is told of each message what became of it, and all statuses have come; returns
/// the messages.
async fn fates(shop: &Shop, talks: &[ConversationId]) -> Vec<Message> {
    let mut feed = shop.desk.follow(Some(0), Sees::everything()).await.unwrap();
    let settled = async {
        let mut open = HashSet::new();
        let mut seen = 0;
        loop {
            let logged = feed.next().await.unwrap();
            match &logged.event {
                Event::MessageSent(it) => {
                    seen += 1;
                    open.insert(it.id);
                }
                Event::StatusMoved(it) | Event::MessageChanged(it)
                    if it.status != Status::Pending =>
                {
                    open.remove(&it.id);
                }
                _ => {}
            }
            if seen > 0 && open.is_empty() && logged.seq == shop.desk.head().await.unwrap() {
                break;
            }
        }
    };
    timeout(PATIENCE * 4, settled).await.expect("a message that nobody settles");
    let told = shop.whatsapp.ledger().until(|book| book.webhooks.outstanding == 0);
    timeout(PATIENCE * 4, told).await.expect("statuses that nobody takes");
    let mut messages = Vec::new();
    for talk in talks {
        let page = shop.desk.history(*talk, None, 10_000, &Sees::everything()).await.unwrap();
        messages.extend(page.messages.into_iter().filter(|it| it.direction == Direction::Outbound));
    }
    messages
}

/// Compares what is told with what WhatsApp has seen.
fn judge(shop: &Shop, messages: &[Message]) {
    let mut accepted: HashMap<String, Vec<String>> = HashMap::new();
    let mut order: HashMap<String, Vec<usize>> = HashMap::new();
    for seen in shop.accepted() {
        let ours = seen.biz_opaque_callback_data.unwrap();
        let id = ours.split('.').next().unwrap().to_owned();
        accepted.entry(id).or_default().push(seen.wamid);
        let number = seen.body["text"]["body"].as_str().unwrap().parse().unwrap();
        order.entry(seen.to).or_default().push(number);
    }
    let mut unknown = 0;
    for message in messages {
        match accepted.get(&message.id.to_string()).map(Vec::as_slice) {
            Some([once]) => {
                assert!(
                    matches!(message.status, Status::Sent | Status::Delivered | Status::Read),
                    "{message:?}"
                );
                assert_eq!(message.provider_id.as_ref(), Some(once));
            }
            Some(more) => panic!("sent {} times: {message:?}", more.len()),
            None => {
                assert!(matches!(message.status, Status::Unknown | Status::Failed), "{message:?}");
                unknown += 1;
            }
        }
    }
    for numbers in order.values() {
        assert!(numbers.is_sorted(), "out of order: {numbers:?}");
    }
    // Only what a kill caught between the note that it begins and WhatsApp.
    assert!(unknown <= KILLS * 16, "{unknown} messages were never sent");
}
