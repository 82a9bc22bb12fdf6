//! How much there is to do, and how quick a tenant is.

mod now;
mod pace;
mod recount;
mod traffic;
mod work;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use entity::milestone::Kind;
use entity::{InboxId, TenantScoped as _, Time, UserId, conversation, inbox, message, milestone};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel};

use super::change::ROWS_PER_INSERT;
use super::{Change, Desk, Error, InboxName, Result, Sees};

pub use now::{Now, Waiting};
pub use pace::{Pace, Spread};
pub(super) use recount::verify_work;
pub use traffic::{Failures, Hour};
pub(super) use work::Work;

/// The longest stretch of time that is looked at, in seconds.
const LONGEST: i64 = 31 * 86_400;

/// A stretch of time: from a moment until just before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: Time,
    until: Time,
}

/// What figures are about; what is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Conversations that take place there.
    pub inbox: Option<InboxId>,
    /// Conversations that this person looks after now, and what they have reached themselves.
    pub assignee: Option<UserId>,
}

/// A dashboard's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// How it is now.
    pub now: Now,
    /// Who waits now.
    pub waiting: Waiting,
    /// Messages of each hour of the period, also of hours without any.
    pub hours: Vec<Hour>,
    /// How quick one was in the period.
    pub pace: Pace,
    /// What was not delivered of what was written in the period, the most frequent cause first.
    pub failures: Vec<Failures>,
    /// The same for each inbox, by name.
    pub inboxes: Vec<InboxStats>,
}

/// An inbox' figures.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxStats {
    /// Which.
    pub inbox: InboxName,
    /// How it is now.
    pub now: Now,
    /// Messages in the period.
    pub received: u64,
    /// Messages in the period.
    pub sent: u64,
    /// How quick one was in the period.
    pub pace: Pace,
}

/// A person's figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentStats {
    /// What colleagues see, if the tenant keeps the person here.
    pub name: Option<String>,
    /// The conversations that they look after now.
    pub now: Now,
    /// The messages that they wrote in the period.
    pub sent: u64,
    /// How quick they were in the period.
    pub pace: Pace,
}

impl Period {
    /// A stretch of time.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it ends before it begins, or is longer than 31 days.
    pub fn new(from: Time, until: Time) -> Result<Self> {
        if from.0 < 0 || from >= until {
            return Err(Error::Invalid("the period ends before it begins".to_owned()));
        }
        if until > from.plus_seconds(LONGEST) {
            return Err(Error::Invalid("the period is longer than 31 days".to_owned()));
        }
        Ok(Self { from, until })
    }

    /// The whole stretches of `length` microseconds that it holds, counted from 1970 on, and what is
    /// left of it before and after.
    fn split(self, length: i64) -> (Range<i64>, Vec<Self>) {
        let begin = (self.from.0 + length - 1).div_euclid(length);
        let end = self.until.0.div_euclid(length);
        if begin >= end {
            return (0..0, vec![self]);
        }
        let before = Self { from: self.from, until: Time(begin * length) };
        let after = Self { from: Time(end * length), until: self.until };
        let rest = [after, before].into_iter().filter(|rest| rest.from < rest.until);
        (begin..end, rest.collect())
    }

    /// The moment with which it begins.
    pub fn from(self) -> Time {
        self.from
    }

    /// The moment before which it ends.
    pub fn until(self) -> Time {
        self.until
    }
}

impl Desk {
    /// Returns the figures of a period and of now, as far as the caller may see what they count.
    ///
    /// What it costs depends on how many hours and days the period has and how much there is to do
    /// now, not on how much is stored.
    ///
    /// # Errors
    /// [`Error::NoInbox`] when the caller sees no such inbox.
    pub async fn stats(&self, period: Period, about: &About, sees: &Sees) -> Result<Stats> {
        let inboxes = self.inboxes_seen(about.inbox, sees).await?;
        let sees = Sees { inboxes: Some(inboxes.keys().copied().collect()), user: None };
        let now = self.now(about.assignee.as_ref(), &sees).await?;
        let waiting = self.waiting(about.assignee.as_ref(), &sees).await?;
        let traffic = self.traffic(period, about.assignee.as_ref(), &sees).await?;
        let pace = self.pace(period, about.assignee.as_ref(), &sees).await?;
        let failures = self.failures(period, about.assignee.as_ref(), &sees).await?;
        let of_inbox = inboxes.into_iter().map(|(id, name)| {
            let sums = traffic.iter().filter(|row| row.inbox_id == id);
            let (received, sent) = sums.fold((0, 0), |(received, sent), row| {
                (received + row.received(), sent + row.sent())
            });
            let now = now.iter().filter(|row| row.inbox_id == id).collect();
            let pace = Pace::of(&pace.iter().filter(|row| row.inbox_id == id));
            InboxStats { inbox: name, now, received, sent, pace }
        });
        let mut of_inbox: Vec<_> = of_inbox.collect();
        of_inbox.sort_by(|a, b| (&a.inbox.name, a.inbox.id).cmp(&(&b.inbox.name, b.inbox.id)));
        Ok(Stats {
            now: now.iter().collect(),
            waiting,
            hours: traffic::hours(period, &traffic),
            pace: Pace::of(&pace.iter()),
            failures,
            inboxes: of_inbox,
        })
    }

    /// Returns the figures of everybody who looks after a conversation now or did something in the
    /// period, as far as the caller may see what they count.
    ///
    /// # Errors
    /// [`Error::NoInbox`] when the caller sees no such inbox.
    pub async fn agent_stats(
        &self,
        period: Period,
        inbox: Option<InboxId>,
        sees: &Sees,
    ) -> Result<BTreeMap<UserId, AgentStats>> {
        let inboxes = self.inboxes_seen(inbox, sees).await?;
        let sees = Sees { inboxes: Some(inboxes.into_keys().collect()), user: None };
        let mut agents = BTreeMap::<UserId, AgentStats>::new();
        for (user, row) in self.now_of_agents(&sees).await? {
            agents.entry(user).or_default().now.add(&row);
        }
        for (user, sent) in self.sent_by_agents(period, &sees).await? {
            agents.entry(user).or_default().sent += sent;
        }
        let mut reached = HashMap::<UserId, Vec<pace::Reached>>::new();
        for row in self.pace(period, None, &sees).await? {
            if let Some(user) = row.user_id.clone() {
                reached.entry(user).or_default().push(row);
            }
        }
        for (user, rows) in reached {
            agents.entry(user).or_default().pace = Pace::of(&rows.iter());
        }
        for user in self.users().await? {
            if let Some(agent) = agents.get_mut(&user.id) {
                agent.name = Some(user.name);
            }
        }
        Ok(agents)
    }

    /// Returns the inboxes that the caller may see, or the one that is meant.
    async fn inboxes_seen(
        &self,
        only: Option<InboxId>,
        sees: &Sees,
    ) -> Result<BTreeMap<InboxId, InboxName>> {
        let rows = inbox::Entity::of_tenant(&self.tenant).all(&self.desks.db.reader).await?;
        let seen = rows.iter().filter(|row| sees.inbox(row.id));
        let seen = seen.filter(|row| only.is_none_or(|only| row.id == only));
        let seen: BTreeMap<_, _> = seen.map(|row| (row.id, InboxName::from(row))).collect();
        match only {
            Some(only) if seen.is_empty() => Err(Error::NoInbox(only.to_string())),
            _ => Ok(seen),
        }
    }
}

impl Change {
    /// Notes what a conversation has reached, and by whom.
    pub(super) async fn reach(
        &self,
        row: &conversation::Model,
        by: Option<&UserId>,
        reached: Vec<(Kind, i64)>,
        at: Time,
    ) -> Result<()> {
        let rows: Vec<_> = milestones(row, by, reached, at).collect();
        let mut work = Work::default();
        for row in &rows {
            work.reached(row);
        }
        store(&self.txn, &rows).await?;
        Ok(work.store(&self.txn).await?)
    }

    /// Counts a message that was sent.
    pub(super) async fn count_sent(&self, row: &message::Model) -> Result<()> {
        let mut work = Work::default();
        work.message(row);
        Ok(work.store(&self.txn).await?)
    }
}

/// The rows that tell what a conversation has reached.
pub(super) fn milestones(
    row: &conversation::Model,
    by: Option<&UserId>,
    reached: Vec<(Kind, i64)>,
    at: Time,
) -> impl Iterator<Item = milestone::Model> {
    reached.into_iter().map(move |(kind, seconds)| milestone::Model {
        id: uuid::Uuid::now_v7(),
        tenant_id: row.tenant_id.clone(),
        conversation_id: row.id,
        inbox_id: row.inbox_id,
        user_id: by.cloned(),
        kind,
        seconds,
        happened_at: at,
    })
}

/// Writes milestones.
pub(super) async fn store(
    txn: &impl ConnectionTrait,
    rows: &[milestone::Model],
) -> Result<(), DbErr> {
    for some in rows.chunks(ROWS_PER_INSERT) {
        let some = some.iter().cloned().map(IntoActiveModel::into_active_model);
        milestone::Entity::insert_many(some).exec_without_returning(txn).await?;
    }
    Ok(())
}
