//! Imported history tells of a file twice, and what happens to its message may come in between.

use recado::desk::{Message, Type};
use serde_json::{Value, json};

use crate::support::{TestServer, value};

const ANA: &str = "5511888888888";

/// All orders in which three things may come.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// Takes what a history tells, or what has just happened.
async fn take(server: &TestServer, phone: &str, (field, told): &(&str, Value)) {
    let change = json!({ "field": field, "value": value(phone, told.clone()) });
    server.take(&json!({ "entry": [{ "changes": [change] }] })).await;
}

/// What stands for a picture, and the picture.
fn picture_told_twice() -> [(&'static str, Value); 2] {
    let message = json!({ "from": ANA, "id": "wamid.1", "timestamp": "1700000001" });
    let (mut stands, mut file) = (message.clone(), message);
    stands["type"] = json!("media_placeholder");
    file["type"] = json!("image");
    file["image"] = json!({ "id": "m-1", "mime_type": "image/jpeg", "caption": "O bolo" });
    let thread = json!({ "id": ANA, "messages": [stands] });
    let history = json!({ "history": [{ "metadata": { "phase": 0 }, "threads": [thread] }] });
    [("history", history), ("history", json!({ "messages": [file] }))]
}

/// That something happens to it.
fn happens(kind: &str, how: Value) -> (&'static str, Value) {
    let mut told = json!({ "from": ANA, "id": "wamid.2", "timestamp": "1700000060", "type": kind });
    told[kind] = how;
    told[kind]["original_message_id"] = json!("wamid.1");
    ("messages", json!({ "messages": [told] }))
}

/// The message that comes of them, in each order in which three things may be told.
async fn whatever_order(told: [(&'static str, Value); 3]) -> Vec<Message> {
    let mut all = Vec::new();
    for order in ORDERS {
        let server = TestServer::start().await;
        let acme = server.tenant("acme").await;
        for at in order {
            take(&server, &acme.phone, &told[at]).await;
        }
        let [message] = acme.history().await.try_into().unwrap();
        all.push(message);
    }
    all
}

#[tokio::test]
async fn an_edit_stays_whenever_the_file_comes_that_a_message_stands_for() {
    let image = json!({ "caption": "O bolo de fubá" });
    let edit = happens("edit", json!({ "message": { "type": "image", "image": image } }));
    let [stands, file] = picture_told_twice();

    let all = whatever_order([stands, file, edit]).await;

    for (message, order) in all.iter().zip(ORDERS) {
        assert_eq!((message.kind, message.content.as_str()), (Type::Image, "O bolo de fubá"));
        assert_eq!(message.metadata["kind"], "image", "{order:?}");
        assert_eq!(message.metadata["media"]["state"], "wanted", "{order:?}");
        assert_eq!(message.metadata.get("placeholder"), None, "{order:?}");
    }
}

#[tokio::test]
async fn what_was_deleted_is_the_same_whenever_the_file_comes_that_it_stands_for() {
    let [stands, file] = picture_told_twice();

    let all = whatever_order([stands, file, happens("revoke", json!({}))]).await;

    for (message, order) in all.iter().zip(ORDERS) {
        assert!(message.deleted_at.is_some(), "{order:?}");
        assert_eq!((message.kind, message.content.as_str()), (Type::Image, ""), "{order:?}");
        assert_eq!(json!(message.metadata), json!({ "kind": "image" }), "{order:?}");
    }
}
