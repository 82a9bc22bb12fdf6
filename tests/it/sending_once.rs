//! No reply goes out twice: through lost answers, several nodes, servers that stop and couriers that do
//! not come back.

use std::collections::HashMap;
use std::time::Duration;

use recado::channels::whatsapp;
use recado::config::Fault;
use recado::desk::{
    Channel, ConversationId, Db, Desk, Desks, Draft, Event, Keys, MessageId, Outgoing, Sees,
    Settlement, Status, Type, Webhook, What,
};
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::json;

use crate::meeting::until_wait;
use crate::support::{
    Database, SHOP, Shop, TestServer, change, envelope, sending_to, whatsapp as shops_whatsapp,
};

const ANA: &str = "5511988887777";

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
