//! How fast who comes and goes is told to teams of any size.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;

use super::presence::Seen;
use crate::desk::{TenantId, UserId};
use crate::limit::Limiter;

/// How many of a team are told of something, all in all, before it has to wait: enough for two hundred
/// who all come at once.
const AT_ONCE: NonZeroU32 = NonZeroU32::new(20_000).unwrap();

/// How long it takes, once that is spent, until one more may be told of something: each is a write to a
/// socket, some 20 us.
const EVERY: Duration = Duration::from_micros(500);

/// Tells teams who of them is there. All are told of each, which grows with the square of a team: what is
/// too much at once waits, and only the newest of each person is told then.
#[derive(Debug)]
pub(super) struct Crier {
    told: Limiter<TenantId>,
    untold: HashMap<TenantId, Untold>,
}

#[derive(Debug, Default)]
struct Untold {
    /// Whoever has waited for longest comes first.
    waiting: VecDeque<UserId>,
    newest: HashMap<UserId, Seen>,
}

impl Crier {
    pub(super) fn new(at_once: NonZeroU32, every: Duration) -> Self {
        Self { told: Limiter::new(at_once, every), untold: HashMap::new() }
    }

    /// Leaves something to be told to a team.
    pub(super) fn leave(&mut self, tenant: &TenantId, seen: Seen) {
        let untold = self.untold.entry(tenant.clone()).or_default();
        let user = seen.user_id.clone();
        if untold.newest.insert(user.clone(), seen).is_none() {
            untold.waiting.push_back(user);
        }
    }

    /// Takes what may be told now to a team of so many.
    pub(super) fn take(&mut self, tenant: &TenantId, team: usize) -> Vec<Seen> {
        let mut due = Vec::new();
        let Some(untold) = self.untold.get_mut(tenant) else { return due };
        let team = u32::try_from(team).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        while !untold.waiting.is_empty() && self.told.check_all(tenant, team).is_ok() {
            let user = untold.waiting.pop_front();
            due.extend(user.and_then(|user| untold.newest.remove(&user)));
        }
        if untold.waiting.is_empty() {
            self.untold.remove(tenant);
        }
        due
    }

    /// The teams to whom something is yet to be told.
    pub(super) fn waiting(&self) -> Vec<TenantId> {
        self.untold.keys().cloned().collect()
    }
}

impl Default for Crier {
    fn default() -> Self {
        Self::new(AT_ONCE, EVERY)
    }
}

#[cfg(test)]
mod tests {
    use super::{Crier, Duration, NonZeroU32, Seen, TenantId};
    use crate::desk::{Time, UserId};

    fn seen(user: &str, status: &'static str) -> Seen {
        Seen::new(UserId(user.to_owned()), status, Time::now())
    }

    fn told(seen: Vec<Seen>) -> Vec<(String, &'static str)> {
        seen.into_iter().map(|it| (it.user_id.0, it.status)).collect()
    }

    #[test]
    fn what_is_too_much_at_once_waits_and_then_only_the_newest_is_told() {
        let mut crier = Crier::new(NonZeroU32::new(10).unwrap(), Duration::from_hours(1));
        let [acme, zenith] = ["acme", "zenith"].map(TenantId::from);
        for user in ["ada", "bia", "cai", "dan"] {
            crier.leave(&acme, seen(user, "online"));
        }
        let online = |user: &str| (user.to_owned(), "online");
        assert_eq!(told(crier.take(&acme, 4)), [online("ada"), online("bia")]);

        crier.leave(&acme, seen("cai", "offline"));
        crier.leave(&zenith, seen("zoe", "online"));
        assert_eq!(told(crier.take(&zenith, 1)), [online("zoe")]);
        assert_eq!(crier.waiting(), std::slice::from_ref(&acme));
        assert_eq!(told(crier.take(&acme, 3)), []);
        assert_eq!(told(crier.take(&acme, 1)), [("cai".to_owned(), "offline"), online("dan")]);
        assert_eq!((crier.waiting(), told(crier.take(&acme, 1))), (vec![], vec![]));
    }
}
