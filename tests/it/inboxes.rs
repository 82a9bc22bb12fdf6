//! Connections to channels: their secrets, and who may speak for them.

use futures_util::future::join_all;
use hmac::{Hmac, KeyInit as _, Mac as _};
use recado::desk::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{
    Client, Database, Person, TestServer, change, envelope, notification, run, text,
};

const ANA: &str = "5511888888888";
const OLD_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW_KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

/// Adds an inbox with an app of its own.
async fn add(admin: &Person, phone: &str, app_secret: Option<&str>) -> String {
    let body = json!({ "name": phone, "phoneNumberId": phone, "appSecret": app_secret });
    let added = admin.post("/api/inboxes", body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    added.text("id")
}

/// Sends a webhook signed by a secret, or by none.
async fn send(server: &TestServer, body: &Value, secret: Option<&str>) -> u16 {
    let body = body.to_string();
    let mut request = reqwest::Client::new().post(format!("{}/webhooks/whatsapp", server.url));
    if let Some(secret) = secret {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        request = request.header("X-Hub-Signature-256", signature);
    }
    request.body(body).send().await.unwrap().status().as_u16()
}

fn both(one: &str, other: &str) -> Value {
    envelope(&[
        change(one, json!({ "messages": [text(ANA, "wamid.1", "Oi")] })),
        change(other, json!({ "messages": [text(ANA, "wamid.2", "Oi")] })),
    ])
}

#[tokio::test]
async fn an_inbox_with_an_app_of_its_own_believes_that_and_the_installations() {
    let server = TestServer::with(&["--whatsapp-app-secret", "installation"]).await;
    let acme = server.tenant("acme").await;
    let eve = server.tenant("other").await.person("eve", Role::Admin).await;
    let ada = acme.person("ada", Role::Admin).await;
    add(&ada, "own", Some("ada's")).await;
    add(&ada, "own-too", Some("ada's")).await;
    add(&ada, "shared", None).await;
    add(&eve, "eve", Some("eve's")).await;
    let one = |phone: &str| notification(phone, &[text(ANA, "wamid.1", "Oi")]);

    for (body, secret, status) in [
        (one("own"), Some("ada's"), 200),
        (one("own"), Some("installation"), 200),
        (one("own"), Some("eve's"), 401),
        (one("own"), None, 401),
        (one("shared"), Some("installation"), 200),
        (one("shared"), Some("ada's"), 401),
        // One request is one app's: whoever signs for one inbox does not speak for another.
        (both("own", "own-too"), Some("ada's"), 200),
        (both("own", "eve"), Some("ada's"), 401),
        (both("own", "eve"), Some("eve's"), 401),
        (both("own", "shared"), Some("ada's"), 401),
        (both("eve", "nobodys-yet"), Some("eve's"), 401),
        (both("own", "eve"), Some("installation"), 200),
        (json!({ "entry": [] }), Some("eve's"), 401),
    ] {
        assert_eq!(send(&server, &body, secret).await, status, "{secret:?} {body}");
    }
    // A secret that is taken back is believed no longer.
    let id = ada.get("/api/inboxes").await.body["inboxes"][1]["id"].as_str().unwrap().to_owned();
    ada.patch(&format!("/api/inboxes/{id}"), json!({ "appSecret": null })).await;
    assert_eq!(send(&server, &one("own"), Some("ada's")).await, 401);
    assert_eq!(send(&server, &one("own-too"), Some("ada's")).await, 200);
}

#[tokio::test]
async fn a_development_server_takes_unsigned_webhooks_but_for_inboxes_with_a_secret() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    add(&ada, "own", Some("ada's")).await;
    let one = |phone: &str| notification(phone, &[text(ANA, "wamid.1", "Oi")]);

    assert_eq!(send(&server, &one(&acme.phone), None).await, 200);
    assert_eq!(send(&server, &one("own"), None).await, 401);
    assert_eq!(send(&server, &both(&acme.phone, "own"), None).await, 401);
    assert_eq!(send(&server, &one("own"), Some("guess")).await, 401);
    assert_eq!(send(&server, &one("own"), Some("ada's")).await, 200);
}

#[tokio::test]
async fn metas_verification_may_know_an_inboxes_word() {
    let server = TestServer::with(&["--whatsapp-verify-token", "the word"]).await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let body = json!({ "name": "X", "phoneNumberId": "own", "verifyToken": "ada's word" });
    ada.post("/api/inboxes", body).await;
    let ask = async |word: &str| {
        let word = word.replace(' ', "%20");
        let query = format!("hub.mode=subscribe&hub.verify_token={word}&hub.challenge=7");
        let answer =
            reqwest::get(format!("{}/webhooks/whatsapp?{query}", server.url)).await.unwrap();
        answer.status().as_u16()
    };

    assert_eq!([ask("the word").await, ask("ada's word").await], [200, 200]);
    assert_eq!([ask("guess").await, ask("").await], [403, 403]);
    let guesses = join_all((0..60).map(|_| ask("guess"))).await;
    assert!(guesses.contains(&429), "words can be guessed as fast as the network is");
}

#[tokio::test]
async fn what_comes_for_a_disabled_inbox_is_kept_and_not_shown() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let id = add(&ada, "own", None).await;
    let path = format!("/api/inboxes/{id}");
    let disabled = ada.patch(&path, json!({ "isDisabled": true })).await;
    assert_eq!(disabled.body["isDisabled"], true);

    let taken = server.take(&notification("own", &[text(ANA, "wamid.1", "Oi")])).await;

    assert_eq!(taken, json!({ "quarantined": 1 }));
    assert_eq!(acme.cards().await.len(), 0);
    ada.patch(&path, json!({ "isDisabled": false })).await;
    let replayed = run(&server.database, &["webhooks", "replay", "--quarantined"]);
    assert!(String::from_utf8_lossy(&replayed.stdout).contains("applied"), "{replayed:?}");
    assert_eq!(acme.history().await[0].content, "Oi");
}

#[tokio::test]
async fn agents_see_the_inboxes_that_are_theirs_and_hear_what_they_are_called() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let id = add(&ada, "own", None).await;
    let bia = acme.member("bia", Role::Agent, Some(vec![id.parse().unwrap()])).await;
    let mut socket = Client::connect(server.address(), &bia.token).await.unwrap();

    let renamed = ada.patch(&format!("/api/inboxes/{id}"), json!({ "name": "Vendas" })).await;

    assert_eq!(renamed.status, StatusCode::OK);
    assert_eq!(socket.hear("inbox:updated").await.data["inbox"]["name"], "Vendas");
    let listed = bia.get("/api/inboxes").await.body["inboxes"].take();
    assert_eq!(listed, json!([renamed.body]));
    assert_eq!(ada.get("/api/inboxes").await.body["inboxes"].as_array().unwrap().len(), 2);
    let taken = json!({ "name": "X", "phoneNumberId": "own" });
    assert_eq!(ada.post("/api/inboxes", taken.clone()).await.code(), (409, "exists"));
    let eve = server.tenant("other").await.person("eve", Role::Admin).await;
    assert_eq!(eve.post("/api/inboxes", taken).await.code(), (409, "exists"));
}

#[tokio::test]
async fn secrets_are_in_no_answer_and_not_in_plain_in_the_database() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let secrets = ["EAAG-access-token", "app-secret-0123", "verify-word-4567"];
    let [access, app, verify] = secrets;
    let body = json!({ "name": "X", "phoneNumberId": "own", "accessToken": access,
        "appSecret": app, "verifyToken": verify });
    let keyed = [("idempotency-key", "once")];
    let added = ada.ask_with(Method::POST, "/api/inboxes", &keyed, body).await;
    let new = json!({ "name": "robot", "scopes": ["read"] });
    let made =
        ada.ask_with(Method::POST, "/api/tokens", &[("idempotency-key", "token")], new).await;

    assert_eq!(added.body["hasAccessToken"], true);
    let id = added.text("id").parse().unwrap();
    let token = acme.desk.access_token(id).await.unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&token), access);
    for path in ["/api/inboxes", "/api/audit", "/api/events?after=0", "/api/board"] {
        let answer = ada.get(path).await.body.to_string();
        assert!(!secrets.iter().any(|secret| answer.contains(secret)), "{path}: {answer}");
    }
    let stored = server.database.bytes().await;
    for secret in secrets.into_iter().chain([&*made.text("token"), &*ada.refresh_token]) {
        let found = stored.windows(secret.len()).any(|some| some == secret.as_bytes());
        assert!(!found, "{secret} is in the database");
    }
    // Whoever writes to the database gains nothing by copying a row's secrets to another.
    let eve = server.tenant("other").await.person("eve", Role::Admin).await;
    let eves = add(&eve, "eve", None).await;
    let copy = "UPDATE inbox SET secrets = (SELECT secrets FROM inbox WHERE address = 'own')
        WHERE address = 'eve'";
    server.database.execute(copy).await;
    let stolen = server.desks.of("other".into()).access_token(eves.parse().unwrap()).await;
    assert!(stolen.unwrap_err().to_string().contains("cannot be opened"));
}

#[tokio::test]
async fn another_key_takes_over_what_the_old_one_has_sealed() {
    let database = Database::create().await;
    let read = async |server: &TestServer, id: &str| {
        let token = server.desks.of("acme".into()).access_token(id.parse().unwrap()).await;
        token.map(|token| secrecy::ExposeSecret::expose_secret(&token).to_owned())
    };
    let server = TestServer::on(database, &["--secrets-key", OLD_KEY]).await;
    let ada = server.tenant("acme").await.person("ada", Role::Admin).await;
    let body = json!({ "name": "X", "phoneNumberId": "own", "accessToken": "EAAG" });
    let id = ada.post("/api/inboxes", body).await.text("id");
    let database = server.stop().await;

    let both = ["--secrets-key", NEW_KEY, "--secrets-old-keys", OLD_KEY];
    let server = TestServer::on(database, &both).await;
    assert_eq!(read(&server, &id).await.unwrap(), "EAAG");
    let database = server.stop().await;

    let server = TestServer::on(database, &["--secrets-key", NEW_KEY]).await;
    assert_eq!(read(&server, &id).await.unwrap(), "EAAG");
    let database = server.stop().await;

    // Without its key nothing is lost but the secrets, which can be set anew.
    let server = TestServer::on(database, &["--secrets-key", OLD_KEY]).await;
    assert!(read(&server, &id).await.is_err());
    let ada = server.tenant("acme").await.again("ada@acme.test").await;
    let path = format!("/api/inboxes/{id}");
    let partly = ada.patch(&path, json!({ "appSecret": "new" })).await;
    assert_eq!(partly.code(), (503, "secrets_sealed"));
    let listed = ada.get("/api/inboxes").await.body["inboxes"].take();
    assert_eq!(listed[1]["hasAccessToken"], false);
    let anew = json!({ "accessToken": "EAAG2", "appSecret": null, "verifyToken": null });
    assert_eq!(ada.patch(&path, anew).await.status, StatusCode::OK);
    assert_eq!(read(&server, &id).await.unwrap(), "EAAG2");
}
