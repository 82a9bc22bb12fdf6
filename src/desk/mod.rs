//! The domain: what a desk is, and what may happen on it.
//!
//! [`Desks`] are all desks of the installation, a [`Desk`] is one tenant's and the only way to that
//! tenant's rows. Every write ends in `Change::commit`, which demands the events it caused, or in
//! the intake's commit, which does the same for many webhooks at once. A [`Feed`] reads those
//! events back, in order. No other module names the database.

mod api_token;
mod audit;
mod backup;
mod batch;
mod board;
mod canned_response;
mod change;
mod channel;
mod chat;
mod contact;
mod conversation;
mod db;
mod delivery;
mod event;
mod feed;

mod idempotency;
mod inbound;
mod inbox;
mod intake;
mod media;
mod message;
mod naming;
mod neighbours;
mod patience;
mod push;
mod ready;
mod reply;
mod retention;
mod room;
mod search;
mod secrets;
mod session;
mod sizes;
mod stage;
mod stats;
mod tail;
mod talk;
mod tally;
mod tenant;
mod thread;
mod updates;
mod user;
mod webhook;

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

pub use entity::{
    ApiTokenId, AuditId, CannedResponseId, ChatSessionId, ContactId, ConversationId, DeliveryId,
    InboxId, MediaId, MessageId, PushSubscriptionId, SessionId, StageId, TenantId, Time, UserId,
    WebhookId,
};
use sea_orm::DbErr;
use tokio::sync::{Notify, Semaphore, broadcast};

pub use api_token::{ApiToken, NewApiToken};
pub use audit::{Actor, Audit};
pub use board::{Board, Column};
pub use canned_response::CannedResponse;
pub use chat::{
    Arrival, Chat, ChatCounts, ChatFeed, ChatPage, ChatSession, ChatStatus, ChatWanted, EndedBy,
    Entry, Glimpse, Line, Lines, LiveChat, LiveChatSettings, NewToken, Page as WebPage,
    PreChatField, PreChatKind, Rating, Seen,
};
pub use contact::{Contact, ContactDetails, ContactEdit, Contacts, MergedContact, same_number};
pub use conversation::{Conversation, Cursor, Edit, InboxName, Listed, Order, Place, Spot, Wanted};
pub use db::Db;
pub use delivery::{Backlog, Errand, Flow, Handover, Hint, Hold, Settlement, Task};
pub use entity::conversation::Status as ConversationStatus;
pub use entity::inbox::Channel;
pub use entity::message::{Direction, Status, Type};
pub use entity::user::Role;
pub use entity::webhook::Outcome;
pub use event::{ConversationChange, Event, Logged, Notification, NotificationKind, Sort};
pub use feed::Feed;
pub use idempotency::{Answer, Attempt, Keyed};
pub use inbound::{
    Address, Amendment, Attachment, Colleague, Content, Element, Incoming, PLACEHOLDER, Profile,
    Standing, Told, Webhook,
};
pub use inbox::{Connection, Inbox, InboxEdit};
pub use media::{Fetch, Fetched, File, Loan, Media, Unused, Upload, Uploader, Why};
pub use message::{Message, Page, Reaction};
pub use push::{Notice, PushKey, PushSubscription, Reach};
pub use ready::Trouble;
pub use reply::{Draft, First, Outgoing, What};
pub use retention::Retention;
pub use search::Found;
pub use secrets::Keys;
pub use session::{Refresh, Renewal};
pub use stage::Stage;
pub use stats::{
    About, AgentStats, Failures, Hour, InboxStats, Now, Pace, Period, Spread, Stats, Waiting,
};
pub use tail::Held;
pub use talk::{Heard, NodeId};
pub use tally::Drift;
pub use tenant::DEMO;
pub use thread::Typed;
pub use updates::Updates;
pub use user::{NewUser, User, UserEdit, rank};
pub use webhook::{Fate, Filter, Receipt};

use change::Change;
use neighbours::Calls;
use tail::Tails;
use talk::Talk;

/// How many signals wait for whoever listens; more are lost.
const WAITING_SIGNALS: usize = 1_024;

/// How many visitors of sites have the log read from the database at once: a part of the connections,
/// so that however many of them ask, others are answered.
const READING_VISITORS: usize = 2;

/// Every tenant's desk.
#[derive(Clone, Debug)]
pub struct Desks(Arc<Shared>);

/// What all that speak of the desks share.
#[derive(Debug)]
pub struct Shared {
    db: Db,
    tails: Arc<Tails>,
    intake: intake::Intake,
    keys: Keys,
    /// Wakes the courier of this node.
    due: Arc<Notify>,
    files: Arc<Notify>,
    calls: Arc<Calls>,
    talk: Arc<Talk>,
    /// Contacts who type.
    typed: broadcast::Sender<Typed>,
    /// Whose turn it is of the visitors who read the log from the database.
    turns: Semaphore,
    /// Up to when those visitors have been looked at whose time is over.
    looked_at: AtomicI64,
}

/// One tenant's desk.
#[derive(Clone, Debug)]
pub struct Desk {
    desks: Desks,
    tenant: TenantId,
}

/// What of a desk a caller may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sees {
    /// The inboxes whose conversations they may see; nothing for all of the tenant's.
    pub inboxes: Option<HashSet<InboxId>>,
    /// Who they are: what is for one person, they see if it is for them.
    pub user: Option<UserId>,
}

/// Why a desk refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is called that.
    #[error("no tenant {0}")]
    NoTenant(TenantId),

    /// This tenant has no such conversation, or the caller may not see it; another tenant may.
    #[error("no conversation {0}")]
    NoConversation(ConversationId),

    /// This tenant has no such message, or the caller may not see it.
    #[error("no message {0}")]
    NoMessage(MessageId),

    /// Outside the 24-hour window WhatsApp takes templates only.
    #[error("the 24-hour window of conversation {0} is closed: only templates can be sent")]
    WindowClosed(ConversationId),

    /// Nobody knows whether the message was sent.
    #[error("message {0} may have been sent already: it needs force to be sent again")]
    OutcomeUnknown(MessageId),

    /// This tenant has no such contact, or the caller sees no conversation with them.
    #[error("no contact {0}")]
    NoContact(ContactId),

    /// The board has no such column.
    #[error("no stage {0}")]
    NoStage(StageId),

    /// The tenant has no such person, or they may not see what it is about.
    #[error("no user {0}")]
    NoUser(UserId),

    /// The tenant has no such file, or the caller may not see the message that carries it or send it
    /// in another.
    #[error("no file {0}")]
    NoMedia(MediaId),

    /// The file has not come yet.
    #[error("the file {0} is not there yet")]
    MediaPending(MediaId),

    /// The file will not come, or is there no more.
    #[error("the file {0} cannot be had")]
    MediaGone(MediaId),

    /// What is asked makes no sense; why.
    #[error("{0}")]
    Invalid(String),

    /// No such request is kept.
    #[error("no webhook {0}")]
    NoWebhook(WebhookId),

    /// This tenant has no such inbox.
    #[error("no inbox {0}")]
    NoInbox(String),

    /// This tenant has no such chat, or the caller may not see it.
    #[error("no chat session {0}")]
    NoChat(ChatSessionId),

    /// This person has no such token.
    #[error("no token {0}")]
    NoToken(ApiTokenId),

    /// This person has no such subscription.
    #[error("no push subscription {0}")]
    NoSubscription(PushSubscriptionId),

    /// This tenant has no such answer.
    #[error("no canned response {0}")]
    NoCannedResponse(CannedResponseId),

    /// Nothing can be sent by that inbox yet.
    #[error("inbox {0} has no access token")]
    NoAccessToken(InboxId),

    /// The key that has sealed an inbox's secrets is not here.
    #[error("the secrets of inbox {0} cannot be opened: is a key missing in SECRETS_OLD_KEYS?")]
    Sealed(InboxId),

    /// The key that has sealed the installation's push key is not here.
    #[error("the push key cannot be opened: is a key missing in SECRETS_OLD_KEYS?")]
    PushKeySealed,

    /// Whoever asks may not touch somebody of that role, nor make one.
    #[error("your role does not reach that far")]
    Above,

    /// Nobody would be left who can undo it.
    #[error("the last admin must stay")]
    LastAdmin,

    /// A key was used for another request before.
    #[error("this Idempotency-Key was used for another request")]
    OtherRequest,

    /// The answer to a request that has been done cannot be read any more.
    #[error("the request has been done, but its answer cannot be read any more")]
    AnswerLost,

    /// What must be unique is taken.
    #[error("{0} exists already")]
    Exists(String),

    /// The log does not keep what follows that event: the reader has to load afresh.
    #[error("the log of {tenant} does not keep what follows event {after}")]
    Forgotten {
        /// Whose log.
        tenant: TenantId,
        /// The reader's cursor.
        after: i64,
    },

    /// More has arrived than can be stored at the moment.
    #[error("the intake is full")]
    IntakeFull,

    /// The database failed, or holds a row that this version cannot read.
    #[error("storage failed")]
    Storage(#[source] DbErr),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if db::is_unstorable(&error) {
            return Self::Invalid("a text holds the character U+0000".to_owned());
        }
        Self::Storage(error)
    }
}

/// The outcome of anything a desk does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Desks {
    /// Opens the desks stored in `db`, whose schema must be up to date.
    ///
    /// `adopter` is the tenant that takes in what arrives for phone numbers nobody knows, if it
    /// exists; without one that is quarantined. Secrets are kept by `keys`.
    pub fn open(db: Db, adopter: Option<TenantId>, keys: Keys) -> Self {
        let calls = Arc::<Calls>::default();
        let tails = Arc::new(Tails::new(db.clone(), Arc::clone(&calls)));
        let files = Arc::new(Notify::new());
        let waiting = Arc::clone(&files);
        let intake = intake::Intake::start(db.clone(), Arc::clone(&tails), adopter, waiting);
        let (typed, _) = broadcast::channel(WAITING_SIGNALS);
        let (due, talk) = (Arc::default(), Arc::new(Talk::new()));
        let turns = Semaphore::new(READING_VISITORS);
        let looked_at = AtomicI64::new(0);
        Self(Arc::new(Shared {
            db,
            tails,
            intake,
            keys,
            due,
            files,
            calls,
            talk,
            typed,
            turns,
            looked_at,
        }))
    }

    /// Waits until somebody here says that a delivery may be due.
    pub async fn deliveries(&self) {
        self.due.notified().await;
    }

    /// Lets the courier of this node look at once.
    pub fn wake_courier(&self) {
        self.due.notify_one();
    }

    /// Returns the desk of one tenant, whom nobody has checked to exist.
    pub fn of(&self, tenant: TenantId) -> Desk {
        Desk { desks: self.clone(), tenant }
    }

    /// Returns the desk of a tenant that exists.
    pub async fn find(&self, tenant: TenantId) -> Result<Option<Desk>> {
        Ok(self.tails.of(&tenant).await?.map(|_| self.of(tenant)))
    }
}

impl Deref for Desks {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Desk {
    /// Whose desk it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn missing(&self) -> Error {
        Error::NoTenant(self.tenant.clone())
    }
}

impl Sees {
    /// All of a tenant's conversations, and nothing that is for one person.
    pub fn everything() -> Self {
        Self::default()
    }

    /// Whether what happens in that inbox is the caller's business.
    pub fn inbox(&self, inbox: InboxId) -> bool {
        self.inboxes.as_ref().is_none_or(|inboxes| inboxes.contains(&inbox))
    }

    /// Whether an event is the caller's business.
    pub fn event(&self, event: &Event) -> bool {
        event.inbox_id().is_none_or(|inbox| self.inbox(inbox))
            && event.user_id().is_none_or(|user| self.user.as_ref() == Some(user))
    }
}
