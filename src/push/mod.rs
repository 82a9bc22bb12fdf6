//! Web Push: people hear of what they are told while no tab of theirs is open.
//!
//! The node that appends an event pushes it, out of its memory: what a push service has not taken when
//! the node stops is lost, and so is what a command appends. Neither is lost to the person, whose next
//! page shows it. <https://www.rfc-editor.org/rfc/rfc8030>

mod post;
mod seal;
mod share;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use serde_json::json;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{Mutex, broadcast};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::desk::{
    self, Desk, Desks, Event, Logged, Notice, Notification, NotificationKind, PushSubscription,
    Reach, Sees, TenantId, UserId,
};
use crate::telemetry::{FIGURES, number};
use post::{Answer, Post};
use seal::{Reader, Signer};
use share::{Place, Shares};

/// How often a push service is tried that has trouble.
const TRIES: u32 = 5;

/// The longest wait between two tries, also for a service that asks for more.
const LONGEST_WAIT: Duration = Duration::from_mins(30);

/// How many notices are looked up together.
const TOGETHER: usize = 256;

/// The longest title that is shown, in characters.
const LONGEST_TITLE: usize = 100;

/// The longest address of a browser, in bytes.
const LONGEST_ENDPOINT: usize = 2_000;

/// Reaches people who have no tab open.
#[derive(Clone)]
pub struct Pusher(Arc<Inner>);

struct Inner {
    desks: Desks,
    post: Post,
    /// Nothing when the key that has sealed the installation's push key is not here.
    signer: Option<Signer>,
    backoff: Duration,
    /// A push that finds no place here is lost.
    shares: Shares,
    /// From when on notices are heard: taken by who runs.
    notices: Mutex<broadcast::Receiver<Notice>>,
}

/// Why a browser is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// This server does not go there.
    #[error("the endpoint is not at a public address by https, or is longer than 2000 bytes")]
    Endpoint,
    /// Nothing can be sealed by these.
    #[error("p256dh is no point of P-256, or auth not 16 bytes, in base64url")]
    Keys,
}

impl Pusher {
    /// Gets ready, with the installation's key; push services write to `contact`. What is to be tried
    /// again is so after `backoff`, then four times as long with each try. Where the key cannot be
    /// opened, nobody is reached.
    ///
    /// # Errors
    /// When the database fails, or the system has no certificates that could be trusted.
    pub async fn new(
        desks: Desks,
        contact: Option<String>,
        permitted: &[String],
        backoff: Duration,
    ) -> anyhow::Result<Self> {
        let signer = match desks.push_key().await {
            Ok(key) => Signer::new(&key, contact),
            Err(error @ desk::Error::PushKeySealed) => {
                tracing::error!(%error, "nobody is reached by Web Push");
                None
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self(Arc::new(Inner {
            notices: Mutex::new(desks.notices()),
            desks,
            post: Post::new(permitted)?,
            signer,
            backoff,
            shares: Shares::default(),
        })))
    }

    /// By what browsers know this installation: an uncompressed point of P-256, base64url.
    ///
    /// # Errors
    /// [`desk::Error::PushKeySealed`] where the key cannot be opened.
    pub fn public_key(&self) -> desk::Result<&str> {
        self.0.signer.as_ref().map(Signer::public).ok_or(desk::Error::PushKeySealed)
    }

    /// Makes sure that a browser can be reached so.
    pub fn check(&self, reach: &Reach) -> Result<(), Refused> {
        let is_short = reach.endpoint.len() <= LONGEST_ENDPOINT;
        let url = Url::parse(&reach.endpoint).ok().filter(|_| is_short);
        if !url.is_some_and(|url| self.0.post.permits(&url)) {
            return Err(Refused::Endpoint);
        }
        Reader::of(reach).map(|_| ()).ok_or(Refused::Keys)
    }

    /// Pushes what this node appends, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut notices = self.0.notices.lock().await;
        let tracker = TaskTracker::new();
        while let Some(Some(some)) = stop.run_until_cancelled(heard(&mut notices)).await {
            for (tenant, some) in by_tenant(some) {
                match self.due(tenant, &some).await {
                    Ok(due) => due.into_iter().for_each(|(to, told)| {
                        self.begin(to, told, &tracker, &stop);
                    }),
                    Err(error) => {
                        FIGURES.pushes_failed.increment(u64::from(number(some.len())));
                        tracing::warn!(%error, "cannot look up who is to be pushed to");
                    }
                }
            }
        }
    }

    /// What is to be pushed, and to which browsers: of people who may still see it.
    async fn due(
        &self,
        tenant: TenantId,
        notices: &[Notice],
    ) -> desk::Result<Vec<(PushSubscription, Told)>> {
        let desk = self.0.desks.of(tenant);
        let people: Vec<_> =
            notices.iter().filter_map(|it| it.logged.event.user_id().cloned()).collect();
        let mut by_user: HashMap<UserId, Vec<PushSubscription>> = HashMap::new();
        for subscription in desk.subscriptions(&people).await? {
            by_user.entry(subscription.user.clone()).or_default().push(subscription);
        }
        let mut due = Vec::new();
        for (user, subscriptions) in by_user {
            let Some(sees) = seen_by(&desk, &user).await? else { continue };
            for notice in notices.iter().filter(|it| it.logged.event.user_id() == Some(&user)) {
                let Some(told) = Told::by(notice).filter(|_| sees.event(&notice.logged.event))
                else {
                    continue;
                };
                due.extend(subscriptions.iter().map(|it| (it.clone(), told.clone())));
            }
        }
        Ok(due)
    }

    fn begin(
        &self,
        to: PushSubscription,
        told: Told,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) {
        let Some(place) = self.0.shares.place(&to) else {
            FIGURES.pushes_failed.increment(1);
            return;
        };
        let pusher = self.clone();
        let work = async move { pusher.tell(to, &told, &place).await };
        tracker.spawn(stop.clone().run_until_cancelled_owned(work));
    }

    /// Pushes to a browser, again and again while its push service has trouble.
    async fn tell(&self, to: PushSubscription, told: &Told, place: &Place) {
        for tried in 1.. {
            match self.post(&to, told, place).await {
                Answer::Taken => return FIGURES.pushes_done.increment(1),
                Answer::Gone => {
                    FIGURES.pushes_gone.increment(1);
                    return self.forget(&to).await;
                }
                Answer::Trouble(after) if tried < TRIES => {
                    FIGURES.pushes_later.increment(1);
                    let wait = self.0.backoff.saturating_mul(4_u32.saturating_pow(tried - 1));
                    sleep(after.unwrap_or(wait).min(LONGEST_WAIT)).await;
                    if !self.stands(&to, told).await {
                        return;
                    }
                }
                Answer::Trouble(_) | Answer::Refused => {
                    return FIGURES.pushes_failed.increment(1);
                }
            }
        }
    }

    async fn post(&self, to: &PushSubscription, told: &Told, place: &Place) -> Answer {
        let _hands = place.hands().await;
        let sealed = Reader::of(&to.reach).and_then(|reader| reader.seal(&told.body).ok());
        let (Some(sealed), Some(signer)) = (sealed, &self.0.signer) else {
            return Answer::Refused;
        };
        self.0.post.send(signer, &to.reach.endpoint, &told.topic, sealed).await
    }

    /// Whether a browser is still to be told something: while that waited, somebody may have signed out,
    /// or may not see it any more.
    async fn stands(&self, subscription: &PushSubscription, told: &Told) -> bool {
        let (desk, user) = (self.0.desks.of(subscription.tenant.clone()), &subscription.user);
        let standing = desk.subscriptions(std::slice::from_ref(user)).await;
        standing.is_ok_and(|standing| standing.contains(subscription))
            && matches!(seen_by(&desk, user).await, Ok(Some(sees)) if sees.event(&told.of.event))
    }

    async fn forget(&self, subscription: &PushSubscription) {
        if let Err(error) = self.0.desks.forget_subscription(subscription).await {
            tracing::warn!(%error, subscription.id = %subscription.id, "a browser that is gone cannot be forgotten");
        }
    }
}

/// What a browser is told: no word of what was said, so that none is on a locked screen.
#[derive(Clone)]
struct Told {
    body: Arc<[u8]>,
    /// Of what waits at a push service about one conversation, the newest is enough.
    topic: String,
    /// What tells of it in the log.
    of: Arc<Logged>,
}

impl Told {
    fn by(notice: &Notice) -> Option<Self> {
        let Event::Notified(told) = &notice.logged.event else { return None };
        let Notification { kind, title, conversation_id, .. } = &**told;
        let kind = match kind {
            NotificationKind::Assigned => "assigned",
            NotificationKind::Message => "message",
            NotificationKind::Mention => "mention",
        };
        let title: String = title.chars().take(LONGEST_TITLE).collect();
        let (seq, id) = (notice.logged.seq, conversation_id);
        let body = json!({ "seq": seq, "kind": kind, "title": title, "conversationId": id });
        let topic = conversation_id.0.simple().to_string();
        let of = Arc::clone(&notice.logged);
        Some(Self { body: body.to_string().into_bytes().into(), topic, of })
    }
}

/// What a person may see; nothing if they may not be here at all.
async fn seen_by(desk: &Desk, user: &UserId) -> desk::Result<Option<Sees>> {
    let (person, sees) = desk.person(user).await?;
    Ok(person.is_none_or(|person| person.disabled_at.is_none()).then_some(sees))
}

/// Waits for notices; nothing when there will be none any more.
async fn heard(notices: &mut broadcast::Receiver<Notice>) -> Option<Vec<Notice>> {
    let mut some = Vec::new();
    while some.is_empty() {
        match notices.recv().await {
            Ok(notice) => some.push(notice),
            Err(RecvError::Lagged(lost)) => FIGURES.pushes_failed.increment(lost),
            Err(RecvError::Closed) => return None,
        }
    }
    while some.len() < TOGETHER {
        match notices.try_recv() {
            Ok(notice) => some.push(notice),
            Err(TryRecvError::Lagged(lost)) => FIGURES.pushes_failed.increment(lost),
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    Some(some)
}

fn by_tenant(notices: Vec<Notice>) -> BTreeMap<TenantId, Vec<Notice>> {
    let mut by_tenant: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for notice in notices {
        by_tenant.entry(notice.tenant.clone()).or_default().push(notice);
    }
    by_tenant
}
