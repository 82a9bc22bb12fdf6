//! A stand-in for WhatsApp: people who write, and a Graph API that takes what is sent to them.
//!
//! For demonstrations, tests and load, without an account. It keeps a ledger of both directions, so
//! that one can tell what was lost, doubled or out of order; and it misbehaves as networks and
//! providers do, by chance that depends on the seed alone, or by rule.

mod address;
mod clock;
mod control;
mod dice;
mod files;
mod graph;
mod ledger;
mod listen;
mod media;
mod phones;
mod post;
mod said;
mod script;
mod statuses;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rand::RngExt as _;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::{Conduct, Simulate};
use address::true_address;
use dice::Dice;
use graph::Limits;
use media::Shelf;
use phones::People;

pub use ledger::{Accepted, Book, Ledger, Marked, Refused, Roll, Webhooks, Written};

/// A running stand-in; it stops when it is dropped.
pub struct Simulator {
    /// Where its Graph API and its controls are.
    pub url: String,
    world: Arc<World>,
    _stop: DropGuard,
}

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something else is there, most likely.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),

    /// The system's certificates cannot be read, most likely.
    #[error("cannot make an HTTP client")]
    Client(#[source] reqwest::Error),
}

/// What all its parts share.
struct World {
    options: Simulate,
    conduct: watch::Sender<Conduct>,
    dice: Dice,
    ledger: Ledger,
    shelf: Shelf,
    people: Mutex<People>,
    limits: Limits,
    /// How often something has happened.
    counts: Mutex<HashMap<(&'static str, String), u64>>,
    queue: mpsc::UnboundedSender<post::Element>,
    /// What addresses of media are sealed with.
    secret: [u8; 32],
    stop: CancellationToken,
}

impl Simulator {
    /// Starts listening, and writing.
    pub async fn start(options: &Simulate) -> Result<Self, Error> {
        let mut options = options.clone();
        let dice = Dice::new(*options.seed.get_or_insert_with(|| rand::rng().random()));
        let listener = TcpListener::bind(options.listen).await;
        let listener = listener.map_err(|error| Error::Listen(options.listen, error))?;
        let address = listener.local_addr().expect("a listener has an address");
        let client = reqwest::Client::builder().build().map_err(Error::Client)?;

        let (queue, queued) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let world = Arc::new(World {
            conduct: watch::Sender::new(options.conduct.clone()),
            dice,
            ledger: Ledger::new(options.ledger_size),
            shelf: Shelf::new(),
            people: Mutex::new(People::new(&options, dice)),
            limits: Limits::new(&options.conduct),
            counts: Mutex::default(),
            queue,
            secret: dice.about(&["secret"]).random(),
            stop: stop.clone(),
            options,
        });
        let router = graph::routes().merge(control::routes()).with_state(Arc::clone(&world));
        let until_stop = |stop: &CancellationToken| stop.clone();
        tokio::spawn(listen::serve(listener, router, until_stop(&stop)));
        let posting = post::keep_posting(Arc::clone(&world), client, queued);
        tokio::spawn(until_stop(&stop).run_until_cancelled_owned(posting));
        let writing = phones::keep_writing(Arc::clone(&world));
        tokio::spawn(until_stop(&stop).run_until_cancelled_owned(writing));
        Ok(Self { url: format!("http://{address}"), world, _stop: stop.drop_guard() })
    }

    /// What has happened.
    pub fn ledger(&self) -> &Ledger {
        &self.world.ledger
    }

    /// How it behaves now.
    pub fn conduct(&self) -> Conduct {
        self.world.conduct()
    }

    /// Changes how it behaves from now on.
    pub fn change(&self, change: impl FnOnce(&mut Conduct)) {
        self.world.conduct.send_modify(change);
    }

    /// Lets somebody write a text. Returns its id, or nothing if `from` is no phone number.
    pub fn write(&self, from: &str, text: &str) -> Option<String> {
        self.world.write(from, text)
    }

    /// Waits until as many messages as were asked for have been written, and all webhooks answered
    /// or given up; for ever, if no number was named.
    pub async fn finished(&self) {
        let Some(most) = self.world.options.messages else { return std::future::pending().await };
        let is_finished =
            |book: &Book| book.written.total() >= most && book.webhooks.outstanding == 0;
        self.ledger().until(is_finished).await;
    }

    /// What it does and where, for who has started it.
    pub fn introduction(&self) -> String {
        let Simulate { phones, seed, phone_number_id, .. } = &self.world.options;
        let Conduct { server, rate, .. } = self.conduct();
        let (url, numbers) = (&self.url, phone_number_id.join(", "));
        format!(
            "WhatsApp, simulated\n  {phones} people write {rate} messages a second to {numbers} at {server}\n  \
             WHATSAPP_GRAPH_URL={url}/v25.0 takes what is sent to them\n  \
             {url}/control says how it behaves, and with PUT changes it; {url}/control/ledger what has happened\n  \
             --seed {} makes the same happen again",
            seed.unwrap_or_default(),
        )
    }

    /// What has happened, in a few lines.
    pub fn summary(&self) -> String {
        let book = self.ledger().open();
        let Webhooks { posted, acknowledged, refused, outstanding, given_up } = book.webhooks;
        let taken = book.accepted.iter().filter(|entry| entry.acknowledged).count();
        format!(
            "people wrote {} messages\n\
             webhooks: {posted} posted, {acknowledged} acknowledged, {refused} refused or not answered; \
             {outstanding} messages and statuses outstanding, {given_up} given up\n\
             sends: {} accepted, {taken} of them acknowledged, {} refused; {} messages marked as read",
            book.written.total(),
            book.accepted.total(),
            book.refused.total(),
            book.marked.total(),
        )
    }
}

impl World {
    fn conduct(&self) -> Conduct {
        self.conduct.borrow().clone()
    }

    /// How often this has happened to a subject before, as a word for the dice.
    fn nth(&self, what: &'static str, subject: &str) -> String {
        let mut counts = self.counts.lock().expect("nothing panics while it counts");
        let count = counts.entry((what, subject.to_owned())).or_default();
        *count += 1;
        count.to_string()
    }
}
