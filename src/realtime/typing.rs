//! Who is typing where.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketioxide::extract::{Extension, SocketRef, TryData};
use socketioxide::socket::Sid;

use super::ack::Ack;
use super::elsewhere::News;
use super::signals::Signal;
use super::socketio::{Connected, answer, identifier, no_conversation};
use super::visitors;
use crate::api::ApiError;
use crate::auth::{Caller, Scope};
use crate::desk::{ContactId, ConversationId, Desks, Message, TenantId, UserId};

/// Somebody who types. A person types in one place at a time, which bounds what is kept of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Typist {
    /// Of the tenant's.
    Agent(TenantId, UserId),
    /// On the far side.
    Contact(ContactId),
}

/// Who is typing where, on any node.
#[derive(Debug)]
pub(super) struct Typing {
    timeout: Duration,
    desks: Desks,
    now: HashMap<Typist, Seat>,
}

/// Where somebody types.
#[derive(Debug)]
struct Seat {
    conversation: ConversationId,
    /// Whether it is this node that others hear of it from.
    is_here: bool,
    /// The connection that said so last.
    through: Option<Sid>,
    name: Option<String>,
    /// When others were told last.
    told: Instant,
    until: Instant,
}

/// `typing:start`: tells the others that an agent types.
pub(super) async fn start(
    socket: SocketRef,
    Extension(me): Extension<Connected>,
    TryData(id): TryData<Value>,
    ack: Ack,
) {
    let started = async {
        let caller = me.now().await?;
        caller.may(Scope::Write)?;
        let id = visible(&me, &caller, id.ok()).await?;
        me.signals.starts(&caller, id, socket.id);
        Ok(())
    };
    ack.send(&answer(started.await));
}

/// `typing:stop`: tells the others that an agent types no more.
pub(super) async fn stop(
    Extension(me): Extension<Connected>,
    TryData(id): TryData<Value>,
    ack: Ack,
) {
    let stopped = async {
        let caller = me.now().await?;
        let id = visible(&me, &caller, id.ok()).await?;
        me.signals.stops(&caller, id);
        Ok(())
    };
    ack.send(&answer(stopped.await));
}

/// The conversation that is meant, if the agent may see it. Where they type already, they may, as long as
/// they see what they saw: that is asked with each key.
async fn visible(
    me: &Connected,
    caller: &Caller,
    told: Option<Value>,
) -> Result<ConversationId, ApiError> {
    let id = identifier(told).ok_or_else(no_conversation)?;
    if !(me.sees_as_before(caller) && me.signals.is_typing(caller, id)) {
        caller.desk.conversation(id, &caller.sees).await?;
    }
    Ok(id)
}

impl Typing {
    /// Whoever says no more of it for `timeout` has stopped. The other nodes are told through `desks`.
    pub(super) fn new(timeout: Duration, desks: Desks) -> Self {
        Self { timeout, desks, now: HashMap::new() }
    }

    /// Whether somebody is known to type in a conversation.
    pub(super) fn is_in(&self, typist: &Typist, conversation: ConversationId) -> bool {
        self.now.get(typist).is_some_and(|seat| seat.conversation == conversation)
    }

    /// Somebody types; returns what is to be told of that.
    pub(super) fn start(
        &mut self,
        typist: &Typist,
        name: Option<&str>,
        conversation: ConversationId,
        through: Option<Sid>,
        now: Instant,
    ) -> Vec<Signal> {
        let until = now + self.timeout;
        if let Some(seat) = self.now.get_mut(typist)
            && seat.conversation == conversation
        {
            (seat.until, seat.through, seat.is_here) = (until, through, true);
            if now < seat.told + self.timeout / 2 {
                return Vec::new();
            }
        }
        let name = name.map(str::to_owned);
        self.tell_neighbours(typist, name.clone(), conversation, true);
        self.sit(typist, Seat { conversation, is_here: true, through, name, told: now, until })
    }

    /// Another node says that somebody types. It says so again, and when they have stopped; what is
    /// lost of that ends by itself a little later than it would there.
    pub(super) fn hear(
        &mut self,
        typist: &Typist,
        name: Option<String>,
        conversation: ConversationId,
        now: Instant,
    ) -> Vec<Signal> {
        let until = now + self.timeout * 2;
        let seat = Seat { conversation, is_here: false, through: None, name, told: now, until };
        self.sit(typist, seat)
    }

    /// Another node says that somebody has stopped.
    pub(super) fn hear_end(&mut self, typist: &Typist, at: ConversationId) -> Vec<Signal> {
        if !self.is_in(typist, at) {
            return Vec::new();
        }
        let seat = self.now.remove(typist);
        seat.map(|seat| seat.signals(typist, "typing:stop")).unwrap_or_default()
    }

    /// Somebody has stopped typing in a conversation.
    pub(super) fn stop(&mut self, typist: &Typist, at: ConversationId) -> Vec<Signal> {
        if self.is_in(typist, at) {
            self.tell_neighbours(typist, None, at, false);
        }
        self.hear_end(typist, at)
    }

    /// A connection has left a conversation's room, or has ended.
    pub(super) fn cut(
        &mut self,
        typist: &Typist,
        at: Option<ConversationId>,
        socket: Sid,
    ) -> Vec<Signal> {
        let seat = self.now.get(typist).filter(|seat| seat.through == Some(socket));
        let left = seat.map(|seat| seat.conversation).filter(|it| at.is_none_or(|at| at == *it));
        left.map(|left| self.stop(typist, left)).unwrap_or_default()
    }

    /// Ends what nobody has spoken of for too long.
    pub(super) fn sweep(&mut self, now: Instant) -> Vec<Signal> {
        let ended: Vec<_> = self.now.extract_if(|_, seat| seat.until <= now).collect();
        for (typist, seat) in ended.iter().filter(|(_, seat)| seat.is_here) {
            self.tell_neighbours(typist, None, seat.conversation, false);
        }
        let signals = ended.iter().flat_map(|(typist, seat)| seat.signals(typist, "typing:stop"));
        signals.collect()
    }

    /// Puts somebody where they type now.
    fn sit(&mut self, typist: &Typist, seat: Seat) -> Vec<Signal> {
        let (conversation, start) = (seat.conversation, seat.signals(typist, "typing:start"));
        let left = self.now.insert(typist.clone(), seat);
        let left = left.filter(|left| left.conversation != conversation);
        let stop = left.map(|left| left.signals(typist, "typing:stop"));
        stop.into_iter().flatten().chain(start).collect()
    }

    fn tell_neighbours(
        &self,
        typist: &Typist,
        name: Option<String>,
        conversation: ConversationId,
        is_on: bool,
    ) {
        let typist = typist.clone();
        self.desks.tell_neighbours(&News::Types { typist, name, conversation, is_on });
    }
}

impl Seat {
    /// What the others in the conversation's room are told, and of an agent the visitor, to whom they
    /// have a name and nothing else.
    ///
    /// The typist's own connections are left out: an agent with two windows knows who is typing.
    fn signals(&self, typist: &Typist, name: &'static str) -> Vec<Signal> {
        let of = |user: Value| json!({ "conversationId": self.conversation, "user": user });
        let among = |payload: Value, but| {
            let rooms = vec![format!("conversation:{}", self.conversation)];
            Signal { name, rooms, but, payload }
        };
        match typist {
            Typist::Agent(_, id) => {
                let user = json!({ "id": id, "name": self.name, "kind": "AGENT" });
                let told = of(json!({ "name": self.name, "kind": "AGENT" }));
                let rooms = vec![visitors::room(self.conversation)];
                let visitor = Signal { name, rooms, but: None, payload: told };
                vec![among(of(user), Some(format!("user:{id}"))), visitor]
            }
            Typist::Contact(id) => {
                vec![among(of(json!({ "id": id, "name": self.name, "kind": "CONTACT" })), None)]
            }
        }
    }
}

/// The agent who wrote a message, if one did.
pub(super) fn author(message: &Message) -> Option<&str> {
    message.metadata.get("author")?.get("id")?.as_str()
}
