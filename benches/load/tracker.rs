//! Which message has reached whom, and when.

use std::collections::HashMap;
use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::Instant;

/// Follows each message to all clients.
pub(crate) struct Tracker(Mutex<Inner>);

struct Inner {
    messages: Vec<Message>,
    /// Whom each client has heard of: a bit for each message.
    heard: Vec<Vec<u64>>,
    repeated: u64,
    waiting: HashMap<u64, oneshot::Sender<()>>,
}

#[derive(Clone, Default)]
struct Message {
    due: Option<Instant>,
    reached: usize,
    /// In milliseconds from when it was due, one for each client.
    latencies: Vec<f32>,
    complete: Option<Instant>,
}

impl Tracker {
    /// Follows messages with numbers below `most` to so many clients.
    pub(crate) fn new(clients: usize, most: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self(Mutex::new(Inner {
            messages: vec![Message::default(); most],
            heard: vec![vec![0; most.div_ceil(64)]; clients],
            repeated: 0,
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
            message.latencies.push((now - due).as_secs_f32() * 1e3);
        }
        message.reached += 1;
        if message.reached == clients {
            message.complete = Some(now);
            if let Some(waiting) = inner.waiting.remove(&number) {
                let _ = waiting.send(());
            }
        }
    }

    /// Returns once a message has reached everybody.
    pub(crate) async fn reaches_all(&self, number: u64) {
        let reached = {
            let mut inner = self.lock();
            if inner.messages[index(number)].complete.is_some() {
                return;
            }
            let (reaches, reached) = oneshot::channel();
            inner.waiting.insert(number, reaches);
            reached
        };
        let _ = reached.await;
    }

    /// How many messages reached the last client between two moments.
    pub(crate) fn complete_between(&self, from: Instant, until: Instant) -> u64 {
        let inner = self.lock();
        let complete = inner.messages.iter().filter_map(|message| message.complete);
        complete.filter(|at| (from..until).contains(at)).count() as u64
    }

    /// How long messages took that were due between two moments, one value for each client so far; it is
    /// told only once.
    pub(crate) fn take_latencies(&self, from: Instant, until: Instant) -> Vec<f64> {
        let due =
            |message: &&mut Message| message.due.is_some_and(|at| (from..until).contains(&at));
        // Whoever hears of messages meanwhile waits for no more than this.
        let taken: Vec<_> = {
            let mut inner = self.lock();
            let all = inner.messages.iter_mut().filter(due);
            all.map(|message| take(&mut message.latencies)).collect()
        };
        taken.into_iter().flatten().map(f64::from).collect()
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
