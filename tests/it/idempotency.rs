//! Requests that bear an `Idempotency-Key` are done once.

use recado::desk::{Retention, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Person, TestServer};

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
