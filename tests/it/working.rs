//! What agents do at a desk, and what all others see of it.

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use recado::desk::{Channel, NewUser, Role, Sees};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Screen, Tenant, TestServer, change, echo, envelope, reaction, status, text, unique,
};

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

/// Something that happens at a desk.
#[derive(Clone, Debug)]
enum Step {
    Write { from: usize, inbox: usize },
    Echo { to: usize },
    Status { of: usize, word: usize },
    React { to: usize },
    Read { card: usize },
    Unread { card: usize },
    Move { card: usize, stage: usize, other: usize, spot: usize },
    Assign { card: usize, to: bool },
    Label { card: usize, labels: Vec<usize> },
    SetStatus { card: usize, status: usize },
    AddStage,
    RenameStage { stage: usize },
    RemoveStage { stage: usize },
    OrderStages,
    Name { card: usize, name: Option<usize> },
    Block { card: usize, is_blocked: bool },
    Merge { card: usize, into: usize },
    Unmerge { card: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let n = || any::<usize>();
    prop_oneof![
        4 => (n(), n()).prop_map(|(from, inbox)| Step::Write { from, inbox }),
        1 => n().prop_map(|to| Step::Echo { to }),
        1 => (n(), n()).prop_map(|(of, word)| Step::Status { of, word }),
        1 => n().prop_map(|to| Step::React { to }),
        2 => n().prop_map(|card| Step::Read { card }),
        1 => n().prop_map(|card| Step::Unread { card }),
        3 => (n(), n(), n(), n())
            .prop_map(|(card, stage, other, spot)| Step::Move { card, stage, other, spot }),
        1 => (n(), any::<bool>()).prop_map(|(card, to)| Step::Assign { card, to }),
        1 => (n(), prop::collection::vec(0..4_usize, 0..3))
            .prop_map(|(card, labels)| Step::Label { card, labels }),
        2 => (n(), n()).prop_map(|(card, status)| Step::SetStatus { card, status }),
        1 => Just(Step::AddStage),
        1 => n().prop_map(|stage| Step::RenameStage { stage }),
        1 => n().prop_map(|stage| Step::RemoveStage { stage }),
        1 => Just(Step::OrderStages),
        1 => (n(), prop::option::of(n())).prop_map(|(card, name)| Step::Name { card, name }),
        1 => (n(), any::<bool>()).prop_map(|(card, is_blocked)| Step::Block { card, is_blocked }),
        2 => (n(), n()).prop_map(|(card, into)| Step::Merge { card, into }),
        1 => n().prop_map(|card| Step::Unmerge { card }),
    ]
}

#[test]
fn who_applies_every_event_shows_what_a_fresh_load_shows() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(TestServer::start());
    let mut runner = TestRunner::new(Config { cases: 24, ..Config::default() });
    let histories = prop::collection::vec(step(), 1..40);

    let ran = runner.run(&histories, |steps| {
        runtime.block_on(live_through(&server, &format!("acme-{}", unique()), &steps));
        Ok(())
    });

    ran.unwrap();
    assert_eq!(runtime.block_on(server.desks.verify()).unwrap(), []);
    runtime.block_on(server.stop());
}

async fn live_through(server: &TestServer, tenant: &str, steps: &[Step]) {
    let acme = server.tenant(tenant).await;
    let other = format!("other-{tenant}");
    let inbox = acme.desk.ensure_inbox(Channel::WhatsApp, &other, "Other").await.unwrap();
    let only = Some(vec![inbox.id]);
    let restricted = acme.desk.add_user(person(&format!("bia@{tenant}.test"), only)).await.unwrap();
    let tokens = [acme.token(), acme.token_of(&restricted.id.0, "agent")];
    let (_, sees) = acme.desk.person(&restricted.id).await.unwrap();
    let readings = [Sees::everything(), sees];
    let mut screens = Vec::new();
    for token in &tokens {
        screens.push(Screen::load(&server.get("/api/board", token).await.1));
    }

    for (n, step) in steps.iter().enumerate() {
        take(server, &acme, [&acme.phone, &other], step, n).await;
    }

    for ((mut screen, sees), token) in screens.into_iter().zip(&readings).zip(&tokens) {
        acme.replay(&mut screen, 0, sees).await;
        assert_eq!(screen, Screen::load(&server.get("/api/board", token).await.1));
    }
}

async fn take(
    server: &TestServer,
    acme: &Tenant<'_>,
    inboxes: [&String; 2],
    step: &Step,
    n: usize,
) {
    let from = |from: usize| [ANA, BIA, "5531999999999"][from % 3];
    match step {
        Step::Write { from: who, inbox } => {
            let message = text(from(*who), &format!("wamid.{n}"), &format!("Mensagem {n}"));
            let name = ["Zé", "Ana", "Bia"][n % 3];
            let profile = json!({ "name": name });
            let value = json!({ "contacts": [{ "wa_id": from(*who), "profile": profile }], "messages": [message] });
            server.take(&envelope(&[change(inboxes[inbox % 2], value)])).await;
        }
        Step::Echo { to } => {
            let echo = echo(from(*to), &format!("wamid.{n}"), "Respondi pelo celular");
            acme.whatsapp(json!({ "message_echoes": [echo] })).await;
        }
        Step::Status { of, word } => {
            let word = ["sent", "delivered", "read", "failed"][word % 4];
            let id = format!("wamid.{}", of % n.max(1));
            acme.whatsapp(json!({ "statuses": [status(&id, word)] })).await;
        }
        Step::React { to } => {
            let target = format!("wamid.{}", to % n.max(1));
            let at = 1_700_000_000 + u64::try_from(n).unwrap();
            acme.whatsapp(json!({ "messages": [reaction(ANA, &target, "👍", at)] })).await;
        }
        Step::Name { .. } | Step::Block { .. } | Step::Merge { .. } | Step::Unmerge { .. } => {
            know(server, acme, step).await;
        }
        _ => {
            let cards: Vec<_> = acme.cards().await.iter().map(|card| card.id.to_string()).collect();
            let stages = acme.desk.stages().await.unwrap();
            let stages: Vec<_> = stages.iter().map(|stage| stage.id.to_string()).collect();
            if let Some((method, path, body)) = request(step, &cards, &stages, n) {
                let admin = acme.token_of("eva", "admin");
                let (done, why) = server.send(method, &path, &admin, &body).await;
                assert!(done.is_success(), "{path} {body}: {why}");
            }
        }
    }
}

/// Lets somebody who sees everything change what is known of the person behind a card.
async fn know(server: &TestServer, acme: &Tenant<'_>, step: &Step) {
    let admin = acme.token_of("eva", "admin");
    let (_, listed) = server.get("/api/contacts", &admin).await;
    // Those who were merged as well: as they were first known.
    let mut all = Vec::new();
    for contact in listed["contacts"].as_array().unwrap() {
        let (_, details) = server.get(&format!("/api/contacts/{}", id(contact)), &admin).await;
        all.push(id(&details));
        all.extend(details["merged"].as_array().unwrap().iter().map(id));
    }
    if all.is_empty() {
        return;
    }
    let path = |card: usize, what: &str| format!("/api/contacts/{}{what}", all[card % all.len()]);
    let (method, path, body) = match step {
        Step::Name { card, name } => {
            let name = name.map(|name| ["Ana", "Zoé"][name % 2]);
            (Method::PATCH, path(*card, ""), json!({ "name": name }))
        }
        Step::Block { card, is_blocked: true } => (Method::POST, path(*card, "/block"), json!({})),
        Step::Block { card, .. } => (Method::POST, path(*card, "/unblock"), json!({})),
        Step::Merge { card, into } => {
            let into = json!({ "into": all[into % all.len()] });
            (Method::POST, path(*card, "/merge"), into)
        }
        Step::Unmerge { card } => (Method::POST, path(*card, "/unmerge"), json!({})),
        _ => return,
    };
    let (done, why) = server.send(method, &path, &admin, &body).await;
    // Some are the same person already.
    assert!(done.is_success() || done == StatusCode::UNPROCESSABLE_ENTITY, "{path} {body}: {why}");
}

fn id(contact: &Value) -> String {
    contact["id"].as_str().unwrap().to_owned()
}

/// What somebody asks of the API in a step, if there is anything to ask it of.
fn request(
    step: &Step,
    cards: &[String],
    stages: &[String],
    n: usize,
) -> Option<(Method, String, Value)> {
    let card = |card: usize| cards.get(card % cards.len().max(1));
    let stage = |stage: usize| &stages[stage % stages.len()];
    let edit = |of: usize, changes: Value| {
        Some((Method::PATCH, format!("/api/conversations/{}", card(of)?), changes))
    };
    let post = |of: usize, word: &str| {
        Some((Method::POST, format!("/api/conversations/{}/{word}", card(of)?), json!({})))
    };
    match step {
        Step::Read { card } => post(*card, "read"),
        Step::Unread { card } => post(*card, "unread"),
        Step::Move { card: of, stage: to, other, spot } => {
            let mut changes = json!({ "stageId": stage(*to) });
            match (spot % 4, card(*other)) {
                (0, Some(other)) => changes["before"] = json!(other),
                (1, Some(other)) => changes["after"] = json!(other),
                (2, _) => changes["atBottom"] = json!(true),
                _ => {}
            }
            edit(*of, changes)
        }
        Step::Assign { card, to } => edit(*card, json!({ "assigneeId": to.then_some("eva") })),
        Step::Label { card, labels } => {
            let labels: Vec<_> = labels.iter().map(|n| ["a", "b", "c", "d"][*n]).collect();
            edit(*card, json!({ "labels": labels }))
        }
        Step::SetStatus { card, status } => {
            let status = ["OPEN", "PENDING", "RESOLVED"][status % 3];
            edit(*card, json!({ "status": status }))
        }
        Step::AddStage => {
            let stage = json!({ "name": format!("Etapa {n}"), "color": "#0a72c4" });
            Some((Method::POST, "/api/stages".to_owned(), stage))
        }
        Step::RenameStage { stage: of } => {
            let path = format!("/api/stages/{}", stage(*of));
            Some((Method::PATCH, path, json!({ "name": format!("Outra {n}") })))
        }
        Step::RemoveStage { stage: of } => {
            let (id, to) = (stage(*of), stage(of.wrapping_add(1)));
            let path = format!("/api/stages/{id}?to={to}");
            (id != to).then(|| (Method::DELETE, path, json!({})))
        }
        Step::OrderStages => {
            let order: Vec<_> = stages.iter().rev().collect();
            Some((Method::PUT, "/api/stages/order".to_owned(), json!({ "stages": order })))
        }
        _ => None,
    }
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
