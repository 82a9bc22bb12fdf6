//! Replies through a WhatsApp that refuses, loses answers or is not there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::routing::post;
use axum::{Json, Router};
use recado::channels::whatsapp;
use recado::config::Fault;
use recado::desk::{
    Channel, ConversationId, Db, Desk, Desks, Draft, Event, Keys, MessageId, Outgoing, Sees,
    Settlement, Status, Type, Webhook, What,
};
use reqwest::{Method, StatusCode};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::meeting::until_wait;

use crate::support::{
    Database, PATIENCE, SHOP, Shop, TestServer, change, envelope, sending_to, simulator_at,
    whatsapp as shops_whatsapp,
};

const ANA: &str = "5511988887777";
const BIA: &str = "5511988886666";

#[tokio::test]
async fn each_conversation_keeps_its_order_while_whatsapp_has_trouble() {
    let shop = Shop::open(&["--unavailable", "0.4", "--seed", "7"]).await;
    let talks = [shop.hears(ANA).await, shop.hears(BIA).await];

    let mut last = None;
    for number in 0..12 {
        for talk in talks {
            last = Some(shop.replies(talk, &number.to_string()).await);
        }
    }
    shop.until_status(last.unwrap(), Status::Sent).await;
    let all = |book: &recado::simulate::Book| book.accepted.total() == 24;
    shop.whatsapp.ledger().until(all).await;

    let mut said: HashMap<String, Vec<u32>> = HashMap::new();
    for accepted in shop.accepted() {
        let number = accepted.body["text"]["body"].as_str().unwrap().parse().unwrap();
        said.entry(accepted.to).or_default().push(number);
    }
    assert_eq!(said[ANA], (0..12).collect::<Vec<_>>());
    assert_eq!(said[BIA], (0..12).collect::<Vec<_>>());
    assert!(shop.whatsapp.ledger().open().refused.total() > 0);
}

#[tokio::test]
async fn one_that_fails_lets_the_next_go() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    shop.refuses(131_026, 1);

    let first = shop.replies(talk, "Oi").await;
    let second = shop.replies(talk, "Olá").await;

    let failed = shop.until_status(first, Status::Failed).await;
    assert_eq!(failed.error.unwrap()["code"], 131_026);
    shop.until_status(second, Status::Sent).await;
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_may_not_fails_with_its_reason() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    for code in [2, 131_016, 133_004, 4, 80_007, 130_429, 131_056] {
        shop.refuses(code, 2);
        let id = shop.replies(talk, "Oi").await;
        shop.until_status(id, Status::Sent).await;
    }
    for code in [100, 131_026, 131_049, 131_053, 132_001, 424_242] {
        shop.refuses(code, 1);
        let id = shop.replies(talk, "Oi").await;
        let failed = shop.until_status(id, Status::Failed).await;
        assert_eq!(failed.error.unwrap()["code"], code);
    }

    shop.refuses(131_047, 1);
    let id = shop.replies(talk, "Oi").await;
    shop.until_status(id, Status::Failed).await;
    let path = format!("/api/conversations/{talk}/messages");
    let (status, _) = shop.ask(&path, &json!({ "content": "Oi" })).await;
    assert_eq!(status, StatusCode::CONFLICT, "the window is open still");
    assert_eq!(shop.accepted().len(), 7);
}

#[tokio::test]
async fn an_inbox_whose_token_is_not_taken_waits_until_that_is_mended() {
    let shop = Shop::open(&[]).await;
    let (ana, bia) = (shop.hears(ANA).await, shop.hears(BIA).await);
    let admin = Shop::token("root", "admin");
    shop.refuses(190, 1);

    let first = shop.replies(ana, "Oi").await;
    let refused = |book: &recado::simulate::Book| book.refused.total() == 1;
    shop.whatsapp.ledger().until(refused).await;
    let flow = loop {
        let (status, flows) = shop.server.get("/api/sending", &admin).await;
        assert_eq!(status, StatusCode::OK);
        let flow = flows["inboxes"][0].clone();
        if flow["heldUntil"].is_string() {
            break flow;
        }
    };
    let second = shop.replies(bia, "Olá").await;

    assert_eq!((&flow["error"]["code"], &flow["waiting"]), (&json!(190), &json!(1)));
    assert_eq!(shop.message(ana, first).await.status, Status::Pending);
    let path = format!("/api/inboxes/{}/resume", flow["inboxId"].as_str().unwrap());
    let (status, _) = shop.server.send(Method::POST, &path, &admin, &json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    shop.until_status(first, Status::Sent).await;
    shop.until_status(second, Status::Sent).await;
    assert_eq!(shop.whatsapp.ledger().open().refused.total(), 1, "the second one was tried");
    let (_, flows) = shop.server.get("/api/sending", &admin).await;
    assert_eq!(flows["inboxes"][0]["error"], json!(null));
}

#[tokio::test]
async fn a_lost_answer_is_told_as_unknown_and_settled_by_the_status_that_follows() {
    let shop = Shop::open(&[]).await;
    shop.whatsapp.change(|conduct| conduct.sent_after_ms = 400);
    let talk = shop.hears(ANA).await;
    for fault in [Fault::Drop, Fault::Truncate, Fault::Broken] {
        shop.goes_wrong(fault, 1);
        let id = shop.replies(talk, "Oi").await;

        let unknown = shop.until_status(id, Status::Unknown).await;
        assert_eq!(unknown.error.unwrap()["code"], "outcome_unknown", "{fault:?}");
        let sent = shop.until_status(id, Status::Sent).await;
        assert_eq!(sent.error, None);
        assert_eq!(sent.provider_id, shop.accepted().last().map(|it| it.wamid.clone()));
    }
    assert_eq!(shop.accepted().len(), 3);
    // Clients are told of no status that they do not know.
    let log = shop.desk.events_after(0, 1_000).await.unwrap();
    for logged in log.iter().filter(|logged| matches!(logged.event, Event::StatusMoved(_))) {
        assert!(!recado::wire::live(logged).get().contains("PENDING"));
    }
}

#[tokio::test]
async fn what_nobody_knows_is_sent_once_more_only_by_decision() {
    let shop = Shop::open(&[]).await;
    shop.whatsapp.change(|conduct| conduct.sent_after_ms = 3_600_000);
    let talk = shop.hears(ANA).await;
    shop.goes_wrong(Fault::Drop, 1);
    let id = shop.replies(talk, "Oi").await;
    shop.until_status(id, Status::Unknown).await;
    let path = format!("/api/messages/{id}/retry");

    let (status, problem) = shop.ask(&path, &json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("outcome_unknown")));
    let (status, again) = shop.ask(&path, &json!({ "force": true })).await;

    assert_eq!((status, &again["status"]), (StatusCode::ACCEPTED, &json!("PENDING")));
    shop.until_status(id, Status::Sent).await;
    assert_eq!(shop.accepted().len(), 2);
}

#[tokio::test]
async fn a_failed_message_is_sent_again_and_what_is_said_of_the_first_attempt_is_old() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    shop.whatsapp.change(|conduct| conduct.fail = 1.0.try_into().unwrap());
    let id = shop.replies(talk, "Oi").await;
    let failed = shop.until_status(id, Status::Failed).await;
    let first = shop.accepted().remove(0);
    shop.whatsapp.change(|conduct| conduct.fail = 0.0.try_into().unwrap());

    let (status, again) = shop.ask(&format!("/api/messages/{id}/retry"), &json!({})).await;
    let old = json!({ "id": failed.provider_id, "status": "failed", "timestamp": "1700000100",
        "biz_opaque_callback_data": first.biz_opaque_callback_data });
    shop.server.take(&envelope(&[change(SHOP, json!({ "statuses": [old] }))])).await;

    assert_eq!((status, &again["status"]), (StatusCode::ACCEPTED, &json!("PENDING")));
    shop.until_status(id, Status::Read).await;
    let now = shop.message(talk, id).await;
    assert_eq!((now.status, now.error), (Status::Read, None));
    assert_ne!(now.provider_id, failed.provider_id);
}

/// A shop that sends to another Graph API from now on.
async fn turned_to(url: &str, shop: Shop) -> Shop {
    let flags = sending_to(url);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = TestServer::on(shop.server.stop().await, &flags).await;
    let desk = server.tenant("shop").await.desk;
    Shop { server, desk, whatsapp: shop.whatsapp }
}

#[tokio::test]
async fn whom_nobody_answers_is_asked_again_until_they_do() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let shop = Shop::open(&[]).await;
    let (ana, bia) = (shop.hears(ANA).await, shop.hears(BIA).await);
    let shop = turned_to(&format!("http://{port}"), shop).await;
    let (text, file) = (shop.replies(ana, "Oi").await, shop.shows(bia, 1).await);
    // More often than what WhatsApp has trouble with is tried.
    while shop.attempts().await < 9 {}

    let flags = ["--phones", "0", "--phone-number-id", SHOP, "--server", &shop.server.url];
    let whatsapp = simulator_at(&port.to_string(), &flags).await;

    shop.until_status(text, Status::Sent).await;
    shop.until_status(file, Status::Sent).await;
    assert_eq!(whatsapp.ledger().open().accepted.total(), 2);
}

/// A Graph API that takes a file only after a while; how many it was given.
async fn slow_with_files(by: Duration) -> (String, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&given);
    let take = move |_: Bytes| async move {
        count.fetch_add(1, Ordering::Relaxed);
        sleep(by).await;
        Json(json!({ "id": "1" }))
    };
    let send = || async { Json(json!({ "messages": [{ "id": "wamid.out" }] })) };
    let router = Router::new()
        .route("/v25.0/{number}/media", post(take))
        .route("/v25.0/{number}/messages", post(send));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    (url, given)
}

#[tokio::test]
async fn a_file_may_take_longer_than_an_answer_and_is_given_once() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    // Longer than an answer may take, and than a claim lasts.
    let (url, given) = slow_with_files(Duration::from_secs(4)).await;
    let shop = turned_to(&url, shop).await;

    let id = shop.shows(talk, 1_000_000).await;
    let sent = shop.until_status(id, Status::Sent).await;

    assert_eq!(sent.provider_id.as_deref(), Some("wamid.out"));
    assert_eq!(given.load(Ordering::Relaxed), 1, "it was given more than once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_send_nothing_twice() {
    let shop =
        Shop::on(Database::create().await, shops_whatsapp(&["--unavailable", "0.2"]).await).await;
    if !shop.server.database.is_postgres() {
        return; // SQLite has one node only.
    }
    let flags = sending_to(&shop.whatsapp.url);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let _other = TestServer::on(shop.server.database.clone(), &flags).await;
    let mut talks = Vec::new();
    for number in 0..10 {
        talks.push(shop.hears(&format!("551198888770{number}")).await);
    }

    for number in 0..10 {
        let text = number.to_string();
        futures_util::future::join_all(talks.iter().map(|talk| shop.replies(*talk, &text))).await;
    }
    let all = |book: &recado::simulate::Book| book.accepted.total() >= 100;
    shop.whatsapp.ledger().until(all).await;
    for talk in &talks {
        let last = shop.replies(*talk, "fim").await;
        shop.until_status(last, Status::Sent).await;
    }

    let mut said: HashMap<String, Vec<String>> = HashMap::new();
    for accepted in shop.accepted() {
        let text = accepted.body["text"]["body"].as_str().unwrap().to_owned();
        said.entry(accepted.to).or_default().push(text);
    }
    let expected: Vec<_> =
        (0..10).map(|number| number.to_string()).chain(["fim".to_owned()]).collect();
    assert!(said.len() == 10 && said.values().all(|texts| *texts == expected), "{said:?}");
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_finishes_what_it_has_begun() {
    let shop = Shop::open(&["--slow", "1", "--slow-by-ms", "500"]).await;
    let talk = shop.hears(ANA).await;
    let id = shop.replies(talk, "Oi").await;
    let begun = |book: &recado::simulate::Book| book.accepted.total() == 1;
    shop.whatsapp.ledger().until(begun).await;

    let database = shop.server.stop().await;

    let server = TestServer::on(database, &[]).await;
    let desk = server.tenant("shop").await.desk;
    let page = desk.history(talk, None, 10, &Sees::everything()).await.unwrap();
    let message = page.messages.into_iter().find(|message| message.id == id).unwrap();
    assert!(message.status >= Status::Sent && message.provider_id.is_some(), "{message:?}");
}

#[tokio::test]
async fn a_window_that_whatsapp_calls_closed_is_closed_unless_they_have_written_since() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    shop.whatsapp.change(|conduct| {
        (conduct.fail, conduct.fail_code) = (1.0.try_into().unwrap(), 131_047);
    });

    let id = shop.replies(talk, "Oi").await;
    shop.until_status(id, Status::Failed).await;

    let path = format!("/api/conversations/{talk}/messages");
    let (status, _) = shop.ask(&path, &json!({ "content": "Oi" })).await;
    assert_eq!(status, StatusCode::CONFLICT, "the window is open still");
    shop.hears(ANA).await;
    let (status, _) = shop.ask(&path, &json!({ "content": "Oi" })).await;
    assert_eq!(status, StatusCode::ACCEPTED);
}

/// Desks that nobody sends for, one of them, and a conversation in which two replies are due.
async fn two_replies(database: &Database) -> (Desks, Desk, ConversationId, Vec<MessageId>) {
    let db = Db::connect(database.url(), 4).await.unwrap();
    db.migrate().await.unwrap();
    let desks = Desks::open(db, None, Keys::new(&[0; 32], &[]));
    let desk = desks.ensure_tenant(&"shop".into(), "shop").await.unwrap();
    desk.ensure_inbox(Channel::WhatsApp, SHOP, SHOP).await.unwrap();
    let at = recado::desk::Time::now().seconds().to_string();
    let said = json!({ "from": ANA, "id": "wamid.1", "timestamp": at, "type": "text", "text": { "body": "Oi" } });
    let body = envelope(&[change(SHOP, json!({ "messages": [said] }))]).to_string();
    let elements = whatsapp::parse(body.as_bytes()).unwrap();
    let body = body.into();
    desks
        .receive(Webhook { channel: Channel::WhatsApp, body, elements, replay_of: None })
        .await
        .unwrap();
    let board = desk.board(&Sees::everything()).await.unwrap();
    let talk = board.columns[0].conversations[0].id;
    let outgoing = |content: &str| Outgoing {
        kind: Type::Text,
        content: content.to_owned(),
        metadata: serde_json::Map::from_iter([("kind".to_owned(), json!("text"))]),
        media: None,
        is_template: false,
    };
    let draft =
        |content| Draft { what: What::Message(outgoing(content)), reply_to: None, client_id: None };
    let ada = recado::desk::Actor { user: "ada".into(), name: "Ada".to_owned(), address: None };
    let mut sent = Vec::new();
    for content in ["1", "2"] {
        sent.push(desk.reply(talk, draft(content), &ada, &Sees::everything()).await.unwrap().id);
    }
    (desks, desk, talk, sent)
}

#[tokio::test]
async fn who_has_lost_a_claim_sends_nothing_and_what_was_begun_is_unknown() {
    let database = Database::create().await;
    let (desks, desk, talk, sent) = two_replies(&database).await;
    let (expired, lease) = (Duration::ZERO, Duration::from_mins(1));

    // Only the first of a conversation is claimed; whoever claimed it does not come back in time.
    let [lost] = desks.claim(9, expired).await.unwrap().try_into().unwrap();
    assert_eq!((lost.message.id, desks.claim(9, lease).await.unwrap().len()), (sent[0], 0));
    desks.take_over().await.unwrap();
    let [claimed] = desks.claim(9, lease).await.unwrap().try_into().unwrap();
    assert_eq!(claimed.message.id, sent[0]);
    assert!(!desks.begin(&lost, lease).await.unwrap(), "two send the same");

    // The second has begun, and is not heard of any more.
    assert!(desks.begin(&claimed, expired).await.unwrap());
    desks.take_over().await.unwrap();
    let status = async |at: usize| {
        let page = desk.history(talk, None, 9, &Sees::everything()).await.unwrap();
        page.messages.into_iter().find(|message| message.id == sent[at]).unwrap().status
    };
    assert_eq!(status(0).await, Status::Unknown);
    let [next] = desks.claim(9, lease).await.unwrap().try_into().unwrap();
    assert_eq!(next.message.id, sent[1]);

    // What it says when it comes back after all is believed.
    let done = Settlement::Done { provider_id: Some("wamid.2".to_owned()), address: None };
    desks.settle(&claimed, done).await.unwrap();
    assert_eq!((status(0).await, status(1).await), (Status::Sent, Status::Pending));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_begins_while_it_is_taken_over_is_not_made_twice() {
    let database = Database::create().await;
    if !database.is_postgres() {
        return;
    }
    let (desks, ..) = two_replies(&database).await;
    let (expired, lease) = (Duration::ZERO, Duration::from_mins(1));
    desks.claim(9, expired).await.unwrap();
    let other = sea_orm::Database::connect(database.url()).await.unwrap();
    let begins = other.begin().await.unwrap();
    let begin = "UPDATE delivery SET begun_at = 1, leased_until = leased_until + 60000000
        WHERE state = 'claimed'";
    begins.execute_unprepared(begin).await.unwrap();

    let taking = tokio::spawn({
        let desks = desks.clone();
        async move { desks.take_over().await }
    });
    until_wait(&other, 1).await;
    begins.commit().await.unwrap();

    assert_eq!(taking.await.unwrap().unwrap(), 0);
    assert_eq!(desks.claim(9, lease).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_new_token_for_an_inbox_sends_what_has_waited() {
    let shop = Shop::open(&["--access-token", "of-the-inbox"]).await;
    let talk = shop.hears(ANA).await;
    let id = shop.replies(talk, "Oi").await;
    while shop.desk.flows().await.unwrap()[0].held_until.is_none() {}

    let inbox = shop.desk.inboxes().await.unwrap().remove(0).0.id;
    let (path, body) = (format!("/api/inboxes/{inbox}"), json!({ "accessToken": "of-the-inbox" }));
    let admin = Shop::token("root", "admin");
    let (status, why) = shop.server.send(Method::PATCH, &path, &admin, &body).await;

    assert_eq!(status, StatusCode::OK, "{why}");
    shop.until_status(id, Status::Sent).await;
}

#[tokio::test]
async fn a_file_whose_upload_the_token_does_not_allow_waits_until_that_is_mended() {
    let shop = Shop::open(&["--access-token", "of-the-inbox"]).await;
    let talk = shop.hears(ANA).await;

    let id = shop.shows(talk, 1).await;
    let held = async {
        loop {
            let flow = shop.desk.flows().await.unwrap().remove(0);
            if flow.held_until.is_some() {
                return flow;
            }
        }
    };
    let flow = timeout(PATIENCE, held).await.expect("the inbox is not held");

    assert_eq!((&flow.error.unwrap()["code"], flow.waiting), (&json!(190), 1));
    assert_eq!(shop.message(talk, id).await.status, Status::Pending);
    let path = format!("/api/inboxes/{}", flow.inbox.id);
    let (admin, body) = (Shop::token("root", "admin"), json!({ "accessToken": "of-the-inbox" }));
    let (status, why) = shop.server.send(Method::PATCH, &path, &admin, &body).await;
    assert_eq!(status, StatusCode::OK, "{why}");
    shop.until_status(id, Status::Sent).await;
}
