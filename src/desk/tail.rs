//! The newest events of each tenant, in memory for all feeds of this node.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use entity::{TenantId, Time, UserId};
use tokio::sync::{broadcast, watch};

use super::event::events_after;
use super::neighbours::Calls;
use super::{Db, Desk, Desks, Event, Logged, Notice, Result, tenant};

/// How many events a tail keeps at most; who is further behind reads the database.
const KEPT: usize = 4_096;

/// How many notices wait for who reaches people elsewhere; of more, the oldest are lost.
const WAITING_NOTICES: usize = 4_096;

/// How many events are read from the database at once.
const PAGE: u64 = 500;

/// For how long a node that has looked at the heads of all logs is taken to have heard of everything.
const HEARD_FOR: Duration = Duration::from_secs(5);

/// The tails of all tenants that anybody here has asked about.
#[derive(Debug)]
pub(super) struct Tails {
    db: Db,
    by_tenant: RwLock<HashMap<TenantId, Arc<Tail>>>,
    /// When all of them were last seen to have everything.
    looked: RwLock<Instant>,
    calls: Arc<Calls>,
    /// What tells one person something, for whoever reaches them elsewhere.
    notices: broadcast::Sender<Notice>,
}

/// The newest events of one tenant, without a gap, ending at `head`.
#[derive(Debug)]
pub(super) struct Tail {
    db: Db,
    tenant: TenantId,
    kept: RwLock<Kept>,
    head: watch::Sender<Head>,
}

/// What is in memory of a log.
#[derive(Debug)]
struct Kept {
    /// The last event that is not: everything after it is.
    floor: Head,
    events: VecDeque<Arc<Logged>>,
    /// Since when this is kept.
    began: Instant,
    /// When it was last heard since then that what a person may do has changed.
    accesses: HashMap<UserId, Instant>,
}

/// The newest event of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Its number, 0 before the first.
    pub(super) seq: i64,
    /// When it happened; before the first, when the tenant was added.
    pub(super) at: Time,
}

/// What is in memory of all logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// How many events.
    pub events: usize,
    /// What they take in the forms in which they have been written.
    pub bytes: usize,
}

/// What a tail has for a reader.
pub(super) enum Ahead {
    /// These come next.
    Next(Vec<Arc<Logged>>),
    /// Nothing yet.
    Nothing,
    /// What comes next is no longer in memory.
    Forgotten,
    /// The reader has seen more than this node has.
    Behind,
}

impl Tails {
    pub(super) fn new(db: Db, calls: Arc<Calls>) -> Self {
        let (notices, _) = broadcast::channel(WAITING_NOTICES);
        let looked = RwLock::new(Instant::now());
        Self { db, by_tenant: RwLock::default(), looked, calls, notices }
    }

    /// Hears of whatever this node appends that tells one person something.
    pub(super) fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// Returns the tail of a tenant, or nothing if there is no such tenant.
    pub(super) async fn of(&self, tenant: &TenantId) -> Result<Option<Arc<Tail>>> {
        if let Some(tail) = self.known(tenant) {
            return Ok(Some(tail));
        }
        // The head is read before the tail is known: what commits meanwhile is caught up with.
        let Some(row) = tenant::row(&self.db.reader, tenant).await? else { return Ok(None) };
        let head = Head { seq: row.last_seq, at: row.last_event_at };
        let tail = || Arc::new(Tail::new(self.db.clone(), row.id.clone(), head));
        let mut tails = self.by_tenant.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(Arc::clone(tails.entry(row.id.clone()).or_insert_with(tail))))
    }

    fn known(&self, tenant: &TenantId) -> Option<Arc<Tail>> {
        self.by_tenant.read().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    /// Hands over what a commit of this node has just appended.
    ///
    /// A tail that has not seen what came before (another commit is about to hand it over, or
    /// another node made it) reads that first. Failing to is no loss: the next look at the heads
    /// finds it.
    pub(super) async fn publish(&self, tenant: &TenantId, logged: &[Arc<Logged>]) {
        if let Some(newest) = logged.last() {
            self.calls.grew(tenant, newest.seq);
        }
        for logged in logged.iter().filter(|it| matches!(it.event, Event::Notified(_))) {
            let notice = Notice { tenant: tenant.clone(), logged: Arc::clone(logged) };
            // Nobody listens where nobody is reached: on the command line.
            let _ = self.notices.send(notice);
        }
        let Some(tail) = self.known(tenant) else { return };
        if !tail.push(logged)
            && let Err(error) = tail.catch_up().await
        {
            tracing::warn!(tenant.id = %tenant, %error, "a tail is behind");
        }
    }

    /// Another node says that a log has grown up to the event `seq`.
    pub(super) async fn hear(&self, tenant: &TenantId, seq: i64) {
        let Some(tail) = self.known(tenant) else { return };
        if tail.head().seq < seq
            && let Err(error) = tail.catch_up().await
        {
            tracing::warn!(tenant.id = %tenant, %error, "a tail is behind");
        }
    }

    fn held(&self) -> Held {
        let tails: Vec<_> = {
            let tails = self.by_tenant.read().unwrap_or_else(PoisonError::into_inner);
            tails.values().cloned().collect()
        };
        let mut held = Held { events: 0, bytes: 0 };
        for tail in tails {
            let kept = tail.kept.read().unwrap_or_else(PoisonError::into_inner);
            held.events += kept.events.len();
            held.bytes += kept.events.iter().map(|logged| logged.written()).sum::<usize>();
        }
        held
    }

    /// Whether what any process has appended a while ago has come to the tails.
    fn have_heard(&self) -> bool {
        self.looked.read().unwrap_or_else(PoisonError::into_inner).elapsed() < HEARD_FOR
    }

    fn tenants(&self) -> Vec<TenantId> {
        self.by_tenant.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

impl Tail {
    fn new(db: Db, tenant: TenantId, head: Head) -> Self {
        let (events, accesses) = (VecDeque::new(), HashMap::new());
        let kept = Kept { floor: head, events, began: Instant::now(), accesses };
        Self { db, tenant, kept: RwLock::new(kept), head: watch::Sender::new(head) }
    }

    /// The newest event.
    pub(super) fn head(&self) -> Head {
        *self.head.borrow()
    }

    /// Wakes its owner whenever the head moves.
    pub(super) fn watch(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    /// Returns up to `limit` events after the one numbered `cursor`.
    pub(super) fn after(&self, cursor: i64, limit: usize) -> Ahead {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        match cursor.cmp(&self.head().seq) {
            Ordering::Equal => return Ahead::Nothing,
            Ordering::Greater => return Ahead::Behind,
            Ordering::Less => {}
        }
        match usize::try_from(cursor.saturating_sub(kept.floor.seq)) {
            Ok(skipped) => Ahead::Next(kept.page(skipped, limit)),
            Err(_) => Ahead::Forgotten,
        }
    }

    /// Returns up to `limit` events that happened after `time`.
    pub(super) fn since(&self, time: Time, limit: usize) -> Ahead {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if time >= self.head().at {
            return Ahead::Nothing;
        }
        if time < kept.floor.at {
            return Ahead::Forgotten;
        }
        let skipped = kept.events.partition_point(|logged| logged.happened_at <= time);
        Ahead::Next(kept.page(skipped, limit))
    }

    /// Lets go of what happened before `oldest_kept`.
    fn forget(&self, oldest_kept: Time) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let old = kept.events.partition_point(|logged| logged.happened_at < oldest_kept);
        kept.drop_first(old);
    }

    /// Takes what follows its head; answers whether it now has everything up to the last of them.
    fn push(&self, logged: &[Arc<Logged>]) -> bool {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let head = self.head();
        let new = logged.iter().skip_while(|logged| logged.seq <= head.seq);
        let Some(first) = new.clone().next() else { return true };
        if first.seq != head.seq + 1 {
            return false;
        }
        for logged in new {
            // Before anybody reads the event: who then asks what it has changed, is told.
            if let Event::AccessChanged { user_id } = &logged.event {
                kept.accesses.insert(user_id.clone(), Instant::now());
            }
            kept.events.push_back(Arc::clone(logged));
        }
        let surplus = kept.events.len().saturating_sub(KEPT);
        kept.drop_first(surplus);
        let head = kept.events.back().map_or(head, |newest| Head::of(newest));
        self.head.send_replace(head);
        true
    }

    /// Reads from the database what it has not seen.
    pub(super) async fn catch_up(&self) -> Result<()> {
        loop {
            let page = events_after(&self.db, &self.tenant, self.head().seq, PAGE).await?;
            if page.is_empty() || !self.push(&page) {
                return Ok(());
            }
        }
    }
}

impl Head {
    fn of(event: &Logged) -> Self {
        Self { seq: event.seq, at: event.happened_at }
    }
}

impl Kept {
    fn page(&self, skipped: usize, limit: usize) -> Vec<Arc<Logged>> {
        self.events.iter().skip(skipped).take(limit).cloned().collect()
    }

    fn drop_first(&mut self, count: usize) {
        if let Some(last) = self.events.drain(..count).next_back() {
            self.floor = Head::of(&last);
        }
    }
}

impl Desks {
    /// What is in memory of all tenants' logs.
    pub fn held(&self) -> Held {
        self.tails.held()
    }

    /// Looks once at the heads of all logs that are followed here, and catches up with what other
    /// processes have appended. What is older than `kept` is in memory no more.
    pub async fn look_around(&self, kept: Duration) -> Result<()> {
        self.db.reader.is_asked();
        let looked = Instant::now();
        let followed = self.tails.tenants();
        if followed.is_empty() {
            return Ok(());
        }
        let oldest_kept =
            Time::now().plus_seconds(-i64::try_from(kept.as_secs()).unwrap_or(i64::MAX));
        let mut behind = None;
        for (tenant, head) in tenant::heads(&self.db.reader, followed).await? {
            let Some(tail) = self.tails.known(&tenant) else { continue };
            if tail.head().seq < head
                && let Err(error) = tail.catch_up().await
            {
                // The others' logs can be followed all the same, if it is this one's trouble.
                tracing::warn!(tenant.id = %tenant, %error, "a tail is behind");
                behind.get_or_insert(error);
            }
            tail.forget(oldest_kept);
        }
        if let Some(error) = behind {
            return Err(error);
        }
        *self.tails.looked.write().unwrap_or_else(PoisonError::into_inner) = looked;
        Ok(())
    }
}

impl Desk {
    /// Since when nothing has changed about what a person may do, as far as this node has heard: what
    /// the desk has said of them after that still holds. Nothing if the node does not hear of changes
    /// at the moment.
    pub async fn access_since(&self, user: &UserId) -> Result<Option<Instant>> {
        let tail = self.desks.tails.of(&self.tenant).await?.ok_or_else(|| self.missing())?;
        if !self.desks.tails.have_heard() {
            return Ok(None);
        }
        let kept = tail.kept.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(kept.accesses.get(user).copied().unwrap_or(kept.began)))
    }
}
