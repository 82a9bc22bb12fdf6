//! Who is let in, and what the others are told.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use recado::auth::hash;
use recado::desk::{NewUser, Role};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Client, Connecting, TestServer, signed, token};

#[tokio::test]
async fn a_refusal_says_which() {
    let server = TestServer::start().await;
    server.tenant("acme").await;
    let claims = |tenant: &str, exp: i64| json!({ "sub": "ada", "tenantId": tenant, "role": "agent", "exp": exp });
    let unsigned = |header: Value| {
        let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        format!("{}.{}.", part(header), part(claims("acme", 4_000_000_000)))
    };

    for (token, told) in [
        (String::new(), "missing"),
        ("garbage".to_owned(), "malformed"),
        ("a.b.c".to_owned(), "malformed"),
        (token(&json!({ "sub": "ada", "tenantId": "acme" })), "malformed"),
        (token(&json!({ "tenantId": "acme", "exp": 4_000_000_000_i64 })), "malformed"),
        (token(&claims("acme", 1_000_000_000)), "expired"),
        (signed(&claims("acme", 4_000_000_000), "another secret"), "signature"),
        (unsigned(json!({ "alg": "none", "typ": "JWT" })), "algorithm"),
        (unsigned(json!({ "alg": "HS512", "typ": "JWT" })), "algorithm"),
        (token(&claims("nobody", 4_000_000_000)), "tenant"),
    ] {
        let refused = Client::connect(server.address(), &token).await.err().unwrap();
        assert!(refused.contains(told), "{token}: {refused}");
        if !token.is_empty() {
            let (status, problem) = server.get("/api/board", &token).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            assert!(problem["detail"].as_str().unwrap().contains(told), "{problem}");
        }
    }
}

#[tokio::test]
async fn a_backend_may_say_to_a_part_of_a_second_until_when_its_token_lasts() {
    let server = TestServer::start().await;
    server.tenant("acme").await;
    let until =
        |exp: f64| token(&json!({ "sub": "ada", "tenantId": "acme", "role": "agent", "exp": exp }));
    let (lasts, is_over) = (until(4_000_000_000.75), until(1_000_000_000.25));

    let (status, told) = server.get("/api/me", &lasts).await;
    let mut client = Client::connect(server.address(), &lasts).await.unwrap();
    let (refused, problem) = server.get("/api/me", &is_over).await;

    assert_eq!((status, &told["user"]["id"]), (StatusCode::OK, &json!("ada")), "{told}");
    assert_eq!(client.hear("ready").await.data["user"]["id"], "ada");
    assert_eq!((refused.as_u16(), &problem["code"]), (401, &json!("token_expired")));
}

#[tokio::test]
async fn who_is_not_let_in_is_told_what_to_show() {
    let server = TestServer::start().await;

    for (method, path) in [(Method::GET, "/api/me"), (Method::GET, "/api/events")] {
        let refused = server.ask(method, path, Value::Null).await;
        assert_eq!(refused.code(), (401, "token_missing"), "{path}");
        assert_eq!(refused.headers["www-authenticate"], "Bearer", "{path}");
    }
    let refused = server.sign_in("nobody@acme.test", "a guess").await;
    assert_eq!(refused.code(), (401, "invalid_credentials"));
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn a_token_may_come_in_the_address() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let query = format!("&token={}", acme.token());

    let client =
        Client::with(server.address(), Connecting { query: &query, ..Connecting::default() });

    let ready = client.await.unwrap().next().await;
    assert_eq!((ready.name.as_str(), &ready.data["user"]["id"]), ("ready", &json!("ada")));
}

#[tokio::test]
async fn a_token_that_expires_ends_the_connection() {
    let server = TestServer::start().await;
    let _acme = server.tenant("acme").await;
    // Within the leeway for clocks that differ it is still let in, and at once let go.
    let exp = recado::desk::Time::now().seconds();
    let token = token(&json!({ "sub": "ada", "tenantId": "acme", "role": "agent", "exp": exp }));

    let mut client = Client::connect(server.address(), &token).await.unwrap();

    client.hear("auth:expired").await;
    // By which it does not come back by itself, to be let go again.
    assert_eq!(client.packet().await.as_deref(), Some("41"));
}

#[tokio::test]
async fn who_knows_the_password_gets_a_token() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let user = NewUser {
        email: "Ada@Acme.test ".to_owned(),
        name: "Ada".to_owned(),
        role: Role::Admin,
        password_hash: hash("correct horse"),
        only: None,
    };
    acme.desk.add_user(user).await.unwrap();
    let sign_in = async |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        let request =
            reqwest::Client::new().post(format!("{}/api/sessions", server.url)).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };

    let (status, session) = sign_in("ada@acme.test", "correct horse").await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(session["user"]["role"], "admin");
    assert_eq!(session["tenant"], json!({ "id": "acme", "name": "acme" }));
    let (status, _) = server.get("/api/board", session["token"].as_str().unwrap()).await;
    assert_eq!(status, StatusCode::OK);

    for (email, password) in
        [("ada@acme.test", "wrong"), ("ada@acme.test", ""), ("nobody@acme.test", "correct horse")]
    {
        let (status, problem) = sign_in(email, password).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNAUTHORIZED, &json!("invalid_credentials"))
        );
    }
}

#[tokio::test]
async fn requests_that_make_no_sense_are_told_so() {
    let server = TestServer::start().await;
    let url = format!("{}/api/sessions", server.url);
    for body in ["", "{}", "[1]", "{\"email\":1}"] {
        let request = reqwest::Client::new().post(&url).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "bad_request");
    }
}
