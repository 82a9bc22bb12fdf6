//! `message:send`: what an agent writes, over the socket.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use socketioxide::extract::{Extension, TryData};

use super::ack::Ack;
use super::socketio::{Connected, identifier, no_conversation, problem};
use crate::api::{ApiError, Post, say};
use crate::auth::Scope;

/// Does as the REST call does, and answers with the message.
pub(super) async fn send(
    Extension(me): Extension<Connected>,
    TryData(told): TryData<Map<String, Value>>,
    ack: Ack,
) {
    let sent = async {
        let caller = me.now().await?;
        caller.may(Scope::Write)?;
        let mut told =
            told.map_err(|_| bad("message:send takes { conversationId, content, … }"))?;
        let to = identifier(told.remove("conversationId")).ok_or_else(no_conversation)?;
        let post =
            Post::deserialize(Value::Object(told)).map_err(|error| bad(&error.to_string()))?;
        say(&caller, to, post).await
    };
    let answer = match sent.await {
        Ok(message) => json!({ "ok": true, "message": message }),
        Err(error) => problem(error.code(), &error.to_string()),
    };
    ack.send(&answer);
}

fn bad(why: &str) -> ApiError {
    ApiError::BadRequest(why.to_owned())
}
