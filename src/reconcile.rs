//! Asking channels what their webhooks may have lost: a Chatwoot tries each one once, and tells of
//! nothing again.
//!
//! What it keeps is read as if it had come by webhook, so that finding something twice is harmless.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::channels::chatwoot::reconcile::Stirred;
use crate::channels::chatwoot::send::Api;
use crate::channels::{self, Answer};
use crate::desk::{self, Channel, Connection, Desks, Outcome, Time, Webhook};
use crate::telemetry::FIGURES;

/// By how much what is asked for overlaps with what is known, in seconds: clocks differ, and what
/// happens while one asks may be told late.
const OVERLAP: i64 = 120;

/// How many inboxes are asked for at once, and how long one may take: whoever is slow holds up no others,
/// and what is not told by then is asked for in the next round.
const AT_ONCE: usize = 4;
const LONGEST: Duration = Duration::from_mins(10);

/// What asks channels.
#[derive(Clone, Debug)]
pub struct Reconciler {
    desks: Desks,
    chatwoot: Api,
    /// Those who ask on demand take turns, apart from the rounds.
    turns: Arc<Semaphore>,
}

/// What asking has brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many conversations something has happened in.
    pub conversations: usize,
    /// How many things were missed: messages, changes of them, how conversations stand.
    pub missed: usize,
}

/// Why nothing could be found out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The channel does not answer, or refuses.
    #[error("the channel does not tell: {0}")]
    Channel(String),
    /// The desk refused or failed.
    #[error(transparent)]
    Desk(#[from] desk::Error),
}

impl Reconciler {
    /// Asks Chatwoots by `chatwoot`.
    pub fn new(desks: Desks, chatwoot: Api) -> Self {
        Self { desks, chatwoot, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Asks for all inboxes, at once and then every `pause`, for as long as it is polled.
    pub async fn run(self, pause: Duration) {
        if pause.is_zero() {
            return std::future::pending().await;
        }
        let mut rounds = interval(pause);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            match self.desks.connections(Channel::Chatwoot).await {
                Ok(connections) => {
                    let round = |connection| self.round(connection);
                    stream::iter(connections).for_each_concurrent(AT_ONCE, round).await;
                }
                Err(error) => tracing::warn!(%error, "inboxes cannot be reconciled"),
            }
        }
    }

    async fn round(&self, connection: Connection) {
        if connection.access_token.is_none() {
            return;
        }
        match self.ask(&connection, None).await {
            Ok(found) if found.missed > 0 => {
                let (missed, inbox) = (found.missed, connection.inbox);
                tracing::info!(inbox.id = %inbox, missed, "webhooks were lost, and are made up for");
            }
            Ok(_) => {}
            Err(error) => {
                FIGURES.reconcile_failed.increment(1);
                tracing::warn!(inbox.id = %connection.inbox, %error, "an inbox cannot be reconciled");
            }
        }
    }

    /// Asks for what has happened in an inbox since a moment, or since it was last asked, once it is the
    /// caller's turn.
    pub async fn reconcile(
        &self,
        connection: &Connection,
        since: Option<Time>,
    ) -> Result<Found, Error> {
        let _turn = self.turns.acquire().await.expect("the semaphore is never closed");
        self.ask(connection, since).await
    }

    /// As [`Self::reconcile`], at once.
    async fn ask(&self, connection: &Connection, since: Option<Time>) -> Result<Found, Error> {
        let asking = timeout(LONGEST, self.make_up(connection, since));
        asking.await.unwrap_or_else(|_| {
            Err(Error::Channel(format!("it has not told all within {} s", LONGEST.as_secs())))
        })
    }

    /// Takes in what was missed; notes that it was, unless there may be more from before.
    async fn make_up(&self, connection: &Connection, since: Option<Time>) -> Result<Found, Error> {
        let (began, known) = (Time::now(), connection.reconciled_at);
        let asked = since.unwrap_or(known);
        let since = asked.plus_seconds(-OVERLAP);
        let within = (began.seconds() - since.seconds()).max(OVERLAP);
        let stirred =
            self.chatwoot.stirred(connection, within).await.map_err(|answer| refused(&answer))?;
        let mut found = Found { conversations: stirred.len(), missed: 0 };
        for stirred in stirred {
            found.missed += self.make_up_for(connection, &stirred, since).await?;
        }
        if asked <= known {
            self.desks.of(connection.tenant.clone()).reconciled(connection.inbox, began).await?;
        }
        Ok(found)
    }

    /// Takes in what was missed of a conversation; returns how much that was.
    async fn make_up_for(
        &self,
        connection: &Connection,
        stirred: &Stirred,
        since: Time,
    ) -> Result<usize, Error> {
        let desk = self.desks.of(connection.tenant.clone());
        let last = desk.last_before(connection.inbox, &stirred.thread, since).await?;
        // A further file of a message is known by the message's number and its own.
        let last = last.as_deref().map(|last| last.split('/').next().unwrap_or(last));
        let mut next = Some(last.and_then(|last| last.parse().ok()).unwrap_or(0));
        let mut missed = 0;
        while let Some(after) = next {
            let told = self.chatwoot.missed(connection, stirred, after).await;
            let (body, more) = told.map_err(|answer| refused(&answer))?;
            next = more;
            let Ok(elements) = channels::parse(Channel::Chatwoot, &body) else { continue };
            let webhook = Webhook { channel: Channel::Chatwoot, body, elements, replay_of: None };
            let receipt = self.desks.receive(webhook).await?;
            let applied = receipt.fates.iter().filter(|fate| fate.outcome == Outcome::Applied);
            let applied = applied.count();
            FIGURES.reconcile_missed.increment(applied as u64);
            missed += applied;
        }
        Ok(missed)
    }
}

fn refused(answer: &Answer) -> Error {
    let why = match answer {
        Answer::Refused(_, why) | Answer::Unreached(why) | Answer::Lost(why) => why.get("message"),
        Answer::Taken { .. } => None,
    };
    let why = why.and_then(|why| why.as_str()).unwrap_or("it does not say why");
    Error::Channel(why.to_owned())
}
