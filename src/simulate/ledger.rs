//! What has happened: what the business sent, and what people wrote.

use std::collections::{BTreeMap, VecDeque};

use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use tokio::sync::watch;

use crate::config::Fault;

/// The book, and who waits for something to be written in it.
#[derive(Debug)]
pub struct Ledger {
    book: watch::Sender<Book>,
}

/// All that has happened, the newest entries of each sort in full.
#[derive(Debug, Serialize)]
pub struct Book {
    /// What the business sent and the Graph API accepted, in order.
    pub accepted: Roll<Accepted>,
    /// What it refused.
    pub refused: Roll<Refused>,
    /// What the business marked as read.
    pub marked: Roll<Marked>,
    /// What people wrote.
    pub written: Roll<Written>,
    /// How often each status was told and acknowledged.
    pub statuses: BTreeMap<String, u64>,
    /// What became of webhooks.
    pub webhooks: Webhooks,
}

/// A message that was accepted.
#[derive(Clone, Debug, Serialize)]
pub struct Accepted {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// From which number.
    pub phone_number_id: String,
    /// To whom, in the sender's words.
    pub to: String,
    /// The address that WhatsApp knows them by.
    pub wa_id: String,
    /// What sort of message.
    #[serde(rename = "type")]
    pub kind: String,
    /// The whole request.
    pub body: Value,
    /// What the sender calls it.
    pub biz_opaque_callback_data: Option<String>,
    /// The id it was given.
    pub wamid: String,
    /// What went wrong with the answer.
    pub fault: Option<Fault>,
    /// Whether the whole answer was given to a sender who still waited for it.
    pub acknowledged: bool,
}

/// A request that was not accepted.
#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// To whom, where that can be told.
    pub to: Option<String>,
    /// What the sender calls it.
    pub biz_opaque_callback_data: Option<String>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The code in it.
    pub code: u32,
}

/// A message that was marked as read.
#[derive(Clone, Debug, Serialize)]
pub struct Marked {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// Which.
    pub message_id: String,
    /// Whether the business also said that it is typing.
    pub typing: bool,
}

/// A message that somebody wrote.
#[derive(Clone, Debug, Serialize)]
pub struct Written {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// To which number.
    pub phone_number_id: String,
    /// The message as webhooks hold it.
    pub message: Value,
    /// In how many webhooks it was.
    pub told: u32,
    /// Whether one of them was answered 2xx.
    pub acknowledged: bool,
}

/// What became of webhooks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Webhooks {
    /// How many were posted.
    pub posted: u64,
    /// How many were answered 2xx.
    pub acknowledged: u64,
    /// How many were answered otherwise, or not.
    pub refused: u64,
    /// How many messages and statuses have not been acknowledged, and will be.
    pub outstanding: u64,
    /// How many messages and statuses were tried too often.
    pub given_up: u64,
}

/// Entries by number, of which the oldest are let go.
#[derive(Debug)]
pub struct Roll<T> {
    entries: VecDeque<T>,
    gone: u64,
    size: usize,
}

impl Ledger {
    pub(super) fn new(size: usize) -> Self {
        let book = Book {
            accepted: Roll::new(size),
            refused: Roll::new(size),
            marked: Roll::new(size),
            written: Roll::new(size),
            statuses: BTreeMap::new(),
            webhooks: Webhooks::default(),
        };
        Self { book: watch::Sender::new(book) }
    }

    /// The book, which nobody writes in while it is open.
    pub fn open(&self) -> watch::Ref<'_, Book> {
        self.book.borrow()
    }

    /// Waits until the book says something.
    pub async fn until(&self, says: impl FnMut(&Book) -> bool) {
        let waited = self.book.subscribe().wait_for(says).await.map(drop);
        waited.expect("the writer of the book is at hand");
    }

    pub(super) fn write<T>(&self, entry: impl FnOnce(&mut Book) -> T) -> T {
        let mut written = None;
        self.book.send_modify(|book| written = Some(entry(book)));
        written.expect("the book was modified")
    }
}

impl<T> Roll<T> {
    fn new(size: usize) -> Self {
        Self { entries: VecDeque::new(), gone: 0, size }
    }

    /// How many there have been.
    pub fn total(&self) -> u64 {
        self.gone + self.entries.len() as u64
    }

    /// Those that are kept, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.iter()
    }

    /// Adds one; returns its number.
    pub(super) fn add(&mut self, entry: T) -> u64 {
        let number = self.total();
        self.entries.push_back(entry);
        if self.entries.len() > self.size {
            self.entries.pop_front();
            self.gone += 1;
        }
        number
    }

    /// That of a number, if it is still kept.
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let at = usize::try_from(number.checked_sub(self.gone)?).ok()?;
        self.entries.get_mut(at)
    }
}

impl<T: Serialize> Serialize for Roll<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(self.entries.len()))?;
        for entry in &self.entries {
            list.serialize_element(entry)?;
        }
        list.end()
    }
}
