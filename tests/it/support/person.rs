//! Somebody who has signed in, and asks by REST.

use recado::auth::hash;
use recado::desk::{InboxId, NewUser, Role};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{PATIENCE, Tenant, TestServer};

/// The password of everybody in tests.
pub(crate) const PASSWORD: &str = "correct horse";

/// Somebody who has signed in.
pub(crate) struct Person {
    url: String,
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// What errors are told apart by.
    pub(crate) fn code(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }

    pub(crate) fn text(&self, key: &str) -> String {
        self.body[key].as_str().unwrap_or_else(|| panic!("no {key} in {self:?}")).to_owned()
    }
}

impl TestServer {
    /// Asks as nobody.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> Answer {
        ask(method, &format!("{}{path}", self.url), &[], body).await
    }

    /// Asks with more headers.
    pub(crate) async fn ask_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        ask(method, &format!("{}{path}", self.url), headers, body).await
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.ask(Method::POST, "/api/sessions", body).await
    }

    /// Exchanges a refresh token.
    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.ask(Method::POST, "/api/sessions/refresh", json!({ "refreshToken": token })).await
    }
}

impl Tenant<'_> {
    /// Adds somebody, who signs in.
    pub(crate) async fn person(&self, name: &str, role: Role) -> Person {
        self.member(name, role, None).await
    }

    /// Adds somebody who sees these inboxes only, and who signs in.
    pub(crate) async fn member(
        &self,
        name: &str,
        role: Role,
        only: Option<Vec<InboxId>>,
    ) -> Person {
        let email = format!("{name}@{}.test", self.desk.tenant());
        let (name, password_hash) = (name.to_owned(), hash(PASSWORD));
        let new = NewUser { email: email.clone(), name, role, password_hash, only };
        self.desk.add_user(new).await.unwrap();
        self.again(&email).await
    }

    /// Signs somebody in once more.
    pub(crate) async fn again(&self, email: &str) -> Person {
        let session = self.server.sign_in(email, PASSWORD).await;
        assert_eq!(session.status, StatusCode::CREATED, "{session:?}");
        Person {
            url: self.server.url.clone(),
            id: session.body["user"]["id"].as_str().unwrap().to_owned(),
            email: email.to_owned(),
            token: session.text("token"),
            refresh_token: session.text("refreshToken"),
        }
    }
}

impl Person {
    /// Waits until the newest line of the audit log tells of this, and returns it.
    pub(crate) async fn noted(&self, action: &str) -> Value {
        let noted = async {
            loop {
                let line = self.get("/api/audit?limit=1").await.body["lines"][0].take();
                if line["action"] == action {
                    return line;
                }
            }
        };
        timeout(PATIENCE, noted).await.expect("it is never noted")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, Value::Null).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> Answer {
        self.ask_with(method, path, &[], body).await
    }

    pub(crate) async fn ask_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        ask(method, &format!("{}{path}", self.url), &headers, body).await
    }
}

async fn ask(method: Method, url: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let mut request = reqwest::Client::new().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !body.is_null() {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.text().await.unwrap();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() };
    Answer { status, headers, body }
}
