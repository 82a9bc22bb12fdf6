//! Requests that bear an `Idempotency-Key` are done once.

use recado::desk::{Retention, Role};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Database, Person, TestServer};

const OLD_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW_KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

fn stage(name: &str) -> Value {
    json!({ "name": name, "color": "#000000" })
}

async fn add(person: &Person, key: &str, body: Value) -> crate::support::Answer {
    person.ask_with(Method::POST, "/api/stages", &[("idempotency-key", key)], body).await
}

async fn stages(person: &Person) -> usize {
    person.get("/api/stages").await.body["stages"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_repeat_is_answered_like_the_first_and_done_once() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let bia = acme.person("bia", Role::Admin).await;

    let first = add(&ada, "\"k-1\"", stage("Um")).await;
    let again = add(&ada, "k-1", stage("Um")).await;

    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["content-type"], first.headers["content-type"]);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(stages(&ada).await, 5);
    // A refusal is an answer as well.
    let refused = add(&ada, "k-2", stage("")).await;
    let again = add(&ada, "k-2", stage("")).await;
    assert_eq!((refused.code(), again.code()), ((422, "invalid"), (422, "invalid")));
    assert_eq!(again.headers["content-type"], "application/problem+json");
    // A key is one request's, and one person's.
    assert_eq!(add(&ada, "k-1", stage("Dois")).await.code(), (422, "idempotency_key_reused"));
    assert_eq!(add(&bia, "k-1", stage("Dois")).await.status.as_u16(), 201);
    assert_eq!(stages(&ada).await, 6);
}

#[tokio::test]
async fn of_many_that_come_at_once_one_is_done() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;

    let answers = futures_util::future::join_all((0..8).map(|_| add(&ada, "k", stage("Um")))).await;

    for answer in &answers {
        assert!(matches!(answer.code(), (201, _) | (409, "request_in_progress")), "{answer:?}");
    }
    assert!(answers.iter().any(|answer| answer.status.as_u16() == 201));
    assert_eq!(stages(&ada).await, 5);
    assert_eq!(add(&ada, "k", stage("Um")).await.status.as_u16(), 201);
    assert_eq!(stages(&ada).await, 5);
}

#[tokio::test]
async fn what_is_being_done_is_waited_for_unless_its_server_is_gone() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    add(&ada, "k", stage("Um")).await;
    server.database.execute("UPDATE idempotency SET status = NULL, body = NULL").await;

    let running = add(&ada, "k", stage("Um")).await;

    assert_eq!(running.code(), (409, "request_in_progress"));
    assert_eq!(running.headers["retry-after"], "1");
    assert_eq!(stages(&ada).await, 5);
    server.database.execute("UPDATE idempotency SET created_at = created_at - 61000000").await;
    assert_eq!(add(&ada, "k", stage("Um")).await.status.as_u16(), 201);
    assert_eq!(stages(&ada).await, 6);
    assert_eq!(add(&ada, "k", stage("Um")).await.headers["idempotent-replayed"], "true");
}

#[tokio::test]
async fn what_failed_may_be_tried_again() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;

    server.database.execute("ALTER TABLE stage RENAME TO away").await;
    assert_eq!(add(&ada, "k", stage("Um")).await.status.as_u16(), 503);
    server.database.execute("ALTER TABLE away RENAME TO stage").await;

    assert_eq!(add(&ada, "k", stage("Um")).await.status.as_u16(), 201);
    assert_eq!(stages(&ada).await, 5);
}

#[tokio::test]
async fn keys_that_make_no_sense_are_refused_and_old_ones_forgotten() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    for key in ["", "\"\"", "a\"b", &"x".repeat(256)] {
        assert_eq!(add(&ada, key, stage("Um")).await.code(), (400, "bad_request"), "{key}");
    }
    let nobody = [("idempotency-key", "k")];
    let refused = server.ask_with(Method::POST, "/api/stages", &nobody, stage("Um")).await;
    assert_eq!(refused.code(), (401, "token_missing"));
    let large = add(&ada, "k", stage(&"x".repeat(300_000))).await;
    assert_eq!(large.code(), (413, "too_large"));
    assert_eq!(stages(&ada).await, 4);

    add(&ada, "k", stage("Um")).await;
    let days = Retention { log_days: 7, log_events: 1_000, webhook_days: 30 };
    server.desks.prune(days).await.unwrap();
    add(&ada, "k", stage("Um")).await;
    assert_eq!(stages(&ada).await, 5);
    server.database.execute("UPDATE idempotency SET created_at = created_at - 86400000000").await;
    server.desks.prune(days).await.unwrap();
    add(&ada, "k", stage("Um")).await;
    assert_eq!(stages(&ada).await, 6);
}

#[tokio::test]
async fn what_was_asked_cannot_be_tried_out_by_whoever_reads_the_database() {
    let server = TestServer::start().await;
    let ada = server.tenant("acme").await.person("ada", Role::Admin).await;
    let body = stage("Um");
    let bare = hex::encode(Sha256::digest(format!("/api/stages\0{body}")));

    add(&ada, "k", body).await;

    let stored = server.database.bytes().await;
    assert!(!stored.windows(bare.len()).any(|some| some == bare.as_bytes()));
}

#[tokio::test]
async fn what_was_done_under_another_key_is_known_and_never_done_again() {
    let server = TestServer::on(Database::create().await, &["--secrets-key", OLD_KEY]).await;
    let ada = server.tenant("acme").await.person("ada", Role::Admin).await;
    add(&ada, "k", stage("Um")).await;
    let database = server.stop().await;

    let both = ["--secrets-key", NEW_KEY, "--secrets-old-keys", OLD_KEY];
    let server = TestServer::on(database, &both).await;
    let ada = server.tenant("acme").await.again("ada@acme.test").await;
    let known = add(&ada, "k", stage("Um")).await;
    let other = add(&ada, "k", stage("Dois")).await;
    let database = server.stop().await;
    let server = TestServer::on(database, &["--secrets-key", NEW_KEY]).await;
    let ada = server.tenant("acme").await.again("ada@acme.test").await;
    let lost = add(&ada, "k", stage("Um")).await;

    assert_eq!(known.headers["idempotent-replayed"], "true");
    assert_eq!(other.code(), (422, "idempotency_key_reused"));
    assert_eq!(lost.code(), (409, "answer_lost"));
    assert_eq!(stages(&ada).await, 5);
}

#[tokio::test]
async fn an_answer_too_large_to_be_kept_is_told_once_and_the_request_not_done_again() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let long = "x".repeat(64 * 1024);
    for n in 10..27 {
        acme.writes(&format!("55118888888{n}"), &format!("wamid.{n}"), &long).await;
    }
    let people: Vec<_> = acme.cards().await.iter().map(|card| card.contact.id).collect();
    let (ana, others) = people.split_first().unwrap();
    for other in others {
        let path = format!("/api/contacts/{other}/merge");
        assert_eq!(ada.post(&path, json!({ "into": ana })).await.status.as_u16(), 200);
    }
    let path = format!("/api/contacts/{ana}");
    let (blocking, key) = (format!("{path}/block"), [("idempotency-key", "k")]);
    let block = async || ada.ask_with(Method::POST, &blocking, &key, Value::Null).await;

    let first = block().await;
    ada.post(&format!("{path}/unblock"), Value::Null).await;
    server.database.execute("UPDATE idempotency SET created_at = created_at - 61000000").await;
    let again = block().await;

    assert_eq!((first.status.as_u16(), &first.body["isBlocked"]), (200, &json!(true)));
    assert_eq!(first.body["conversations"].as_array().unwrap().len(), 17);
    assert_eq!(again.code(), (409, "answer_lost"));
    assert_ne!(ada.get(&path).await.body["isBlocked"], true);
}
