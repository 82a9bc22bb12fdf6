//! How agents react to messages, and what is shown when WhatsApp does not take it.

use std::sync::{Arc, Mutex};

use axum::routing::post;
use axum::{Json, Router};
use recado::desk::{ConversationId, Event, MessageId, Sees};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::support::{PATIENCE, Shop, TestServer};

const ANA: &str = "5511988887777";

/// A Graph API that refuses what it is asked first once it is told to, and takes everything else.
struct Refusing {
    url: String,
    asked: mpsc::UnboundedReceiver<Value>,
    refuse: Option<oneshot::Sender<()>>,
}

impl Refusing {
    async fn start() -> Self {
        let (sender, asked) = mpsc::unbounded_channel();
        let (refuse, told) = oneshot::channel::<()>();
        let first = Arc::new(Mutex::new(Some(told)));
        let send = move |Json(body): Json<Value>| async move {
            let _ = sender.send(body);
            let told = first.lock().unwrap().take();
            let Some(told) = told else {
                return (StatusCode::OK, Json(json!({ "messages": [{ "id": "wamid.out" }] })));
            };
            let _ = told.await;
            let error = json!({ "code": 131_026, "message": "Message undeliverable" });
            (StatusCode::BAD_REQUEST, Json(json!({ "error": error })))
        };
        let router = Router::new().route("/v25.0/{number}/messages", post(send));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url, asked, refuse: Some(refuse) }
    }

    /// The emoji of the next reaction.
    async fn emoji(&mut self) -> Value {
        let asked = timeout(PATIENCE, self.asked.recv()).await.expect("nothing is sent");
        asked.unwrap()["reaction"]["emoji"].take()
    }

    fn refuses(&mut self) {
        self.refuse.take().unwrap().send(()).unwrap();
    }
}

/// A shop that sends to another Graph API from now on, however long that takes.
async fn turned_to(url: &str, shop: Shop) -> Shop {
    let url = format!("{url}/v25.0");
    let flags = ["--whatsapp-graph-url", &url, "--whatsapp-access-token", "token"];
    let server = TestServer::on(shop.server.stop().await, &flags).await;
    let desk = server.tenant("shop").await.desk;
    Shop { server, desk, whatsapp: shop.whatsapp }
}

/// The one message of a conversation.
async fn only(shop: &Shop, talk: ConversationId) -> MessageId {
    let page = shop.desk.history(talk, None, 10, &Sees::everything()).await.unwrap();
    let [message] = page.messages.try_into().unwrap();
    message.id
}

async fn react(shop: &Shop, talk: ConversationId, to: MessageId, emoji: Option<&str>) {
    shop.says(talk, &json!({ "reaction": { "messageId": to, "emoji": emoji } })).await;
}

#[tokio::test]
async fn a_reaction_that_is_refused_is_taken_back() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    let message = only(&shop, talk).await;
    shop.refuses(131_026, 1);

    react(&shop, talk, message, Some("👍")).await;

    let is_taken_back = |event: &Event| match event {
        Event::MessageChanged(it) => it.reactions.iter().any(|it| it.emoji.is_none()),
        _ => false,
    };
    shop.until(is_taken_back).await;
    assert_eq!(shop.message(talk, message).await.reactions.len(), 1);
}

#[tokio::test]
async fn what_an_agent_has_chosen_since_stands_when_a_reaction_is_refused() {
    for first in [Some("👍"), None] {
        let shop = Shop::open(&[]).await;
        let talk = shop.hears(ANA).await;
        let message = only(&shop, talk).await;
        let mut whatsapp = Refusing::start().await;
        let shop = turned_to(&whatsapp.url, shop).await;

        react(&shop, talk, message, first).await;
        assert_eq!(whatsapp.emoji().await, first.unwrap_or_default());
        react(&shop, talk, message, Some("❤️")).await;
        whatsapp.refuses();

        assert_eq!(whatsapp.emoji().await, "❤️", "{first:?}");
        let reactions = shop.message(talk, message).await.reactions;
        let emojis: Vec<_> = reactions.iter().map(|it| it.emoji.as_deref()).collect();
        assert_eq!(emojis, [Some("❤️")], "{first:?}");
    }
}
