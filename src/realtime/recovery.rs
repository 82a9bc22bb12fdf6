//! Connection state recovery: what an unchanged `socket.io-client` of 4.6 or later needs to resume
//! by itself.
//!
//! The server names each connection by a `pid` in its CONNECT packet and ends each stored event with
//! the event's number, as text. The client hands both back when it reconnects; if it then finds its
//! own `pid` in the CONNECT packet, it knows that nothing is missing.
//! <https://socket.io/docs/v4/connection-state-recovery>
//!
//! The log is all the state there is, so that a client recovers on any node and after a restart.

use uuid::Uuid;

/// The longest pid that is believed to be one of ours.
const LONGEST_PID: usize = 64;

/// A connection's name: a random part, and the cursor at which it began, for a client that is cut
/// off before its first event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pid(String);

impl Pid {
    /// The name as clients hand it back.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// A new name for a connection that begins after the event `cursor`.
    pub(super) fn new(cursor: i64) -> Self {
        Self(format!("{}.{cursor}", Uuid::new_v4().simple()))
    }

    /// Reads the name that a client hands back; nothing if it is none of ours.
    pub(super) fn read(told: &str) -> Option<(Self, i64)> {
        let (random, cursor) = told.split_once('.')?;
        let plain =
            told.len() <= LONGEST_PID && random.bytes().all(|it| it.is_ascii_alphanumeric());
        let cursor = cursor.parse().ok().filter(|_| plain)?;
        Some((Self(told.to_owned()), cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::Pid;

    #[test]
    fn only_our_own_pids_are_believed() {
        let own = Pid::new(42);
        assert_eq!(Pid::read(&own.0), Some((own, 42)));
        for foreign in ["", "x", "x.", "x.y", "\".1", "a b.1", &format!("{}.1", "x".repeat(80))] {
            assert_eq!(Pid::read(foreign), None, "{foreign}");
        }
    }
}
