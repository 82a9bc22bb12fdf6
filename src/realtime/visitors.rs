//! Which visitors are there, and whether an agent is there for them.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::elsewhere::{Elsewhere, News};
use super::signals::Signal;
use crate::desk::{
    Chat, ChatSessionId, ConversationId, Desks, InboxId, NodeId, Sees, TenantId, Time, WebPage,
};
use crate::wire::visitor::WebPage as WrittenPage;

/// For how long a visitor is there who asks now and then: clients that fall back ask every 30 s.
const ASKS_WITHIN: Duration = Duration::from_secs(75);

/// How often it is looked for those who have gone.
const SWEEP: Duration = Duration::from_secs(1);

/// The visitors of all sites who are connected to any node, or have asked one a moment ago.
#[derive(Debug)]
pub(super) struct Visitors {
    grace: Duration,
    desks: Desks,
    there: HashMap<ChatSessionId, There>,
    swept: Instant,
    /// Whether the visitors of a chat have been told that an agent is there.
    told: HashMap<(TenantId, InboxId), bool>,
}

/// A visitor, and the page that they look at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Guest {
    session: ChatSessionId,
    tenant: TenantId,
    inbox: InboxId,
    conversation: ConversationId,
    page: Option<WebPage>,
}

/// A visitor who is there.
#[derive(Debug)]
struct There {
    guest: Guest,
    /// To this node.
    connections: usize,
    /// Until when they are there without a connection.
    until: Instant,
    /// Whether the other nodes know from this one that they are there.
    is_here: bool,
    elsewhere: Elsewhere,
}

impl Visitors {
    /// Who comes back within `grace` has not been away. The other nodes are told through `desks`.
    pub(super) fn new(grace: Duration, desks: Desks) -> Self {
        let (there, told) = (HashMap::new(), HashMap::new());
        Self { grace, desks, there, swept: Instant::now(), told }
    }

    /// A visitor has one connection more.
    pub(super) fn enter(&mut self, chat: &Chat, now: Instant) -> Option<Signal> {
        let (there, is_new) = self.at(chat, now);
        there.connections += 1;
        is_new.then(|| there.guest.signal(true))
    }

    /// A visitor has one connection less.
    pub(super) fn leave(&mut self, id: ChatSessionId, now: Instant) {
        if let Some(there) = self.there.get_mut(&id) {
            there.connections = there.connections.saturating_sub(1);
            // Whoever goes on by asking is there again with the next question.
            there.until = now + self.grace;
        }
    }

    /// A visitor's client asks for news.
    pub(super) fn asks(&mut self, chat: &Chat, now: Instant) -> Option<Signal> {
        let (there, is_new) = self.at(chat, now);
        there.until = there.until.max(now + ASKS_WITHIN);
        is_new.then(|| there.guest.signal(true))
    }

    /// A visitor looks at another page.
    pub(super) fn looks_at(&mut self, chat: &Chat, page: &WebPage, now: Instant) -> Option<Signal> {
        let (there, is_new) = self.at(chat, now);
        there.until = there.until.max(now + ASKS_WITHIN);
        let is_other = there.guest.page.replace(page.clone()).as_ref() != Some(page);
        let guest = is_other.then(|| there.guest.clone());
        let signal = (is_new || is_other).then(|| there.guest.signal(true));
        if let Some(guest) = guest {
            self.desks.tell_neighbours(&News::Visitor(guest));
        }
        signal
    }

    /// Another node says that a visitor is there, and which page they look at.
    pub(super) fn hear(&mut self, node: NodeId, guest: Guest, now: Instant) -> Option<Signal> {
        let is_new = !self.there.contains_key(&guest.session);
        let there =
            self.there.entry(guest.session).or_insert_with(|| There::new(guest.clone(), now));
        let is_other = there.guest.page != guest.page;
        there.guest = guest;
        there.elsewhere.hear(node);
        (is_new || is_other).then(|| there.guest.signal(true))
    }

    /// Another node says that a visitor is not there any more.
    pub(super) fn hear_gone(&mut self, node: NodeId, session: ChatSessionId) {
        if let Some(there) = self.there.get_mut(&session) {
            there.elsewhere.forget(node);
        }
    }

    /// Another node begins to tell who is there.
    pub(super) fn doubt(&mut self, node: NodeId) {
        self.there.values_mut().for_each(|there| there.elsewhere.doubt(node));
    }

    /// Another node has told of all who are there.
    pub(super) fn settle(&mut self, node: NodeId) {
        self.there.values_mut().for_each(|there| there.elsewhere.settle(node));
    }

    /// Tells the other nodes who is there by this one.
    pub(super) fn tell_all(&self) {
        for there in self.there.values().filter(|there| there.is_here) {
            self.desks.tell_neighbours(&News::Visitor(there.guest.clone()));
        }
    }

    /// Tells of those who have gone.
    pub(super) fn sweep(&mut self, now: Instant) -> Vec<Signal> {
        if now < self.swept + SWEEP {
            return Vec::new();
        }
        self.swept = now;
        for there in self.there.values_mut().filter(|there| there.is_here) {
            if there.connections == 0 && there.until <= now {
                there.is_here = false;
                self.desks.tell_neighbours(&News::VisitorGone(there.guest.session));
            }
        }
        let gone = self.there.extract_if(|_, there| !there.is_here && there.elsewhere.is_nowhere());
        let gone: Vec<_> = gone.map(|(_, there)| there.guest.signal(false)).collect();
        if self.there.is_empty() {
            self.told.clear();
        }
        gone
    }

    /// Those visitors of a tenant's sites who are there.
    pub(super) fn online(&self, tenant: &TenantId) -> HashSet<ChatSessionId> {
        let there = self.there.iter().filter(|(_, there)| there.guest.tenant == *tenant);
        there.map(|(id, _)| *id).collect()
    }

    /// How many visitors there are of a tenant's sites, as far as somebody sees them.
    pub(super) fn count(&self, tenant: &TenantId, sees: &Sees) -> usize {
        let seen = |there: &&There| there.guest.tenant == *tenant && sees.inbox(there.guest.inbox);
        self.there.values().filter(seen).count()
    }

    /// Whose visitors are to be told when agents come and go.
    pub(super) fn watched(&self, tenant: &TenantId) -> Vec<InboxId> {
        self.told.keys().filter(|(of, _)| of == tenant).map(|(_, inbox)| *inbox).collect()
    }

    /// Notes whether an agent is there for a chat's visitors; tells them if that is another now.
    pub(super) fn note(
        &mut self,
        tenant: &TenantId,
        inbox: InboxId,
        is_available: bool,
    ) -> Option<Signal> {
        let was = self.told.insert((tenant.clone(), inbox), is_available);
        was.filter(|was| *was != is_available).map(|_| Signal {
            name: "agents:presence",
            rooms: vec![room_of_all(inbox)],
            but: None,
            payload: json!({ "status": availability(is_available) }),
        })
    }

    /// A visitor who is here, as the other nodes know then; and whether they were on none.
    fn at(&mut self, chat: &Chat, now: Instant) -> (&mut There, bool) {
        let is_new = !self.there.contains_key(&chat.id());
        let there = self.there.entry(chat.id());
        let there = there.or_insert_with(|| There::new(Guest::of(chat), now));
        if !there.is_here {
            there.is_here = true;
            self.desks.tell_neighbours(&News::Visitor(there.guest.clone()));
        }
        (there, is_new)
    }
}

impl There {
    fn new(guest: Guest, now: Instant) -> Self {
        let elsewhere = Elsewhere::default();
        Self { guest, connections: 0, until: now, is_here: false, elsewhere }
    }
}

impl Guest {
    fn of(chat: &Chat) -> Self {
        Self {
            session: chat.id(),
            tenant: chat.tenant().clone(),
            inbox: chat.inbox(),
            conversation: chat.conversation(),
            page: chat.page(),
        }
    }

    fn signal(&self, is_online: bool) -> Signal {
        Signal {
            name: "visitor:presence",
            rooms: vec![format!("tenant:{}", self.tenant), format!("inbox:{}", self.inbox)],
            but: None,
            payload: json!({
                "sessionId": self.session,
                "conversationId": self.conversation,
                "inboxId": self.inbox,
                "status": if is_online { "online" } else { "offline" },
                "page": self.page.clone().map(WrittenPage::from),
                "lastSeenAt": Time::now().to_string(),
            }),
        }
    }
}

/// The room of the one conversation's visitor, in each of their windows. Agents are in others.
pub(super) fn room(conversation: ConversationId) -> String {
    format!("visitor:{conversation}")
}

/// The room of all visitors of a chat.
pub(super) fn room_of_all(inbox: InboxId) -> String {
    format!("visitors:{inbox}")
}

/// What visitors are told of whether an agent is there.
pub(super) fn availability(is_available: bool) -> &'static str {
    if is_available { "available" } else { "away" }
}
