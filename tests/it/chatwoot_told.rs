//! What Chatwoot is told, however it answers: once, and what agents on either side decide is followed on
//! the other.

use std::time::Duration;

use recado::desk::{Conversation, Event, Message, Role, Sees, Status};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    Chatwoot, Fault, PATIENCE, Tenant, TestServer, admin, base64_of, opened, picture, until, upload,
};

/// What a connected Chatwoot's only customer has begun.
struct Talk<'a> {
    acme: Tenant<'a>,
    chatwoot: Chatwoot,
    /// Its number in Chatwoot.
    number: u64,
}

impl<'a> Talk<'a> {
    async fn begin(server: &'a TestServer) -> Self {
        let (acme, chatwoot) = (server.tenant("acme").await, Chatwoot::start().await);
        chatwoot.connect(server, &acme.desk, &json!({})).await;
        let number = chatwoot.begins("Bea", 14).await;
        chatwoot.says(number, "incoming", "Olá?", json!({})).await;
        Self { acme, chatwoot, number }
    }

    async fn card(&self) -> Conversation {
        self.acme.card().await
    }

    async fn path(&self, what: &str) -> String {
        format!("/api/conversations/{}{what}", self.card().await.id)
    }

    /// An agent replies.
    async fn replies(&self, reply: Value) -> Value {
        let (status, told) =
            self.acme.ask(Method::POST, &self.path("/messages").await, &reply).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{told}");
        told
    }

    /// Waits until so many messages have got so far.
    async fn are(&self, status: Status, how_many: usize) {
        let mut feed = self.acme.desk.follow(Some(0), Sees::everything()).await.unwrap();
        let waiting = async {
            let mut moved = 0;
            while moved < how_many {
                let event = &feed.next().await.unwrap().event;
                moved +=
                    usize::from(matches!(event, Event::StatusMoved(it) if it.status == status));
            }
        };
        timeout(PATIENCE, waiting).await.expect("they never get so far");
    }

    async fn said(&self) -> Vec<Message> {
        self.acme.history().await
    }
}

#[tokio::test]
async fn a_file_goes_to_chatwoot_as_it_is_and_its_echo_is_no_other() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    let bytes = picture("recibo");
    let (_, file) = upload(&talk.acme, "recibo.png", "image/png", &bytes).await;

    talk.replies(json!({ "type": "IMAGE", "mediaId": file["id"], "content": "Segue" })).await;
    talk.are(Status::Sent, 1).await;

    let asked = talk.chatwoot.asked("/messages");
    assert_eq!(asked.len(), 1);
    let expected = json!([
        { "filename": "recibo.png", "mimeType": "image/png", "sha256": base64_of(&bytes) }
    ]);
    assert_eq!(asked[0]["attachments"], expected);
    let told = [&asked[0]["content"], &asked[0]["message_type"], &asked[0]["private"]];
    assert_eq!(told, [&json!("Segue"), &json!("outgoing"), &json!("false")]);
    let said = talk.said().await;
    assert_eq!(said.len(), 2, "the echo is another message: {said:?}");
    let media = &said[1].metadata["media"];
    assert_eq!((&media["id"], &media["state"]), (&file["id"], &json!("stored")));
}

#[tokio::test]
async fn a_file_may_take_longer_to_chatwoot_than_an_answer() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    let bytes = picture(&"x".repeat(1_000_000));
    let (_, file) = upload(&talk.acme, "recibo.png", "image/png", &bytes).await;
    // Longer than an answer may take, and than a claim lasts.
    talk.chatwoot.fail(Fault::Late(Duration::from_secs(5)));

    talk.replies(json!({ "type": "IMAGE", "mediaId": file["id"] })).await;
    talk.are(Status::Sent, 1).await;

    assert_eq!(talk.chatwoot.asked("/messages").len(), 1);
    let log = talk.acme.log().await;
    let is_lost = |event: &Event| match event {
        Event::StatusMoved(it) | Event::MessageChanged(it) => it.status == Status::Unknown,
        _ => false,
    };
    assert!(!log.iter().any(|logged| is_lost(&logged.event)), "nobody knew what became of it");
}

#[tokio::test]
async fn files_are_brought_from_where_chatwoot_keeps_them() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    let kept = format!("{}/rails/active_storage/blobs/redirect", talk.chatwoot.url);
    let files = json!({ "attachments": [
        { "id": 2, "file_type": "file", "data_url": format!("{kept}/dois.png") },
        { "id": 1, "file_type": "image", "data_url": format!("{kept}/um.png") },
    ]});
    let mut screen = talk.acme.agent().await;

    talk.chatwoot.says(talk.number, "incoming", "Duas", files).await;
    for _ in 0..2 {
        let heard = screen.hear("message:updated").await.data;
        assert_eq!(heard["message"]["metadata"]["media"]["state"], "stored", "{heard}");
    }

    let said = talk.said().await;
    let words: Vec<_> = said.iter().map(|it| it.content.as_str()).collect();
    assert_eq!(words, ["Olá?", "Duas", ""]);
    for (message, name) in said[1..].iter().zip(["um.png", "dois.png"]) {
        let media = &message.metadata["media"];
        assert_eq!(media["filename"], name);
        let bytes = opened(&talk.acme, media["id"].as_str().unwrap()).await.bytes().await.unwrap();
        assert_eq!(bytes, picture(name));
    }
}

/// Two pictures, as a message in Chatwoot carries them.
fn two_pictures(chatwoot: &Chatwoot) -> Value {
    let kept = format!("{}/rails/active_storage/blobs/redirect", chatwoot.url);
    json!({ "attachments": [
        { "id": 1, "file_type": "image", "data_url": format!("{kept}/um.png") },
        { "id": 2, "file_type": "image", "data_url": format!("{kept}/dois.png") },
    ]})
}

#[tokio::test]
async fn a_message_that_is_deleted_takes_all_its_files_along() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    let mut screen = talk.acme.agent().await;
    let files = two_pictures(&talk.chatwoot);
    let message = talk.chatwoot.says(talk.number, "incoming", "Duas", files).await;
    for _ in 0..2 {
        screen.hear("message:updated").await;
    }
    let before = talk.said().await;

    talk.chatwoot.deletes(talk.number, message).await;

    let said = talk.said().await;
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[1..].iter().all(|it| it.deleted_at.is_some()), "{said:?}");
    for message in &before[1..] {
        let path = format!("/api/media/{}", message.metadata["media"]["id"].as_str().unwrap());
        assert_eq!(server.get(&path, &talk.acme.token()).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn files_that_come_after_their_message_was_deleted_are_deleted() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    talk.chatwoot.lose(true);
    let files = two_pictures(&talk.chatwoot);
    let message = talk.chatwoot.says(talk.number, "incoming", "Duas", files).await;
    let late = talk.chatwoot.sent().pop().unwrap();
    talk.chatwoot.lose(false);

    talk.chatwoot.deletes(talk.number, message).await;
    talk.chatwoot.deliver(late).await;

    let said = talk.said().await;
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[1..].iter().all(|it| it.deleted_at.is_some()), "{said:?}");
}

#[tokio::test]
async fn a_refused_token_holds_the_inbox_and_says_why_until_an_admin_mends_it() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    let inbox = talk.card().await.inbox.id;
    let admin = admin(&talk.acme.desk);
    let mut sent = 0;
    for (refusal, token) in [(401, "another"), (403, "a third")] {
        talk.chatwoot.wants(token, refusal);

        talk.replies(json!({ "content": "um" })).await;
        let flow = loop {
            let (_, flows) = server.get("/api/sending", &admin).await;
            let flow = flows["inboxes"]
                .as_array()
                .unwrap()
                .iter()
                .find(|it| it["inboxId"] == json!(inbox));
            if flow.is_some_and(|flow| flow["heldUntil"].is_string()) {
                break flow.unwrap().clone();
            }
        };
        talk.replies(json!({ "content": "dois" })).await;

        let why = json!("You need to sign in or sign up before continuing.");
        assert_eq!(flow["error"]["code"], format!("http_{refusal}"));
        assert_eq!((&flow["error"]["message"], &flow["waiting"]), (&why, &json!(1)));
        let said = talk.said().await;
        assert!(said[said.len() - 2..].iter().all(|it| it.status == Status::Pending), "{said:?}");
        let path = format!("/api/chatwoot/inboxes/{inbox}");
        let mended = json!({ "apiAccessToken": token });
        let (status, _) = server.send(Method::PATCH, &path, &admin, &mended).await;
        assert_eq!(status, StatusCode::OK);
        sent += 2;
        talk.are(Status::Sent, sent).await;
        assert_eq!(talk.chatwoot.asked("/messages").len(), sent);
    }
}

#[tokio::test]
async fn what_is_taken_and_never_answered_is_settled_by_its_echo_and_sent_once() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    talk.chatwoot.fail(Fault::Silent);

    talk.replies(json!({ "content": "um" })).await;
    talk.replies(json!({ "content": "dois" })).await;
    // The second waits for the first, of which nothing is heard but its echo.
    talk.are(Status::Sent, 2).await;

    let asked = talk.chatwoot.asked("/messages");
    let asked: Vec<_> = asked.iter().map(|it| it["content"].as_str().unwrap()).collect();
    assert_eq!(asked, ["um", "dois"]);
    let said = talk.said().await;
    let said: Vec<_> = said.iter().map(|it| (it.content.as_str(), it.error.clone())).collect();
    assert_eq!(said, [("Olá?", None), ("um", None), ("dois", None)]);
}

#[tokio::test]
async fn an_echo_that_comes_after_the_answer_is_no_other_message() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    talk.chatwoot.holds_echoes();

    talk.replies(json!({ "content": "um" })).await;
    talk.are(Status::Sent, 1).await;
    let echoes = talk.chatwoot.lets_echoes_go().await;

    assert_eq!((echoes, talk.said().await.len()), (1, 2));
}

#[tokio::test]
async fn what_was_taken_before_trouble_is_found_and_not_sent_again() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    talk.chatwoot.holds_echoes();
    for status in [500, 502, 503] {
        talk.chatwoot.fail(Fault::TakenWith(status));
        talk.replies(json!({ "content": format!("apesar de {status}") })).await;
    }

    talk.are(Status::Sent, 3).await;
    talk.chatwoot.lets_echoes_go().await;

    assert_eq!(talk.chatwoot.asked("/messages").len(), 3, "one was sent twice");
    assert_eq!(talk.said().await.len(), 4);
}

#[tokio::test]
async fn assignment_and_labels_are_followed_both_ways() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    let ada = talk.acme.person("Ada", Role::Agent).await;
    let path = talk.path("").await;

    ada.patch(&path, json!({ "assigneeId": ada.id, "labels": ["vip", "devolução"] })).await;
    until(|| talk.chatwoot.sent().iter().any(|it| it["meta"]["assignee"]["id"] == 7)).await;
    until(|| talk.chatwoot.sent().iter().any(|it| it["labels"] == json!(["devolução", "vip"])))
        .await;
    let agreed = talk.card().await;
    talk.chatwoot.turns(talk.number, |it| it.labels = vec!["novo".to_owned()]).await;
    talk.chatwoot.turns(talk.number, |it| it.assignee = Value::Null).await;
    let changed = talk.card().await;
    talk.chatwoot
        .turns(talk.number, |it| it.assignee = json!({ "id": 8, "name": "Ada", "type": "user" }))
        .await;

    assert_eq!(agreed.assignee_id.map(|it| it.0), Some(ada.id.clone()));
    assert_eq!(agreed.labels, ["devolução", "vip"]);
    assert_eq!((changed.assignee_id, changed.labels), (None, vec!["novo".to_owned()]));
    assert_eq!(talk.card().await.assignee_id.map(|it| it.0), Some(ada.id), "known by name");
    assert_eq!(talk.chatwoot.asked("/assignments"), [json!({ "assignee_id": 7 })]);
    let labels = talk.chatwoot.asked("/labels");
    assert_eq!(
        labels,
        [json!({ "labels": ["devolução", "vip"] })],
        "what Chatwoot tells is told back"
    );
}

#[tokio::test]
async fn whom_chatwoot_does_not_know_stays_responsible_here() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    let bob = talk.acme.person("Bob", Role::Agent).await;

    bob.patch(&talk.path("").await, json!({ "assigneeId": bob.id })).await;
    talk.chatwoot.says(talk.number, "incoming", "Alguém?", json!({})).await;
    talk.chatwoot.turns(talk.number, |it| it.labels = vec!["vip".to_owned()]).await;

    let card = talk.card().await;
    assert_eq!(
        (card.assignee_id.map(|it| it.0), card.labels),
        (Some(bob.id), vec!["vip".to_owned()])
    );
    assert!(talk.chatwoot.asked("/assignments").is_empty());
}

#[tokio::test]
async fn what_chatwoot_leaves_out_is_not_forgotten() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    let bia = talk.acme.person("Bia", Role::Agent).await;
    bia.patch(&talk.path("").await, json!({ "assigneeId": bia.id })).await;
    let mut brief = talk.chatwoot.sent().pop().unwrap()["conversation"].take();
    brief["event"] = json!("conversation_updated");
    brief["meta"].as_object_mut().unwrap().remove("assignee");

    talk.chatwoot.deliver(brief).await;
    talk.chatwoot.says(talk.number, "incoming", "Alguém?", json!({})).await;

    assert_eq!(talk.card().await.assignee_id.map(|it| it.0), Some(bia.id));
}

#[tokio::test]
async fn who_types_here_types_in_chatwoot() {
    let server = TestServer::beside_chatwoot().await;
    let talk = Talk::begin(&server).await;
    let card = talk.card().await.id.to_string();
    let mut screen = talk.acme.agent().await;
    screen.ask("conversation:join", json!(card)).await;

    screen.ask("typing:start", json!(card)).await;
    until(|| !talk.chatwoot.asked("/toggle_typing_status").is_empty()).await;

    let asked = talk.chatwoot.asked("/toggle_typing_status");
    assert_eq!(asked[0], json!({ "typing_status": "on" }));
}
