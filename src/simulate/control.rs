//! Changing what goes wrong while it does, and reading the ledger.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::World;
use crate::config::Conduct;

/// What somebody is to write.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    from: String,
    text: String,
}

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/control", get(read).put(change))
        .route("/control/ledger", get(ledger))
        .route("/control/messages", post(write))
}

/// `GET /control`: how it behaves now.
async fn read(State(world): State<Arc<World>>) -> Json<Conduct> {
    Json(world.conduct())
}

/// `PUT /control`: changes the fields that are given, and no other.
async fn change(
    State(world): State<Arc<World>>,
    Json(fields): Json<Map<String, Value>>,
) -> Result<Json<Conduct>, (StatusCode, String)> {
    let mut outcome = Ok(());
    world.conduct.send_if_modified(|conduct| match changed(conduct, fields) {
        Ok(changed) => {
            *conduct = changed;
            true
        }
        Err(error) => {
            outcome = Err((StatusCode::UNPROCESSABLE_ENTITY, error.to_string()));
            false
        }
    });
    outcome.map(|()| Json(world.conduct()))
}

fn changed(conduct: &Conduct, fields: Map<String, Value>) -> serde_json::Result<Conduct> {
    let mut all = serde_json::to_value(conduct)?;
    for (key, value) in fields {
        all[key] = value;
    }
    serde_json::from_value(all)
}

/// `GET /control/ledger`: what has happened.
async fn ledger(State(world): State<Arc<World>>) -> impl IntoResponse {
    let book = serde_json::to_string(&*world.ledger.open()).expect("the book is made of JSON");
    ([(CONTENT_TYPE, "application/json")], book)
}

/// `POST /control/messages`: lets somebody write `{ from, text }`; answers the message's id.
async fn write(
    State(world): State<Arc<World>>,
    Json(Words { from, text }): Json<Words>,
) -> Result<Json<Value>, (StatusCode, &'static str)> {
    let id = world.write(&from, &text);
    let id = id.ok_or((StatusCode::UNPROCESSABLE_ENTITY, "`from` is not a phone number"))?;
    Ok(Json(json!({ "id": id })))
}
