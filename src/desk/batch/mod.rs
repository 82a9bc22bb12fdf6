//! Many webhooks in one transaction.
//!
//! A batch reads all rows that its elements speak of with one query per table, applies the elements
//! in memory, one after the other (`apply`), and writes what has changed with one statement per
//! table (`store`). What it costs therefore depends on how much arrives, not on how many webhooks
//! it arrives in, nor on how much is stored.

mod apply;
mod ask;
mod fill;
mod load;
mod parts;
mod people;
mod standing;
mod store;

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use entity::{
    ContactId, ConversationId, InboxId, MessageId, StageId, TenantId, Time, contact,
    contact_address, conversation, inbox, media, message, milestone, parked, user,
};
use sea_orm::DbErr;

pub(super) use apply::verdict;
pub(super) use store::close_parked;

use super::change::append;
use super::patience::Txn;
use super::stats::Work;
use super::{Amendment, Channel, Db, Event, Logged, Outcome, Receipt, Webhook};

/// What a commit has brought.
pub(super) struct Committed {
    /// What became of each webhook.
    pub(super) receipts: Vec<Receipt>,
    /// What was appended to each tenant's log.
    pub(super) logged: Vec<(TenantId, Vec<Arc<Logged>>)>,
    /// Whether there are files to be fetched.
    pub(super) wants_files: bool,
}

/// The rows that a number of webhooks speak of, and what becomes of them.
pub(super) struct Batch<'a> {
    txn: Txn,
    adopter: Option<&'a TenantId>,
    now: Time,
    inboxes: Rows<(Channel, String), inbox::Model>,
    first_stages: HashMap<TenantId, StageId>,
    addresses: Rows<AddressKey, contact_address::Model>,
    contacts: Rows<ContactId, contact::Model>,
    conversations: Rows<Place, conversation::Model>,
    places: HashMap<ConversationId, Place>,
    /// The highest number of a conversation of each tenant.
    numbers: HashMap<TenantId, i64>,
    /// What conversations are labelled with, of which the channel tells how they stand.
    labels: HashMap<ConversationId, Vec<String>>,
    relabelled: HashMap<ConversationId, TenantId>,
    /// The agents of whom channels speak.
    colleagues: Vec<user::Model>,
    messages: Rows<(InboxId, String), message::Model>,
    /// Messages that the provider speaks of by what they were called when it was handed them.
    handed: HashMap<MessageId, message::Model>,
    media: Vec<media::Model>,
    /// Messages that were deleted for everyone, whose files go too.
    revoked: Vec<MessageId>,
    parked: HashMap<(InboxId, String), Vec<Waiting>>,
    settled: Vec<Settled>,
    /// Conversations as they were, for the counters.
    before: HashMap<ConversationId, conversation::Model>,
    milestones: Vec<milestone::Model>,
    work: Work,
    /// When the webhook arrived that is being applied.
    arrived: Option<Instant>,
    events: BTreeMap<TenantId, Vec<(Event, Option<Instant>)>>,
}

/// What makes a conversation one: with whom and where it is, or how the channel names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    With(ContactId, InboxId),
    Thread(InboxId, String),
}

impl Place {
    fn of(row: &conversation::Model) -> Self {
        Self::at(row.inbox_id, row.contact_id, row.thread.as_deref())
    }

    fn unthreaded(&self) -> Option<(ContactId, InboxId)> {
        match self {
            Self::With(contact, inbox) => Some((*contact, *inbox)),
            Self::Thread(..) => None,
        }
    }

    fn at(inbox: InboxId, contact: ContactId, thread: Option<&str>) -> Self {
        match thread {
            Some(thread) => Self::Thread(inbox, thread.to_owned()),
            None => Self::With(contact, inbox),
        }
    }
}

/// Whose contact is reached where.
type AddressKey = (TenantId, Channel, String);

/// An amendment whose message has not come yet.
struct Waiting {
    row: parked::Model,
    amendment: Amendment,
    /// Whether the database has it already.
    stored: bool,
}

/// An amendment whose message has come, and what it did to it.
struct Settled {
    waiting: Waiting,
    verdict: Verdict,
}

/// What became of an element, and why.
pub(super) type Verdict = (Outcome, Option<String>);

/// Rows by key, which remember whether the database has yet to hear of them.
struct Rows<K, M>(HashMap<K, (M, State)>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Stored,
    Changed,
    New,
}

impl Batch<'_> {
    /// Stores `webhooks`, which arrived at these moments, and all they tell, or nothing.
    pub(super) async fn commit(
        db: &Db,
        adopter: Option<&TenantId>,
        webhooks: &[Webhook],
        arrived: &[Instant],
    ) -> Result<Committed, DbErr> {
        let mut batch = Batch::load(db, adopter, webhooks).await?;
        let mut receipts = Vec::with_capacity(webhooks.len());
        for (webhook, arrived) in webhooks.iter().zip(arrived) {
            batch.arrived = Some(*arrived);
            receipts.push(batch.apply(webhook));
        }
        let wants_files = !batch.media.is_empty();
        batch.store(webhooks, &mut receipts).await?;

        // In the order of the tenants' names, so that two nodes never wait for each other.
        let mut logged = Vec::with_capacity(batch.events.len());
        for (tenant, events) in std::mem::take(&mut batch.events) {
            let appended = append(&batch.txn, &tenant, events).await?;
            logged.push((tenant, appended));
        }
        batch.txn.commit().await?;
        Ok(Committed { receipts, logged, wants_files })
    }
}

impl<K: Eq + Hash, M: PartialEq> Rows<K, M> {
    fn stored(rows: impl IntoIterator<Item = (K, M)>) -> Self {
        Self(rows.into_iter().map(|(key, row)| (key, (row, State::Stored))).collect())
    }

    fn get(&self, key: &K) -> Option<&M> {
        self.0.get(key).map(|(row, _)| row)
    }

    fn add(&mut self, key: K, row: M) {
        self.0.insert(key, (row, State::New));
    }

    /// Puts a row in the place of the one it was made from; answers whether it is another.
    fn put(&mut self, key: K, row: M) -> bool {
        match self.0.get_mut(&key) {
            Some((known, _)) if *known == row => false,
            Some((known, state)) => {
                *known = row;
                if *state == State::Stored {
                    *state = State::Changed;
                }
                true
            }
            None => {
                self.add(key, row);
                true
            }
        }
    }

    /// The rows that the database has yet to hear of.
    fn unstored(&mut self) -> Vec<M> {
        let rows = std::mem::take(&mut self.0).into_values();
        rows.filter(|(_, state)| *state != State::Stored).map(|(row, _)| row).collect()
    }
}
