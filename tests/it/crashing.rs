//! Acknowledged means durable.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use recado::desk::Time;
use serde_json::json;

use crate::support::{Client, Database, Process, notification, text, token};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_before_a_kill_is_there_after_it_once() {
    let database = Database::create().await;
    let flags = ["--bootstrap", "acme=phone"];
    let answered = Arc::new(Mutex::new(HashSet::new()));
    let next = Arc::new(AtomicUsize::new(0));

    for _ in 0..3 {
        let server = Process::serve(&database, &flags);
        let enough = Arc::new(tokio::sync::Notify::new());
        let senders: Vec<_> = (0..16)
            .map(|_| {
                tokio::spawn(send(
                    server.url.clone(),
                    next.clone(),
                    answered.clone(),
                    enough.clone(),
                ))
            })
            .collect();
        enough.notified().await;
        server.kill();
        for sender in senders {
            sender.await.unwrap();
        }
    }

    let server = Process::serve(&database, &flags);
    let exp = Time::now().seconds() + 3_600;
    let token = token(&json!({ "sub": "ada", "tenantId": "acme", "role": "agent", "exp": exp }));
    let address = server.url.trim_start_matches("http://").parse().unwrap();
    let mut client = Client::after(address, &token, 0).await.unwrap();
    let head = client.next().await.data["head"].as_i64().unwrap();
    let mut announced = Vec::new();
    for seq in 1..=head {
        let heard = client.stored().await;
        assert_eq!(heard.seq(), seq);
        if heard.name == "message:new" {
            announced.push(heard.data["message"]["whatsappMessageId"].as_str().unwrap().to_owned());
        }
    }

    let once: HashSet<_> = announced.iter().cloned().collect();
    assert_eq!(once.len(), announced.len(), "a message was announced twice");
    let answered = answered.lock().unwrap();
    assert!(answered.len() >= 300, "only {} were answered", answered.len());
    let lost: Vec<_> = answered.difference(&once).collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
}

/// Sends one message after the other until the server is gone.
async fn send(
    url: String,
    next: Arc<AtomicUsize>,
    answered: Arc<Mutex<HashSet<String>>>,
    enough: Arc<tokio::sync::Notify>,
) {
    let client = reqwest::Client::new();
    let before = answered.lock().unwrap().len();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let id = format!("wamid.{number}");
        let from = format!("55118{:08}", number % 20);
        let body = notification("phone", &[text(&from, &id, "Oi")]).to_string();
        let sent = client.post(format!("{url}/webhooks/whatsapp")).body(body).send().await;
        match sent {
            Ok(answer) if answer.status() == 200 => {
                let mut answered = answered.lock().unwrap();
                answered.insert(id);
                if answered.len() >= before + 100 {
                    enough.notify_one();
                }
            }
            Ok(answer) => panic!("answered {}", answer.status()),
            Err(_) => return,
        }
    }
}
