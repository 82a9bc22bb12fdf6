//! What agents write reaches the customer once, and what becomes of it comes back.

use std::collections::BTreeSet;

use recado::desk::{ConversationId, Direction, NewUser, Role, Sees, Status};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Client, Shop, picture};

const ANA: &str = "5511988887777";

#[tokio::test]
async fn a_reply_reaches_the_customer_and_what_becomes_of_it_comes_back() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;

    let body = json!({ "type": "TEXT", "content": "Oi, Ana!", "clientId": "c-1" });
    let told = shop.says(talk, &body).await;

    assert_eq!((&told["status"], &told["direction"]), (&json!("PENDING"), &json!("OUTBOUND")));
    assert_eq!(told["metadata"]["clientId"], "c-1");
    assert_eq!(told["metadata"]["author"]["id"], "ada");
    let id = told["id"].as_str().unwrap().parse().unwrap();
    let read = shop.until_status(id, Status::Read).await;
    let [accepted] = shop.accepted().try_into().unwrap();
    assert_eq!(read.provider_id, Some(accepted.wamid));
    assert_eq!((accepted.to.as_str(), &accepted.body["text"]["body"]), (ANA, &json!("Oi, Ana!")));
    let card = shop.desk.conversation(talk, &Sees::everything()).await.unwrap();
    assert_eq!(card.waiting_since, None);
    assert_eq!(card.last_message.unwrap().content, "Oi, Ana!");
}

#[tokio::test]
async fn a_file_that_an_agent_sends_reaches_the_customer() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    let file = Part::bytes(picture("um bolo")).file_name("bolo.png");
    let upload = reqwest::Client::new().post(format!("{}/api/media", shop.server.url));
    let upload = upload.bearer_auth(Shop::token("ada", "agent"));
    let told = upload.multipart(Form::new().part("file", file)).send().await.unwrap();
    let media: Value = told.json().await.unwrap();
    let body = json!({ "type": "IMAGE", "mediaId": media["id"], "content": "O seu bolo" });

    let by_another = shop
        .server
        .send(
            Method::POST,
            &format!("/api/conversations/{talk}/messages"),
            &Shop::token("bia", "agent"),
            &body,
        )
        .await;
    let told = shop.says(talk, &body).await;

    assert_eq!(by_another.0, StatusCode::NOT_FOUND, "{}", by_another.1);
    assert_eq!(told["metadata"]["media"]["id"], media["id"]);
    shop.until_status(told["id"].as_str().unwrap().parse().unwrap(), Status::Sent).await;
    let [accepted] = shop.accepted().try_into().unwrap();
    assert_eq!(accepted.body["image"]["caption"], "O seu bolo");
    assert!(accepted.body["image"]["id"].is_string(), "{}", accepted.body);
}

/// Has somebody write from another number, who turns out to be Ana; returns that conversation.
async fn merged(shop: &Shop, number: &str) -> ConversationId {
    let (home, other) = (shop.hears(ANA).await, shop.hears(number).await);
    let contact = async |talk| {
        let talk = shop.desk.conversation(talk, &Sees::everything()).await.unwrap();
        talk.contact.id
    };
    let merge = format!("/api/contacts/{}/merge", contact(other).await);
    let (merged, _) = shop.ask(&merge, &json!({ "into": contact(home).await })).await;
    assert_eq!(merged, StatusCode::OK);
    other
}

#[tokio::test]
async fn a_reply_to_a_merged_contact_goes_to_the_number_of_that_thread() {
    let shop = Shop::open(&[]).await;
    let work = merged(&shop, "5511977776666").await;

    let sent = shop.replies(work, "Chegou?").await;
    shop.until_status(sent, Status::Sent).await;

    let [accepted] = shop.accepted().try_into().unwrap();
    assert_eq!(accepted.to, "5511977776666");
}

#[tokio::test]
async fn a_first_message_to_a_merged_contact_goes_to_the_number_that_was_given() {
    let shop = Shop::open(&[]).await;
    let work = merged(&shop, "5511977776666").await;
    let inbox = shop.desk.inboxes().await.unwrap().remove(0).0.id;

    let opening = json!({ "inboxId": inbox, "phoneNumber": "5511977776666", "message": { "content": "Chegou?" } });
    let (status, opened) = shop.ask("/api/conversations", &opening).await;
    let sent = opened["message"]["id"].as_str().unwrap().parse().unwrap();
    shop.until_status(sent, Status::Sent).await;

    assert_eq!((status, &opened["conversation"]["id"]), (StatusCode::ACCEPTED, &json!(work)));
    let [accepted] = shop.accepted().try_into().unwrap();
    assert_eq!(accepted.to, "5511977776666");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_posts_with_one_client_id_are_one_message_that_is_sent_once() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;

    let body = json!({ "type": "TEXT", "content": "Oi", "clientId": "c-1" });
    let answers = futures_util::future::join_all((0..20).map(|_| shop.says(talk, &body))).await;
    let last = shop.replies(talk, "Tudo bem?").await;
    shop.until_status(last, Status::Sent).await;

    assert!(answers.iter().all(|answer| answer["id"] == answers[0]["id"]), "{answers:?}");
    let texts: Vec<_> = shop.accepted().iter().map(|it| it.body["text"]["body"].clone()).collect();
    assert_eq!(texts, [json!("Oi"), json!("Tudo bem?")]);
}

#[tokio::test]
async fn outside_the_window_nothing_but_templates_gets_as_far_as_whatsapp() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    shop.server.database.execute("UPDATE conversation SET window_until = 1").await;

    let path = format!("/api/conversations/{talk}/messages");
    let (status, problem) = shop.ask(&path, &json!({ "content": "Oi" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("window_closed")));
    let template = json!({ "name": "ola", "language": { "code": "pt_BR" } });
    let sent = shop.says(talk, &json!({ "template": template, "content": "Olá, Ana!" })).await;
    shop.until_status(sent["id"].as_str().unwrap().parse().unwrap(), Status::Sent).await;

    let [only] = shop.accepted().try_into().unwrap();
    assert_eq!((only.kind.as_str(), &only.body["template"]), ("template", &template));
    assert_eq!(shop.whatsapp.ledger().open().refused.total(), 0);
}

#[tokio::test]
async fn notes_are_among_agents_and_tell_those_they_mention() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    let user = |email: &str| NewUser {
        email: email.to_owned(),
        name: "Bia".to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only: None,
    };
    let bia = shop.desk.add_user(user("bia@shop.test")).await.unwrap();
    let before = shop.desk.conversation(talk, &Sees::everything()).await.unwrap();
    shop.server.database.execute("UPDATE conversation SET window_until = 1").await;

    let note = json!({ "content": "Ela é difícil", "isPrivate": true, "mentions": [bia.id] });
    let told = shop.says(talk, &note).await;
    let mut client =
        Client::after(shop.server.address(), &Shop::token(&bia.id.0, "agent"), 0).await.unwrap();

    assert_eq!(told["isPrivate"], true);
    assert_eq!(client.hear("notification:new").await.data["kind"], "mention");
    let after = shop.desk.conversation(talk, &Sees::everything()).await.unwrap();
    assert_eq!(
        (after.last_message, after.waiting_since),
        (before.last_message, before.waiting_since)
    );
    let template = json!({ "name": "ola", "language": { "code": "pt_BR" } });
    let sent = shop.says(talk, &json!({ "template": template })).await;
    shop.until_status(sent["id"].as_str().unwrap().parse().unwrap(), Status::Sent).await;
    assert_eq!(shop.accepted().len(), 1);
    let (status, _) = shop
        .ask(
            &format!("/api/messages/{}/retry", told["id"].as_str().unwrap()),
            &json!({ "force": true }),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn all_that_whatsapp_takes_can_be_said_and_nothing_else() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    let first = shop.replies(talk, "Oi").await;
    let known = shop.until_status(first, Status::Sent).await.provider_id;
    let buttons = |count: usize| {
        let button = json!({ "type": "reply", "reply": { "id": "sim", "title": "Sim" } });
        let buttons = vec![button; count];
        json!({ "type": "button", "body": { "text": "Confirma?" }, "action": { "buttons": buttons } })
    };
    let place = json!({ "latitude": -22.9, "longitude": -43.1, "name": "Loja" });
    let reaction = json!({ "messageId": first, "emoji": "👍" });

    for (body, sent) in [
        (
            json!({ "content": "Sim", "replyTo": first }),
            json!({ "context": { "message_id": known } }),
        ),
        (json!({ "type": "LOCATION", "location": place }), json!({ "location": place })),
        (json!({ "interactive": buttons(3) }), json!({ "interactive": buttons(3) })),
        (
            json!({ "reaction": reaction }),
            json!({ "reaction": { "message_id": known, "emoji": "👍" } }),
        ),
    ] {
        let before = shop.accepted().len() as u64;
        shop.says(talk, &body).await;
        let more = |book: &recado::simulate::Book| book.accepted.total() > before;
        shop.whatsapp.ledger().until(more).await;
        let accepted = shop.accepted().pop().unwrap();
        for (key, part) in sent.as_object().unwrap() {
            assert_eq!(&accepted.body[key], part, "{body}");
        }
    }
    assert_eq!(shop.accepted().len(), 5);
}

#[tokio::test]
async fn what_whatsapp_would_not_take_is_refused_before_it_is_asked() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    let button = json!({ "type": "reply", "reply": { "id": "sim", "title": "Sim" } });
    let buttons = json!({ "type": "button", "body": { "text": "?" }, "action": { "buttons": vec![button; 4] } });
    let path = format!("/api/conversations/{talk}/messages");
    for body in [
        json!({ "content": " " }),
        json!({ "content": "á".repeat(4_097) }),
        json!({ "type": "STICKER", "content": "x" }),
        json!({ "type": "IMAGE", "content": "x" }),
        json!({ "interactive": buttons }),
        json!({ "template": { "name": "ola" } }),
        json!({ "type": "LOCATION", "location": { "latitude": 91.0, "longitude": 0.0 } }),
        json!({ "content": "x", "mentions": ["ada"] }),
    ] {
        let (status, problem) = shop.ask(&path, &body).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid")),
            "{body}"
        );
    }
    let missing = uuid::Uuid::now_v7();
    for body in [
        json!({ "type": "IMAGE", "mediaId": missing }),
        json!({ "content": "x", "replyTo": missing }),
        json!({ "reaction": { "messageId": missing, "emoji": "👍" } }),
    ] {
        let (status, problem) = shop.ask(&path, &body).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::NOT_FOUND, &json!("not_found")),
            "{body}"
        );
    }
    assert_eq!(shop.whatsapp.ledger().open().refused.total() + shop.accepted().len() as u64, 0);
}

#[tokio::test]
async fn somebody_who_has_not_written_is_written_to_and_is_the_same_when_they_answer() {
    let shop = Shop::open(&[]).await;
    let inbox = shop.desk.inboxes().await.unwrap().remove(0).0.id;
    let template = json!({ "name": "ola", "language": { "code": "pt_BR" } });
    let opening = |message: &Value| json!({ "inboxId": inbox, "phoneNumber": "+55 (31) 98888-7777", "name": "Caio", "message": message });

    let (status, refused) =
        shop.ask("/api/conversations", &opening(&json!({ "content": "Oi" }))).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("window_closed")));
    let message = json!({ "template": template, "clientId": "c-1" });
    let (status, opened) = shop.ask("/api/conversations", &opening(&message)).await;
    let (_, again) = shop.ask("/api/conversations", &opening(&message)).await;

    assert_eq!(status, StatusCode::ACCEPTED, "{opened}");
    assert_eq!(opened["message"]["id"], again["message"]["id"]);
    shop.until_status(opened["message"]["id"].as_str().unwrap().parse().unwrap(), Status::Sent)
        .await;
    // WhatsApp knows them without the ninth digit.
    let talk = shop.hears("553188887777").await;
    assert_eq!(json!(talk), opened["conversation"]["id"]);
    assert_eq!(shop.accepted().len(), 1);
    assert_eq!(shop.server.desks.verify().await.unwrap(), []);
}

#[tokio::test]
async fn what_was_done_in_an_hour_and_on_a_day_is_kept() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    shop.replies(talk, "Olá").await;
    shop.says(talk, &json!({ "content": "Cliente antiga", "isPrivate": true })).await;

    let kept = shop.server.desks.verify().await.unwrap();
    shop.server.database.execute("UPDATE traffic SET sent = sent + 1").await;
    shop.server.database.execute("UPDATE workday SET response = response || ' 7'").await;
    let drifted = shop.server.desks.verify().await.unwrap();

    assert_eq!(kept, []);
    // One more message, one more answer, and the seconds that it took.
    let counts: BTreeSet<_> = drifted.iter().map(|it| it.kept - it.counted).collect();
    assert_eq!(counts, BTreeSet::from([1, 7]), "{drifted:?}");
    assert!(drifted.len() >= 3, "{drifted:?}");
}

#[tokio::test]
async fn the_socket_sends_and_marks_as_read_as_the_api_does() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    let token = Shop::token("ada", "agent");
    let mut ada = Client::connect(shop.server.address(), &token).await.unwrap();

    let (read, _) = ada.ask("conversation:read", json!(talk)).await;
    let body =
        json!({ "conversationId": talk, "type": "TEXT", "content": "Oi", "clientId": "c-1" });
    let (sent, _) = ada.ask("message:send", body.clone()).await;
    let (again, _) = ada.ask("message:send", body).await;
    let (refused, _) =
        ada.ask("message:send", json!({ "conversationId": "x", "content": "Oi" })).await;

    assert_eq!((&read["ok"], &sent["ok"]), (&json!(true), &json!(true)), "{sent}");
    assert_eq!(sent["message"]["id"], again["message"]["id"]);
    assert_eq!((&refused["ok"], &refused["error"]["code"]), (&json!(false), &json!("not_found")));
    shop.until_status(sent["message"]["id"].as_str().unwrap().parse().unwrap(), Status::Read).await;
    let marked = |book: &recado::simulate::Book| book.marked.total() == 1;
    shop.whatsapp.ledger().until(marked).await;
    let history = shop.desk.history(talk, None, 10, &Sees::everything()).await.unwrap().messages;
    let heard = history.iter().find(|it| it.direction == Direction::Inbound).unwrap();
    let book = shop.whatsapp.ledger().open();
    assert_eq!(Some(&book.marked.iter().next().unwrap().message_id), heard.provider_id.as_ref());
}

#[tokio::test]
async fn a_programs_token_that_may_only_read_sends_nothing() {
    let shop = Shop::open(&[]).await;
    let talk = shop.hears(ANA).await;
    let bia = NewUser {
        email: "bia@shop.test".to_owned(),
        name: "Bia".to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only: None,
    };
    let bia = Shop::token(&shop.desk.add_user(bia).await.unwrap().id.0, "agent");
    let body = json!({ "name": "BI", "scopes": ["read"] });
    let (status, made) = shop.server.send(Method::POST, "/api/tokens", &bia, &body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let token = made["token"].as_str().unwrap();
    let mut program = Client::connect(shop.server.address(), token).await.unwrap();

    let body = json!({ "conversationId": talk, "content": "Oi" });
    let (refused, _) = program.ask("message:send", body).await;

    assert_eq!(
        (&refused["ok"], &refused["error"]["code"]),
        (&json!(false), &json!("scope_missing"))
    );
    let history = shop.desk.history(talk, None, 10, &Sees::everything()).await.unwrap();
    assert_eq!(history.messages.len(), 1);
}
