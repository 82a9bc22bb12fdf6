//! A conversation from its first message to its end, by two agents and a customer.

use recado::desk::{NewUser, Role, Sees, Status};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Client, Shop};

const ANA: &str = "5511988887777";

#[tokio::test]
async fn two_agents_serve_a_customer_from_the_first_message_to_the_last() {
    let shop = Shop::open(&[]).await;
    let ada = person(&shop, "ada").await;
    let bia = person(&shop, "bia").await;
    let (mut adas, mut bias) = (connected(&shop, &ada).await, connected(&shop, &bia).await);

    // She writes; both see the new card.
    let talk = shop.hears(ANA).await;
    for agent in [&mut adas, &mut bias] {
        let opened = agent.hear("conversation:new").await;
        assert_eq!(opened.data["conversation"]["id"], json!(talk));
    }

    // Ada takes it and answers; Bia sees her type, and how far the answer gets.
    let path = format!("/api/conversations/{talk}");
    let (_, board) = shop.server.get("/api/board", &Shop::token(&ada, "agent")).await;
    let taken = json!({ "assigneeId": ada, "stageId": board["stages"][1]["id"] });
    assert_eq!(asked(&shop, Method::PATCH, &path, &ada, &taken).await.0, StatusCode::OK);
    let moved = bias.hear("conversation:updated").await;
    assert_eq!(moved.data["updates"]["assigneeId"], json!(ada));
    bias.ask("conversation:join", json!(talk)).await;
    adas.ask("conversation:join", json!(talk)).await;
    adas.ask("typing:start", json!(talk)).await;
    assert_eq!(bias.hear("typing:start").await.data["user"]["id"], json!(ada));
    let answer =
        json!({ "conversationId": talk, "type": "TEXT", "content": "Oi, Ana!", "clientId": "1" });
    let (sent, _) = adas.ask("message:send", answer).await;
    assert_eq!(sent["ok"], true, "{sent}");
    assert_eq!(bias.hear("message:new").await.data["message"]["content"], "Oi, Ana!");
    let id = sent["message"]["id"].as_str().unwrap().parse().unwrap();
    shop.until_status(id, Status::Read).await;
    let mut heard = Value::Null;
    while heard != "READ" {
        heard = bias.hear("message:status-update").await.data["status"].clone();
    }

    // Bia asks Ada something that no customer sees.
    let note = json!({ "type": "TEXT", "content": "Ela é cliente antiga?", "isPrivate": true, "mentions": [ada] });
    let said = asked(&shop, Method::POST, &format!("{path}/messages"), &bia, &note).await;
    assert_eq!(said.0, StatusCode::ACCEPTED, "{}", said.1);
    while adas.hear("notification:new").await.data["kind"] != "mention" {}

    // She thanks; Ada reads it and closes the conversation.
    shop.whatsapp.write(ANA, "Obrigada!").unwrap();
    while bias.hear("message:new").await.data["message"]["content"] != "Obrigada!" {}
    adas.ask("conversation:read", json!(talk)).await;
    let closed = json!({ "status": "RESOLVED" });
    assert_eq!(asked(&shop, Method::PATCH, &path, &ada, &closed).await.0, StatusCode::OK);
    while bias.hear("conversation:updated").await.data["updates"]["status"] != "RESOLVED" {}

    let card = shop.desk.conversation(talk, &Sees::everything()).await.unwrap();
    assert_eq!((card.unread_count, card.waiting_since), (0, None));
    let seen: Vec<_> = shop.accepted().iter().map(|it| it.body["text"]["body"].clone()).collect();
    assert_eq!(seen, [json!("Oi, Ana!")]);
    assert_eq!(shop.server.desks.verify().await.unwrap(), []);
}

async fn person(shop: &Shop, name: &str) -> String {
    let new = NewUser {
        email: format!("{name}@shop.test"),
        name: name.to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only: None,
    };
    shop.desk.add_user(new).await.unwrap().id.to_string()
}

async fn connected(shop: &Shop, user: &str) -> Client {
    Client::connect(shop.server.address(), &Shop::token(user, "agent")).await.unwrap()
}

async fn asked(
    shop: &Shop,
    method: Method,
    path: &str,
    user: &str,
    body: &Value,
) -> (StatusCode, Value) {
    shop.server.send(method, path, &Shop::token(user, "agent"), body).await
}
