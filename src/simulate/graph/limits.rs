//! How much may be sent: by a number in all, and to one person.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::error::GraphError;
use crate::config::Conduct;

/// What has been sent lately, against the limits of the moment.
pub(in super::super) struct Limits {
    measures: Mutex<Measures>,
}

struct Measures {
    terms: Terms,
    of_numbers: Option<DefaultKeyedRateLimiter<String>>,
    of_pairs: Option<DefaultKeyedRateLimiter<String>>,
}

#[derive(Clone, Copy, PartialEq)]
struct Terms {
    throughput: u32,
    pair_every_ms: u64,
    pair_burst: u32,
}

impl Limits {
    pub(in super::super) fn new(conduct: &Conduct) -> Self {
        Self { measures: Mutex::new(Measures::new(Terms::of(conduct))) }
    }

    /// Counts a message, or says which limit it is over.
    pub(super) fn check(
        &self,
        conduct: &Conduct,
        number: &str,
        to: &str,
    ) -> Result<(), GraphError> {
        let mut measures = self.measures.lock().expect("nothing panics while it measures");
        if measures.terms != Terms::of(conduct) {
            *measures = Measures::new(Terms::of(conduct));
        }
        let number = number.to_owned();
        if measures.of_numbers.as_ref().is_some_and(|it| it.check_key(&number).is_err()) {
            let why = "Message failed to send because there were too many messages sent from this phone number in a short period of time";
            return Err(GraphError::new(130_429, why));
        }
        let pair = format!("{number} {to}");
        if measures.of_pairs.as_ref().is_some_and(|it| it.check_key(&pair).is_err()) {
            let why = "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time";
            return Err(GraphError::new(131_056, why));
        }
        Ok(())
    }
}

impl Measures {
    fn new(terms: Terms) -> Self {
        let throughput = NonZeroU32::new(terms.throughput).map(Quota::per_second);
        let burst = NonZeroU32::new(terms.pair_burst).unwrap_or(NonZeroU32::MIN);
        let pair = Quota::with_period(Duration::from_millis(terms.pair_every_ms));
        let pair = pair.map(|quota| quota.allow_burst(burst));
        Self {
            terms,
            of_numbers: throughput.map(RateLimiter::keyed),
            of_pairs: pair.map(RateLimiter::keyed),
        }
    }
}

impl Terms {
    fn of(conduct: &Conduct) -> Self {
        let Conduct { throughput, pair_every_ms, pair_burst, .. } = *conduct;
        Self { throughput, pair_every_ms, pair_burst }
    }
}
