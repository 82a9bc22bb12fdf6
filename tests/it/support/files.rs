//! Files that messages carry: how they come, and how agents open them.

use std::fs;
use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{Database, Library, PATIENCE, Tenant, TestServer, base64_of, text};

/// Who sends them.
pub(crate) const ANA: &str = "5511988887777";

/// A server whose files are in a library of its own.
pub(crate) async fn with_library(flags: &[&str]) -> (TestServer, Library) {
    let library = Library::start().await;
    (served_by(&Database::create().await, &library.url, flags).await, library)
}

/// A server that fetches from the Graph API at `url`.
pub(crate) async fn served_by(database: &Database, url: &str, flags: &[&str]) -> TestServer {
    let usual = ["--whatsapp-graph-url", url];
    let token = ["--whatsapp-access-token", "token"];
    let token = if flags.contains(&token[0]) { &[][..] } else { &token };
    TestServer::on(database.clone(), &[&usual[..], token, flags].concat()).await
}

/// A message with a file.
pub(crate) fn carrying(id: &str, kind: &str, file: Value) -> Value {
    let mut message = text(ANA, id, "");
    message["type"] = json!(kind);
    message[kind] = file;
    message
}

/// What a webhook tells of a file.
pub(crate) fn file(id: &str, bytes: &[u8]) -> Value {
    json!({ "id": id, "mime_type": "image/png", "sha256": base64_of(bytes) })
}

/// Lets a document arrive, and its bytes; returns the file's id. The message is called by the last
/// word in it.
pub(crate) async fn arrived(acme: &Tenant<'_>, library: &Library, bytes: &[u8]) -> String {
    let tail = String::from_utf8_lossy(bytes);
    let mut words = tail.split(|it: char| !it.is_ascii_alphanumeric());
    let name = words.rfind(|word| !word.is_empty()).unwrap();
    let id = format!("wamid.{name}");
    library.holds(name, bytes);
    let mut agent = acme.agent().await;
    acme.whatsapp(json!({ "messages": [carrying(&id, "document", file(name, bytes))] })).await;
    let heard = agent.hear("message:updated").await;
    let media = &heard.data["message"]["metadata"]["media"];
    assert_eq!(media["state"], "stored", "{media}");
    media["id"].as_str().unwrap().to_owned()
}

/// Opens a file as a browser does that shows it to one of the tenant's agents.
pub(crate) async fn opened(tenant: &Tenant<'_>, id: &str) -> Response {
    let (status, link) = tenant.ask(Method::GET, &format!("/api/media/{id}"), &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{link}");
    reqwest::get(format!("{}{}", tenant.url(), link["url"].as_str().unwrap())).await.unwrap()
}

pub(crate) async fn upload(
    tenant: &Tenant<'_>,
    name: &str,
    mime_type: &str,
    bytes: &[u8],
) -> (StatusCode, Value) {
    let url = format!("{}/api/media", tenant.url());
    upload_to(&url, &tenant.token(), (name, mime_type), bytes).await
}

/// Uploads a file as whoever has that token.
pub(crate) async fn upload_to(
    url: &str,
    token: &str,
    (name, mime_type): (&str, &str),
    bytes: &[u8],
) -> (StatusCode, Value) {
    let part = Part::bytes(bytes.to_vec()).file_name(name.to_owned());
    let form = Form::new().part("file", part.mime_str(mime_type).unwrap());
    let request = reqwest::Client::new().post(url).bearer_auth(token).multipart(form);
    let told = request.send().await.unwrap();
    (told.status(), told.json().await.unwrap())
}

/// The names of all files in the store.
pub(crate) fn stored(database: &Database) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![database.media()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                names.push(entry.file_name().into_string().unwrap());
            }
        }
    }
    names
}

/// Waits until something is so.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("it never is so");
}
