//! Who is there.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use axum::{Extension, Json};
use serde::Serialize;
use serde_json::json;

use super::signals::{Signal, Signals};
use crate::api::ApiError;
use crate::auth::Caller;
use crate::desk::{Desk, InboxId, Sees, TenantId, Time, UserId};

/// The people of all tenants who are connected to this node, or were a moment ago.
#[derive(Debug)]
pub(super) struct Presence {
    grace: Duration,
    people: HashMap<TenantId, HashMap<UserId, Present>>,
    /// Whose last connection has ended, and when that is to be told if they do not come back.
    leaving: VecDeque<(Instant, TenantId, UserId)>,
    /// Whose being there is yet to be stored.
    seen: HashMap<TenantId, (Desk, HashSet<UserId>)>,
}

/// Somebody who is there.
#[derive(Debug)]
struct Present {
    connections: usize,
    sees: Sees,
    /// When the last connection ended, if none is left.
    left: Option<(Instant, Time)>,
}

/// Whether somebody is there, or when they were.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    user_id: UserId,
    status: &'static str,
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
    /// Who comes back within `grace` has not been away.
    pub(super) fn new(grace: Duration) -> Self {
        let (people, leaving) = (HashMap::new(), VecDeque::new());
        Self { grace, people, leaving, seen: HashMap::new() }
    }

    /// Somebody has one connection more.
    pub(super) fn enter(&mut self, desk: &Desk, user: &UserId, sees: &Sees) -> Option<Signal> {
        self.note(desk, user);
        let people = self.people.entry(desk.tenant().clone()).or_default();
        if let Some(present) = people.get_mut(user) {
            present.connections += 1;
            present.left = None;
            present.sees = sees.clone();
            return None;
        }
        people.insert(user.clone(), Present { connections: 1, sees: sees.clone(), left: None });
        Some(signal(desk.tenant(), &Seen::new(user.clone(), "online", Time::now())))
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

    /// Tells of those who have not come back in time.
    pub(super) fn sweep(&mut self, now: Instant) -> Vec<(TenantId, Signal)> {
        let mut gone = Vec::new();
        while let Some((_, tenant, user)) = self.leaving.pop_front_if(|(due, ..)| *due <= now) {
            let Some(people) = self.people.get_mut(&tenant) else { continue };
            let left = people.get(&user).and_then(|present| present.left);
            // They may have come back, and left once more since.
            let Some((_, at)) = left.filter(|(left, _)| *left + self.grace <= now) else {
                continue;
            };
            people.remove(&user);
            if people.is_empty() {
                self.people.remove(&tenant);
            }
            let told = signal(&tenant, &Seen::new(user, "offline", at));
            gone.push((tenant, told));
        }
        gone
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

    fn note(&mut self, desk: &Desk, user: &UserId) {
        let (_, users) = self
            .seen
            .entry(desk.tenant().clone())
            .or_insert_with(|| (desk.clone(), HashSet::new()));
        users.insert(user.clone());
    }
}

impl Seen {
    fn new(user_id: UserId, status: &'static str, at: Time) -> Self {
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
