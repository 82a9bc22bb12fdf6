//! What nodes of one PostgreSQL tell each other of what is merely happening.
//!
//! It goes out as calls do (`neighbours.rs`) and may be lost. Each node numbers its calls: who has missed
//! one asks, and is told all that lasts once more. Who stops says so; who says nothing for too long is gone.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::{Notify, broadcast};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use super::Desks;

/// What the nodes listen to.
pub(super) const CHANNEL: &str = "recado_talk";

/// How many bytes of news one call carries; with what is around them it has to stay below 8,000.
const LONGEST: usize = 7_800;

/// How many news wait to be told; more are lost.
const MOST: usize = 50_000;

/// How many calls wait for whoever hears them; more are lost.
const UNHEARD: usize = 1_024;

/// How long what is to be told is gathered: a call is a commit of its own.
const GATHER: Duration = Duration::from_millis(20);

/// One run of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(Uuid);

/// What is heard of the other nodes.
#[derive(Clone, Debug)]
pub enum Heard {
    /// What one tells, in its order.
    News(NodeId, Arc<[Box<RawValue>]>),
    /// One has missed something: whatever lasts is to be told again.
    Asked,
    /// One stops.
    Leaves(NodeId),
    /// One has said nothing for too long.
    Gone(NodeId),
}

/// What a node has to tell the others, and has heard of them.
#[derive(Debug)]
pub(super) struct Talk {
    me: NodeId,
    untold: Mutex<Untold>,
    wake: Notify,
    others: Mutex<HashMap<NodeId, Other>>,
    heard: broadcast::Sender<Heard>,
}

#[derive(Debug, Default)]
struct Untold {
    news: VecDeque<Box<RawValue>>,
    asks: bool,
    /// The number of the last call.
    calls: u64,
}

#[derive(Debug)]
struct Other {
    calls: u64,
    heard: Instant,
}

/// What goes out at once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call {
    node: NodeId,
    number: u64,
    asks: bool,
    /// Whether it is the node's last. Earlier versions do not say so.
    #[serde(default)]
    leaves: bool,
    news: Vec<Box<RawValue>>,
}

impl Desks {
    /// Tells the other nodes something, soon and perhaps in vain. What does not fit into a call is not
    /// told.
    pub fn tell_neighbours(&self, news: &impl Serialize) {
        if self.has_neighbours()
            && let Ok(news) = to_raw_value(news)
            && news.get().len() < LONGEST
        {
            self.talk.tell(news);
        }
    }

    /// Asks the other nodes for all that lasts.
    pub fn ask_neighbours(&self) {
        self.talk.ask();
    }

    /// Hears the other nodes, from now on.
    pub fn hear_neighbours(&self) -> broadcast::Receiver<Heard> {
        self.talk.heard.subscribe()
    }

    /// Tells the other nodes, for as long as it is polled, what is to be told and that this one is
    /// there: each three times in `lease`, after which it is gone.
    pub async fn talk(&self, lease: Duration) {
        let mut rounds = interval(lease / 3);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.talk.wake.notified() => {}
                _ = rounds.tick() => self.talk.let_go(lease),
            }
            loop {
                let call = self.talk.next();
                if let Err(error) = self.notify(CHANNEL, &call).await {
                    tracing::warn!(%error, "other nodes cannot be told what happens");
                }
                if self.talk.untold().news.is_empty() {
                    break;
                }
            }
            sleep(GATHER).await;
        }
    }

    /// Tells the other nodes what is left to be told, and that this one stops.
    pub async fn say_goodbye(&self) {
        loop {
            let mut call = self.talk.next();
            call.leaves = self.talk.untold().news.is_empty();
            if let Err(error) = self.notify(CHANNEL, &call).await {
                return tracing::warn!(%error, "other nodes cannot be told that this one stops");
            }
            if call.leaves {
                return;
            }
        }
    }
}

impl Talk {
    pub(super) fn new() -> Self {
        Self {
            me: NodeId(Uuid::now_v7()),
            untold: Mutex::default(),
            wake: Notify::new(),
            others: Mutex::default(),
            heard: broadcast::channel(UNHEARD).0,
        }
    }

    /// Has the others tell all that lasts with the next call.
    pub(super) fn ask(&self) {
        self.untold().asks = true;
        self.wake.notify_one();
    }

    /// Takes in what a node has called.
    pub(super) fn hear(&self, Call { node, number, asks, leaves, news }: Call) {
        if node == self.me {
            return;
        }
        let now = Other { calls: number, heard: Instant::now() };
        let before = self.others().insert(node, now).map_or(0, |other| other.calls);
        // Whoever listens to no news has none to ask for.
        if asks {
            let _ = self.heard.send(Heard::Asked);
        }
        if !news.is_empty() {
            let _ = self.heard.send(Heard::News(node, news.into()));
        }
        if leaves {
            self.others().remove(&node);
            let _ = self.heard.send(Heard::Leaves(node));
        } else if number != before + 1 {
            self.ask();
        }
    }

    fn tell(&self, news: Box<RawValue>) {
        let mut untold = self.untold();
        if untold.news.len() < MOST {
            untold.news.push_back(news);
        } else {
            // As if a call had been lost: so the others ask.
            untold.calls += 1;
        }
        drop(untold);
        self.wake.notify_one();
    }

    fn next(&self) -> Call {
        let mut untold = self.untold();
        let mut news = Vec::new();
        let mut room = LONGEST;
        while let Some(next) = untold.news.pop_front_if(|next| next.get().len() < room) {
            room -= next.get().len() + 1;
            news.push(next);
        }
        untold.calls += 1;
        let asks = std::mem::take(&mut untold.asks);
        Call { node: self.me, number: untold.calls, asks, leaves: false, news }
    }

    fn let_go(&self, lease: Duration) {
        for (node, _) in self.others().extract_if(|_, other| other.heard.elapsed() >= lease) {
            let _ = self.heard.send(Heard::Gone(node));
        }
    }

    fn untold(&self) -> MutexGuard<'_, Untold> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn others(&self) -> MutexGuard<'_, HashMap<NodeId, Other>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_has_missed_a_call_asks_for_all_that_lasts() {
        let (one, other) = (Talk::new(), Talk::new());
        let mut asked = one.heard.subscribe();

        other.hear(one.next());
        let before = other.next();
        drop(one.next());
        other.hear(one.next());
        let after = other.next();

        assert_eq!((before.asks, after.asks, other.next().asks), (false, true, false));
        one.hear(before);
        one.hear(after);
        assert!(matches!(asked.try_recv(), Ok(Heard::Asked)));
        assert!(asked.try_recv().is_err());
    }

    #[test]
    fn calls_are_as_long_as_postgresql_takes_them_and_keep_the_order() {
        let (one, other) = (Talk::new(), Talk::new());
        let mut heard = other.heard.subscribe();
        for n in 0..1_000 {
            one.tell(to_raw_value(&json!({ "n": n, "of": "x".repeat(n) })).unwrap());
        }

        let mut numbers = Vec::new();
        while !one.untold().news.is_empty() {
            let call = one.next();
            assert!(serde_json::to_string(&call).unwrap().len() < 8_000);
            other.hear(call);
            let Ok(Heard::News(_, news)) = heard.try_recv() else { panic!("nothing is heard") };
            for it in news.iter() {
                let it: serde_json::Value = serde_json::from_str(it.get()).unwrap();
                numbers.push(it["n"].as_u64().unwrap());
            }
        }

        assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
        assert!(!other.next().asks);
    }
}
