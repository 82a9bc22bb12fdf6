//! Webhooks become conversations, messages and events: each once.

use std::collections::HashSet;

use recado::desk::{ConversationStatus, Direction, Outcome, Status, Type};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{TestServer, echo, notification, post, reaction, text, value};

const ANA: &str = "5511888888888";

#[tokio::test]
async fn the_documented_curl_becomes_a_conversation_with_a_message() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;

    let elements = server
        .take(&json!({ "entry": [{ "id": "test-entry", "changes": [{ "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "5511999999999", "phone_number_id": acme.phone },
            "messages": [{ "from": ANA, "id": "test-msg-id", "timestamp": "1699999999",
                           "type": "text", "text": { "body": "Mensagem de teste Socket.io" } }] } }] }] }))
        .await;

    assert_eq!(elements, json!({ "applied": 1 }));
    assert_eq!(acme.told().await, ["conversation:new", "message:new"]);
    let card = acme.card().await;
    assert_eq!((card.unread_count, card.status), (1, ConversationStatus::Open));
    assert_eq!((card.contact.phone_number.as_str(), &card.contact.name), (ANA, &None));
    let last = card.last_message.unwrap();
    assert_eq!((last.content.as_str(), last.kind), ("Mensagem de teste Socket.io", Type::Text));
    assert_eq!(last.sent_at.to_string(), "2023-11-14T22:13:19.000Z");
}

#[tokio::test]
async fn a_second_message_counts_and_becomes_the_last() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;

    acme.writes(ANA, "wamid.1", "Oi").await;
    acme.writes(ANA, "wamid.2", "Tudo bem?").await;

    let told = ["conversation:new", "message:new", "message:new", "conversation:updated"];
    assert_eq!(acme.told().await, told);
    let card = acme.card().await;
    assert_eq!((card.unread_count, card.last_message.unwrap().content.as_str()), (2, "Tudo bem?"));
}

#[tokio::test]
async fn a_late_old_message_does_not_become_the_last() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;

    acme.writes(ANA, "wamid.9", "newer").await;
    acme.writes(ANA, "wamid.1", "older").await;

    let card = acme.card().await;
    assert_eq!((card.unread_count, card.last_message.unwrap().content.as_str()), (2, "newer"));
    let history: Vec<_> = acme.history().await.into_iter().map(|it| it.content).collect();
    assert_eq!(history, ["older", "newer"]);
}

#[tokio::test]
async fn a_repeated_webhook_changes_nothing() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;

    acme.writes(ANA, "wamid.1", "Oi").await;
    let again = acme.writes(ANA, "wamid.1", "Oi").await;

    assert_eq!(again, json!({ "duplicate": 1 }));
    assert_eq!(acme.told().await.len(), 2);
    assert_eq!(acme.card().await.unread_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_parallel_posts_of_one_body_are_one_message() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let body = notification(&acme.phone, &[text(ANA, "wamid.1", "Oi")]).to_string();

    let posts = (0..64).map(|_| {
        let (url, body) = (server.url.clone(), body.clone());
        tokio::spawn(async move { post(&url, body).await.status() })
    });
    for answer in posts.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), StatusCode::OK);
    }

    assert_eq!(acme.told().await, ["conversation:new", "message:new"]);
    assert_eq!(acme.history().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_parallel_first_messages_of_one_person_are_one_conversation() {
    let server = TestServer::start().await;
    // A second node on the same PostgreSQL; SQLite has one node only.
    let nodes = if server.database.is_postgres() { 2 } else { 1 };
    let other = TestServer::on(server.database.clone(), &[]).await;
    let acme = server.tenant("acme").await;

    let posts = (0..100).map(|n| {
        let url = if n % nodes == 1 { other.url.clone() } else { server.url.clone() };
        let body = notification(&acme.phone, &[text(ANA, &format!("wamid.{n}"), "Oi")]).to_string();
        tokio::spawn(async move { post(&url, body).await.status() })
    });
    for answer in posts.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), StatusCode::OK);
    }

    let card = acme.card().await;
    assert_eq!(card.unread_count, 100);
    assert_eq!(acme.history().await.len(), 100);
    let told = acme.told().await;
    assert_eq!(told.iter().filter(|name| **name == "conversation:new").count(), 1);
}

#[tokio::test]
async fn three_entries_of_four_changes_of_five_messages_are_sixty_in_order() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut numbers = 0..;
    let mut message = || text(ANA, &format!("wamid.{}", numbers.next().unwrap()), "Oi");
    let mut change = || {
        let messages: Vec<_> = (0..5).map(|_| message()).collect();
        json!({ "field": "messages", "value": value(&acme.phone, json!({ "messages": messages })) })
    };
    let mut entry =
        || json!({ "id": "waba", "changes": (0..4).map(|_| change()).collect::<Vec<_>>() });
    let body = json!({ "entry": (0..3).map(|_| entry()).collect::<Vec<_>>() });

    assert_eq!(server.take(&body).await, json!({ "applied": 60 }));

    let stored = acme.history().await.into_iter().map(|it| it.provider_id.unwrap());
    let sent: Vec<_> = (0..60).map(|n| format!("wamid.{n}")).collect();
    assert_eq!(stored.collect::<Vec<_>>(), sent);
    let mut announced = Vec::new();
    for logged in acme.log().await {
        if let recado::desk::Event::MessageReceived(message) = &logged.event {
            announced.push(message.provider_id.clone().unwrap());
        }
    }
    assert_eq!(announced, sent);
}

#[tokio::test]
async fn one_post_may_hold_several_tenants() {
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    let change = |phone: &str, id: &str| json!({ "field": "messages", "value": value(phone, json!({ "messages": [text(ANA, id, "Oi")] })) });
    let changes = [
        change(&acme.phone, "wamid.1"),
        change("nobody's", "wamid.2"),
        change(&zenith.phone, "wamid.1"),
    ];

    let elements = server.take(&json!({ "entry": [{ "changes": changes }] })).await;

    assert_eq!(elements, json!({ "applied": 2, "quarantined": 1 }));
    for tenant in [acme, zenith] {
        assert_eq!(tenant.told().await, ["conversation:new", "message:new"]);
    }
}

#[tokio::test]
async fn an_unknown_number_is_quarantined_and_can_be_replayed() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let body = notification("new-phone", &[text(ANA, "wamid.1", "Oi")]);

    assert_eq!(server.take(&body).await, json!({ "quarantined": 1 }));
    assert_eq!(acme.told().await.len(), 0);

    let inbox = acme.desk.ensure_inbox(recado::desk::Channel::WhatsApp, "new-phone", "New").await;
    inbox.unwrap();
    assert_eq!(server.take(&body).await, json!({ "applied": 1 }));
    assert_eq!(acme.history().await.len(), 1);
}

#[tokio::test]
async fn a_demo_server_adopts_unknown_numbers() {
    let server = TestServer::with(&["--demo"]).await;

    let body = notification("some-phone", &[text(ANA, "wamid.1", "Oi")]);
    assert_eq!(server.take(&body).await, json!({ "applied": 1 }));
    assert_eq!(server.take(&body).await, json!({ "duplicate": 1 }));

    let inboxes = server.desks.of("demo".into()).inboxes().await.unwrap();
    let mut addresses: Vec<_> = inboxes.iter().map(|(_, address)| address.as_str()).collect();
    addresses.sort_unstable();
    assert_eq!(addresses, ["pub_demo", "some-phone", "test-phone-id"]);
}

#[tokio::test]
async fn brazils_ninth_digit_does_not_make_another_person() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;

    acme.writes("556999267344", "wamid.1", "Oi").await;
    acme.writes("5569999267344", "wamid.2", "De novo").await;

    assert_eq!(acme.history().await.len(), 2);
    assert_eq!(acme.card().await.contact.phone_number, "5569999267344");
}

#[tokio::test]
async fn a_person_is_known_by_number_and_by_user_id() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let contact = json!({ "wa_id": ANA, "user_id": "BR.1", "profile": { "name": "Ana" } });
    let mut nameless = text("", "wamid.2", "Sem número");
    nameless.as_object_mut().unwrap().remove("from");
    nameless["from_user_id"] = json!("BR.1");

    acme.whatsapp(json!({ "contacts": [contact], "messages": [text(ANA, "wamid.1", "Oi")] })).await;
    acme.whatsapp(json!({ "messages": [nameless] })).await;

    assert_eq!(acme.history().await.len(), 2);
    assert_eq!(acme.card().await.contact.name.as_deref(), Some("Ana"));
}

#[tokio::test]
async fn who_changes_their_number_stays_the_same_person() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let notice = json!({ "from": ANA, "id": "wamid.2", "timestamp": "1700000002", "type": "system",
        "system": { "type": "user_changed_number", "wa_id": "5511777777777", "body": "Ana mudou de número" } });

    acme.writes(ANA, "wamid.1", "Oi").await;
    acme.whatsapp(json!({ "messages": [notice] })).await;
    acme.writes("5511777777777", "wamid.3", "Sou eu").await;

    assert_eq!(acme.history().await.len(), 3);
    let card = acme.card().await;
    assert_eq!((card.unread_count, card.contact.phone_number.as_str()), (2, "5511777777777"));
}

#[tokio::test]
async fn the_newest_name_counts_whatever_comes_first() {
    let named = |id: &str, name: &str| json!({ "contacts": [{ "wa_id": ANA, "profile": { "name": name } }], "messages": [text(ANA, id, "Oi")] });
    for order in [["wamid.1", "wamid.2"], ["wamid.2", "wamid.1"]] {
        let server = TestServer::start().await;
        let acme = server.tenant("acme").await;
        for id in order {
            acme.whatsapp(named(id, if id == "wamid.1" { "Ana" } else { "Ana Maria" })).await;
        }
        assert_eq!(acme.card().await.contact.name.as_deref(), Some("Ana Maria"));
    }
}

#[tokio::test]
async fn what_the_business_writes_on_its_phone_is_outbound() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;

    acme.whatsapp(json!({ "message_echoes": [echo(ANA, "wamid.1", "Bom dia")] })).await;

    let [message] = acme.history().await.try_into().unwrap();
    assert_eq!((message.direction, message.status), (Direction::Outbound, Status::Sent));
    assert_eq!(message.metadata["origin"], "phone_app");
    let card = acme.card().await;
    assert_eq!((card.unread_count, card.contact.phone_number.as_str()), (0, ANA));
}

#[tokio::test]
async fn imported_history_alerts_nobody() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut own = text("5511999999999", "wamid.2", "Sua encomenda saiu");
    own["history_context"] = json!({ "status": "READ" });
    let thread = json!({ "id": ANA, "messages": [text(ANA, "wamid.1", "Onde está?"), own] });
    let history =
        value(&acme.phone, json!({ "history": [{ "metadata": {}, "threads": [thread] }] }));
    let body = json!({ "entry": [{ "changes": [{ "field": "history", "value": history }] }] });

    assert_eq!(server.take(&body).await, json!({ "applied": 2 }));

    assert_eq!(acme.card().await.unread_count, 0);
    let [theirs, ours] = acme.history().await.try_into().unwrap();
    assert_eq!((theirs.direction, ours.direction), (Direction::Inbound, Direction::Outbound));
    assert_eq!((ours.status, &ours.metadata["imported"]), (Status::Read, &json!(true)));
}

#[tokio::test]
async fn what_stands_for_a_file_in_imported_history_becomes_it_in_whatever_order_they_come() {
    let mut stands = json!({ "from": ANA, "id": "wamid.1", "timestamp": "1700000001",
        "type": "media_placeholder", "history_context": { "status": "READ" } });
    stands["history_context"] = json!({ "status": "READ" });
    let image = json!({ "id": "m-1", "mime_type": "image/jpeg", "caption": "O bolo" });
    let file = json!({ "from": ANA, "id": "wamid.1", "timestamp": "1700000001", "type": "image", "image": image });
    for order in [[0, 1], [1, 0]] {
        let server = TestServer::start().await;
        let acme = server.tenant("acme").await;
        let thread = json!({ "id": ANA, "messages": [stands] });
        let values = [
            json!({ "history": [{ "metadata": { "phase": 0 }, "threads": [thread] }] }),
            json!({ "messages": [file] }),
        ];

        for at in order {
            let value = value(&acme.phone, values[at].clone());
            let change = json!({ "field": "history", "value": value });
            server.take(&json!({ "entry": [{ "changes": [change] }] })).await;
        }

        let [message] = acme.history().await.try_into().unwrap();
        assert_eq!((message.kind, message.content.as_str()), (Type::Image, "O bolo"));
        assert_eq!(message.metadata["imported"], true);
        assert_eq!(message.metadata.get("placeholder"), None);
        assert_eq!(message.metadata["media"]["state"], "wanted");
        assert_eq!(acme.card().await.unread_count, 0);
        let is_told = acme.told().await.contains(&"message:updated");
        assert_eq!(is_told, order == [0, 1]);
    }
}

#[tokio::test]
async fn a_message_from_the_future_does_not_stay_the_last() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut future = text(ANA, "wamid.1", "Do futuro");
    future["timestamp"] = json!("32503680000");

    acme.whatsapp(json!({ "messages": [future] })).await;

    let last = acme.card().await.last_message.unwrap();
    assert!(last.sent_at <= recado::desk::Time::now());
}

#[tokio::test]
async fn reactions_edits_and_deletions_change_their_message_and_wait_for_it() {
    let edit = json!({ "from": ANA, "id": "wamid.21", "timestamp": "1700000021", "type": "edit",
        "edit": { "original_message_id": "wamid.1", "message": { "type": "text", "text": { "body": "Olá" } } } });
    let revoke = json!({ "from": ANA, "id": "wamid.31", "timestamp": "1700000031", "type": "revoke",
        "revoke": { "original_message_id": "wamid.2" } });
    let amendments: Vec<Value> = vec![
        reaction(ANA, "wamid.1", "👍", 1_700_000_010),
        reaction(ANA, "wamid.1", "❤️", 1_700_000_011),
        edit,
        revoke,
    ];
    let messages = vec![text(ANA, "wamid.1", "Oi"), text(ANA, "wamid.2", "Ops")];
    for messages_first in [true, false] {
        let server = TestServer::start().await;
        let acme = server.tenant("acme").await;
        let mut parts = [&messages, &amendments];
        if !messages_first {
            parts.reverse();
        }
        for part in parts {
            for element in part.iter().rev() {
                acme.whatsapp(json!({ "messages": [element] })).await;
            }
        }

        let [first, second] = acme.history().await.try_into().unwrap();
        assert_eq!(first.content, "Olá");
        let reactions: Vec<_> = first.reactions.iter().map(|it| it.emoji.as_deref()).collect();
        assert_eq!(reactions, [Some("❤️")]);
        assert_eq!((second.content.as_str(), second.deleted_at.is_some()), ("", true));
        assert_eq!(acme.card().await.unread_count, 2);
        let waiting = server
            .desks
            .webhooks(recado::desk::Filter { outcome: Some(Outcome::Parked), limit: 9 });
        assert_eq!(waiting.await.unwrap(), []);
    }
}

#[tokio::test]
async fn what_is_stored_once_survives_a_restart() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;

    let server = TestServer::on(server.stop().await, &[]).await;
    let acme = server.tenant("acme").await;

    assert_eq!(acme.history().await.len(), 1);
    acme.writes(ANA, "wamid.2", "Ainda aí?").await;
    let seqs: HashSet<_> = acme.log().await.iter().map(|logged| logged.seq).collect();
    assert_eq!(seqs, HashSet::from([1, 2, 3, 4]));
}
