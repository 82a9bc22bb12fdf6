//! Clients that are about to be told that they are connected, and those that have been.
//!
//! The engine knows neither of pids nor of sessions: the edge, through which its packets pass, writes
//! the one into CONNECT and begins the other after it.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::outlet::Outlet;
use super::recovery::Pid;
use crate::auth::Refusal;

/// What a client is refused by that could be let in if the database answered.
const NOT_NOW: &str = "nobody can tell at the moment";

/// Why the engine is not to let a client in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Away {
    /// It is told why, and stays away.
    #[error(transparent)]
    Refused(Refusal),
    /// It is to come back.
    #[error("{NOT_NOW}")]
    NotNow,
}

/// Whether a packet refuses a client that is to come back. An unchanged client that is told of a refusal
/// stays away for good; one whose connection ends without it comes back by itself.
/// <https://socket.io/docs/v4/client-socket-instance/#connect_error>
pub fn turns_away(packet: &str) -> bool {
    packet.starts_with("44") && packet.contains(NOT_NOW)
}

impl From<Refusal> for Away {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Storage(error) => {
                tracing::warn!(%error, "a client cannot be let in at the moment");
                Self::NotNow
            }
            refusal => Self::Refused(refusal),
        }
    }
}

/// A session at work.
pub type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The clients of this node, by the engine's id.
#[derive(Clone, Default)]
pub struct Arrivals(Arc<Mutex<HashMap<String, Known>>>);

/// A client that is let in.
pub struct Arrival {
    pid: Pid,
    /// What is said to it.
    pub outlet: Arc<Outlet>,
    /// Says it, once it is told that it is connected, for as long as it is polled.
    pub serving: Serving,
}

enum Known {
    Arriving(Arrival),
    Arrived(Arc<Outlet>),
}

impl Arrivals {
    /// Notes a client that is about to be told that it is connected.
    pub(super) fn expect(&self, socket: &str, pid: Pid, outlet: Arc<Outlet>, serving: Serving) {
        let arrival = Known::Arriving(Arrival { pid, outlet, serving });
        self.lock().insert(socket.to_owned(), arrival);
    }

    /// Forgets a client that has gone.
    pub(super) fn forget(&self, socket: &str) {
        let known = self.lock().remove(socket);
        // A session that never began ends here, not under the lock.
        drop(known);
    }

    /// Returns the CONNECT packet with the pid in it, and the client that it is for; nothing if
    /// `packet` is another packet. In the older protocol CONNECT has no room for a pid.
    pub fn meet(&self, socket: &str, packet: &str) -> Option<(String, Arrival)> {
        let sid = packet.strip_prefix("40")?;
        if !(sid.is_empty() || sid.starts_with('{')) {
            return None;
        }
        let mut known = self.lock();
        let Known::Arriving(_) = known.get(socket)? else { return None };
        let Some(Known::Arriving(arrival)) = known.remove(socket) else { return None };
        known.insert(socket.to_owned(), Known::Arrived(Arc::clone(&arrival.outlet)));
        let pid = arrival.pid.as_str();
        let named = match sid.strip_suffix('}') {
            Some(sid) => format!("40{sid},\"pid\":\"{pid}\"}}"),
            None => packet.to_owned(),
        };
        Some((named, arrival))
    }

    /// What is said to a client that has been told that it is connected.
    pub fn outlet(&self, socket: &str) -> Option<Arc<Outlet>> {
        match self.lock().get(socket)? {
            Known::Arrived(outlet) => Some(Arc::clone(outlet)),
            Known::Arriving(_) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Arrivals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Arrivals").field(&self.lock().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Arrivals;
    use crate::realtime::recovery::Pid;

    #[test]
    fn a_client_is_met_once_and_its_pid_is_written_into_the_connect_packet() {
        for (packet, told) in [
            ("40{\"sid\":\"abc\"}", "40{\"sid\":\"abc\",\"pid\":\"xyz.7\"}"),
            // To 2.x clients.
            ("40", "40"),
        ] {
            let arrivals = Arrivals::default();
            let pid = Pid::read("xyz.7").unwrap().0;
            arrivals.expect("abc", pid, Arc::default(), Box::pin(async {}));

            for other in ["42[\"40{\\\"sid\\\"\"]", "40/admin,{\"sid\":\"abc\"}", "44{}", "2"] {
                assert!(arrivals.meet("abc", other).is_none(), "{other}");
            }
            assert!(arrivals.meet("other", packet).is_none());
            assert!(arrivals.outlet("abc").is_none());
            let (named, arrival) = arrivals.meet("abc", packet).unwrap();
            assert_eq!(named, told);
            assert!(arrivals.meet("abc", packet).is_none());
            assert!(Arc::ptr_eq(&arrivals.outlet("abc").unwrap(), &arrival.outlet));
        }
    }
}
