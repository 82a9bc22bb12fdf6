//! The fetcher: brings the files that customers send from their channels to the store.
//!
//! One of each node. It claims as many files as it may fetch at once, and settles each by what
//! became of it. A claim that was left behind runs out, and the file is fetched anew: doing it
//! twice ends in the same bytes under the same hash.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Draft, Error, Shelf, kind_of_drawn, largest};
use crate::channels::Trouble;
use crate::desk::{self, Channel, Fetch, Fetched, File, Time, Why};

/// How often it looks for what is due although nobody has told it.
const LOOK: Duration = Duration::from_secs(1);

/// By how much a claim outlasts the fetching, for the settling.
const MARGIN: Duration = Duration::from_secs(10);

/// The wait after the first try that failed, and by how much it grows: 15 s, 2 min, 16 min, 2 h,
/// 17 h, each shortened by up to a half by chance. So there are at most four tries in the first hour:
/// Meta lets nobody look up a file for an hour who has failed to five times.
const FIRST_WAIT: Duration = Duration::from_secs(15);
const GROWTH: u32 = 8;
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// How long to wait for a token to be set, or for an inbox to be enabled again. WhatsApp has the file for a
/// week, and is asked anew each time where it is.
const UNTIL_MENDED: Duration = Duration::from_mins(5);

/// How often a file is fetched that is not what it should be.
const TRIES_OF_WRONG: u32 = 2;

impl Shelf {
    /// Fetches files until `stop`; then gives back those that it has begun with.
    pub async fn run(self, stop: CancellationToken) {
        let (shelf, tracker) = (Arc::new(self), TaskTracker::new());
        let hands = Arc::new(Semaphore::new(shelf.settings.media_concurrency));
        while let Some(hand) = stop.run_until_cancelled(Arc::clone(&hands).acquire_owned()).await {
            let hand = hand.expect("the semaphore is never closed");
            if !shelf.claim(hand, &hands, &tracker, &stop).await {
                let news = timeout(LOOK, shelf.desks.files_wanted());
                let _ = stop.run_until_cancelled(news).await;
            }
        }
        tracker.close();
        tracker.wait().await;
    }

    /// Claims as many files as there are free hands, and lets them be fetched; says whether there
    /// were so many, and there may be more.
    async fn claim(
        self: &Arc<Self>,
        hand: OwnedSemaphorePermit,
        hands: &Arc<Semaphore>,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) -> bool {
        let mut free = vec![hand];
        free.extend(std::iter::from_fn(|| Arc::clone(hands).try_acquire_owned().ok()));
        let lease = self.settings.media_timeout + MARGIN;
        let claimed = match self.desks.claim_files(free.len(), lease).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!(%error, "files cannot be claimed");
                return false;
            }
        };
        let is_full = claimed.len() == free.len();
        for (fetch, hand) in claimed.into_iter().zip(free) {
            tracker.spawn(Arc::clone(self).bring(fetch, stop.clone(), hand));
        }
        is_full
    }

    async fn bring(
        self: Arc<Self>,
        fetch: Fetch,
        stop: CancellationToken,
        _hand: OwnedSemaphorePermit,
    ) {
        let fetching = timeout(self.settings.media_timeout, self.fetch(&fetch));
        let fetched = match stop.run_until_cancelled(fetching).await {
            None => Fetched::Later { after: Duration::ZERO, counts: false },
            Some(Ok(Ok(file))) => Fetched::Stored(file),
            Some(Ok(Err(error))) => self.judge(&fetch, &error),
            Some(Err(_)) => {
                self.judge(&fetch, &Trouble::Unreachable("it takes too long".to_owned()).into())
            }
        };
        if let Err(error) = self.desks.settle_file(&fetch, &fetched).await {
            tracing::error!(%error, media.id = %fetch.id, "a file cannot be settled; its claim will run out");
        }
    }

    async fn fetch(&self, fetch: &Fetch) -> Result<File, Error> {
        let most = largest(&self.settings.sizes, kind_of_drawn(fetch.kind));
        let is_too_large = |size: Option<u64>| size.is_some_and(|size| size > most * 1_000);
        let mut download = match fetch.channel {
            Channel::WhatsApp => {
                let token = &self.token_of(&fetch.tenant, fetch.inbox).await?;
                let found = self.library.look_up(&fetch.provider_id, token).await?;
                if is_too_large(found.size) {
                    return Err(Error::TooLarge(most));
                }
                self.library.download(&found.url, token).await?
            }
            Channel::Chatwoot => self.chatwoot.download(&fetch.provider_id).await?,
            // Nothing that its visitors send has to be fetched from elsewhere.
            Channel::LiveChat => return Err(Error::Missing(fetch.provider_id.clone())),
        };
        if is_too_large(download.size()) {
            return Err(Error::TooLarge(most));
        }
        let mut draft = Draft::begin(&self.files, most * 1_000).await?;
        while let Some(piece) = download.next().await? {
            draft.write(&piece).await?;
        }
        let written = draft.finish(&fetch.mime_type).await?;
        let file = written.file.clone();
        if fetch.sha256.as_ref().is_some_and(|told| *told != file.sha256) {
            return Err(Error::Checksum);
        }
        self.files.put(written).await?;
        Ok(file)
    }

    /// What becomes of a file that could not be fetched.
    fn judge(&self, fetch: &Fetch, error: &Error) -> Fetched {
        let Fetch { id, attempts, .. } = fetch;
        let is_expired = fetch.until.is_some_and(|until| until <= Time::now());
        let (final_reason, tries) = match error {
            Error::TooLarge(_) => return failed(fetch, error, Why::TooLarge),
            Error::Channel(Trouble::Forbidden(_)) => return failed(fetch, error, Why::Forbidden),
            _ if is_expired => return failed(fetch, error, Why::Expired),
            Error::Channel(Trouble::Gone) => return failed(fetch, error, Why::Gone),
            Error::NoToken | Error::Desk(desk::Error::NoInbox(_)) => {
                return Fetched::Later { after: UNTIL_MENDED, counts: false };
            }
            Error::Checksum => (Why::Checksum, TRIES_OF_WRONG.min(self.settings.media_tries)),
            _ => (Why::Unreachable, self.settings.media_tries),
        };
        if *attempts >= tries {
            return failed(fetch, error, final_reason);
        }
        let after = wait(*attempts);
        tracing::info!(%error, media.id = %id, attempts, wait_s = after.as_secs(), "a file is fetched later");
        Fetched::Later { after, counts: true }
    }
}

fn failed(fetch: &Fetch, error: &Error, why: Why) -> Fetched {
    tracing::warn!(%error, media.id = %fetch.id, tenant.id = %fetch.tenant, "a file cannot be had");
    Fetched::Failed(why)
}

fn wait(attempts: u32) -> Duration {
    let longest = FIRST_WAIT.saturating_mul(GROWTH.saturating_pow(attempts.saturating_sub(1)));
    longest.min(LONGEST_WAIT).mul_f64(rand::rng().random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::wait;

    #[test]
    fn nobody_fails_five_times_in_an_hour() {
        for _ in 0..1_000 {
            let first_four: Duration = (1..=4).map(wait).sum();
            assert!(first_four > Duration::from_hours(1), "{first_four:?}");
        }
    }
}
