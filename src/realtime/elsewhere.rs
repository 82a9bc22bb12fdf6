//! What nodes tell each other: who types, who looks at what, who is there.
//!
//! Each node keeps who is there for all of them and tells its own clients what follows from that; no
//! node speaks for another.

use std::collections::HashMap;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::{self, error::RecvError};

use super::signals::Signals;
use super::typing::Typist;
use super::viewing::Look;
use super::visitors::Guest;
use crate::desk::{ChatSessionId, ConversationId, Heard, InboxId, NodeId, TenantId, Time, UserId};

/// What one node tells the others. It only grows: nodes of two versions stand beside each other.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum News {
    /// Somebody has begun to type, goes on, or has stopped.
    Types { typist: Typist, name: Option<String>, conversation: ConversationId, is_on: bool },
    /// An agent looks at a conversation, or does no more.
    Looks(Look),
    /// An agent is there, and sees these inboxes; nothing for all.
    Agent { tenant: TenantId, user: UserId, inboxes: Option<Vec<InboxId>> },
    /// An agent is not there any more, since then.
    AgentGone { tenant: TenantId, user: UserId, at: Time },
    /// A visitor is there.
    Visitor(Guest),
    /// A visitor is not there any more.
    VisitorGone(ChatSessionId),
    /// So many of a tenant's clients are connected.
    Connections { tenant: TenantId, count: usize },
    /// What lasts is told once more from here on.
    Afresh,
    /// That was all that lasts.
    All,
}

impl Signals {
    /// Hears, for as long as it is polled, what other nodes tell.
    pub async fn hear(self, mut neighbours: broadcast::Receiver<Heard>) {
        loop {
            match neighbours.recv().await {
                Ok(Heard::News(node, news)) => {
                    // What a newer version tells is not for this one.
                    let known = news.iter().filter_map(|it| serde_json::from_str(it.get()).ok());
                    known.for_each(|news| self.take_in(node, news));
                }
                Ok(Heard::Asked) => self.tell_all(),
                Ok(Heard::Leaves(node)) => {
                    self.presence().part(node, Instant::now());
                    self.counts().forget(node);
                }
                Ok(Heard::Gone(node)) => self.let_go(node, Time::now()),
                Err(RecvError::Lagged(_)) => self.desks().ask_neighbours(),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Takes in what another node tells.
    fn take_in(&self, node: NodeId, news: News) {
        let now = Instant::now();
        match news {
            News::Types { typist, name, conversation, is_on: true } => {
                let mut typing = self.typing();
                self.leave_to_tell(typing.hear(&typist, name, conversation, now));
            }
            News::Types { typist, conversation, is_on: false, .. } => {
                let mut typing = self.typing();
                self.leave_to_tell(typing.hear_end(&typist, conversation));
            }
            News::Looks(look) => self.leave_to_tell([look.signal()]),
            News::Agent { tenant, user, inboxes } => {
                let mut presence = self.presence();
                self.leave_to_tell(presence.hear(node, &tenant, &user, inboxes));
                self.tell_visitors(&presence, &tenant);
            }
            News::AgentGone { tenant, user, at } => {
                let mut presence = self.presence();
                self.leave_to_tell(presence.hear_gone(node, &tenant, user, at));
                self.tell_visitors(&presence, &tenant);
            }
            News::Visitor(guest) => {
                let mut visitors = self.visitors();
                self.leave_to_tell(visitors.hear(node, guest, now));
            }
            News::VisitorGone(session) => self.visitors().hear_gone(node, session),
            News::Connections { tenant, count } => self.counts().hear(node, tenant, count),
            News::Afresh => self.doubt(node),
            News::All => self.settle(node, Time::now()),
        }
    }

    /// Those who were by that node alone are not there any more, since then.
    pub(super) fn let_go(&self, node: NodeId, at: Time) {
        self.doubt(node);
        self.settle(node, at);
    }

    fn doubt(&self, node: NodeId) {
        self.presence().doubt(node);
        self.visitors().doubt(node);
        self.counts().forget(node);
    }

    fn settle(&self, node: NodeId, at: Time) {
        let mut presence = self.presence();
        let gone = presence.settle(node, at);
        self.tell_gone(&mut presence, gone);
        drop(presence);
        self.visitors().settle(node);
    }

    /// Tells the other nodes all that lasts.
    fn tell_all(&self) {
        // Nobody comes or goes in between.
        let presence = self.presence();
        let visitors = self.visitors();
        let counts = self.counts();
        self.desks().tell_neighbours(&News::Afresh);
        presence.tell_all();
        visitors.tell_all();
        counts.tell_all(self.desks());
        self.desks().tell_neighbours(&News::All);
    }
}

/// Which other nodes say that somebody is there, and whether they have said so since they began to
/// tell all that lasts.
#[derive(Debug, Default)]
pub(super) struct Elsewhere(HashMap<NodeId, bool>);

impl Elsewhere {
    pub(super) fn hear(&mut self, node: NodeId) {
        self.0.insert(node, true);
    }

    pub(super) fn forget(&mut self, node: NodeId) {
        self.0.remove(&node);
    }

    /// What a node has said counts only if it says so again before it is settled.
    pub(super) fn doubt(&mut self, node: NodeId) {
        self.0.entry(node).and_modify(|is_sure| *is_sure = false);
    }

    pub(super) fn settle(&mut self, node: NodeId) {
        self.0.retain(|it, is_sure| *it != node || *is_sure);
    }

    pub(super) fn is_nowhere(&self) -> bool {
        self.0.is_empty()
    }
}
