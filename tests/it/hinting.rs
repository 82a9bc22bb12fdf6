//! A customer sees that an agent is about to answer, and agents never notice when they do not.

use recado::desk::{ConversationId, Status};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Client, PATIENCE, SHOP, Shop, notification, text};

const ANA: &str = "5511988887777";
const RUI: &str = "5511977776666";

async fn agent(shop: &Shop) -> Client {
    let mut ada =
        Client::connect(shop.server.address(), &Shop::token("ada", "agent")).await.unwrap();
    ada.hear("ready").await;
    ada
}

async fn types(ada: &mut Client, at: ConversationId) {
    assert_eq!(ada.ask("typing:start", json!(at)).await.0, json!({ "ok": true }));
}

/// Waits until WhatsApp was told so often that the business types; returns of which messages.
async fn hints(shop: &Shop, count: usize) -> Vec<String> {
    let ledger = shop.whatsapp.ledger();
    let told = ledger.until(|book| book.marked.iter().filter(|it| it.typing).count() >= count);
    timeout(PATIENCE, told).await.expect("WhatsApp is not told");
    let book = ledger.open();
    book.marked.iter().filter(|it| it.typing).map(|it| it.message_id.clone()).collect()
}

#[tokio::test]
async fn while_an_agent_types_the_customer_sees_it_once_for_each_answer() {
    let shop = Shop::open(&[]).await;
    shop.hears(ANA).await;
    let talk = shop.hears(ANA).await;
    let last = shop.whatsapp.ledger().open().written.iter().last().unwrap().message["id"].clone();
    let mut ada = agent(&shop).await;

    for _ in 0..5 {
        types(&mut ada, talk).await;
    }
    assert_eq!(hints(&shop, 1).await, [last.as_str().unwrap()]);
    // WhatsApp takes the hint away with the answer: who goes on typing is shown anew.
    let answer = shop.replies(talk, "Um momento").await;
    shop.until_status(answer, Status::Sent).await;
    types(&mut ada, talk).await;

    assert_eq!(hints(&shop, 2).await.len(), 2);
}

#[tokio::test]
async fn where_no_answer_could_reach_the_customer_there_is_no_hint() {
    let shop = Shop::open(&[]).await;
    // Long ago.
    shop.server.take(&notification(SHOP, &[text(RUI, "wamid.old", "Oi")])).await;
    let tenant = shop.server.tenant("shop").await;
    let with_rui = tenant.card().await.id;
    let with_ana = shop.hears(ANA).await;
    let cards = tenant.cards().await;
    let ana = cards.iter().find(|card| card.id == with_ana).unwrap().contact.id;
    let block = async |verb: Method| {
        let path = format!("/api/contacts/{ana}/block");
        let told = shop.server.send(verb, &path, &Shop::token("ada", "agent"), &Value::Null).await;
        assert!(told.0.is_success(), "{told:?}");
    };
    let mut ada = agent(&shop).await;

    types(&mut ada, with_rui).await;
    block(Method::POST).await;
    types(&mut ada, with_ana).await;
    let open = shop.hears("5511966665555").await;
    types(&mut ada, open).await;

    // The others were asked about before.
    assert_eq!(hints(&shop, 1).await.len(), 1);
    assert!(shop.whatsapp.ledger().open().refused.iter().next().is_none());
}

#[tokio::test]
async fn a_hint_that_whatsapp_refuses_is_no_agents_business() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    let mut ada = agent(&shop).await;
    shop.refuses(131_000, 1);

    types(&mut ada, talk).await;

    let refused = shop.whatsapp.ledger();
    let refused = refused.until(|book| book.refused.iter().count() == 1);
    timeout(PATIENCE, refused).await.unwrap();
    let (status, told) =
        shop.ask(&format!("/api/conversations/{talk}/messages"), &json!({ "content": "Oi" })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{told}");
    shop.until_status(told["id"].as_str().unwrap().parse().unwrap(), Status::Sent).await;
}
