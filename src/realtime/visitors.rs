//! Which visitors are there, and whether an agent is there for them.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::json;

use super::signals::Signal;
use crate::desk::{Chat, ChatSessionId, ConversationId, InboxId, Sees, TenantId, Time, WebPage};
use crate::wire::visitor::WebPage as WrittenPage;

/// For how long a visitor is there who asks now and then: clients that fall back ask every 30 s.
const ASKS_WITHIN: Duration = Duration::from_secs(75);

/// How often it is looked for those who have gone.
const SWEEP: Duration = Duration::from_secs(1);

/// The visitors of all sites who are connected to this node, or have asked it a moment ago.
#[derive(Debug)]
pub(super) struct Visitors {
    grace: Duration,
    there: HashMap<ChatSessionId, There>,
    swept: Instant,
    /// Whether the visitors of a chat have been told that an agent is there.
    told: HashMap<(TenantId, InboxId), bool>,
}

/// A visitor who is there.
#[derive(Debug)]
struct There {
    tenant: TenantId,
    inbox: InboxId,
    conversation: ConversationId,
    page: Option<WebPage>,
    connections: usize,
    /// Until when they are there without a connection.
    until: Instant,
}

impl Visitors {
    /// Who comes back within `grace` has not been away.
    pub(super) fn new(grace: Duration) -> Self {
        let (there, told) = (HashMap::new(), HashMap::new());
        Self { grace, there, swept: Instant::now(), told }
    }

    /// A visitor has one connection more.
    pub(super) fn enter(&mut self, chat: &Chat, now: Instant) -> Option<Signal> {
        let (there, is_new) = self.at(chat, now);
        there.connections += 1;
        is_new.then(|| there.signal(chat.id(), true))
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
        is_new.then(|| there.signal(chat.id(), true))
    }

    /// A visitor looks at another page.
    pub(super) fn looks_at(&mut self, chat: &Chat, page: &WebPage, now: Instant) -> Option<Signal> {
        let (there, is_new) = self.at(chat, now);
        there.until = there.until.max(now + ASKS_WITHIN);
        let is_other = there.page.replace(page.clone()).as_ref() != Some(page);
        (is_new || is_other).then(|| there.signal(chat.id(), true))
    }

    /// Tells of those who have gone.
    pub(super) fn sweep(&mut self, now: Instant) -> Vec<Signal> {
        if now < self.swept + SWEEP {
            return Vec::new();
        }
        self.swept = now;
        let gone = self.there.extract_if(|_, there| there.connections == 0 && there.until <= now);
        let gone: Vec<_> = gone.map(|(id, there)| there.signal(id, false)).collect();
        if self.there.is_empty() {
            self.told.clear();
        }
        gone
    }

    /// Those visitors of a tenant's sites who are there.
    pub(super) fn online(&self, tenant: &TenantId) -> HashSet<ChatSessionId> {
        let there = self.there.iter().filter(|(_, there)| there.tenant == *tenant);
        there.map(|(id, _)| *id).collect()
    }

    /// How many visitors there are of a tenant's sites, as far as somebody sees them.
    pub(super) fn count(&self, tenant: &TenantId, sees: &Sees) -> usize {
        let seen = |there: &&There| there.tenant == *tenant && sees.inbox(there.inbox);
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

    fn at(&mut self, chat: &Chat, now: Instant) -> (&mut There, bool) {
        let is_new = !self.there.contains_key(&chat.id());
        let there = self.there.entry(chat.id()).or_insert_with(|| There {
            tenant: chat.tenant().clone(),
            inbox: chat.inbox(),
            conversation: chat.conversation(),
            page: chat.page(),
            connections: 0,
            until: now,
        });
        (there, is_new)
    }
}

impl There {
    fn signal(&self, id: ChatSessionId, is_online: bool) -> Signal {
        Signal {
            name: "visitor:presence",
            rooms: vec![format!("tenant:{}", self.tenant), format!("inbox:{}", self.inbox)],
            but: None,
            payload: json!({
                "sessionId": id,
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
