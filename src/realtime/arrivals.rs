//! Clients that are about to be told that they are connected, and those that have been.
//!
//! The engine knows neither of pids nor of sessions: the edge, through which its packets pass, writes
//! the one into CONNECT and begins the other after it.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socketioxide::socket::Sid;

use super::outlet::Outlet;
use super::recovery::Pid;
use crate::auth::Refusal;

/// What a client is refused by that could be let in if the database answered.
const NOT_NOW: &str = "nobody can tell at the moment";

/// How the engine refuses whoever comes to the namespace that there is: only once it has closed that.
const CLOSED: &str = r#"44{"message":"Invalid namespace"}"#;

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
    packet == CLOSED || (packet.starts_with("44") && packet.contains(NOT_NOW))
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

/// Has a client known, from before it is told that it is connected, for as long as this is kept.
#[must_use = "the client is forgotten when this is dropped"]
pub(super) struct Expected {
    arrivals: Arrivals,
    socket: Sid,
    outlet: Arc<Outlet>,
}

impl Arrivals {
    /// Notes a client that is about to be told that it is connected.
    pub(super) fn expect(
        &self,
        socket: Sid,
        pid: Pid,
        outlet: Arc<Outlet>,
        serving: Serving,
    ) -> Expected {
        let expected = Expected { arrivals: self.clone(), socket, outlet: Arc::clone(&outlet) };
        let arrival = Known::Arriving(Arrival { pid, outlet, serving });
        self.lock().insert(socket.to_string(), arrival);
        expected
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

impl Known {
    fn outlet(&self) -> &Arc<Outlet> {
        match self {
            Self::Arriving(arrival) => &arrival.outlet,
            Self::Arrived(outlet) => outlet,
        }
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        let socket = self.socket.as_str();
        let mut clients = self.arrivals.lock();
        let known = clients.get(socket).map(Known::outlet);
        // By the same name the engine may know the next connection of the client by now.
        let is_it = known.is_some_and(|outlet| Arc::ptr_eq(outlet, &self.outlet));
        let known = if is_it { clients.remove(socket) } else { None };
        drop(clients);
        // A session that never began ends here, not under the lock.
        drop(known);
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

    use socketioxide::socket::Sid;

    use super::{Arrivals, Away, turns_away};
    use crate::auth::Refusal;
    use crate::realtime::recovery::Pid;

    #[test]
    fn a_client_is_met_once_and_its_pid_is_written_into_the_connect_packet() {
        for (packet, told) in [
            ("40{\"sid\":\"abc\"}", "40{\"sid\":\"abc\",\"pid\":\"xyz.7\"}"),
            // To 2.x clients.
            ("40", "40"),
        ] {
            let (arrivals, sid) = (Arrivals::default(), Sid::new());
            let pid = Pid::read("xyz.7").unwrap().0;
            let _kept = arrivals.expect(sid, pid, Arc::default(), Box::pin(async {}));
            let sid = sid.as_str();

            for other in ["42[\"40{\\\"sid\\\"\"]", "40/admin,{\"sid\":\"abc\"}", "44{}", "2"] {
                assert!(arrivals.meet(sid, other).is_none(), "{other}");
            }
            assert!(arrivals.meet("other", packet).is_none());
            assert!(arrivals.outlet(sid).is_none());
            let (named, arrival) = arrivals.meet(sid, packet).unwrap();
            assert_eq!(named, told);
            assert!(arrivals.meet(sid, packet).is_none());
            assert!(Arc::ptr_eq(&arrivals.outlet(sid).unwrap(), &arrival.outlet));
        }
    }

    #[test]
    fn who_comes_at_the_wrong_time_is_to_come_back_and_nobody_else() {
        let refused = |ns: &str, why: &str| format!("44{ns}{{\"message\":\"{why}\"}}");
        let not_now = Away::NotNow.to_string();
        assert!(turns_away(&refused("", &not_now)));
        assert!(turns_away(&refused("", "Invalid namespace")));
        for packet in [
            refused("/admin,", "Invalid namespace"),
            refused("", &Away::Refused(Refusal::Expired).to_string()),
            format!("42[\"said\",\"{not_now}\"]"),
        ] {
            assert!(!turns_away(&packet), "{packet}");
        }
    }

    #[test]
    fn a_client_that_has_gone_is_forgotten_and_not_the_next_by_its_name() {
        let (arrivals, sid) = (Arrivals::default(), Sid::new());
        let expect = || arrivals.expect(sid, Pid::new(7), Arc::default(), Box::pin(async {}));
        let (gone, next) = (expect(), expect());

        drop(gone);
        assert!(arrivals.meet(sid.as_str(), "40").is_some());
        assert!(arrivals.outlet(sid.as_str()).is_some());

        drop(next);
        assert!(arrivals.outlet(sid.as_str()).is_none());
        drop(expect());
        assert!(arrivals.meet(sid.as_str(), "40").is_none());
    }
}
