//! The courier: hands to their channels the messages that are due.
//!
//! One of each node. It claims as many deliveries as it may make at once, notes that it begins
//! before the first byte goes out, and settles each by what its channel says. What nobody can know
//! (the answer was lost, the server was killed) is said to be unknown, and never sent once more by
//! itself.

mod hints;
mod pace;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::channels::whatsapp::send::Graph;
use crate::channels::{Answer, Parcel, chatwoot};
use crate::config::{Sending, WhatsApp};
use crate::desk::{self, Channel, Desk, Desks, Errand, InboxId, Settlement, Task, Time, Type};
use crate::media::Shelf;
use crate::telemetry::FIGURES;
use pace::Pace;

pub use hints::Hints;

/// How often it looks for what is due although nobody has told it.
const LOOK: Duration = Duration::from_secs(1);

/// By how much a claim outlasts the request, for the settling.
const MARGIN: Duration = Duration::from_secs(2);

/// How long a stopping courier waits for its requests.
const FAREWELL: Duration = Duration::from_secs(15);

/// What hands messages to their channels.
pub struct Courier {
    desks: Desks,
    graph: Graph,
    chatwoot: chatwoot::send::Api,
    token: Option<SecretString>,
    hints: Hints,
    shelf: Shelf,
    pace: Pace,
    hands: usize,
    lease: Duration,
}

impl Courier {
    /// Gets ready.
    ///
    /// # Errors
    /// When the system has no certificates that could be trusted, most likely.
    pub fn new(
        desks: Desks,
        shelf: Shelf,
        whatsapp: &WhatsApp,
        chatwoot: chatwoot::send::Api,
        sending: &Sending,
    ) -> reqwest::Result<Self> {
        let patience = sending.sending_timeout;
        let graph = Graph::new(&whatsapp.whatsapp_graph_url, patience)?;
        let token = whatsapp.access_token().cloned();
        Ok(Self {
            desks,
            shelf,
            hints: Hints::new(graph.clone(), chatwoot.clone(), token.clone()),
            graph,
            chatwoot,
            token,
            pace: Pace::new(sending.sending_backoff),
            hands: sending.sending_concurrency,
            lease: patience + MARGIN,
        })
    }

    /// What lets customers see that somebody is about to answer them.
    pub fn hints(&self) -> Hints {
        self.hints.clone()
    }

    /// Makes deliveries until `stop`; then finishes those that it has begun.
    pub async fn run(self, stop: CancellationToken) {
        let (courier, tracker) = (Arc::new(self), TaskTracker::new());
        let hands = Arc::new(Semaphore::new(courier.hands));
        let mut looked = None::<Instant>;
        // Between two claims only: one that nobody makes would have to run out first.
        while let Some(hand) = stop.run_until_cancelled(Arc::clone(&hands).acquire_owned()).await {
            let hand = hand.expect("the semaphore is never closed");
            if looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
                looked = Some(Instant::now());
                courier.take_over().await;
            }
            if !courier.claim(hand, &hands, &tracker).await {
                let news = timeout(LOOK, courier.desks.deliveries());
                let _ = stop.run_until_cancelled(news).await;
            }
        }
        tracker.close();
        if timeout(FAREWELL, tracker.wait()).await.is_err() {
            tracing::warn!("the courier stops before all its requests are answered");
        }
    }

    async fn take_over(&self) {
        if let Err(error) = self.desks.take_over().await {
            tracing::error!(%error, "deliveries that were left behind cannot be taken over");
        }
    }

    /// Claims as many deliveries as there are free hands, and lets them be made; says whether there
    /// were so many, and there may be more.
    async fn claim(
        self: &Arc<Self>,
        hand: OwnedSemaphorePermit,
        hands: &Arc<Semaphore>,
        tracker: &TaskTracker,
    ) -> bool {
        let mut free = vec![hand];
        free.extend(std::iter::from_fn(|| Arc::clone(hands).try_acquire_owned().ok()));
        let claimed = match self.desks.claim(free.len(), self.lease).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!(%error, "deliveries cannot be claimed");
                return false;
            }
        };
        let is_full = claimed.len() == free.len();
        for (errand, hand) in claimed.into_iter().zip(free) {
            tracker.spawn(Arc::clone(self).make(errand, hand));
        }
        is_full
    }

    async fn make(self: Arc<Self>, mut errand: Errand, hand: OwnedSemaphorePermit) {
        let settlement = match self.tell(&mut errand).await {
            Ok(Some(settlement)) => settlement,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, delivery.id = %errand.id, "a delivery cannot be begun; its lease will run out");
                return;
            }
        };
        count(&errand, &settlement);
        if let (Task::Send { .. }, Settlement::Done { .. }) = (&errand.task, &settlement) {
            self.hints.ends(errand.message.conversation_id);
        }
        let again = match &settlement {
            Settlement::Later { after, .. } => Some(*after),
            _ => None,
        };
        if let Err(error) = self.desks.settle(&errand, settlement).await {
            tracing::error!(%error, delivery.id = %errand.id, "a delivery cannot be settled; its lease will run out");
        }
        drop(hand);
        // Sooner than the next look.
        if let Some(wait) = again.filter(|wait| *wait < LOOK) {
            sleep(wait).await;
            self.desks.wake_courier();
        }
    }

    /// Tells the channel; nothing if the delivery is somebody else's by now.
    async fn tell(&self, errand: &mut Errand) -> desk::Result<Option<Settlement>> {
        let answer = match errand.channel {
            Channel::WhatsApp => {
                let desk = self.desks.of(errand.tenant.clone());
                let Some(token) = token_of(&desk, errand.inbox, self.token.as_ref()).await? else {
                    return Ok(Some(pace::without_token()));
                };
                if let Err(answer) = self.lend(errand, &token).await {
                    return Ok(Some(self.pace.settlement(errand, answer)));
                }
                if !self.desks.begin(errand, self.lease).await? {
                    return Ok(None);
                }
                self.graph.tell(errand, &token).await
            }
            Channel::Chatwoot => {
                let desk = self.desks.of(errand.tenant.clone());
                let connection = desk.connection(errand.inbox).await?;
                let parcel = match self.pack(errand).await {
                    Ok(parcel) => parcel,
                    Err(answer) => return Ok(Some(self.pace.settlement(errand, answer))),
                };
                if !self.desks.begin(errand, self.lease).await? {
                    return Ok(None);
                }
                self.holding(errand, self.chatwoot.tell(errand, &connection, parcel)).await
            }
            Channel::LiveChat => {
                // It stands in the log already, which visitors' clients read.
                let provider_id = Some(errand.message.id.to_string());
                return Ok(Some(Settlement::Done { provider_id, address: None }));
            }
        };
        Ok(Some(self.pace.settlement(errand, answer)))
    }

    /// The file that a message carries, for a channel that takes it with the message.
    async fn pack(&self, errand: &Errand) -> Result<Option<Parcel>, Answer> {
        if !carries_file(errand) {
            return Ok(None);
        }
        let parcel = self.shelf.parcel(&errand.tenant, errand.message.id).await;
        parcel.map_err(|why| pace::without_file(errand, why))
    }

    /// Gives the channel the file that a message carries, if it carries one and the channel has it
    /// not yet.
    async fn lend(&self, errand: &mut Errand, token: &SecretString) -> Result<(), Answer> {
        if !carries_file(errand) {
            return Ok(());
        }
        let (tenant, message, by) = (&errand.tenant, errand.message.id, (&self.graph, token));
        let given = self.shelf.provider_id(tenant, message, &errand.from, by);
        let given = self.holding(errand, given).await;
        let media = given.map_err(|why| pace::without_file(errand, why))?;
        errand.task = Task::Send { media };
        Ok(())
    }

    /// Does what may take longer than a claim lasts, which is kept meanwhile. If somebody else has taken
    /// it all the same, nothing can begin by it any more, and what has begun is waited for.
    async fn holding<T>(&self, errand: &Errand, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            if let Ok(done) = timeout(self.lease / 2, work.as_mut()).await {
                return done;
            }
            if let Err(error) = self.desks.keep(errand, self.lease).await {
                tracing::warn!(%error, delivery.id = %errand.id, "a claim cannot be kept");
            }
        }
    }
}

/// What the channel asks for from whoever speaks for an inbox: its own token, else the
/// installation's.
async fn token_of(
    desk: &Desk,
    inbox: InboxId,
    installations: Option<&SecretString>,
) -> desk::Result<Option<SecretString>> {
    match desk.access_token(inbox).await {
        Ok(token) => Ok(Some(token)),
        Err(desk::Error::NoAccessToken(_)) => Ok(installations.cloned()),
        Err(error) => Err(error),
    }
}

/// Whether a message with a file is to be sent.
fn carries_file(errand: &Errand) -> bool {
    let is_file = match errand.message.kind {
        Type::Image | Type::Video | Type::Audio | Type::Document => true,
        Type::Text | Type::Location => false,
    };
    is_file && matches!(errand.task, Task::Send { .. })
}

fn count(errand: &Errand, settlement: &Settlement) {
    match settlement {
        Settlement::Done { .. } => {
            let since = Time::now().0.saturating_sub(errand.since.0);
            let since = Duration::from_micros(u64::try_from(since).unwrap_or(0));
            FIGURES.delivery_seconds.record(since);
            FIGURES.deliveries_done.increment(1);
        }
        Settlement::Later { .. } => FIGURES.deliveries_later.increment(1),
        Settlement::Failed { .. } => FIGURES.deliveries_failed.increment(1),
        Settlement::Lost(_) => FIGURES.deliveries_lost.increment(1),
    }
}
