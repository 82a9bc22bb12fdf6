//! What agents do at a desk, and what all others see of it.

use std::collections::BTreeMap;

use recado::desk::{ConversationId, Event, NewUser, Role, Sees, StageId};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::planning::crowd;
use crate::support::{Screen, Tenant, TestServer};

const ANA: &str = "5511888888888";
const BIA: &str = "5521777777777";

#[tokio::test]
async fn what_an_agent_does_is_on_every_screen() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let id = acme.card().await.id;
    let mut colleague = acme.agent().await;
    let (_, board) = server.get("/api/board", &acme.token()).await;
    let (first, second) = (&board["stages"][0]["id"], &board["stages"][1]["id"]);

    let changes = json!({ "stageId": second, "assigneeId": "ada", "labels": ["troca", " Entrega ", "troca"] });
    let (done, told) = acme.patch(&format!("/api/conversations/{id}"), &changes).await;

    assert_eq!((done, &told["labels"]), (StatusCode::OK, &json!(["Entrega", "troca"])));
    let heard = colleague.hear("conversation:updated").await;
    assert_eq!(heard.data["updates"]["stageId"], *second);
    assert_eq!(heard.data["updates"]["assigneeId"], "ada");
    assert_eq!(heard.data["updates"]["labels"], json!(["Entrega", "troca"]));
    assert_eq!(heard.data["previous"]["stageId"], *first);
    let (_, board) = server.get("/api/board", &acme.token()).await;
    assert_eq!(
        (&board["stages"][0]["total"], &board["stages"][1]["total"]),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn a_resolved_conversation_opens_again_when_the_customer_writes() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let path = format!("/api/conversations/{}", acme.card().await.id);

    acme.patch(&path, &json!({ "status": "RESOLVED" })).await;
    let (_, resolved) = server.get(&path, &acme.token()).await;
    acme.writes(ANA, "wamid.2", "Mais uma coisa").await;

    assert_eq!(
        (&resolved["status"], &resolved["waitingSince"]),
        (&json!("RESOLVED"), &Value::Null)
    );
    let (_, again) = server.get(&path, &acme.token()).await;
    assert_eq!(again["status"], "OPEN");
    assert!(again["waitingSince"].is_string());
}

#[tokio::test]
async fn a_snoozed_conversation_comes_back_by_itself() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let path = format!("/api/conversations/{}", acme.card().await.id);
    let mut agent = acme.agent().await;
    let soon = recado::desk::Time::now().plus_seconds(1).to_string();

    for wrong in [json!({ "status": "SNOOZED" }), json!({ "status": "OPEN", "snoozedUntil": soon })]
    {
        assert_eq!(acme.patch(&path, &wrong).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    let snoozed = acme.patch(&path, &json!({ "status": "SNOOZED", "snoozedUntil": soon })).await;

    assert_eq!((snoozed.0, &snoozed.1["status"]), (StatusCode::OK, &json!("SNOOZED")));
    assert_eq!(agent.hear("conversation:updated").await.data["updates"]["status"], "SNOOZED");
    assert_eq!(agent.hear("conversation:updated").await.data["updates"]["status"], "OPEN");
}

#[tokio::test]
async fn agents_who_drag_at_once_end_up_with_the_same_board() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let people: Vec<_> = (0..8).map(|n| format!("55118888000{n:02}")).collect();
    for (n, from) in people.iter().enumerate() {
        acme.writes(from, &format!("wamid.{n}"), "Oi").await;
    }
    let (_, board) = server.get("/api/board", &acme.token()).await;
    let cards: Vec<_> = acme.cards().await.iter().map(|card| card.id).collect();
    let to = &board["stages"][1]["id"];
    acme.patch(&format!("/api/conversations/{}", cards[0]), &json!({ "stageId": to })).await;

    // All into the same place at once: just below the first.
    let moves = cards[1..].iter().map(|id| {
        let changes = json!({ "stageId": to, "after": cards[0] });
        let (path, acme) = (format!("/api/conversations/{id}"), &acme);
        async move { assert_eq!(acme.patch(&path, &changes).await.0, StatusCode::OK) }
    });
    futures_util::future::join_all(moves).await;

    let (_, after) = server.get("/api/board", &acme.token()).await;
    let mut screen = Screen::load(&board);
    acme.replay(&mut screen, board["seq"].as_i64().unwrap(), &Sees::everything()).await;
    assert_eq!(screen, Screen::load(&after));
    let column = after["stages"][1]["conversations"].as_array().unwrap();
    assert_eq!((column.len(), &column[0]["id"]), (8, &json!(cards[0])));
    let mut places: Vec<_> = column.iter().map(|card| card["position"].as_str().unwrap()).collect();
    places.dedup();
    assert_eq!(places.len(), 8);
}

#[tokio::test]
async fn the_cards_of_a_column_that_is_removed_go_to_the_end_of_another() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    acme.writes(BIA, "wamid.2", "Oi").await;
    let (_, board) = server.get("/api/board", &acme.token()).await;
    let stage = |n: usize| board["stages"][n]["id"].as_str().unwrap();
    let first = format!("/api/stages/{}", stage(0));
    let admin = acme.token_of("eva", "admin");

    let by_agent = acme.ask(Method::DELETE, &format!("{first}?to={}", stage(1)), &json!({})).await;
    let removed =
        server.send(Method::DELETE, &format!("{first}?to={}", stage(1)), &admin, &json!({})).await;

    assert_eq!((by_agent.0, removed.0), (StatusCode::FORBIDDEN, StatusCode::NO_CONTENT));
    let (_, after) = server.get("/api/board", &admin).await;
    assert_eq!(after["stages"].as_array().unwrap().len(), 3);
    let moved = after["stages"][0]["conversations"].as_array().unwrap();
    let ids = |cards: &[Value]| cards.iter().map(|it| it["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(moved), ids(board["stages"][0]["conversations"].as_array().unwrap()));
    // The first column is where new conversations start.
    acme.writes("5531999999999", "wamid.3", "Oi").await;
    assert_eq!(acme.cards().await.len(), 3);
}

/// The cards of a column from the top, as the log tells.
async fn told_in(tenant: &Tenant<'_>, stage: StageId) -> Vec<ConversationId> {
    let mut places = BTreeMap::new();
    for logged in tenant.log().await {
        match &logged.event {
            Event::ConversationOpened(it) => {
                places.insert(it.id, (it.stage_id, it.position.clone()));
            }
            Event::ConversationChanged(it) => {
                if let (Some(stage), Some(position)) = (it.stage_id, &it.position) {
                    places.insert(it.conversation_id, (stage, position.clone()));
                }
            }
            _ => {}
        }
    }
    let there = places.into_iter().filter(|(_, (of, _))| *of == stage);
    let mut cards: Vec<_> = there.map(|(id, (_, position))| (position, id)).collect();
    cards.sort();
    cards.into_iter().map(|(_, id)| id).collect()
}

#[tokio::test]
async fn the_cards_of_a_column_of_many_that_is_removed_keep_their_order() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    crowd(&acme, 0..1_010).await;
    let stages = acme.desk.stages().await.unwrap();
    let (first, second) = (stages[0].id, stages[1].id);
    let mut cards = told_in(&acme, first).await;
    let there = cards.pop().unwrap();
    acme.patch(&format!("/api/conversations/{there}"), &json!({ "stageId": second })).await;
    cards.insert(0, there);

    let path = format!("/api/stages/{first}?to={second}");
    let removed = acme.ask_as(&acme.token_of("eva", "admin"), Method::DELETE, &path).await;

    assert_eq!(removed.0, StatusCode::NO_CONTENT);
    assert!(told_in(&acme, second).await == cards);
    assert_eq!(acme.told().await.last(), Some(&"stages:updated"));
    let board = acme.desk.board(&Sees::everything()).await.unwrap();
    assert_eq!((board.columns.len(), board.columns[0].total), (3, 1_010));
    let shown: Vec<_> = board.columns[0].conversations.iter().map(|card| card.id).collect();
    assert_eq!(shown, cards[..shown.len()]);
    assert_eq!(server.desks.verify().await.unwrap(), []);
}

#[tokio::test]
async fn who_is_made_responsible_is_told_and_nobody_else() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let bia = acme.desk.add_user(person("bia@acme.test", None)).await.unwrap();
    acme.writes(ANA, "wamid.1", "Oi").await;
    let path = format!("/api/conversations/{}", acme.card().await.id);
    let mut ada = acme.agent().await;
    let token = acme.token_of(&bia.id.0, "agent");
    let mut hers = crate::support::Client::connect(server.address(), &token).await.unwrap();

    acme.patch(&path, &json!({ "assigneeId": bia.id })).await;
    acme.writes(ANA, "wamid.2", "Alguém?").await;

    let told = hers.hear("notification:new").await;
    assert_eq!((&told.data["kind"], &told.data["body"]), (&json!("assigned"), &json!("ada")));
    let told = hers.hear("notification:new").await;
    assert_eq!((&told.data["kind"], &told.data["body"]), (&json!("message"), &json!("Alguém?")));
    let (synced, heard) = ada.ask("sync", json!({ "after": 0 })).await;
    assert_eq!(synced["ok"], true);
    assert!(heard.iter().all(|it| it.name != "notification:new"));
}

#[tokio::test]
async fn nobody_is_made_responsible_for_what_they_may_not_see() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let zenith = server.tenant("zenith").await;
    let elsewhere = acme.desk.add_user(person("caio@acme.test", Some(Vec::new()))).await.unwrap();
    let foreign = zenith.desk.add_user(person("dora@zenith.test", None)).await.unwrap();
    acme.writes(ANA, "wamid.1", "Oi").await;
    let path = format!("/api/conversations/{}", acme.card().await.id);

    for assignee in [elsewhere.id, foreign.id, "nobody".into()] {
        let (refused, why) = acme.patch(&path, &json!({ "assigneeId": assignee })).await;
        assert_eq!((refused, &why["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    }
    assert_eq!(acme.card().await.assignee_id, None);
}

#[tokio::test]
async fn who_has_left_is_given_nothing_more_and_keeps_what_they_had() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let bia = acme.person("bia", Role::Agent).await;
    for (number, id) in [(ANA, "wamid.1"), ("5511777777777", "wamid.2")] {
        acme.writes(number, id, "Oi").await;
    }
    let [hers, other] = acme.desk.board(&Sees::everything()).await.unwrap().columns[0]
        .conversations
        .iter()
        .map(|card| format!("/api/conversations/{}", card.id))
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let to_bia = json!({ "assigneeId": bia.id });
    assert_eq!(ada.patch(&hers, to_bia.clone()).await.status, StatusCode::OK);

    ada.patch(&format!("/api/users/{}", bia.id), json!({ "isDisabled": true })).await;

    assert_eq!(ada.patch(&other, to_bia.clone()).await.code(), (404, "not_found"));
    let note = json!({ "content": "Veja isto", "isPrivate": true, "mentions": [bia.id] });
    let noted = ada.post(&format!("{other}/messages"), note).await;
    assert_eq!(noted.code(), (404, "not_found"));
    assert_eq!(ada.patch(&hers, to_bia).await.status, StatusCode::OK);
}

fn person(email: &str, only: Option<Vec<recado::desk::InboxId>>) -> NewUser {
    NewUser {
        email: email.to_owned(),
        name: "Bia".to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only,
    }
}
