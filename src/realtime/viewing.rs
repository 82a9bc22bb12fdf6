//! Who is looking at what: passed on to the others as it is told, and kept nowhere. A client says it
//! again while it lasts.

use serde_json::{Value, json};
use socketioxide::extract::{AckSender, Extension, SocketRef, TryData};

use super::signals::Signal;
use super::socketio::{Connected, identifier, no_conversation, refused};
use crate::desk::ConversationId;

/// `viewing:start`: an agent looks at a conversation.
pub(super) async fn start(
    socket: SocketRef,
    Extension(me): Extension<Connected>,
    TryData(id): TryData<Value>,
    ack: AckSender,
) {
    pass_on("viewing:start", &socket, &me, id.ok(), ack);
}

/// `viewing:stop`: an agent looks at it no more.
pub(super) async fn stop(
    socket: SocketRef,
    Extension(me): Extension<Connected>,
    TryData(id): TryData<Value>,
    ack: AckSender,
) {
    pass_on("viewing:stop", &socket, &me, id.ok(), ack);
}

/// Only who is in a conversation's room, and so may see it, can look at it.
fn pass_on(
    name: &'static str,
    socket: &SocketRef,
    me: &Connected,
    told: Option<Value>,
    ack: AckSender,
) {
    let id = identifier(told).filter(|id| is_in(socket, *id));
    let answer = match id {
        Some(id) => {
            me.signals.pass_on(signal(name, me, id));
            json!({ "ok": true })
        }
        None => refused(&no_conversation()),
    };
    let _ = ack.send(&answer);
}

/// Who leaves a conversation's room looks at it no more; to be told before they have left.
pub(super) fn leave(socket: &SocketRef, me: &Connected, id: ConversationId) {
    if is_in(socket, id) {
        me.signals.pass_on(signal("viewing:stop", me, id));
    }
}

fn is_in(socket: &SocketRef, id: ConversationId) -> bool {
    socket.rooms().iter().any(|it| *it == room(id))
}

fn signal(name: &'static str, me: &Connected, id: ConversationId) -> Signal {
    let user = json!({ "id": me.caller.user, "name": me.caller.name, "kind": "AGENT" });
    Signal {
        name,
        rooms: vec![room(id)],
        but: Some(format!("user:{}", me.caller.user)),
        payload: json!({ "conversationId": id, "user": user }),
    }
}

fn room(id: ConversationId) -> String {
    format!("conversation:{id}")
}
