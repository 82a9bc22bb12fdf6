//! Who is there.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use axum::{Extension, Json};
use serde::Serialize;
use serde_json::json;

use super::crier::Crier;
use super::elsewhere::{Elsewhere, News};
use super::signals::{Signal, Signals};
use crate::api::ApiError;
use crate::auth::Caller;
use crate::desk::{Desk, Desks, InboxId, NodeId, Sees, TenantId, Time, UserId};

/// The people of all tenants who are connected to any node, or were a moment ago.
#[derive(Debug)]
pub(super) struct Presence {
    grace: Duration,
    desks: Desks,
    people: HashMap<TenantId, HashMap<UserId, Present>>,
    crier: Crier,
    /// Whose last connection has ended, and when that is to be told if they do not come back.
    leaving: VecDeque<(Instant, TenantId, UserId)>,
    /// Which nodes have stopped, since when, and until when their people may come to another.
    parting: VecDeque<(Instant, NodeId, Time)>,
    /// Whose being there is yet to be stored.
    seen: HashMap<TenantId, (Desk, HashSet<UserId>)>,
}

/// Somebody who is there.
#[derive(Debug, Default)]
struct Present {
    /// To this node.
    connections: usize,
    sees: Sees,
    /// When the last connection ended, if none is left.
    left: Option<(Instant, Time)>,
    /// Whether the other nodes know from this one that they are there.
    is_here: bool,
    elsewhere: Elsewhere,
}

/// Whether somebody is there, or when they were.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seen {
    pub(super) user_id: UserId,
    pub(super) status: &'static str,
    last_seen_at: String,
}

/// All of a tenant's people who are there or have ever been.
#[derive(Serialize)]
pub(super) struct Snapshot {
    users: Vec<Seen>,
}

/// `GET /api/presence`: what `presence:update` has told so far. Ask when connected, so that no update
/// falls in between.
pub(super) async fn show(
    caller: Caller,
    Extension(signals): Extension<Signals>,
) -> Result<Json<Snapshot>, ApiError> {
    let last_seen = caller.desk.last_seen().await?;
    let mut users: BTreeMap<_, _> = last_seen
        .into_iter()
        .map(|(user, at)| (user.0.clone(), Seen::new(user, "offline", at)))
        .collect();
    for user in signals.online(caller.desk.tenant()) {
        users.insert(user.0.clone(), Seen::new(user, "online", Time::now()));
    }
    Ok(Json(Snapshot { users: users.into_values().collect() }))
}

impl Presence {
    /// Who comes back within `grace` has not been away. The other nodes are told through `desks`.
    pub(super) fn new(grace: Duration, desks: Desks) -> Self {
        let (people, seen) = (HashMap::new(), HashMap::new());
        let (leaving, parting) = (VecDeque::new(), VecDeque::new());
        Self { grace, desks, people, crier: Crier::default(), leaving, parting, seen }
    }

    /// Somebody has one connection more; returns what may be told by now.
    pub(super) fn enter(&mut self, desk: &Desk, user: &UserId, sees: &Sees) -> Vec<Signal> {
        self.note(desk, user);
        let present = self.at(desk.tenant(), user);
        let (is_new, is_news) = (!present.is_there(), !present.is_here || present.sees != *sees);
        present.connections += 1;
        (present.is_here, present.left) = (true, None);
        present.sees = sees.clone();
        let news = is_news.then(|| present.news(desk.tenant(), user));
        if let Some(news) = news {
            self.desks.tell_neighbours(&news);
        }
        self.come(desk.tenant(), user, is_new)
    }

    /// Another node says that somebody is there, and what they see; returns what may be told by now.
    pub(super) fn hear(
        &mut self,
        node: NodeId,
        tenant: &TenantId,
        user: &UserId,
        inboxes: Option<Vec<InboxId>>,
    ) -> Vec<Signal> {
        let present = self.at(tenant, user);
        let is_new = !present.is_there();
        present.elsewhere.hear(node);
        let inboxes = inboxes.map(HashSet::from_iter);
        present.sees = Sees { inboxes, user: Some(user.clone()) };
        self.come(tenant, user, is_new)
    }

    /// Another node says that somebody is not there any more; returns what may be told by now.
    pub(super) fn hear_gone(
        &mut self,
        node: NodeId,
        tenant: &TenantId,
        user: UserId,
        at: Time,
    ) -> Vec<Signal> {
        let people = self.people.get_mut(tenant);
        if let Some(present) = people.and_then(|people| people.get_mut(&user)) {
            present.elsewhere.forget(node);
            self.depart(tenant, user, at);
        }
        self.due(tenant)
    }

    /// Another node begins to tell who is there.
    pub(super) fn doubt(&mut self, node: NodeId) {
        let people = self.people.values_mut().flat_map(HashMap::values_mut);
        people.for_each(|present| present.elsewhere.doubt(node));
    }

    /// Another node stops, whose people will come to others.
    pub(super) fn part(&mut self, node: NodeId, now: Instant) {
        self.parting.push_back((now + self.grace, node, Time::now()));
    }

    /// Takes the nodes whose people have had the time to come to another, and when they stopped.
    pub(super) fn parted(&mut self, now: Instant) -> Vec<(NodeId, Time)> {
        let next = || self.parting.pop_front_if(|(due, ..)| *due <= now);
        std::iter::from_fn(next).map(|(_, node, at)| (node, at)).collect()
    }

    /// Another node has told of all who are there; returns the teams of those who are not any more,
    /// since then.
    pub(super) fn settle(&mut self, node: NodeId, at: Time) -> BTreeSet<TenantId> {
        let mut nowhere = Vec::new();
        for (tenant, people) in &mut self.people {
            for (user, present) in people {
                present.elsewhere.settle(node);
                if !present.is_there() {
                    nowhere.push((tenant.clone(), user.clone()));
                }
            }
        }
        let gone = nowhere.into_iter();
        gone.filter_map(|(tenant, user)| self.depart(&tenant, user, at).then_some(tenant)).collect()
    }

    /// Tells the other nodes who is there by this one.
    pub(super) fn tell_all(&self) {
        for (tenant, people) in &self.people {
            for (user, present) in people.iter().filter(|(_, present)| present.is_here) {
                self.desks.tell_neighbours(&present.news(tenant, user));
            }
        }
    }

    /// Somebody has one connection less.
    pub(super) fn leave(&mut self, desk: &Desk, user: &UserId, now: Instant) {
        let people = self.people.get_mut(desk.tenant());
        let Some(present) = people.and_then(|people| people.get_mut(user)) else { return };
        present.connections = present.connections.saturating_sub(1);
        if present.connections == 0 {
            present.left = Some((now, Time::now()));
            self.leaving.push_back((now + self.grace, desk.tenant().clone(), user.clone()));
            self.note(desk, user);
        }
    }

    /// Lets those go who have not come back in time; returns their teams.
    pub(super) fn sweep(&mut self, now: Instant) -> BTreeSet<TenantId> {
        let mut gone = BTreeSet::new();
        while let Some((_, tenant, user)) = self.leaving.pop_front_if(|(due, ..)| *due <= now) {
            let people = self.people.get_mut(&tenant);
            let Some(present) = people.and_then(|people| people.get_mut(&user)) else { continue };
            // They may have come back, and left once more since.
            let left = present.left.filter(|(left, _)| *left + self.grace <= now);
            let Some((_, at)) = left else { continue };
            (present.is_here, present.left) = (false, None);
            let (of, who) = (tenant.clone(), user.clone());
            self.desks.tell_neighbours(&News::AgentGone { tenant: of, user: who, at });
            if self.depart(&tenant, user, at) {
                gone.insert(tenant);
            }
        }
        gone
    }

    /// Takes what may be told by now to any team.
    pub(super) fn all_due(&mut self) -> Vec<Signal> {
        let teams = self.crier.waiting();
        teams.iter().flat_map(|tenant| self.due(tenant)).collect()
    }

    /// Those of a tenant who are there.
    pub(super) fn online(&self, tenant: &TenantId) -> Vec<UserId> {
        self.people.get(tenant).into_iter().flat_map(HashMap::keys).cloned().collect()
    }

    /// Whether somebody is there who sees an inbox.
    pub(super) fn is_available(&self, tenant: &TenantId, inbox: InboxId) -> bool {
        let mut people = self.people.get(tenant).into_iter().flat_map(HashMap::values);
        people.any(|present| present.sees.inbox(inbox))
    }

    /// Takes those whose being there is yet to be stored.
    pub(super) fn take_seen(&mut self) -> Vec<(Desk, HashSet<UserId>)> {
        std::mem::take(&mut self.seen).into_values().collect()
    }

    fn at(&mut self, tenant: &TenantId, user: &UserId) -> &mut Present {
        self.people.entry(tenant.clone()).or_default().entry(user.clone()).or_default()
    }

    /// Returns what is told once somebody has one more connection.
    fn come(&mut self, tenant: &TenantId, user: &UserId, is_new: bool) -> Vec<Signal> {
        if !is_new {
            return Vec::new();
        }
        self.crier.leave(tenant, Seen::new(user.clone(), "online", Time::now()));
        self.due(tenant)
    }

    /// Forgets somebody who is on no node any more; answers whether that is so.
    fn depart(&mut self, tenant: &TenantId, user: UserId, at: Time) -> bool {
        let Some(people) = self.people.get_mut(tenant) else { return false };
        if people.get(&user).is_none_or(Present::is_there) {
            return false;
        }
        people.remove(&user);
        if people.is_empty() {
            self.people.remove(tenant);
        }
        self.crier.leave(tenant, Seen::new(user, "offline", at));
        true
    }

    /// Takes what may be told by now to a team.
    fn due(&mut self, tenant: &TenantId) -> Vec<Signal> {
        let team = self.people.get(tenant).map_or(0, HashMap::len);
        self.crier.take(tenant, team).iter().map(|seen| signal(tenant, seen)).collect()
    }

    fn note(&mut self, desk: &Desk, user: &UserId) {
        let (_, users) = self
            .seen
            .entry(desk.tenant().clone())
            .or_insert_with(|| (desk.clone(), HashSet::new()));
        users.insert(user.clone());
    }
}

impl Present {
    fn is_there(&self) -> bool {
        self.is_here || !self.elsewhere.is_nowhere()
    }

    fn news(&self, tenant: &TenantId, user: &UserId) -> News {
        let inboxes = self.sees.inboxes.as_ref().map(|inboxes| inboxes.iter().copied().collect());
        News::Agent { tenant: tenant.clone(), user: user.clone(), inboxes }
    }
}

impl Seen {
    pub(super) fn new(user_id: UserId, status: &'static str, at: Time) -> Self {
        Self { user_id, status, last_seen_at: at.to_string() }
    }
}

/// The room of all of a tenant's people, whatever they may see: each is in it once, so that each
/// hears of the others once.
pub(super) fn room(tenant: &TenantId) -> String {
    format!("colleagues:{tenant}")
}

fn signal(tenant: &TenantId, seen: &Seen) -> Signal {
    Signal {
        name: "presence:update",
        rooms: vec![room(tenant)],
        // They know.
        but: Some(format!("user:{}", seen.user_id)),
        payload: json!(seen),
    }
}
