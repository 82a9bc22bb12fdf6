//! Who is on the far side, and what agents know of them.

use recado::desk::{Channel, NewUser, Role, Time};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Chatwoot, Tenant, TestServer, change, envelope, notification, text};

const ANA: &str = "5511888888888";
const BIA: &str = "5521777777777";
const CAIO: &str = "5531999999999";

/// Lets somebody write who tells their name.
async fn writes_as(acme: &Tenant<'_>, name: &str, from: &str, id: &str) {
    let contacts = json!([{ "wa_id": from, "profile": { "name": name } }]);
    let value = json!({ "contacts": contacts, "messages": [text(from, id, "Oi")] });
    acme.whatsapp(value).await;
}

/// The identifier of the contact with a number, as they were first known.
async fn contact(acme: &Tenant<'_>, number: &str) -> String {
    let cards = acme.cards().await;
    let card = cards.iter().find(|card| card.contact.phone_number == number).unwrap();
    card.contact.id.to_string()
}

async fn details(acme: &Tenant<'_>, id: &str) -> Value {
    let (status, details) = acme.ask(Method::GET, &path(id, ""), &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{details}");
    details
}

async fn post(acme: &Tenant<'_>, id: &str, what: &str, body: Value) -> (StatusCode, Value) {
    acme.ask(Method::POST, &path(id, what), &body).await
}

async fn listed(acme: &Tenant<'_>, token: &str, query: &str) -> Vec<String> {
    let (_, answer) = acme.ask_as(token, Method::GET, &format!("/api/contacts?{query}")).await;
    let all = answer["contacts"].as_array().unwrap_or_else(|| panic!("{query}: {answer}"));
    all.iter().map(|it| it["phoneNumber"].as_str().unwrap().to_owned()).collect()
}

fn path(id: &str, what: &str) -> String {
    format!("/api/contacts/{id}{what}")
}

#[tokio::test]
async fn a_name_that_an_agent_chose_stays_until_it_is_given_back() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    writes_as(&acme, "aninha", ANA, "wamid.1").await;
    let ana = contact(&acme, ANA).await;
    let mut colleague = acme.agent().await;

    let changes =
        json!({ "name": " Ana Souza ", "email": "ana@example.org", "notes": "Gosta de bolo" });
    let (done, told) = acme.patch(&path(&ana, ""), &changes).await;

    assert_eq!((done, &told["name"]), (StatusCode::OK, &json!("Ana Souza")));
    assert_eq!((&told["email"], &told["notes"]), (&changes["email"], &changes["notes"]));
    let heard = colleague.hear("conversation:updated").await;
    let shown =
        json!({ "id": ana, "name": "Ana Souza", "phoneNumber": ANA, "email": "ana@example.org" });
    assert_eq!(heard.data["updates"], json!({ "contact": shown }));
    let before = acme.log().await.len();
    acme.patch(&path(&ana, ""), &changes).await;
    assert_eq!(acme.log().await.len(), before);
    writes_as(&acme, "Aninha", ANA, "wamid.2").await;
    assert_eq!(details(&acme, &ana).await["name"], "Ana Souza");
    acme.patch(&path(&ana, ""), &json!({ "name": null })).await;
    assert_eq!(details(&acme, &ana).await["name"], Value::Null);
    writes_as(&acme, "aninha", ANA, "wamid.3").await;
    assert_eq!(details(&acme, &ana).await["name"], "aninha");
    let audit = acme.desk.audit(None, 10).await.unwrap();
    assert_eq!(audit[1].action, "contact.changed");
    assert!(!format!("{audit:?}").contains("bolo"));
}

#[tokio::test]
async fn the_newest_email_counts_until_an_agent_sets_another() {
    let (server, chatwoot) = (TestServer::beside_chatwoot().await, Chatwoot::start().await);
    let acme = server.tenant("acme").await;
    chatwoot.connect(&server, &acme.desk, &json!({})).await;
    chatwoot.set_back(600);
    chatwoot.begins("Bea", 14).await;
    let begun = Time::now().seconds();
    let tells = async |after: i64, email: &str| {
        let at = Time::from_seconds(begun + after).unwrap().to_string();
        let changes = json!([{ "updated_at": { "current_value": at } }]);
        let told = json!({ "event": "contact_updated", "id": 14, "name": "Bea", "email": email,
            "changed_attributes": changes });
        chatwoot.deliver(told).await;
        acme.card().await.contact.email.unwrap()
    };
    let bea = path(&acme.card().await.contact.id.to_string(), "");
    let sets = async |email: Value| {
        acme.patch(&bea, &json!({ "email": email, "notes": email })).await;
    };

    assert_eq!(tells(2, "bea@new.test").await, "bea@new.test");
    assert_eq!(tells(1, "bea@old.test").await, "bea@new.test");
    sets(json!("bea@new.test")).await;
    assert_eq!(tells(3, "bea@newer.test").await, "bea@newer.test", "nobody set it");
    sets(json!("bea@agent.test")).await;
    assert_eq!(tells(4, "bea@newest.test").await, "bea@agent.test");
    acme.patch(&bea, &json!({ "email": null })).await;
    assert_eq!(tells(5, "bea@last.test").await, "bea@last.test");
}

#[tokio::test]
async fn what_makes_no_sense_about_a_contact_is_refused() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let ana = contact(&acme, ANA).await;

    for wrong in [
        json!({ "email": "ana" }),
        json!({ "name": "a".repeat(101) }),
        json!({ "name": "a\u{0}b" }),
        json!({ "notes": "a".repeat(10_001) }),
    ] {
        let (status, _) = acme.patch(&path(&ana, ""), &wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    assert_eq!(
        acme.patch(&path(&ana, ""), &json!({ "phone": 1 })).await.0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn what_a_blocked_contact_writes_is_kept_and_alerts_nobody() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let ana = contact(&acme, ANA).await;
    let card = acme.card().await;
    let conversation = format!("/api/conversations/{}", card.id);
    acme.patch(&conversation, &json!({ "assigneeId": "ada", "status": "RESOLVED" })).await;

    let (done, told) = post(&acme, &ana, "/block", Value::Null).await;
    acme.writes(ANA, "wamid.2", "Compre já").await;

    assert_eq!((done, &told["isBlocked"]), (StatusCode::OK, &json!(true)));
    let after = acme.card().await;
    assert_eq!(
        (after.unread_count, after.status),
        (card.unread_count, recado::desk::ConversationStatus::Resolved)
    );
    assert_eq!(after.last_message.unwrap().content, "Compre já");
    assert!(acme.told().await.iter().all(|it| *it != "notification:new"));
    let (_, told) = post(&acme, &ana, "/unblock", Value::Null).await;
    assert_eq!(told.get("isBlocked"), None);
    acme.writes(ANA, "wamid.3", "Desculpe").await;
    assert_eq!(acme.card().await.status, recado::desk::ConversationStatus::Open);
    assert!(acme.told().await.contains(&"notification:new"));
}

#[tokio::test]
async fn merged_contacts_are_one_person_until_they_are_parted_again() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    writes_as(&acme, "Ana", ANA, "wamid.1").await;
    writes_as(&acme, "Ana (trabalho)", BIA, "wamid.2").await;
    let (ana, work) = (contact(&acme, ANA).await, contact(&acme, BIA).await);
    let before = [details(&acme, &ana).await, details(&acme, &work).await];
    let thread = acme.cards().await.into_iter().find(|it| it.contact.phone_number == BIA).unwrap();

    let (done, told) = post(&acme, &work, "/merge", json!({ "into": ana })).await;
    writes_as(&acme, "Ana (oficina)", BIA, "wamid.3").await;

    assert_eq!((done, &told["id"]), (StatusCode::OK, &json!(ana)));
    // What the other number writes stays in its own thread, under the person's name.
    let cards = acme.cards().await;
    assert_eq!(cards.len(), 2);
    assert!(cards.iter().all(|it| it.contact.id.to_string() == ana));
    let same = cards.iter().find(|it| it.id == thread.id).unwrap();
    assert_eq!((same.unread_count, same.contact.name.as_deref()), (2, Some("Ana")));
    let merged = details(&acme, &work).await;
    assert_eq!(merged["id"], json!(ana));
    assert_eq!(merged["conversations"].as_array().unwrap().len(), 2);
    assert_eq!(merged["addresses"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&merged["merged"][0]["id"], &merged["merged"][0]["into"]),
        (&json!(work), &json!(ana))
    );
    assert_eq!(merged["merged"][0]["name"], "Ana (oficina)");
    let admin = acme.token_of("eva", "admin");
    assert_eq!(listed(&acme, &admin, "").await, [ANA]);
    assert_eq!(listed(&acme, &admin, "q=oficina").await, [ANA]);
    let (_, found) = acme.ask(Method::GET, "/api/conversations?q=oficina", &Value::Null).await;
    assert_eq!(found["conversations"].as_array().unwrap().len(), 1);
    let (_, found) = acme.ask(Method::GET, "/api/conversations?q=ana", &Value::Null).await;
    assert_eq!(found["conversations"].as_array().unwrap().len(), 2);

    post(&acme, &work, "/unmerge", Value::Null).await;

    assert_eq!(details(&acme, &ana).await, before[0]);
    let after = details(&acme, &work).await;
    assert_eq!((&after["id"], &after["name"]), (&json!(work), &json!("Ana (oficina)")));
    assert_eq!(after["addresses"], before[1]["addresses"]);
    let audit = acme.desk.audit(None, 2).await.unwrap();
    let actions: Vec<_> = audit.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(actions[..2], ["contact.unmerged", "contact.merged"]);
}

#[tokio::test]
async fn whoever_renames_a_person_renames_them_in_the_threads_of_all_their_numbers() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    for (n, from) in [ANA, BIA, CAIO].into_iter().enumerate() {
        writes_as(&acme, from, from, &format!("wamid.{n}")).await;
    }
    let [ana, bia, caio] =
        [contact(&acme, ANA).await, contact(&acme, BIA).await, contact(&acme, CAIO).await];
    post(&acme, &caio, "/merge", json!({ "into": bia })).await;
    post(&acme, &bia, "/merge", json!({ "into": ana })).await;
    let names = async || {
        let cards = acme.cards().await;
        cards.iter().map(|card| card.contact.name.clone().unwrap()).collect::<Vec<_>>()
    };

    let seq = acme.log().await.len();
    writes_as(&acme, "Ana", ANA, "wamid.4").await;

    assert_eq!(names().await, ["Ana"; 3]);
    let told: Vec<_> = acme.told().await.split_off(seq);
    assert_eq!(told.iter().filter(|it| **it == "conversation:updated").count(), 3, "{told:?}");
    // Blocked is the person, whatever number they use.
    post(&acme, &caio, "/block", Value::Null).await;
    acme.writes(BIA, "wamid.5", "Oi?").await;
    let blocked =
        acme.cards().await.into_iter().find(|it| it.unread_count == 1 && it.contact.is_blocked);
    assert!(blocked.is_some());
    post(&acme, &bia, "/unmerge", Value::Null).await;
    let mut parted = names().await;
    parted.sort();
    assert_eq!(parted, [BIA, BIA, "Ana"]);
}

#[tokio::test]
async fn nobody_is_merged_in_a_circle_or_twice() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let zenith = server.tenant("zenith").await;
    for (n, from) in [ANA, BIA, CAIO].into_iter().enumerate() {
        acme.writes(from, &format!("wamid.{n}"), "Oi").await;
    }
    zenith.writes(ANA, "wamid.9", "Oi").await;
    let [ana, bia, caio] =
        [contact(&acme, ANA).await, contact(&acme, BIA).await, contact(&acme, CAIO).await];
    let foreign = contact(&zenith, ANA).await;

    post(&acme, &ana, "/merge", json!({ "into": bia })).await;
    post(&acme, &bia, "/merge", json!({ "into": caio })).await;
    let before = acme.log().await.len();

    for (one, into) in [(&caio, &ana), (&caio, &caio), (&ana, &caio)] {
        let (status, why) = post(&acme, one, "/merge", json!({ "into": into })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
    }
    let nobody = "01890000-0000-7000-8000-000000000000".to_owned();
    for (one, into) in [(&caio, &foreign), (&foreign, &caio), (&caio, &nobody)] {
        let (status, why) = post(&acme, one, "/merge", json!({ "into": into })).await;
        assert_eq!((status, &why["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    }
    assert_eq!(post(&acme, &caio, "/unmerge", Value::Null).await.0, StatusCode::OK);
    assert_eq!(acme.log().await.len(), before);
}

#[tokio::test]
async fn two_who_merge_each_other_at_once_do_not_end_up_in_a_circle() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    acme.writes(BIA, "wamid.2", "Oi").await;
    let (ana, bia) = (contact(&acme, ANA).await, contact(&acme, BIA).await);

    let (one, other) = tokio::join!(
        post(&acme, &ana, "/merge", json!({ "into": bia })),
        post(&acme, &bia, "/merge", json!({ "into": ana })),
    );

    let mut statuses = [one.0, other.0];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::UNPROCESSABLE_ENTITY]);
    assert_eq!(details(&acme, &ana).await, details(&acme, &bia).await);
}

#[tokio::test]
async fn a_restricted_agent_knows_whom_they_talk_to_and_nobody_else() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap();
    let user = acme.desk.add_user(NewUser {
        email: "bia@acme.test".to_owned(),
        name: "Bia".to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only: Some(vec![sales.id]),
    });
    let token = acme.token_of(&user.await.unwrap().id.0, "agent");
    acme.writes(ANA, "wamid.1", "Para o suporte").await;
    acme.writes(CAIO, "wamid.2", "Para o suporte").await;
    server.take(&notification("sales", &[text(BIA, "wamid.3", "Para vendas")])).await;
    let both = [ANA, BIA].map(|from| {
        change("sales", json!({ "statuses": [], "messages": [text(from, "wamid.4", "Oi")] }))
    });
    server.take(&envelope(&both[..1])).await;
    let (ana, bia, caio) =
        (contact(&acme, ANA).await, contact(&acme, BIA).await, contact(&acme, CAIO).await);

    assert_eq!(listed(&acme, &token, "").await, [BIA, ANA]);
    assert_eq!(listed(&acme, &token, &format!("q={CAIO}")).await, [""; 0]);
    let (_, seen) = acme.ask_as(&token, Method::GET, &path(&ana, "")).await;
    assert_eq!(seen["conversations"].as_array().unwrap().len(), 1);
    for (method, what) in [(Method::GET, ""), (Method::POST, "/block"), (Method::POST, "/unmerge")]
    {
        let (status, _) = acme.ask_as(&token, method, &path(&caio, what)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{what}");
    }
    // Who talks to one of a person's numbers talks to the person.
    post(&acme, &bia, "/merge", json!({ "into": caio })).await;
    assert_eq!(listed(&acme, &token, "").await, [CAIO, ANA]);
    let (_, seen) = acme.ask_as(&token, Method::GET, &path(&caio, "")).await;
    assert_eq!(seen["conversations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn contacts_come_page_by_page_whoever_was_met_last_first() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let people: Vec<_> = (0..7).map(|n| format!("55118888800{n:02}")).collect();
    for (n, from) in people.iter().enumerate() {
        acme.writes(from, &format!("wamid.{n}"), "Oi").await;
    }

    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/contacts?limit=3{cursor}");
        let (_, page) = acme.ask(Method::GET, &path, &Value::Null).await;
        for it in page["contacts"].as_array().unwrap() {
            all.push(it["phoneNumber"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }

    assert_eq!(all, people.iter().rev().cloned().collect::<Vec<_>>());
}
