//! Which message has reached whom, and when.

use std::collections::HashMap;
use std::mem::replace;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Follows each message to all clients.
pub(crate) struct Tracker(Mutex<Inner>);

struct Inner {
    messages: Vec<Message>,
    /// Whom each client has heard of: a bit for each message.
    heard: Vec<Vec<u64>>,
    repeated: u64,
    /// What has been heard since that was last asked for.
    heard_since: Heard,
    waiting: HashMap<u64, oneshot::Sender<()>>,
}

#[derive(Clone, Default)]
struct Message {
    due: Option<Instant>,
    reached: usize,
}

/// The longest time that is told from longer ones, in microseconds: ten minutes.
const LONGEST: u64 = 600_000_000;

/// What clients have heard in a while.
pub(crate) struct Heard {
    /// How many messages have reached the last client.
    pub(crate) messages: u64,
    /// In microseconds from when a message was due, one for each client that has got it. Only how many were how
    /// late is kept: to sort what a soak hears would take the processor from the server for seconds.
    pub(crate) latencies: Histogram<u64>,
}

impl Heard {
    fn nothing() -> Self {
        let latencies = Histogram::new_with_max(LONGEST, 3).expect("three digits are possible");
        Self { messages: 0, latencies }
    }
}

impl Tracker {
    /// Follows messages with numbers below `most` to so many clients.
    pub(crate) fn new(clients: usize, most: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self(Mutex::new(Inner {
            messages: vec![Message::default(); most],
            heard: vec![vec![0; most.div_ceil(64)]; clients],
            repeated: 0,
            heard_since: Heard::nothing(),
            waiting: HashMap::new(),
        }))
    }

    /// Notes when a message is due to be sent.
    pub(crate) fn due(&self, number: u64, at: Instant) {
        if let Some(message) = self.lock().messages.get_mut(index(number)) {
            message.due = Some(at);
        }
    }

    /// Notes that a client has got a message.
    pub(crate) fn hears(&self, client: usize, number: u64) {
        let (now, at) = (Instant::now(), index(number));
        let mut inner = self.lock();
        let inner = &mut *inner;
        let clients = inner.heard.len();
        let Some(word) = inner.heard[client].get_mut(at / 64) else { return };
        let bit = 1 << (at % 64);
        if *word & bit != 0 {
            inner.repeated += 1;
            return;
        }
        *word |= bit;
        let message = &mut inner.messages[at];
        if let Some(due) = message.due {
            let late = u64::try_from((now - due).as_micros()).unwrap_or(u64::MAX);
            inner.heard_since.latencies.saturating_record(late);
        }
        message.reached += 1;
        if message.reached == clients {
            inner.heard_since.messages += 1;
            if let Some(waiting) = inner.waiting.remove(&number) {
                let _ = waiting.send(());
            }
        }
    }

    /// Returns once a message has reached everybody.
    pub(crate) async fn reaches_all(&self, number: u64) {
        let reached = {
            let mut inner = self.lock();
            if inner.messages[index(number)].reached == inner.heard.len() {
                return;
            }
            let (reaches, reached) = oneshot::channel();
            inner.waiting.insert(number, reaches);
            reached
        };
        let _ = reached.await;
    }

    /// What clients have heard since this was last asked for.
    pub(crate) fn heard(&self) -> Heard {
        replace(&mut self.lock().heard_since, Heard::nothing())
    }

    /// How often a client has not got a message that was due.
    pub(crate) fn missing(&self) -> u64 {
        let inner = self.lock();
        let due = inner.messages.iter().filter(|message| message.due.is_some());
        due.map(|message| (inner.heard.len() - message.reached) as u64).sum()
    }

    /// How often a client has got a message once more.
    pub(crate) fn repeated(&self) -> u64 {
        self.lock().repeated
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
