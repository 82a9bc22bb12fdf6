//! How much of pushing each may take up, so that no push service holds up other people's pushes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::desk::{PushSubscription, PushSubscriptionId, TenantId, UserId};

/// Whose pushes are counted together.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Whose {
    Browser(PushSubscriptionId),
    Person(TenantId, UserId),
    Tenant(TenantId),
    Everybody,
}

/// The pushes that are to be made, by whose they are. Whoever has none is forgotten.
#[derive(Clone, Default)]
pub(super) struct Shares(Arc<Mutex<HashMap<Whose, Share>>>);

struct Share {
    hands: Arc<Semaphore>,
    /// How many pushes wait, or are under way.
    pushes: usize,
}

/// A push's place among those that are to be made, for as long as this is kept.
pub(super) struct Place {
    shares: Shares,
    whose: [Whose; 4],
    hands: [Arc<Semaphore>; 4],
}

impl Whose {
    /// How many requests are under way at once.
    fn hands(&self) -> usize {
        match self {
            Self::Browser(_) => 1,
            Self::Person(..) => 4,
            Self::Tenant(_) => 16,
            Self::Everybody => 32,
        }
    }

    /// How many pushes there may be that wait or are under way.
    fn most(&self) -> usize {
        match self {
            Self::Browser(_) => 100,
            Self::Person(..) => 500,
            Self::Tenant(_) => 5_000,
            Self::Everybody => 10_000,
        }
    }
}

impl Shares {
    /// A place for a push to that browser; nothing if too many have one already.
    pub(super) fn place(&self, to: &PushSubscription) -> Option<Place> {
        let person = Whose::Person(to.tenant.clone(), to.user.clone());
        let tenant = Whose::Tenant(to.tenant.clone());
        let whose = [Whose::Browser(to.id), person, tenant, Whose::Everybody];
        let mut shares = self.lock();
        let has_most =
            |whose: &Whose| shares.get(whose).is_some_and(|share| share.pushes >= whose.most());
        if whose.iter().any(has_most) {
            return None;
        }
        let hands = whose.each_ref().map(|whose| {
            let share = shares.entry(whose.clone()).or_insert_with(|| Share::of(whose));
            share.pushes += 1;
            Arc::clone(&share.hands)
        });
        drop(shares);
        Some(Place { shares: self.clone(), whose, hands })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Whose, Share>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    fn of(whose: &Whose) -> Self {
        Self { hands: Arc::new(Semaphore::new(whose.hands())), pushes: 0 }
    }
}

impl Place {
    /// Waits until a request may be made, which is under way for as long as this is kept.
    pub(super) async fn hands(&self) -> Vec<SemaphorePermit<'_>> {
        let mut taken = Vec::with_capacity(self.hands.len());
        // First the browser's own: who waits for that holds none of the others'.
        for hands in &self.hands {
            taken.push(hands.acquire().await.expect("the semaphore is never closed"));
        }
        taken
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut shares = self.shares.lock();
        for whose in &self.whose {
            if let Some(share) = shares.get_mut(whose) {
                share.pushes -= 1;
                if share.pushes == 0 {
                    shares.remove(whose);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::{PushSubscription, PushSubscriptionId, Shares};
    use crate::desk::Reach;

    /// Another browser of somebody.
    fn browser_of(user: &str) -> PushSubscription {
        browser_at("acme", user)
    }

    fn browser_at(tenant: &str, user: &str) -> PushSubscription {
        let [endpoint, p256dh, auth] = [(); 3].map(|()| String::new());
        PushSubscription {
            id: PushSubscriptionId::generate(),
            tenant: tenant.into(),
            user: user.into(),
            reach: Reach { endpoint, p256dh, auth },
        }
    }

    #[test]
    fn a_browser_is_sent_one_push_at_once_and_a_person_four() {
        let shares = Shares::default();
        let browser = browser_of("ada");
        let [first, second] = [(); 2].map(|()| shares.place(&browser).unwrap());
        let others: Vec<_> = (0..4).map(|_| shares.place(&browser_of("ada")).unwrap()).collect();

        let held = first.hands().now_or_never().unwrap();
        assert!(second.hands().now_or_never().is_none());
        let held_too: Vec<_> = others.iter().filter_map(|it| it.hands().now_or_never()).collect();
        assert_eq!(held_too.len(), 3);
        let of_bia = shares.place(&browser_of("bia")).unwrap();
        assert!(of_bia.hands().now_or_never().is_some());

        drop(held);
        assert!(second.hands().now_or_never().is_some());
    }

    #[test]
    fn the_people_of_one_tenant_leave_hands_for_others() {
        let shares = Shares::default();
        let people: Vec<_> = (0..40).map(|n| format!("user-{n}")).collect();
        let places: Vec<_> =
            people.iter().map(|user| shares.place(&browser_of(user)).unwrap()).collect();

        let held: Vec<_> = places.iter().filter_map(|it| it.hands().now_or_never()).collect();

        assert_eq!(held.len(), 16);
        let elsewhere = shares.place(&browser_at("zenith", "zoe")).unwrap();
        assert!(elsewhere.hands().now_or_never().is_some());
    }

    #[test]
    fn nobody_has_more_waiting_than_their_share_and_who_has_none_is_forgotten() {
        let shares = Shares::default();
        let browser = browser_of("ada");
        let places = |of: &PushSubscription| -> Vec<_> {
            std::iter::from_fn(|| shares.place(of)).take(1_000).collect()
        };

        let mut kept = vec![places(&browser)];
        kept.extend((0..9).map(|_| places(&browser_of("ada"))));
        let counts: Vec<_> = kept.iter().map(Vec::len).collect();
        assert_eq!(counts, [100, 100, 100, 100, 100, 0, 0, 0, 0, 0]);
        assert_eq!(places(&browser_of("bia")).len(), 100);

        drop(kept);
        assert!(shares.lock().is_empty());
        assert_eq!(places(&browser).len(), 100);
    }
}
