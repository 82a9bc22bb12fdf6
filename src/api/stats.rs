//! Figures for a dashboard.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Query};
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{self, About, InboxId, Period, Time, UserId};
use crate::wire::Inbox;

/// How long the period is if nobody says when it begins, in seconds.
const USUAL_PERIOD: i64 = 86_400;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(stats)).routes(routes!(agents))
}

/// What the figures are about.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    /// When the period begins, in ISO 8601; a day before its end if not given.
    from: Option<String>,
    /// Before when it ends, in ISO 8601: 31 days after it begins at most; now if not given.
    to: Option<String>,
    /// Only what takes place in that inbox.
    #[param(value_type = Option<uuid::Uuid>)]
    inbox_id: Option<InboxId>,
    /// Only conversations that this person looks after now, and times that they have reached.
    #[param(value_type = Option<String>)]
    assignee_id: Option<UserId>,
}

/// Which agents' figures.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
pub(super) struct AskedOfAgents {
    /// When the period begins, in ISO 8601; a day before its end if not given.
    from: Option<String>,
    /// Before when it ends, in ISO 8601: 31 days after it begins at most; now if not given.
    to: Option<String>,
    /// Only what takes place in that inbox.
    #[param(value_type = Option<uuid::Uuid>)]
    inbox_id: Option<InboxId>,
}

/// A dashboard's figures, of the inboxes that the caller may see.
#[derive(Serialize, ToSchema)]
pub(super) struct Stats {
    from: String,
    to: String,
    now: ToDo,
    waiting: Waiting,
    messages: MessageFigures,
    times: Times,
    /// What was not delivered of what was written in the period, the most frequent cause first.
    failures: Vec<Failures>,
    /// By name.
    inboxes: Vec<InboxFigures>,
}

/// How many conversations there are to do something about, now.
#[derive(Serialize, ToSchema)]
struct ToDo {
    open: u64,
    pending: u64,
    snoozed: u64,
    /// Of all these, nobody looks after.
    unassigned: u64,
    /// Of all these, hold something unread.
    unread: u64,
}

/// Customers who wait for an answer, now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    count: u64,
    /// Since when the first of them waits.
    oldest_since: Option<String>,
    /// For how many seconds half of them have waited at least.
    median_seconds: Option<i64>,
}

/// What was written in the period. Notes among agents do not count.
#[derive(Serialize, ToSchema)]
struct MessageFigures {
    received: u64,
    sent: u64,
    /// Every hour of the period, by UTC.
    hours: Vec<HourFigures>,
}

#[derive(Serialize, ToSchema)]
struct HourFigures {
    /// When it begins.
    at: String,
    received: u64,
    sent: u64,
}

/// How long things took in the period.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Times {
    /// The first answer since a conversation was opened or opened again.
    first_response: Took,
    /// Any answer to a customer who waited.
    response: Took,
    /// From opening a conversation to resolving it.
    resolution: Took,
}

/// How long something took each time, in seconds; null if it never happened.
#[derive(Serialize, ToSchema)]
struct Took {
    count: u64,
    average: Option<i64>,
    median: Option<i64>,
    p90: Option<i64>,
}

/// Messages that were not delivered for one cause.
#[derive(Serialize, ToSchema)]
struct Failures {
    /// The channel's own code, if it told one.
    code: Option<String>,
    count: u64,
}

/// An inbox' figures.
#[derive(Serialize, ToSchema)]
struct InboxFigures {
    inbox: Inbox,
    now: ToDo,
    received: u64,
    sent: u64,
    times: Times,
}

/// Everybody who looks after a conversation now or did something in the period.
#[expect(clippy::struct_field_names, reason = "they are the names on the wire")]
#[derive(Serialize, ToSchema)]
pub(super) struct Agents {
    from: String,
    to: String,
    agents: Vec<AgentFigures>,
}

/// A person's figures.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AgentFigures {
    #[schema(value_type = String)]
    user_id: UserId,
    name: Option<String>,
    /// The conversations that they look after.
    now: ToDo,
    /// The messages that they wrote.
    sent: u64,
    times: Times,
}

/// Figures of a period and of now.
#[utoipa::path(get, path = "/api/stats", tag = "stats", params(Asked),
    responses((status = 200, body = Stats), ApiError))]
pub(super) async fn stats(
    caller: Caller,
    Query(Asked { from, to, inbox_id: inbox, assignee_id: assignee }): Query<Asked>,
) -> Result<Json<Stats>, ApiError> {
    let now = Time::now();
    let period = period(from.as_deref(), to.as_deref(), now)?;
    let stats = caller.desk.stats(period, &About { inbox, assignee }, &caller.sees).await?;
    let median = stats.waiting.median;
    let sum = |each: fn(&desk::Hour) -> u64| stats.hours.iter().map(each).sum();
    Ok(Json(Stats {
        from: period.from().to_string(),
        to: period.until().to_string(),
        now: stats.now.into(),
        waiting: Waiting {
            count: stats.waiting.count,
            oldest_since: stats.waiting.oldest.map(|since| since.to_string()),
            median_seconds: median.map(|since| (now.seconds() - since.seconds()).max(0)),
        },
        messages: MessageFigures {
            received: sum(|hour| hour.received),
            sent: sum(|hour| hour.sent),
            hours: stats.hours.iter().map(HourFigures::from).collect(),
        },
        times: stats.pace.into(),
        failures: stats.failures.into_iter().map(Failures::from).collect(),
        inboxes: stats.inboxes.into_iter().map(InboxFigures::from).collect(),
    }))
}

/// Figures of each agent.
#[utoipa::path(get, path = "/api/stats/agents", tag = "stats", params(AskedOfAgents),
    responses((status = 200, body = Agents), ApiError))]
pub(super) async fn agents(
    caller: Caller,
    Query(AskedOfAgents { from, to, inbox_id }): Query<AskedOfAgents>,
) -> Result<Json<Agents>, ApiError> {
    let period = period(from.as_deref(), to.as_deref(), Time::now())?;
    let agents = caller.desk.agent_stats(period, inbox_id, &caller.sees).await?;
    let agents = agents.into_iter().map(|(user_id, agent)| AgentFigures {
        user_id,
        name: agent.name,
        now: agent.now.into(),
        sent: agent.sent,
        times: agent.pace.into(),
    });
    let (from, to) = (period.from().to_string(), period.until().to_string());
    Ok(Json(Agents { from, to, agents: agents.collect() }))
}

fn period(from: Option<&str>, to: Option<&str>, now: Time) -> Result<Period, ApiError> {
    let moment = |what: &str, text: Option<&str>| {
        let time = text.map(str::parse::<Time>).transpose();
        time.map_err(|_| desk::Error::Invalid(format!("{what} is no time in ISO 8601")))
    };
    let until = moment("to", to)?.unwrap_or(now);
    let from = moment("from", from)?.unwrap_or(until.plus_seconds(-USUAL_PERIOD));
    Ok(Period::new(from, until)?)
}

impl From<desk::Now> for ToDo {
    fn from(now: desk::Now) -> Self {
        let desk::Now { open, pending, snoozed, unassigned, unread } = now;
        Self { open, pending, snoozed, unassigned, unread }
    }
}

impl From<&desk::Hour> for HourFigures {
    fn from(hour: &desk::Hour) -> Self {
        Self { at: hour.at.to_string(), received: hour.received, sent: hour.sent }
    }
}

impl From<desk::Pace> for Times {
    fn from(pace: desk::Pace) -> Self {
        let took = |spread: desk::Spread| {
            let desk::Spread { count, average, median, p90 } = spread;
            Took { count, average, median, p90 }
        };
        Self {
            first_response: took(pace.first_response),
            response: took(pace.response),
            resolution: took(pace.resolution),
        }
    }
}

impl From<desk::Failures> for Failures {
    fn from(failures: desk::Failures) -> Self {
        Self { code: failures.code, count: failures.count }
    }
}

impl From<desk::InboxStats> for InboxFigures {
    fn from(stats: desk::InboxStats) -> Self {
        let desk::InboxStats { inbox, now, received, sent, pace } = stats;
        Self { inbox: inbox.into(), now: now.into(), received, sent, times: pace.into() }
    }
}
