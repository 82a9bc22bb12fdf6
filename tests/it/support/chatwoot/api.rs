//! What can be asked of it.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Multipart, Path, Query, Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use recado::desk::Time;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::super::{base64_of, picture};
use super::{Chatwoot, Fault};

pub(super) fn router(chatwoot: Chatwoot) -> Router {
    let account = "/api/v1/accounts/1";
    Router::new()
        .route(&format!("{account}/agents"), get(agents))
        .route(&format!("{account}/conversations"), get(conversations))
        .route(&format!("{account}/conversations/{{id}}/messages"), get(messages).post(send))
        .route(&format!("{account}/conversations/{{id}}/{{what}}"), post(other))
        .route_layer(from_fn_with_state(chatwoot.clone(), admit))
        .route("/rails/active_storage/blobs/redirect/{name}", get(blob))
        .route("/files/{name}", get(file))
        .with_state(chatwoot)
}

async fn admit(State(chatwoot): State<Chatwoot>, request: Request, next: Next) -> Response {
    let (token, refusal) = {
        let kept = chatwoot.kept();
        (kept.token.clone(), kept.refusal)
    };
    let told = request.headers().get("api_access_token");
    if told.is_some_and(|told| *told == *token) {
        return next.run(request).await;
    }
    let why = Json(json!({ "error": "You need to sign in or sign up before continuing." }));
    (StatusCode::from_u16(refusal).unwrap(), why).into_response()
}

async fn agents() -> Json<Value> {
    Json(json!([{ "id": 7, "name": "Ada", "email": "ada@acme.test" }]))
}

/// Those in which something has happened lately, two on a page, and nothing after the last.
async fn conversations(
    State(chatwoot): State<Chatwoot>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    assert_eq!(asked["status"], "all", "{asked:?}");
    let kept = chatwoot.kept();
    let since = Time::now().seconds() - asked["updated_within"].parse::<i64>().unwrap();
    let stirred = kept.talks.iter().filter(|(_, talk)| talk.updated_at >= since);
    let before = (asked["page"].parse::<usize>().unwrap() - 1) * 2;
    let page = stirred.skip(before).take(2);
    let payload: Vec<_> = page.map(|(id, _)| kept.listed(*id)).collect();
    Json(json!({ "data": { "meta": {}, "payload": payload } }))
}

/// Few at once, so that more than one page is needed; without `after` the newest.
async fn messages(
    State(chatwoot): State<Chatwoot>,
    Path(id): Path<u64>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Json<Value> {
    let kept = chatwoot.kept();
    let all = &kept.talks[&id].messages;
    let found: Vec<_> = match asked.get("after") {
        Some(after) => {
            let after: u64 = after.parse().unwrap();
            all.iter().filter(|it| it["id"].as_u64() >= Some(after)).take(3).collect()
        }
        None => all.iter().rev().take(20).rev().collect(),
    };
    Json(json!({ "payload": found }))
}

async fn send(State(chatwoot): State<Chatwoot>, Path(id): Path<u64>, request: Request) -> Response {
    let fault = chatwoot.kept().faults.pop();
    if let Some(Fault::Answer(status)) = fault {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    if let Some(Fault::Late(by)) = fault {
        sleep(by).await;
    }
    let asked = read(request).await;
    let (number, webhook) = {
        let mut kept = chatwoot.kept();
        kept.asked.push((format!("{id}/messages"), asked.clone()));
        let content = asked["content"].as_str().unwrap_or_default().to_owned();
        let attributes = match &asked["content_attributes"] {
            // Within a form it is text.
            Value::String(text) => serde_json::from_str(text).unwrap(),
            told => told.clone(),
        };
        let attachments = asked["attachments"].as_array().into_iter().flatten();
        let attachments: Vec<_> = attachments
            .map(|file| json!({
                "id": 900, "file_type": "image", "file_size": 1,
                "data_url": format!("{}/files/{}", chatwoot.url, file["filename"].as_str().unwrap()),
            }))
            .collect();
        let more = json!({ "content_attributes": attributes, "attachments": attachments });
        kept.add(id, "outgoing", &content, &more)
    };
    chatwoot.echo(webhook).await;
    match fault {
        Some(Fault::Silent) => std::future::pending().await,
        Some(Fault::TakenWith(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Fault::Lost) => {
            // An answer that ends before it has begun.
            let broken = Err::<Bytes, _>(std::io::Error::other("cut"));
            Body::from_stream(futures_util::stream::iter([broken])).into_response()
        }
        Some(Fault::Answer(_) | Fault::Late(_)) | None => {
            Json(json!({ "id": number, "echo_id": asked["echo_id"] })).into_response()
        }
    }
}

/// What a message says, as JSON or as a form.
async fn read(request: Request) -> Value {
    let is_form = request.headers()[CONTENT_TYPE].to_str().unwrap().starts_with("multipart/");
    if !is_form {
        let body = Bytes::from_request(request, &()).await.unwrap();
        return serde_json::from_slice(&body).unwrap();
    }
    let mut form = Multipart::from_request(request, &()).await.unwrap();
    let mut told = json!({ "attachments": [] });
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap().to_owned();
        if name != "attachments[]" {
            told[name] = json!(field.text().await.unwrap());
            continue;
        }
        let (filename, kind) = (field.file_name().unwrap().to_owned(), field.content_type());
        let mut file = json!({ "filename": filename, "mimeType": kind });
        file["sha256"] = json!(base64_of(&field.bytes().await.unwrap()));
        told["attachments"].as_array_mut().unwrap().push(file);
    }
    told
}

async fn other(
    State(chatwoot): State<Chatwoot>,
    Path((id, what)): Path<(u64, String)>,
    Json(asked): Json<Value>,
) -> Json<Value> {
    chatwoot.kept().asked.push((format!("{id}/{what}"), asked.clone()));
    match what.as_str() {
        "toggle_status" => {
            let status = asked["status"].as_str().unwrap().to_owned();
            chatwoot.turns(id, |talk| talk.status = status).await;
        }
        "assignments" => {
            let is_ada = asked["assignee_id"] == 7;
            let ada = json!({ "id": 7, "name": "Ada", "email": "ada@acme.test", "type": "user" });
            let assignee = if is_ada { ada } else { Value::Null };
            chatwoot.turns(id, |talk| talk.assignee = assignee).await;
        }
        "labels" => {
            let labels = serde_json::from_value(asked["labels"].clone()).unwrap();
            chatwoot.turns(id, |talk| talk.labels = labels).await;
        }
        _ => {}
    }
    Json(json!({}))
}

/// Where files are said to be: not where they are.
async fn blob(State(chatwoot): State<Chatwoot>, Path(name): Path<String>) -> Response {
    let place = format!("{}/files/{name}", chatwoot.url);
    (StatusCode::FOUND, [(LOCATION, place)]).into_response()
}

/// A picture that says its name. Its address is signed: whoever brings a token shows it to a stranger.
async fn file(Path(name): Path<String>, headers: HeaderMap) -> Vec<u8> {
    assert!(!headers.contains_key("api_access_token"), "a token goes to where files are");
    picture(&name)
}
