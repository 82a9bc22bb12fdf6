//! What a visitor's client may emit over Socket.IO, and what it hears beside the log.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use socketioxide::extract::{Extension, SocketRef, TryData};

use super::ack::Ack;
use super::limited::Limited;
use super::livechat::{self, Page, Post, say};
use super::signals::Signals;
use super::socketio::{no_conversation, problem, refused};
use super::visitors::{room, room_of_all};
use crate::api::{ApiError, ApiState};
use crate::auth::Visitor;
use crate::desk::{MessageId, WebPage};

/// What a connected visitor may use.
#[derive(Clone)]
struct Visiting {
    visitor: Arc<Visitor>,
    signals: Signals,
    state: ApiState,
}

/// Listens to what a visitor does.
pub(super) fn welcome(
    socket: &SocketRef,
    visitor: Arc<Visitor>,
    signals: Signals,
    state: ApiState,
) {
    socket.join([room(visitor.chat.conversation()), room_of_all(visitor.chat.inbox())]);
    socket.on("message:send", Limited(send));
    socket.on("conversation:read", Limited(read));
    socket.on("typing:start", Limited(typing_start));
    socket.on("typing:stop", Limited(typing_stop));
    socket.on("page:view", Limited(page));
    // There is no conversation that they could not see already, as far as they can tell.
    socket.on("conversation:join", Limited(nothing_there));
    socket.on("conversation:leave", Limited(nothing_there));
    socket.extensions.insert(Visiting { visitor, signals, state });
}

/// `message:send`: as the REST call; answers with the message.
async fn send(
    Extension(me): Extension<Visiting>,
    TryData(told): TryData<Map<String, Value>>,
    ack: Ack,
) {
    let sent = async {
        let mut told = told.map_err(|_| bad("message:send takes { content, clientId }"))?;
        // Clients for agents say to whom, and what of; here there is one answer to either.
        told.remove("conversationId");
        told.remove("type");
        let post =
            Post::deserialize(Value::Object(told)).map_err(|error| bad(&error.to_string()))?;
        say(&me.state, &me.visitor, post).await
    };
    let answer = match sent.await {
        Ok(message) => json!({ "ok": true, "message": message }),
        Err(error) => problem(error.code(), &error.to_string()),
    };
    ack.send(&answer);
}

/// `conversation:read`: the visitor has read what agents have said, up to a message or all of it.
async fn read(Extension(me): Extension<Visiting>, TryData(told): TryData<Value>, ack: Ack) {
    let until = told.ok().and_then(|told| told.get("messageId")?.as_str()?.parse().ok());
    let until: Option<MessageId> = until;
    let read = async { livechat::read(&me.state, &me.now().await?, until).await };
    ack.send(&answer(read.await));
}

async fn typing_start(Extension(me): Extension<Visiting>, ack: Ack) {
    ack.send(&answer(me.types(true).await));
}

async fn typing_stop(Extension(me): Extension<Visiting>, ack: Ack) {
    ack.send(&answer(me.types(false).await));
}

/// `page:view`: the visitor looks at a page of the site.
async fn page(Extension(me): Extension<Visiting>, TryData(page): TryData<Page>, ack: Ack) {
    let seen = async {
        let visitor = me.now().await?;
        let page = page.map_err(|_| bad("page:view takes { url, title, referrer }"))?;
        let page = WebPage::from(&page);
        visitor.chat.looks_at(&page).await?;
        me.signals.visitor_looks_at(&visitor.chat, &page);
        Ok(())
    };
    let seen = seen.await;
    ack.send(&answer(seen));
}

async fn nothing_there(ack: Ack) {
    ack.send(&refused(&no_conversation()));
}

impl Visiting {
    /// The visitor as they are now, if they are still let in. Their session would end, but only where the client
    /// reads what it says; and their first message may have made a contact of them.
    async fn now(&self) -> Result<Visitor, ApiError> {
        Ok(self.state.auth.visitor_now(&self.visitor).await?)
    }

    async fn types(&self, on: bool) -> Result<(), ApiError> {
        self.signals.visitor_types(&self.now().await?.chat, on);
        Ok(())
    }
}

fn answer(done: Result<(), ApiError>) -> Value {
    match done {
        Ok(()) => json!({ "ok": true }),
        Err(error) => problem(error.code(), &error.to_string()),
    }
}

fn bad(why: &str) -> ApiError {
    ApiError::BadRequest(why.to_owned())
}
