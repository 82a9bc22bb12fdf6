//! Which browsers show what somebody is told: those that they use, for as long as they may be told it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use recado::desk::{Retention, Role, SessionId, Time, UserId};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{PushService, Team, TestServer};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "HxwdHhsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

#[tokio::test]
async fn of_more_than_twenty_browsers_those_show_it_that_were_told_of_last() {
    let server = TestServer::start().await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let browsers: Vec<_> = (0..21).map(|_| service.browser()).collect();
    let first = browsers[0].is_used_by(&team.ada).await;
    let second = browsers[1].is_used_by(&team.ada).await;
    assert_eq!(browsers[0].is_used_by(&team.ada).await, first);
    for browser in &browsers[2..] {
        browser.is_used_by(&team.ada).await;
    }

    assert_eq!(team.browsers_of(&team.ada).await, 20);
    let known = async |id: &str| {
        let ended = team.ada.delete(&format!("/api/push/subscriptions/{id}")).await;
        ended.status == StatusCode::NO_CONTENT
    };
    assert_eq!((known(&first).await, known(&second).await), (true, false));
}

#[tokio::test]
async fn pushes_end_with_the_session_with_the_account_and_when_one_says_so() {
    let server = TestServer::start().await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let [by_session, by_word, by_password, by_account] = [(); 4].map(|()| service.browser());
    let again = team.acme.again(&team.ada.email).await;
    let of_session = by_session.is_used_by(&team.ada).await;
    let id = by_word.is_used_by(&again).await;
    assert_eq!(team.browsers_of(&team.ada).await, 2);

    assert_eq!(team.ada.delete("/api/sessions").await.status, StatusCode::NO_CONTENT);
    assert_eq!(team.browsers_of(&again).await, 1);
    // Told of anew, it has another id: nothing was left of it.
    let anew = by_session.is_used_by(&again).await;
    assert_ne!(anew, of_session);
    let path = format!("/api/push/subscriptions/{anew}");
    assert_eq!(again.delete(&path).await.status, StatusCode::NO_CONTENT);
    let path = format!("/api/push/subscriptions/{id}");
    assert_eq!(again.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(again.delete(&path).await.code(), (404, "not_found"));
    assert_eq!(team.browsers_of(&again).await, 0);
    by_password.is_used_by(&again).await;
    let path = format!("/api/users/{}/password", again.id);
    let changed = team.eva.put(&path, json!({ "password": "another good horse" })).await;
    assert_eq!((changed.status, team.browsers_of(&again).await), (StatusCode::NO_CONTENT, 0));
    let token = team.acme.token_of(&team.ada.id, "agent");
    let (path, subscription) = ("/api/push/subscriptions", by_account.subscription());
    let of_backend = server.send(Method::POST, path, &token, &subscription);
    assert_eq!(of_backend.await.0, StatusCode::CREATED);
    assert_eq!(team.browsers_of(&team.ada).await, 1);
    let path = format!("/api/users/{}", team.ada.id);
    assert_eq!(team.eva.patch(&path, json!({ "isDisabled": true })).await.status, StatusCode::OK);

    assert_eq!(team.browsers_of(&team.ada).await, 0);
}

#[tokio::test]
async fn whose_time_is_over_is_pushed_nothing_and_forgotten() {
    let server = TestServer::start().await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let ada = UserId::from(team.ada.id.as_str());
    let (nobodys, past) = (SessionId::generate(), Time::now().plus_seconds(-60));
    service.browser().is_used_by(&team.ada).await;
    let retention = Retention { log_days: 7, log_events: 1_000, webhook_days: 7 };

    for session in [None, Some(nobodys)] {
        let browser = service.browser();
        let subscribed = || team.acme.desk.subscribe(&ada, session, past, browser.reach());
        let id = subscribed().await.unwrap();
        assert_eq!(subscribed().await.unwrap(), id);
        assert_eq!(team.browsers_of(&team.ada).await, 1, "{session:?}");
        server.desks.prune(retention).await.unwrap();
        assert_ne!(subscribed().await.unwrap(), id, "{session:?}");
    }

    assert_eq!(team.browsers_of(&team.ada).await, 1);
}

#[tokio::test]
async fn who_uses_a_browser_next_takes_it_over() {
    let server = TestServer::start().await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let bia = team.acme.person("bia", Role::Agent).await;
    let browser = service.browser();
    let id = browser.is_used_by(&team.ada).await;

    assert_eq!(browser.is_used_by(&bia).await, id);
    team.assign(&team.ada).await;
    team.assign(&bia).await;
    let letters = service.letters(&browser, 1).await;

    let events = team.acme.told().await;
    let seq = events.iter().rposition(|name| *name == "notification:new").unwrap() + 1;
    assert_eq!(browser.opens(&letters[0])["seq"], seq, "of what bia is told");
    let path = format!("/api/push/subscriptions/{id}");
    assert_eq!(team.ada.delete(&path).await.code(), (404, "not_found"));
}

#[tokio::test]
async fn a_subscription_is_its_persons_alone() {
    let server = TestServer::start().await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let zoe = server.tenant("zenith").await.person("zoe", Role::Admin).await;
    let id = service.browser().is_used_by(&team.ada).await;
    let made = team.ada.post("/api/tokens", json!({ "name": "bot", "scopes": ["read", "write"] }));
    let program = made.await.text("token");

    let path = format!("/api/push/subscriptions/{id}");
    for stranger in [&zoe, &team.eva] {
        assert_eq!(stranger.delete(&path).await.code(), (404, "not_found"));
    }
    let subscription = service.browser().subscription();
    for (method, path, body) in [
        (Method::GET, "/api/push/key", Value::Null),
        (Method::POST, "/api/push/subscriptions", subscription),
        (Method::DELETE, path.as_str(), Value::Null),
    ] {
        let (refused, why) = server.send(method, path, &program, &body).await;
        assert_eq!((refused, &why["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")), "{path}");
    }

    assert_eq!(team.browsers_of(&team.ada).await, 1);
}

#[tokio::test]
async fn what_leads_inwards_or_cannot_be_sealed_for_is_refused() {
    let server = TestServer::start().await;
    let (team, service) = (Team::of(&server).await, PushService::start().await);
    let long = format!("https://push.example/{}", "x".repeat(2_000));

    for endpoint in [
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "http://push.example/x",
        "https://user:word@push.example/x",
        "file:///etc/passwd",
        "text",
        &long,
    ] {
        let mut body = service.browser().subscription();
        body["endpoint"] = json!(endpoint);
        let refused = team.ada.post("/api/push/subscriptions", body).await;
        assert_eq!(refused.code(), (422, "invalid"), "{endpoint}");
    }
    for (key, value) in [("p256dh", "BAAA"), ("auth", "short")] {
        let mut body = service.browser().subscription();
        body["keys"][key] = json!(value);
        let refused = team.ada.post("/api/push/subscriptions", body).await;
        assert_eq!(refused.code(), (422, "invalid"), "{key}");
    }

    assert_eq!(team.browsers_of(&team.ada).await, 0);
}

#[tokio::test]
async fn the_key_stays_through_restarts_and_other_secrets_and_nobody_reads_it() {
    let server = TestServer::with(&["--secrets-key", KEY]).await;
    let team = Team::of(&server).await;
    let known = team.ada.get("/api/push/key").await.text("publicKey");
    let token = team.acme.token();
    let private = server.desks.push_key().await.unwrap().0;
    let database = server.stop().await;

    let bytes = database.bytes().await;
    for shown in [private.clone(), BASE64_STANDARD_NO_PAD.encode(&private).into_bytes()] {
        assert!(memchr::memmem::find(&bytes, &shown).is_none(), "it can be read");
    }
    let renewed = ["--secrets-key", OTHER_KEY, "--secrets-old-keys", KEY];
    let mut database = database;
    for flags in [&renewed[..], &["--secrets-key", OTHER_KEY]] {
        let server = TestServer::on(database, flags).await;
        let (status, told) = server.get("/api/push/key", &token).await;
        assert_eq!((status, &told["publicKey"]), (StatusCode::OK, &json!(known)));
        database = server.stop().await;
    }
    let server = TestServer::on(database, &["--secrets-key", KEY]).await;
    let (status, why) = server.get("/api/push/key", &token).await;

    let expected = (StatusCode::SERVICE_UNAVAILABLE, &json!("secrets_sealed"));
    assert_eq!((status, &why["code"]), expected);
}
