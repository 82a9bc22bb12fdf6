//! Where webhooks become durable: many deliveries, one commit.
//!
//! While one transaction commits, arriving webhooks wait for the next and share it. Nobody waits
//! for a timer: a lone webhook is committed at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use entity::TenantId;
use tokio::runtime;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::batch::{Batch, Committed};
use super::db::{Db, is_contention, is_outage};
use super::tail::Tails;
use super::{Desks, Error, Receipt, Result, Webhook};
use crate::telemetry::{FIGURES, number};

/// How many webhooks wait at most, and how many share a commit at most.
const WAITING: usize = 4_096;
const SHARING: usize = 256;

/// How many elements share a commit, unless one webhook alone has more: a statement takes 32,766 values on
/// `SQLite`, 65,535 on PostgreSQL.
const ELEMENTS: usize = 8_192;

/// How many KiB of request bodies wait at most.
const WAITING_KIB: usize = 128 * 1024;

/// After how many commits plans are made anew.
const PLANNED: u64 = 32;

/// How often a commit that met another one is tried again.
const TRIES: u32 = 8;

/// The way into the queue.
#[derive(Clone, Debug)]
pub(super) struct Intake {
    queue: mpsc::Sender<Arrival>,
    room: Arc<Semaphore>,
    /// Whether the last that was to be stored could not be, whatever it was.
    pub(super) is_refused: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Arrival {
    webhook: Webhook,
    at: Instant,
    answer: Answer,
}

/// How a webhook is answered; the room that its body takes is free once it is.
#[derive(Debug)]
struct Answer {
    to: oneshot::Sender<Result<Receipt>>,
    _room: OwnedSemaphorePermit,
}

impl Answer {
    fn give(self, receipt: Result<Receipt>) {
        // Whoever has hung up meanwhile comes again, and is a repeat.
        let _ = self.to.send(receipt);
    }
}

/// What the queue's reader needs.
struct Committer {
    db: Db,
    tails: Arc<Tails>,
    adopter: Option<TenantId>,
    /// Told when there are files to be fetched.
    files: Arc<Notify>,
    is_refused: Arc<AtomicBool>,
}

impl Desks {
    /// Stores a webhook and all it tells; returns once that is durable.
    ///
    /// # Errors
    /// [`Error::IntakeFull`] or [`Error::Storage`]: nothing is stored, and the provider is to try
    /// again.
    pub async fn receive(&self, webhook: Webhook) -> Result<Receipt> {
        let kib = u32::try_from(webhook.body.len() / 1024 + 1).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.intake.room).try_acquire_many_owned(kib);
        let (to, receipt) = oneshot::channel();
        let answer = Answer { to, _room: room.map_err(|_| full())? };
        let arrival = Arrival { webhook, at: Instant::now(), answer };
        self.intake.queue.try_send(arrival).map_err(|_| full())?;
        let receipt = receipt.await.unwrap_or(Err(Error::IntakeFull));
        if let Err(Error::Storage(_)) = receipt {
            FIGURES.intake_failed.increment(1);
        }
        receipt
    }

    /// How many webhooks wait for the next commit.
    pub fn waiting_webhooks(&self) -> usize {
        self.intake.queue.max_capacity() - self.intake.queue.capacity()
    }
}

fn full() -> Error {
    FIGURES.intake_full.increment(1);
    Error::IntakeFull
}

impl Intake {
    /// Starts the queue; it ends when the last `Intake` is dropped and all that waits is answered.
    ///
    /// Its reader has a thread of its own: a commit is some sixteen questions to the database, one after
    /// the other, each of which would wait for its turn among all clients that are just being told what
    /// the commit before has brought.
    pub(super) fn start(
        db: Db,
        tails: Arc<Tails>,
        adopter: Option<TenantId>,
        files: Arc<Notify>,
    ) -> Self {
        let (queue, mut arrivals) = mpsc::channel(WAITING);
        let is_refused = Arc::<AtomicBool>::default();
        let refused = is_refused.clone();
        let commits = async move {
            let db = db.apart();
            let committer = Committer { db, tails, adopter, files, is_refused: refused };
            let mut some = Vec::with_capacity(SHARING);
            for commits in 1_u64.. {
                if arrivals.recv_many(&mut some, SHARING).await == 0 {
                    break;
                }
                while !some.is_empty() {
                    let sharing = sharing(&some);
                    committer.settle(some.drain(..sharing).collect()).await;
                }
                if commits.is_multiple_of(PLANNED) {
                    committer.plan_anew().await;
                }
            }
        };
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("the process may open some files more");
        let thread = thread::Builder::new().name("intake".to_owned());
        let started = thread.spawn(move || runtime.block_on(commits));
        started.expect("the process may have a thread more");
        Self { queue, room: Arc::new(Semaphore::new(WAITING_KIB)), is_refused }
    }
}

/// How many of these share the next commit.
fn sharing(arrivals: &[Arrival]) -> usize {
    let mut elements = 0;
    let fit = arrivals.iter().take_while(|arrival| {
        elements += arrival.webhook.elements.len();
        elements <= ELEMENTS
    });
    fit.count().max(1)
}

impl Committer {
    /// Has the database look again at how its tables are best read.
    async fn plan_anew(&self) {
        if self.is_refused.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.db.forget_plans().await {
            tracing::debug!(%error, "plans are kept for some commits more");
        }
    }

    /// Commits webhooks together, or, if the database refuses that, each on its own, so that a bad
    /// one takes nobody along.
    async fn settle(&self, arrivals: Vec<Arrival>) {
        let (mut webhooks, mut arrived, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for Arrival { webhook, at, answer } in arrivals {
            webhooks.push(webhook);
            arrived.push(at);
            answers.push(answer);
        }
        let count = webhooks.len();
        match self.commit(&webhooks, &arrived).await {
            Ok(receipts) => {
                for (answer, receipt) in answers.into_iter().zip(receipts) {
                    answer.give(Ok(receipt));
                }
            }
            Err(error) if is_outage(&error) || count == 1 => {
                self.is_refused.store(is_outage(&error), Ordering::Relaxed);
                tracing::error!(%error, webhooks.count = count, "webhooks could not be stored");
                for answer in answers {
                    answer.give(Err(error.clone().into()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, webhooks.count = count, "webhooks are stored one by one");
                for (n, answer) in answers.into_iter().enumerate() {
                    let alone = self.commit(&webhooks[n..=n], &arrived[n..=n]).await;
                    if let Err(error) = &alone {
                        tracing::error!(%error, "a webhook could not be stored");
                    }
                    answer.give(alone.map(|mut it| it.remove(0)).map_err(Error::from));
                }
            }
        }
    }

    /// Commits webhooks in one transaction, again and again while it meets others.
    async fn commit(
        &self,
        webhooks: &[Webhook],
        arrived: &[Instant],
    ) -> Result<Vec<Receipt>, sea_orm::DbErr> {
        for tried in 1.. {
            let began = Instant::now();
            let adopter = self.adopter.as_ref();
            match Batch::commit(&self.db, adopter, webhooks, arrived).await {
                Ok(Committed { receipts, logged, wants_files }) => {
                    self.is_refused.store(false, Ordering::Relaxed);
                    FIGURES.commit_seconds.record(began.elapsed());
                    FIGURES.commit_webhooks.record(number(webhooks.len()));
                    for (tenant, logged) in logged {
                        self.tails.publish(&tenant, &logged).await;
                    }
                    if wants_files {
                        self.files.notify_one();
                    }
                    return Ok(receipts);
                }
                Err(error) if is_contention(&error) && tried < TRIES => {
                    tracing::debug!(%error, tried, "webhooks met another commit");
                    tokio::time::sleep(Duration::from_millis(u64::from(tried * tried))).await;
                }
                Err(error) => return Err(error),
            }
        }
        unreachable!("the last try returns")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use bytes::Bytes;
    use tokio::sync::{Semaphore, oneshot};

    use super::super::{Channel, Content, Element};
    use super::{Answer, Arrival, ELEMENTS, Webhook, sharing};

    fn arrival(elements: usize) -> Arrival {
        let aside = Element {
            inbox: None,
            kind: String::new(),
            provider_id: None,
            content: Content::Aside(String::new()),
        };
        let room = Arc::new(Semaphore::new(1)).try_acquire_owned();
        let answer = Answer { to: oneshot::channel().0, _room: room.expect("there is room") };
        let (channel, elements) = (Channel::WhatsApp, vec![aside; elements]);
        let webhook = Webhook { channel, body: Bytes::new(), elements, replay_of: None };
        Arrival { webhook, at: Instant::now(), answer }
    }

    #[test]
    fn a_commit_is_shared_by_as_many_as_a_statement_has_room_for_or_is_one_alone() {
        for (elements, share) in [
            (&[1, 1, 1][..], 3),
            (&[ELEMENTS - 1, 1, 1], 2),
            (&[ELEMENTS, 1], 1),
            (&[ELEMENTS + 1, 1], 1),
        ] {
            let arrivals: Vec<_> = elements.iter().copied().map(arrival).collect();
            assert_eq!(sharing(&arrivals), share, "{elements:?}");
        }
    }
}
