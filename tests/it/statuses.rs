//! Statuses only move a message forward, in whatever order they come.

use recado::desk::{Filter, Outcome, Status};
use serde_json::{Value, json};

use crate::support::{TestServer, change, echo, envelope, status};

const ANA: &str = "5511888888888";
const FIVE: [&str; 5] = ["sent", "delivered", "read", "played", "failed"];

#[tokio::test]
async fn all_orders_of_five_statuses_end_in_one_state() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    // Six webhooks, each with the next step of every order.
    let mut steps = vec![Vec::new(); 6];
    let mut expected = 0;
    for (n, order) in orders(&FIVE).iter().enumerate() {
        // The message comes before the statuses, after them, and in their midst.
        for at in [0, 2, 5] {
            let id = format!("wamid.{n}.{at}");
            let mut told: Vec<Value> =
                order.iter().map(|it| json!({ "statuses": [status(&id, it)] })).collect();
            told.insert(at, json!({ "message_echoes": [echo(ANA, &id, "Oi")] }));
            for (step, value) in steps.iter_mut().zip(told) {
                step.push(change(&acme.phone, value));
            }
            expected += 1;
        }
    }

    for step in steps {
        server.take(&envelope(&step)).await;
    }

    let history = acme.history().await;
    assert_eq!(history.len(), expected);
    for message in history {
        let state = (message.status, message.error.is_some());
        assert_eq!(state, (Status::Read, false), "{:?}", message.provider_id);
    }
    let parked = Filter { outcome: Some(Outcome::Parked), limit: 10 };
    assert_eq!(server.desks.webhooks(parked).await.unwrap(), []);
}

#[tokio::test]
async fn a_failure_is_final_from_sent_and_told_with_its_reason() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.whatsapp(json!({ "message_echoes": [echo(ANA, "wamid.1", "Oi")] })).await;

    acme.whatsapp(json!({ "statuses": [status("wamid.1", "failed"), status("wamid.1", "sent")] }))
        .await;

    let [message] = acme.history().await.try_into().unwrap();
    assert_eq!(message.status, Status::Failed);
    assert_eq!(message.error.unwrap()["code"], 131_026);
    assert_eq!(acme.told().await.last(), Some(&"message:status-update"));
}

#[tokio::test]
async fn a_repeated_or_late_status_tells_nobody() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.whatsapp(json!({ "message_echoes": [echo(ANA, "wamid.1", "Oi")] })).await;
    acme.whatsapp(json!({ "statuses": [status("wamid.1", "read")] })).await;
    let told = acme.told().await.len();

    let again = ["read", "delivered", "sent", "failed"].map(|word| status("wamid.1", word));
    let elements = acme.whatsapp(json!({ "statuses": again })).await;

    assert_eq!(elements, json!({ "duplicate": 1, "ignored": 3 }));
    assert_eq!(acme.told().await.len(), told);
}

#[tokio::test]
async fn unknown_words_and_other_peoples_messages_are_kept_with_the_reason() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;

    let odd =
        [status("wamid.1", "in_orbit"), status("wamid.1", "read"), json!({ "status": "read" })];
    let elements = acme.whatsapp(json!({ "statuses": odd })).await;

    assert_eq!(elements, json!({ "ignored": 2, "quarantined": 1 }));
    let webhooks = server.desks.webhooks(Filter { outcome: None, limit: 1 }).await.unwrap();
    assert!(webhooks[0].fates.iter().all(|fate| fate.reason.is_some()), "{webhooks:?}");
}

/// All orders of some things.
fn orders<'a>(things: &[&'a str]) -> Vec<Vec<&'a str>> {
    if things.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for first in things {
        let others: Vec<_> = things.iter().copied().filter(|it| it != first).collect();
        all.extend(orders(&others).into_iter().map(|rest| [vec![*first], rest].concat()));
    }
    all
}
