//! Figures, against a recount by hand.

use recado::desk::{Channel, NewUser, Role, Time};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Tenant, TestServer, echo, notification, status, text};

const ANA: &str = "5511888888888";
const BIA: &str = "5521777777777";
const CAIO: &str = "5531999999999";

async fn stats(acme: &Tenant<'_>, token: &str, query: &str) -> Value {
    let (done, stats) = acme.ask_as(token, Method::GET, &format!("/api/stats{query}")).await;
    assert_eq!(done, StatusCode::OK, "{stats}");
    stats
}

/// The path of the conversation with a number.
async fn thread(acme: &Tenant<'_>, number: &str) -> String {
    let cards = acme.cards().await;
    let card = cards.iter().find(|card| card.contact.phone_number == number).unwrap();
    format!("/api/conversations/{}", card.id)
}

async fn restricted(acme: &Tenant<'_>, inbox: recado::desk::InboxId) -> String {
    let user = acme.desk.add_user(NewUser {
        email: "bia@acme.test".to_owned(),
        name: "Bia".to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only: Some(vec![inbox]),
    });
    acme.token_of(&user.await.unwrap().id.0, "agent")
}

#[tokio::test]
async fn figures_are_what_a_recount_by_hand_gives() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let token = acme.token();
    // By the provider's clock, the answers come 100 and 140 seconds after the questions.
    acme.writes(ANA, "wamid.100", "Oi").await;
    acme.writes(BIA, "wamid.160", "Oi").await;
    acme.writes(CAIO, "wamid.170", "Oi").await;
    acme.whatsapp(json!({ "message_echoes": [echo(ANA, "wamid.200", "Olá")] })).await;
    acme.whatsapp(json!({ "message_echoes": [echo(BIA, "wamid.300", "Olá")] })).await;
    acme.whatsapp(json!({ "statuses": [status("wamid.300", "failed")] })).await;
    let (ana, bia) = (thread(&acme, ANA).await, thread(&acme, BIA).await);
    acme.patch(&ana, &json!({ "status": "RESOLVED" })).await;
    acme.patch(&bia, &json!({ "status": "PENDING", "assigneeId": "ada" })).await;
    acme.ask(Method::POST, &format!("{bia}/read"), &Value::Null).await;

    let told = stats(&acme, &token, "").await;

    let now = json!({ "open": 1, "pending": 1, "snoozed": 0, "unassigned": 1, "unread": 1 });
    assert_eq!(told["now"], now);
    assert_eq!(told["waiting"]["count"], 1);
    assert_eq!(told["waiting"]["oldestSince"], Time(1_700_000_170_000_000).to_string());
    assert!(told["waiting"]["medianSeconds"].as_i64().unwrap() > 0);
    assert_eq!((&told["messages"]["received"], &told["messages"]["sent"]), (&json!(3), &json!(2)));
    let hours = told["messages"]["hours"].as_array().unwrap();
    assert!((24..=25).contains(&hours.len()));
    let sum = |key: &str| hours.iter().map(|hour| hour[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("received"), sum("sent")), (3, 2));
    let took = json!({ "count": 2, "average": 120, "median": 100, "p90": 140 });
    assert_eq!((&told["times"]["response"], &told["times"]["firstResponse"]), (&took, &took));
    assert_eq!(told["times"]["resolution"]["count"], 1);
    assert_eq!(told["failures"], json!([{ "code": "131026", "count": 1 }]));
    let inbox = &told["inboxes"].as_array().unwrap()[0];
    assert_eq!((&inbox["now"], &inbox["times"]), (&told["now"], &told["times"]));
    assert_eq!((&inbox["received"], &inbox["sent"]), (&json!(3), &json!(2)));

    let hers = stats(&acme, &token, "?assigneeId=ada").await;
    let now = json!({ "open": 0, "pending": 1, "snoozed": 0, "unassigned": 0, "unread": 0 });
    assert_eq!((&hers["now"], &hers["waiting"]["count"]), (&now, &json!(0)));
    assert_eq!((&hers["messages"]["received"], &hers["messages"]["sent"]), (&json!(1), &json!(1)));
    assert_eq!(hers["times"]["resolution"]["count"], 1);
    assert_eq!(hers["times"]["response"]["count"], 0);
    assert_eq!(hers["failures"][0]["count"], 1);
    let (_, agents) = acme.ask_as(&token, Method::GET, "/api/stats/agents").await;
    let ada = &agents["agents"].as_array().unwrap()[0];
    assert_eq!((&ada["userId"], &ada["now"], &ada["sent"]), (&json!("ada"), &now, &json!(0)));
    assert_eq!(ada["times"]["resolution"]["count"], 1);
}

#[tokio::test]
async fn what_happened_outside_the_period_does_not_count() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let token = acme.token();
    acme.writes(ANA, "wamid.1", "Oi").await;
    acme.whatsapp(json!({ "message_echoes": [echo(ANA, "wamid.2", "Olá")] })).await;
    let now = Time::now();
    let day = |from: i64, to: i64| {
        format!("?from={}&to={}", now.plus_seconds(from * 3_600), now.plus_seconds(to * 3_600))
    };

    let before = stats(&acme, &token, &day(-5, -1)).await;
    let during = stats(&acme, &token, &day(-5, 1)).await;

    assert_eq!(
        (&before["messages"]["received"], &before["times"]["response"]["count"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        (&during["messages"]["received"], &during["times"]["response"]["count"]),
        (&json!(1), &json!(1))
    );
    assert!((4..=5).contains(&before["messages"]["hours"].as_array().unwrap().len()));
    // Whole hours and days are not counted from messages, and come to the same.
    let days = stats(&acme, &token, &day(-60, 60)).await;
    assert_eq!(days["times"], during["times"]);
    for key in ["received", "sent"] {
        assert_eq!(days["messages"][key], during["messages"][key]);
        assert_eq!(days["inboxes"][0][key], during["inboxes"][0][key]);
    }
    let long = format!("?from={}&to={now}", now.plus_seconds(-32 * 86_400));
    for wrong in [&long, "?from=yesterday", &day(1, 0), "?to=1969-01-01T00:00:00Z"] {
        let (refused, why) = acme.ask_as(&token, Method::GET, &format!("/api/stats{wrong}")).await;
        assert_eq!(refused, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {why}");
    }
}

#[tokio::test]
async fn a_restricted_agent_gets_the_figures_of_the_own_inboxes() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let zenith = server.tenant("zenith").await;
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap();
    let token = restricted(&acme, sales.id).await;
    acme.writes(ANA, "wamid.1", "Para o suporte").await;
    zenith.writes(ANA, "wamid.1", "Para a Zenith").await;
    zenith.writes(BIA, "wamid.2", "Para a Zenith").await;
    server.take(&notification("sales", &[text(BIA, "wamid.3", "Para vendas")])).await;
    let support = acme.cards().await.into_iter().find(|it| it.inbox.name != "Sales").unwrap();
    acme.patch(&thread(&acme, ANA).await, &json!({ "assigneeId": "ada" })).await;

    let hers = stats(&acme, &token, "").await;
    let all = stats(&acme, &acme.token_of("eva", "admin"), "").await;

    for (told, count) in [(&hers, 1), (&all, 2)] {
        assert_eq!(told["now"]["open"], count);
        assert_eq!(told["waiting"]["count"], count);
        assert_eq!(told["messages"]["received"], count);
        assert_eq!(told["inboxes"].as_array().unwrap().len(), count);
    }
    assert_eq!(hers["inboxes"][0]["inbox"]["name"], "Sales");
    let only = stats(&acme, &acme.token(), &format!("?inboxId={}", support.inbox.id)).await;
    assert_eq!((&only["now"]["open"], &only["messages"]["received"]), (&json!(1), &json!(1)));
    for path in ["/api/stats", "/api/stats/agents"] {
        let hidden = format!("{path}?inboxId={}", support.inbox.id);
        let (refused, _) = acme.ask_as(&token, Method::GET, &hidden).await;
        assert_eq!(refused, StatusCode::NOT_FOUND);
    }
    let (_, agents) = acme.ask_as(&token, Method::GET, "/api/stats/agents").await;
    assert_eq!(agents["agents"], json!([]));
}
