//! What nodes tell each other: who types, who looks at what, who is there.
//!
//! Each node keeps who is there for all of them and tells its own clients what follows from that; no
//! node speaks for another.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::typing::Typist;
use super::viewing::Look;
use super::visitors::Guest;
use crate::desk::{ChatSessionId, ConversationId, InboxId, NodeId, TenantId, Time, UserId};

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
    /// What lasts is told once more from here on.
    Afresh,
    /// That was all that lasts.
    All,
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
