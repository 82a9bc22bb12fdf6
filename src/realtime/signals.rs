//! Signals: what is merely happening. They are not in the log, may be lost, and are never replayed.
//!
//! All signals of a node are told by one loop, in the order in which they came to be: who goes and
//! comes back would else seem to be wherever the slower of two tasks says. They take what room is left
//! in a client's buffer; a client without any misses them. What other nodes tell is told in the same way.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::socket::Sid;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{MissedTickBehavior, interval};

use super::elsewhere::News;
use super::mailbox::Mailbox;
use super::presence::Presence;
use super::stats::Counts;
use super::typing::{Typing, Typist};
use super::viewing::Look;
use super::visitors::Visitors;
use crate::auth::Caller;
use crate::config;
use crate::courier::Hints;
use crate::desk::{
    Chat, ChatSessionId, Contact, ConversationId, Desks, InboxId, TenantId, Typed, UserId, WebPage,
};
use crate::telemetry::FIGURES;

/// How often it is looked for what has come to an end.
const SWEEP: Duration = Duration::from_millis(100);

/// How often other nodes are told how many are connected, if that has changed.
const COUNT: Duration = Duration::from_secs(1);

/// How often it is stored who is there.
const STORE: Duration = Duration::from_secs(1);

/// How many signals wait to be told; more are lost.
const WAITING_SIGNALS: usize = 10_000;

/// Who is there and who types, on any node.
#[derive(Clone, Debug)]
pub struct Signals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    typing: Mutex<Typing>,
    presence: Mutex<Presence>,
    /// Locked after `presence`, never before.
    visitors: Mutex<Visitors>,
    counts: Mutex<Counts>,
    untold: Mailbox<Signal>,
    hints: Hints,
    desks: Desks,
}

/// Something to be told to those in any of some rooms, but for those in another.
#[derive(Debug)]
pub(super) struct Signal {
    pub(super) name: &'static str,
    pub(super) rooms: Vec<String>,
    pub(super) but: Option<String>,
    pub(super) payload: Value,
}

impl Signals {
    /// Nobody is there yet. Customers see by `hints` that an agent types, other nodes are told through
    /// `desks`.
    pub fn new(settings: config::Signals, hints: Hints, desks: Desks) -> Self {
        let config::Signals { typing_timeout, presence_grace: grace, .. } = settings;
        Self(Arc::new(Inner {
            typing: Mutex::new(Typing::new(typing_timeout, desks.clone())),
            presence: Mutex::new(Presence::new(grace, desks.clone())),
            visitors: Mutex::new(Visitors::new(grace, desks.clone())),
            counts: Mutex::default(),
            untold: Mailbox::default(),
            hints,
            desks,
        }))
    }

    /// Tells, for as long as it is polled, what happens.
    pub async fn tell(self, io: SocketIo) {
        let (mut rounds, mut counting) = (interval(SWEEP), interval(COUNT));
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        counting.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                signal = self.0.untold.next() => signal.tell(&io).await,
                _ = rounds.tick() => self.sweep(Instant::now()),
                _ = counting.tick() => self.counts().tell(self.desks()),
            }
        }
    }

    /// Stores, for as long as it is polled, when people were there.
    pub async fn store(self) {
        let mut rounds = interval(STORE);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            let seen = self.presence().take_seen();
            for (desk, users) in seen {
                if let Err(error) = desk.saw(users).await {
                    tracing::warn!(%error, "it cannot be stored who was there");
                }
            }
        }
    }

    /// Somebody on the far side of a conversation has started or stopped typing, as their channel
    /// says. They too have stopped when no more is said of it.
    pub fn contact_typing(&self, conversation: ConversationId, contact: &Contact, on: bool) {
        let typist = Typist::Contact(contact.id);
        let mut typing = self.typing();
        if on {
            let name = contact.name.as_deref();
            let now = Instant::now();
            self.leave_to_tell(typing.start(&typist, name, conversation, None, now));
        } else {
            self.leave_to_tell(typing.stop(&typist, conversation));
        }
    }

    /// Tells, for as long as it is polled, of contacts who type as their channels say.
    pub async fn listen(self, mut typing: broadcast::Receiver<Typed>) {
        loop {
            match typing.recv().await {
                Ok(Typed { conversation, contact, is_on }) => {
                    self.contact_typing(conversation, &contact, is_on);
                }
                Err(RecvError::Lagged(_)) => tracing::debug!("signals are lost"),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Whether an agent is known to type in a conversation, and so may see it.
    pub(super) fn is_typing(&self, caller: &Caller, conversation: ConversationId) -> bool {
        self.typing().is_in(&agent(caller), conversation)
    }

    /// An agent types, which the customer may see as well.
    pub(super) fn starts(&self, caller: &Caller, conversation: ConversationId, socket: Sid) {
        self.0.hints.give(&caller.desk, conversation);
        let (name, now) = (Some(caller.name.as_str()), Instant::now());
        let mut typing = self.typing();
        self.leave_to_tell(typing.start(&agent(caller), name, conversation, Some(socket), now));
    }

    /// An agent has stopped typing, or has sent what they typed.
    pub(super) fn stops(&self, caller: &Caller, conversation: ConversationId) {
        let mut typing = self.typing();
        self.leave_to_tell(typing.stop(&agent(caller), conversation));
    }

    /// An agent looks at something, or does no more, which the others are told.
    pub(super) fn pass_on(&self, look: Look) {
        self.leave_to_tell([look.signal()]);
        self.0.desks.tell_neighbours(&News::Looks(look));
    }

    /// An agent has connected; a program of theirs does not make them be there.
    pub(super) fn enters(&self, caller: &Caller) {
        if caller.require_person().is_err() {
            return;
        }
        let mut presence = self.presence();
        self.leave_to_tell(presence.enter(&caller.desk, &caller.user, &caller.sees));
        self.tell_visitors(&presence, caller.desk.tenant());
    }

    /// An agent looks at a conversation no more.
    pub(super) fn turns_from(&self, caller: &Caller, conversation: ConversationId, socket: Sid) {
        let mut typing = self.typing();
        self.leave_to_tell(typing.cut(&agent(caller), Some(conversation), socket));
    }

    /// An agent's connection has ended.
    pub(super) fn leaves(&self, caller: &Caller, socket: Sid) {
        let mut typing = self.typing();
        self.leave_to_tell(typing.cut(&agent(caller), None, socket));
        drop(typing);
        if caller.require_person().is_ok() {
            self.presence().leave(&caller.desk, &caller.user, Instant::now());
        }
    }

    /// Those of a tenant who are there.
    pub(super) fn online(&self, tenant: &TenantId) -> Vec<UserId> {
        self.presence().online(tenant)
    }

    /// A visitor has connected.
    pub(super) fn visitor_enters(&self, chat: &Chat) {
        let presence = self.presence();
        let is_available = presence.is_available(chat.tenant(), chat.inbox());
        let mut visitors = self.visitors();
        self.leave_to_tell(visitors.note(chat.tenant(), chat.inbox(), is_available));
        self.leave_to_tell(visitors.enter(chat, Instant::now()));
    }

    /// A visitor's connection has ended.
    pub(super) fn visitor_leaves(&self, chat: &Chat) {
        self.visitor_types(chat, false);
        self.visitors().leave(chat.id(), Instant::now());
    }

    /// A visitor's client asks for news.
    pub(super) fn visitor_asks(&self, chat: &Chat) {
        let mut visitors = self.visitors();
        self.leave_to_tell(visitors.asks(chat, Instant::now()));
    }

    /// A visitor looks at a page of the site.
    pub(super) fn visitor_looks_at(&self, chat: &Chat, page: &WebPage) {
        let mut visitors = self.visitors();
        self.leave_to_tell(visitors.looks_at(chat, page, Instant::now()));
    }

    /// A visitor types, or has stopped. Nobody looks at a conversation that is not opened yet.
    pub(super) fn visitor_types(&self, chat: &Chat, on: bool) {
        if let Some(contact) = chat.contact() {
            self.contact_typing(chat.conversation(), contact, on);
        }
    }

    /// The visitors of a tenant's sites who are there.
    pub(super) fn visitors_online(&self, tenant: &TenantId) -> HashSet<ChatSessionId> {
        self.visitors().online(tenant)
    }

    /// How many visitors are there of the sites that an agent sees.
    pub(super) fn visitors_seen(&self, caller: &Caller) -> usize {
        self.visitors().count(caller.desk.tenant(), &caller.sees)
    }

    /// Whether an agent is there for a chat's visitors.
    pub(super) fn is_available(&self, tenant: &TenantId, inbox: InboxId) -> bool {
        self.presence().is_available(tenant, inbox)
    }

    fn sweep(&self, now: Instant) {
        let mut typing = self.typing();
        self.leave_to_tell(typing.sweep(now));
        drop(typing);
        let mut presence = self.presence();
        let gone = presence.sweep(now);
        self.tell_gone(&mut presence, gone);
        let parted = presence.parted(now);
        drop(presence);
        for (node, at) in parted {
            self.let_go(node, at);
        }
        let mut visitors = self.visitors();
        self.leave_to_tell(visitors.sweep(now));
    }

    /// Tells what is due, after agents of some teams have gone.
    pub(super) fn tell_gone(&self, presence: &mut Presence, teams: BTreeSet<TenantId>) {
        self.leave_to_tell(presence.all_due());
        for tenant in teams {
            self.tell_visitors(presence, &tenant);
        }
    }

    /// Tells visitors, after agents have come or gone, whether one is there for them.
    pub(super) fn tell_visitors(&self, presence: &Presence, tenant: &TenantId) {
        let mut visitors = self.visitors();
        for inbox in visitors.watched(tenant) {
            let is_available = presence.is_available(tenant, inbox);
            self.leave_to_tell(visitors.note(tenant, inbox, is_available));
        }
    }

    /// Called under the lock that the signals come from, so that they are told in their order.
    pub(super) fn leave_to_tell(&self, signals: impl IntoIterator<Item = Signal>) {
        for signal in signals {
            if self.0.untold.put(signal, WAITING_SIGNALS).is_err() {
                tracing::debug!("a signal is lost");
            }
        }
    }

    pub(super) fn typing(&self) -> MutexGuard<'_, Typing> {
        self.0.typing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn visitors(&self) -> MutexGuard<'_, Visitors> {
        self.0.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are connected.
    pub(super) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn desks(&self) -> &Desks {
        &self.0.desks
    }

    pub(super) fn presence(&self) -> MutexGuard<'_, Presence> {
        self.0.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signal {
    async fn tell(self, io: &SocketIo) {
        let Self { name, rooms, but, payload } = self;
        let mut to = io.to(rooms);
        if let Some(but) = but {
            to = to.except(but);
        }
        // Of those who have no room for it, it is lost.
        let _ = to.emit(name, &payload).await;
        match name {
            "presence:update" | "visitor:presence" | "agents:presence" => {
                FIGURES.presence_signals.increment(1);
            }
            "typing:start" | "typing:stop" => FIGURES.typing_signals.increment(1),
            _ => {}
        }
    }
}

fn agent(caller: &Caller) -> Typist {
    Typist::Agent(caller.desk.tenant().clone(), caller.user.clone())
}
