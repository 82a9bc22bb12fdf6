//! Whatever happens at a desk, in whatever order: who applies the events shows what is there, and what
//! is counted is what a recount finds.

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use recado::desk::{Channel, NewUser, Role, Sees};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Screen, Tenant, TestServer, change, echo, envelope, reaction, status, text, unique,
    value as value_of,
};

const ANA: &str = "5511888888888";
const BIA: &str = "5521777777777";

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
    Snooze { card: usize },
    Say { card: usize },
    Note { card: usize },
    Answer { message: usize, emoji: bool },
    Retry { message: usize },
    Open { to: usize, inbox: usize },
    Edit { of: usize },
    Revoke { of: usize },
    Import { with: usize, stands: bool },
    Renumber { from: usize },
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
        1 => n().prop_map(|card| Step::Snooze { card }),
        2 => n().prop_map(|card| Step::Say { card }),
        1 => n().prop_map(|card| Step::Note { card }),
        1 => (n(), any::<bool>()).prop_map(|(message, emoji)| Step::Answer { message, emoji }),
        1 => n().prop_map(|message| Step::Retry { message }),
        1 => (n(), n()).prop_map(|(to, inbox)| Step::Open { to, inbox }),
        1 => n().prop_map(|of| Step::Edit { of }),
        1 => n().prop_map(|of| Step::Revoke { of }),
        1 => (n(), any::<bool>()).prop_map(|(with, stands)| Step::Import { with, stands }),
        1 => n().prop_map(|from| Step::Renumber { from }),
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
    let restricted = acme.desk.add_user(NewUser {
        email: format!("bia@{tenant}.test"),
        name: "Bia".to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only,
    });
    let restricted = restricted.await.unwrap();
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

    // WhatsApp is told nothing: nobody here has a token for it.
    server.database.until_all_is_told(tenant).await;
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
        Step::Edit { .. } | Step::Revoke { .. } | Step::Import { .. } | Step::Renumber { .. } => {
            arrive(server, acme, step, n).await;
        }
        Step::Answer { .. } | Step::Retry { .. } | Step::Open { .. } => answer(acme, step).await,
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

/// Lets an agent say something, where WhatsApp may take it.
async fn answer(acme: &Tenant<'_>, step: &Step) {
    match step {
        Step::Answer { message, emoji } => {
            let Some((card, message)) = some_message(acme, *message).await else { return };
            let emoji = emoji.then_some("🙏");
            let body = json!({ "reaction": { "messageId": message, "emoji": emoji } });
            let path = format!("/api/conversations/{card}/messages");
            let (done, why) = acme.ask(Method::POST, &path, &body).await;
            // What was deleted, or has not got a name yet, takes none.
            assert!(done.is_success() || done.is_client_error(), "{path} {body}: {why}");
        }
        Step::Retry { message } => {
            let Some((_, message)) = some_message(acme, *message).await else { return };
            let path = format!("/api/messages/{message}/retry");
            let (done, why) = acme.ask(Method::POST, &path, &json!({})).await;
            // Only what has failed is sent once more.
            assert!(done.is_success() || done.is_client_error(), "{path}: {why}");
        }
        Step::Open { to, inbox } => {
            let inboxes = acme.desk.inboxes().await.unwrap();
            let inbox = inboxes[inbox % inboxes.len()].0.id;
            let to = ["5511888888888", "5541666666666"][to % 2];
            let template = json!({ "name": "bom_dia", "language": { "code": "pt_BR" } });
            let message = json!({ "template": template });
            let body = json!({ "inboxId": inbox, "phoneNumber": to, "message": message });
            let (done, why) = acme.ask(Method::POST, "/api/conversations", &body).await;
            assert!(done.is_success(), "{body}: {why}");
        }
        _ => {}
    }
}

/// Some message of some card.
async fn some_message(acme: &Tenant<'_>, at: usize) -> Option<(String, String)> {
    let cards = acme.cards().await;
    let card = cards.get(at % cards.len().max(1))?.id;
    let page = acme.desk.history(card, None, 100, &Sees::everything()).await.unwrap();
    let message = page.messages.get(at % page.messages.len().max(1))?.id;
    Some((card.to_string(), message.to_string()))
}

/// Lets WhatsApp tell what is neither a message nor a status.
async fn arrive(server: &TestServer, acme: &Tenant<'_>, step: &Step, n: usize) {
    let target = |of: usize| format!("wamid.{}", of % n.max(1));
    let number = |of: usize| [ANA, BIA, "5531999999999"][of % 3];
    let at = (1_700_000_000 + n).to_string();
    let (field, value) = match step {
        Step::Edit { of } => {
            let text = json!({ "type": "text", "text": { "body": format!("Corrigida {n}") } });
            let edit = json!({ "original_message_id": target(*of), "message": text });
            let edit = json!({ "from": ANA, "id": format!("wamid.edit.{n}"), "timestamp": at, "type": "edit", "edit": edit });
            ("messages", json!({ "messages": [edit] }))
        }
        Step::Revoke { of } => {
            let revoke = json!({ "original_message_id": target(*of) });
            let revoke = json!({ "from": ANA, "id": format!("wamid.revoke.{n}"), "timestamp": at, "type": "revoke", "revoke": revoke });
            ("messages", json!({ "messages": [revoke] }))
        }
        Step::Import { with, stands: true } => {
            let stands = json!({ "from": number(*with), "id": "wamid.imported", "timestamp": "1700000000", "type": "media_placeholder" });
            let thread = json!({ "id": number(*with), "messages": [stands] });
            ("history", json!({ "history": [{ "threads": [thread] }] }))
        }
        Step::Import { with, .. } => {
            let image = json!({ "id": "m", "mime_type": "image/png", "caption": "Antiga" });
            let image = json!({ "from": number(*with), "id": "wamid.imported", "timestamp": "1700000000", "type": "image", "image": image });
            ("history", json!({ "messages": [image] }))
        }
        Step::Renumber { from } => {
            let ids = json!({ "current": format!("BR.{n}"), "previous": "BR.0" });
            let update = json!({ "wa_id": number(*from), "user_id": ids });
            ("user_id_update", json!({ "user_id_update": [update] }))
        }
        _ => return,
    };
    let value = value_of(&acme.phone, value);
    server.take(&envelope(&[json!({ "field": field, "value": value })])).await;
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
        Step::Snooze { card } => {
            let until = "2999-01-01T00:00:00Z";
            edit(*card, json!({ "status": "SNOOZED", "snoozedUntil": until }))
        }
        Step::Say { card: to } => {
            let template = json!({ "name": "bom_dia", "language": { "code": "pt_BR" } });
            let path = format!("/api/conversations/{}/messages", card(*to)?);
            Some((Method::POST, path, json!({ "template": template })))
        }
        Step::Note { card: on } => {
            let path = format!("/api/conversations/{}/messages", card(*on)?);
            Some((Method::POST, path, json!({ "content": "Cliente antigo", "isPrivate": true })))
        }
        _ => arrange(step, stages, n),
    }
}

/// As [`request`], of the board's columns.
fn arrange(step: &Step, stages: &[String], n: usize) -> Option<(Method, String, Value)> {
    let stage = |stage: usize| &stages[stage % stages.len()];
    match step {
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
