//! The stand-in for WhatsApp does what it says: else tests against it say nothing.

use std::collections::BTreeSet;

use recado::desk::{Channel, Filter, Outcome, Sees};
use recado::simulate::{Book, Simulator};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    Database, NOWHERE, NUMBER, PATIENCE, Receiver, Tenant, TestServer, graph, json_of, quiet, run,
    send, simulator, text_to,
};

const ANA: &str = "5511988887777";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_write_lands_once_through_repeats_other_orders_and_delays() {
    let server = TestServer::with(&["--whatsapp-app-secret", "s"]).await;
    let acme = server.tenant("acme").await;

    let flags = ["--server", &server.url, "--phone-number-id", &acme.phone, "--app-secret", "s"];
    let faults = ["--repeat", "0.5", "--shuffle", "0.5", "--late", "0.3", "--late-by-ms", "300"];
    let crowd = ["--messages", "200", "--at-once", "200", "--seed", "1", "--phones", "12"];
    let simulator = simulator(&[&flags[..], &faults, &crowd].concat()).await;
    finished(&simulator).await;

    let (written, people, is_repeated) = {
        let book = simulator.ledger().open();
        let people: BTreeSet<_> =
            book.written.iter().map(|it| it.message["from"].to_string()).collect();
        (ids_of_messages(&book), people.len(), book.written.iter().any(|it| it.told > 1))
    };
    assert!(is_repeated && written.len() > 150, "{} messages", written.len());
    assert_eq!(ids_stored(&acme).await, written);
    assert_eq!(acme.cards().await.len(), people);
    for outcome in [Outcome::Quarantined, Outcome::Parked] {
        let filter = Filter { outcome: Some(outcome), limit: 9 };
        assert_eq!(server.desks.webhooks(filter).await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_tried_again_until_a_server_takes_them() {
    let flags = ["--server", NOWHERE[1], "--retry-after-ms", "1", "--retries", "1000"];
    let crowd = ["--phones", "3", "--messages", "20", "--at-once", "20"];
    let simulator = simulator(&[&flags[..], &crowd].concat()).await;
    simulator.ledger().until(|book| book.webhooks.refused > 10).await;
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.desk.ensure_inbox(Channel::WhatsApp, NUMBER, NUMBER).await.unwrap();

    simulator.change(|conduct| conduct.server.clone_from(&server.url));

    finished(&simulator).await;
    let written = ids_of_messages(&simulator.ledger().open());
    assert_eq!(ids_stored(&acme).await, written);
}

#[tokio::test]
async fn webhooks_come_in_batches_again_and_in_another_order() {
    let mut receiver = Receiver::start().await;
    let flags = ["--server", &receiver.url, "--phone-number-id", "one,two", "--batch", "6"];
    let faults = ["--repeat", "0.5", "--shuffle", "1", "--late", "0.5", "--late-by-ms", "100"];
    let crowd = ["--messages", "100", "--at-once", "100", "--seed", "1", "--phones", "10"];
    let simulator = simulator(&[&flags[..], &faults, &crowd].concat()).await;
    finished(&simulator).await;

    let (mut told, mut largest) = (Vec::new(), 0);
    let posted = simulator.ledger().open().webhooks.posted;
    for _ in 0..posted {
        let (_, body) = receiver.webhook().await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        let before = told.len();
        for entry in body["entry"].as_array().unwrap() {
            let value = &entry["changes"][0]["value"];
            let messages = value["messages"].as_array().unwrap();
            told.extend(messages.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        }
        largest = largest.max(told.len() - before);
    }

    let book = simulator.ledger().open();
    let ids = book.written.iter().map(|it| it.message["id"].as_str().unwrap().to_owned());
    let written: Vec<_> = ids.collect();
    let is_new = |at: usize| !told[..at].contains(&told[at]);
    let first_times: Vec<_> = (0..told.len()).filter(|at| is_new(*at)).collect();
    let first_times: Vec<_> = first_times.into_iter().map(|at| told[at].clone()).collect();
    assert!(told.len() > 130 && (4..=6).contains(&largest), "{}, {largest}", told.len());
    assert_ne!(first_times, written);
    assert_eq!(BTreeSet::from_iter(first_times), BTreeSet::from_iter(written));
    let numbers: BTreeSet<_> = book.written.iter().map(|it| it.phone_number_id.as_str()).collect();
    assert_eq!(numbers, BTreeSet::from(["one", "two"]));
}

#[tokio::test]
async fn the_same_seed_makes_the_same_people_write_the_same() {
    let conversation = async |seed: &str| {
        let crowd = ["--messages", "120", "--at-once", "120", "--seed", seed];
        let simulator = simulator(&[&NOWHERE[..], &crowd].concat()).await;
        finished(&simulator).await;
        let book = simulator.ledger().open();
        let said = book.written.iter().map(|written| {
            let mut message = written.message.clone();
            message["timestamp"].take();
            message
        });
        said.collect::<Vec<_>>()
    };

    let first = conversation("1").await;

    assert_eq!(conversation("1").await, first);
    assert_ne!(conversation("2").await, first);
    let kinds: BTreeSet<_> = first.iter().map(|it| it["type"].as_str().unwrap()).collect();
    for kind in ["text", "image", "audio", "document", "sticker", "location", "reaction"] {
        assert!(kinds.contains(kind), "nobody sends a {kind}: {kinds:?}");
    }
}

#[tokio::test]
async fn what_people_send_can_be_downloaded_but_for_the_share_that_is_broken() {
    for (flag, is_there, is_right) in [
        ("--late", true, true),
        ("--missing-media", false, false),
        ("--wrong-checksums", true, false),
    ] {
        let crowd = ["--messages", "60", "--at-once", "60", "--seed", "3", flag, "1"];
        let simulator = simulator(&[&NOWHERE[..], &crowd, &["--late-by-ms", "1"]].concat()).await;
        finished(&simulator).await;
        let media = {
            let book = simulator.ledger().open();
            let media = book.written.iter().filter_map(|written| {
                let kind = written.message["type"].as_str().unwrap();
                Some(written.message[kind].clone()).filter(|it| it.get("sha256").is_some())
            });
            media.collect::<Vec<_>>()
        };
        assert!(media.len() > 5, "{media:?}");
        for medium in media.into_iter().take(6) {
            let found =
                graph(&simulator, "GET", medium["id"].as_str().unwrap()).send().await.unwrap();
            assert_eq!(found.status().is_success(), is_there, "{flag}");
            if !is_there {
                continue;
            }
            let url = found.json::<Value>().await.unwrap()["url"].as_str().unwrap().to_owned();
            let file = reqwest::Client::new().get(url).bearer_auth("x").send().await.unwrap();
            assert_eq!(file.headers()["content-type"], medium["mime_type"].as_str().unwrap());
            let checksum = sha256_base64(&file.bytes().await.unwrap());
            assert_eq!(medium["sha256"] == checksum, is_right, "{flag}: {medium}");
        }
    }
}

#[tokio::test]
async fn people_answer_what_the_business_sends() {
    let mut receiver = Receiver::start().await;
    let flags = ["--server", &receiver.url, "--phones", "0", "--replies", "--reply-after-ms", "1"];
    let simulator = simulator(&[&flags[..], &["--sent-after-ms", "86400000"]].concat()).await;
    let button = json!({ "type": "reply", "reply": { "id": "sim", "title": "Sim" } });
    let question = json!({ "type": "button", "body": { "text": "Confirma?" }, "action": { "buttons": [button] } });

    let question = json!({ "to": ANA, "type": "interactive", "interactive": question });
    let answer: Value = send(&simulator, question).await.unwrap().json().await.unwrap();

    let reply = receiver.only("messages").await;
    assert_eq!(
        (&reply["from"], &reply["context"]["id"]),
        (&json!(ANA), &answer["messages"][0]["id"])
    );
    let chosen = json!({ "type": "button_reply", "button_reply": { "id": "sim", "title": "Sim" } });
    assert_eq!(reply["interactive"], chosen);
}

#[tokio::test]
async fn it_is_controlled_over_http_while_it_runs() {
    let mut receiver = Receiver::start().await;
    let simulator = quiet(&[]).await;
    let http = reqwest::Client::new();
    let control = format!("{}/control", simulator.url);

    let changes = json!({ "server": receiver.url, "rule": [{ "fault": "drop" }] });
    let changed = json_of(http.put(&control).json(&changes)).await;
    assert_eq!(
        (&changed["server"], &changed["rule"][0]["times"]),
        (&json!(receiver.url), &json!(1))
    );
    send(&simulator, text_to(ANA, "Oi")).await.unwrap_err();
    for wrong in [json!({ "drop": 1.5 }), json!({ "dorp": 1 }), json!({ "rate": -1 })] {
        let refused = http.put(&control).json(&wrong).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    assert_eq!(json_of(http.get(&control)).await["drop"], 0.0);

    let words = json!({ "from": ANA, "text": "Olá?" });
    let written = json_of(http.post(format!("{control}/messages")).json(&words)).await;
    let message = receiver.only("messages").await;
    assert_eq!((&message["id"], &message["text"]["body"]), (&written["id"], &json!("Olá?")));
    let ledger = json_of(http.get(format!("{control}/ledger"))).await;
    assert_eq!(
        (&ledger["accepted"][0]["to"], &ledger["accepted"][0]["fault"]),
        (&json!(ANA), &json!("drop"))
    );
    assert_eq!(ledger["written"][0]["message"]["id"], written["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_writes_as_much_as_it_is_asked_to_and_says_what_came_of_it() {
    let server = TestServer::with(&["--demo"]).await;
    let args = ["simulate", "--server", &server.url, "--listen", "127.0.0.1:0"];
    let args = [&args[..], &["--messages", "7", "--rate", "1000"]].concat();

    let output = run(&Database::create().await, &args);

    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.contains("people wrote 7 messages"), "{told}");
    assert!(told.contains("0 messages and statuses outstanding, 0 given up"), "{told}");
}

async fn finished(simulator: &Simulator) {
    timeout(PATIENCE, simulator.finished()).await.expect("it does not finish");
}

/// The ids of what makes a message of its own: not of what changes another.
fn ids_of_messages(book: &Book) -> Vec<String> {
    let changes = ["reaction", "edit", "revoke"];
    let messages = book.written.iter().map(|written| &written.message);
    let messages = messages.filter(|it| !changes.contains(&it["type"].as_str().unwrap()));
    let mut ids: Vec<_> = messages.map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

async fn ids_stored(tenant: &Tenant<'_>) -> Vec<String> {
    let mut ids = Vec::new();
    for card in tenant.cards().await {
        let page = tenant.desk.history(card.id, None, 1_000, &Sees::everything()).await.unwrap();
        ids.extend(page.messages.into_iter().map(|message| message.provider_id.unwrap()));
    }
    ids.sort();
    ids
}

fn sha256_base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(bytes))
}
