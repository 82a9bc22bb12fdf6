//! Who is looking at what: passed on to the others, on any node, as it is told, and kept nowhere. A client says it
//! again while it lasts.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketioxide::extract::{Extension, SocketRef, TryData};

use super::ack::Ack;
use super::signals::{Signal, Signals};
use super::socketio::{Connected, answer, identifier, no_conversation};
use crate::api::ApiError;
use crate::auth::Caller;
use crate::desk::{ConversationId, UserId};

/// An agent looks at a conversation, or does no more.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Look {
    at: ConversationId,
    user: UserId,
    name: String,
    is_on: bool,
}

/// `viewing:start`: an agent looks at a conversation.
pub(super) async fn start(
    socket: SocketRef,
    Extension(me): Extension<Connected>,
    TryData(id): TryData<Value>,
    ack: Ack,
) {
    ack.send(&answer(pass_on(true, &socket, &me, id.ok()).await));
}

/// `viewing:stop`: an agent looks at it no more.
pub(super) async fn stop(
    socket: SocketRef,
    Extension(me): Extension<Connected>,
    TryData(id): TryData<Value>,
    ack: Ack,
) {
    ack.send(&answer(pass_on(false, &socket, &me, id.ok()).await));
}

/// Only who is in a conversation's room, and so may see it, can look at it.
async fn pass_on(
    is_on: bool,
    socket: &SocketRef,
    me: &Connected,
    told: Option<Value>,
) -> Result<(), ApiError> {
    let caller = me.now().await?;
    let id = identifier(told).filter(|id| is_in(socket, *id)).ok_or_else(no_conversation)?;
    me.signals.pass_on(look(&caller, id, is_on));
    Ok(())
}

/// Who leaves a conversation's room looks at it no more; to be told before they have left.
pub(super) fn leave(socket: &SocketRef, signals: &Signals, caller: &Caller, id: ConversationId) {
    if is_in(socket, id) {
        signals.pass_on(look(caller, id, false));
    }
}

fn is_in(socket: &SocketRef, id: ConversationId) -> bool {
    socket.rooms().iter().any(|it| *it == room(id))
}

fn look(caller: &Caller, at: ConversationId, is_on: bool) -> Look {
    Look { at, user: caller.user.clone(), name: caller.name.clone(), is_on }
}

impl Look {
    /// What the others who look at it are told.
    pub(super) fn signal(&self) -> Signal {
        let user = json!({ "id": self.user, "name": self.name, "kind": "AGENT" });
        Signal {
            name: if self.is_on { "viewing:start" } else { "viewing:stop" },
            rooms: vec![room(self.at)],
            but: Some(format!("user:{}", self.user)),
            payload: json!({ "conversationId": self.at, "user": user }),
        }
    }
}

fn room(id: ConversationId) -> String {
    format!("conversation:{id}")
}
