//! Moving clients from polling to websockets, some at a time, and back when that goes wrong.
//!
//! Who is moved depends on who they are, so that nobody is moved to and fro. Clients report how
//! connecting went; when too many people cannot connect, all are told to poll for a while. A person
//! counts once, since clients that cannot connect try again and again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::http::StatusCode;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::api::{ApiError, Json};
use crate::auth::Caller;
use crate::config::Rollout as Settings;
use crate::telemetry::FIGURES;

/// How far back reports are looked at, from how many people there must be one, and for how long all
/// poll after too many failures.
const LOOKED_AT: Duration = Duration::from_mins(5);
const FEWEST: usize = 20;
const LASTS: Duration = Duration::from_mins(15);

/// The most people whose reports are remembered.
const MOST: usize = 10_000;

/// By what a client is to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Transport {
    Websocket,
    Polling,
}

/// How connecting went.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Report {
    transport: Transport,
    /// Whether it has come about.
    is_connected: bool,
    /// How long a message took to be shown, in milliseconds, if one was.
    latency_ms: Option<u32>,
}

/// Who is told to use a websocket.
#[derive(Clone, Debug)]
pub struct Rollout(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// What each person has reported last of websockets, the oldest first.
    tried: VecDeque<Tried>,
    /// Until when all poll.
    back_until: Option<Instant>,
}

/// That somebody has tried a websocket.
#[derive(Debug)]
struct Tried {
    who: Digest,
    at: Instant,
    has_failed: bool,
}

/// What is kept of a name, however long it is.
type Digest = [u8; 32];

impl Rollout {
    /// As the settings say.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Inner { settings, seen: Mutex::default() }))
    }

    /// How many clients of a hundred use websockets, and whether all have been told to poll instead.
    pub(super) fn stands(&self, now: Instant) -> (u32, bool) {
        let back = self.seen().back_until.is_some_and(|until| now < until);
        (self.0.settings.rollout_percent, back)
    }

    /// By what somebody is to connect.
    pub(super) fn transport(&self, who: &str, now: Instant) -> Transport {
        let (percent, is_back) = self.stands(now);
        if !is_back && bucket(who) < percent { Transport::Websocket } else { Transport::Polling }
    }

    /// Takes note of how connecting went for somebody.
    pub(super) fn note(&self, who: &str, report: &Report, now: Instant) {
        let figure = match (report.transport, report.is_connected) {
            (Transport::Websocket, true) => &FIGURES.clients_websocket_connected,
            (Transport::Websocket, false) => &FIGURES.clients_websocket_failed,
            (Transport::Polling, true) => &FIGURES.clients_polling_connected,
            (Transport::Polling, false) => &FIGURES.clients_polling_failed,
        };
        figure.increment(1);
        if let Some(latency) = report.latency_ms {
            let figure = match report.transport {
                Transport::Websocket => &FIGURES.clients_websocket_seconds,
                Transport::Polling => &FIGURES.clients_polling_seconds,
            };
            figure.record(Duration::from_millis(latency.into()));
        }
        if report.transport == Transport::Websocket {
            self.count(who, !report.is_connected, now);
        }
    }

    fn count(&self, who: &str, has_failed: bool, now: Instant) {
        let who = digest(who);
        let mut seen = self.seen();
        seen.tried.retain(|it| it.who != who && now.duration_since(it.at) <= LOOKED_AT);
        if seen.tried.len() >= MOST {
            seen.tried.pop_front();
        }
        seen.tried.push_back(Tried { who, at: now, has_failed });
        let tried = seen.tried.len();
        let failed = seen.tried.iter().filter(|it| it.has_failed).count();
        let most = usize::try_from(self.0.settings.rollout_failures_percent).unwrap_or(usize::MAX);
        if tried >= FEWEST && failed * 100 > tried * most {
            tracing::warn!(
                people.tried = tried,
                people.failed = failed,
                "clients are told to poll"
            );
            seen.back_until = Some(now + LASTS);
            // Who tries afterwards is counted anew.
            seen.tried.clear();
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /api/realtime/reports`: a client tells how connecting went.
pub(super) async fn report(
    caller: Caller,
    Extension(rollout): Extension<Rollout>,
    Json(report): Json<Report>,
) -> Result<StatusCode, ApiError> {
    rollout.note(&named(&caller), &report, Instant::now());
    Ok(StatusCode::NO_CONTENT)
}

/// What somebody is called, whatever client they use.
pub(super) fn named(caller: &Caller) -> String {
    format!("{}/{}", caller.desk.tenant(), caller.user)
}

/// From 0 to 99, the same for somebody at all times and on all nodes.
fn bucket(who: &str) -> u32 {
    let [a, b, c, d, ..] = digest(who);
    u32::from_be_bytes([a, b, c, d]) % 100
}

fn digest(who: &str) -> Digest {
    Sha256::digest(who).into()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Rollout, Settings, Transport, bucket};

    fn rollout(percent: u32) -> Rollout {
        Rollout::new(Settings { rollout_percent: percent, rollout_failures_percent: 30 })
    }

    fn person(n: usize) -> String {
        format!("acme/{n}")
    }

    #[test]
    fn who_has_been_moved_stays_moved_while_the_share_grows() {
        let now = Instant::now();
        let people: Vec<_> = (0..1_000).map(person).collect();
        let mut before = 0;
        for percent in [0, 10, 50, 100] {
            let rollout = rollout(percent);
            let moved = |who: &String| rollout.transport(who, now) == Transport::Websocket;
            let count = people.iter().filter(|who| moved(who)).count();
            assert!(people.iter().all(|who| moved(who) == (bucket(who) < percent)));
            let expected = usize::try_from(percent).unwrap() * 10;
            assert!(count >= before && count.abs_diff(expected) < 50, "{count} of {percent} %");
            before = count;
        }
    }

    #[test]
    fn too_many_failures_bring_all_back_for_a_while() {
        let (rollout, now) = (rollout(100), Instant::now());
        for n in 0..100 {
            rollout.count(&person(n), n % 10 == 0, now);
        }
        assert_eq!(rollout.transport("acme/ada", now), Transport::Websocket);
        for n in 100..140 {
            rollout.count(&person(n), true, now);
        }
        assert_eq!(rollout.transport("acme/ada", now), Transport::Polling);
        assert_eq!(
            rollout.transport("acme/ada", now + Duration::from_mins(16)),
            Transport::Websocket
        );
    }

    #[test]
    fn a_few_failures_prove_nothing() {
        let (rollout, now) = (rollout(100), Instant::now());
        for n in 0..19 {
            rollout.count(&person(n), true, now);
        }
        assert_eq!(rollout.transport("acme/ada", now), Transport::Websocket);
    }

    #[test]
    fn who_tries_again_and_again_counts_once_as_it_went_last() {
        let (rollout, now) = (rollout(100), Instant::now());
        for n in 0..20 {
            rollout.count(&person(n), true, now);
            rollout.count(&person(n), false, now);
        }
        for _ in 0..100 {
            for n in 0..3 {
                rollout.count(&person(n), true, now);
            }
        }
        assert_eq!(rollout.transport("acme/ada", now), Transport::Websocket);
    }

    #[test]
    fn what_was_long_ago_does_not_count() {
        let (rollout, now) = (rollout(100), Instant::now());
        for n in 0..19 {
            rollout.count(&person(n), true, now);
        }
        rollout.count(&person(19), true, now + Duration::from_mins(6));
        assert_eq!(rollout.transport("acme/ada", now), Transport::Websocket);
    }
}
