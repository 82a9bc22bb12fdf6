//! Replies through a WhatsApp that refuses or is not there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::routing::post;
use axum::{Json, Router};
use recado::desk::Status;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::support::{
    PATIENCE, SHOP, Shop, TestServer, change, envelope, sending_to, simulator_at,
};

const ANA: &str = "5511988887777";
const BIA: &str = "5511988886666";

/// More claims than what WhatsApp has trouble with is tried.
const MORE_THAN_TRIES: i64 = 9;

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
    while shop.claims().await < MORE_THAN_TRIES {}

    let flags = ["--phones", "0", "--phone-number-id", SHOP, "--server", &shop.server.url];
    let whatsapp = simulator_at(&port.to_string(), &flags).await;

    shop.until_status(text, Status::Sent).await;
    shop.until_status(file, Status::Sent).await;
    assert_eq!(whatsapp.ledger().open().accepted.total(), 2);
}

#[tokio::test]
async fn a_message_that_has_waited_long_is_tried_again_when_there_is_trouble_with_it() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    let shop = turned_to(&format!("http://{port}"), shop).await;
    let id = shop.replies(talk, "Oi").await;
    while shop.claims().await < MORE_THAN_TRIES {}

    let people = ["--phones", "0", "--phone-number-id", SHOP, "--server", &shop.server.url];
    let trouble = ["--rule", r#"{"fault":"refuse","code":1,"times":2}"#];
    let whatsapp = simulator_at(&port.to_string(), &[&people[..], &trouble].concat()).await;

    shop.until_status(id, Status::Sent).await;
    assert_eq!(whatsapp.ledger().open().refused.total(), 2);
}

#[tokio::test]
async fn trouble_with_a_message_that_does_not_end_fails_it_at_the_eighth_try() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    // One that WhatsApp was not there for is none of them.
    shop.refuses(131_016, 1);
    shop.refuses(1, 9);

    let id = shop.replies(talk, "Oi").await;

    let failed = shop.until_status(id, Status::Failed).await;
    assert_eq!(failed.error.unwrap()["code"], 1);
    assert_eq!(shop.whatsapp.ledger().open().refused.total(), 9);
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
