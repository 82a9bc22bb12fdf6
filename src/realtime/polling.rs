//! The log for clients that ask: the native reading, and the one that polling clients have known
//! for long.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::last_check;
use super::metrics::Counted;
use crate::api::ApiError;
use crate::auth::{Auth, Caller};
use crate::desk::{self, Event, Feed, Logged};
use crate::telemetry::FIGURES;
use crate::wire;

/// The most events that one request is answered with, and the usual number.
const LARGEST_PAGE: usize = 1_000;
const USUAL_PAGE: usize = 200;

/// The longest time, in seconds, for which a request is held until something happens.
const LONGEST_WAIT: u64 = 60;

/// Where to go on, and how.
#[derive(Deserialize)]
pub(super) struct From {
    after: Option<i64>,
    limit: Option<usize>,
    wait: Option<u64>,
}

/// Page, and the cursor to go on from.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    events: Vec<Told>,
    seq: i64,
    has_more: bool,
}

#[derive(Serialize)]
struct Told {
    seq: i64,
    event: &'static str,
    data: Box<RawValue>,
    timestamp: String,
}

/// What a polling client has seen.
#[derive(Deserialize)]
pub(super) struct LastCheck {
    last_check: Option<String>,
}

/// The polling clients' answer.
#[derive(Serialize)]
pub(super) struct Answer {
    timestamp: String,
    updates: Vec<Box<RawValue>>,
    has_updates: bool,
    has_more: bool,
}

/// `GET /api/events`: what followed an event; with `wait`, as soon as something does.
pub(super) async fn events(
    caller: Caller,
    State(auth): State<Auth>,
    from: Result<Query<From>, QueryRejection>,
) -> Result<Json<Page>, ApiError> {
    let Query(From { after, limit, wait }) = from?;
    let limit = limit.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE);
    let mut feed = caller.desk.follow(after, caller.sees.clone()).await?;
    feed.check().await?;
    let mut events = read(&mut feed, limit).await?;
    if let (true, Some(wait)) = (events.is_empty(), wait) {
        let _counted = Counted::new(&FIGURES.long_polls);
        // What is remembered of them may be older than what they are about to wait for.
        feed.let_see(auth.again(&caller).await?.sees);
        let until = Instant::now() + Duration::from_secs(wait.min(LONGEST_WAIT));
        if let Ok(first) = timeout_at(until, feed.next()).await {
            let first = first?;
            events.push(told(&first));
            if !is_last(&first) {
                events.extend(read(&mut feed, limit - 1).await?);
            }
        }
    }
    let has_more = feed.cursor() < feed.head();
    Ok(Json(Page { events, seq: feed.cursor(), has_more }))
}

/// `GET /api/chats/check-updates/`: what happened after the last check; from now on without one.
pub(super) async fn check_updates(
    caller: Caller,
    query: Result<Query<LastCheck>, QueryRejection>,
) -> Result<Json<Answer>, ApiError> {
    let Query(LastCheck { last_check }) = query?;
    let since = last_check::read(&last_check.unwrap_or_default()).map_err(ApiError::NoTime)?;
    let found = caller.desk.updates(since, LARGEST_PAGE, &caller.sees).await?;
    let updates: Vec<_> = found
        .events
        .iter()
        .filter_map(|logged| wire::polled(logged))
        .map(ToOwned::to_owned)
        .collect();
    Ok(Json(Answer {
        timestamp: found.until.isoformat(),
        has_updates: !updates.is_empty(),
        has_more: found.has_more,
        updates,
    }))
}

async fn read(feed: &mut Feed, limit: usize) -> desk::Result<Vec<Told>> {
    let mut events = Vec::new();
    while events.len() < limit
        && let Some(logged) = feed.try_next().await?
    {
        events.push(told(&logged));
        if is_last(&logged) {
            break;
        }
    }
    Ok(events)
}

/// Whether an answer ends with this event: what follows, they may see otherwise, and ask anew for.
fn is_last(logged: &Logged) -> bool {
    matches!(logged.event, Event::AccessChanged { .. })
}

fn told(logged: &Logged) -> Told {
    Told {
        seq: logged.seq,
        event: wire::live_name(&logged.event),
        data: wire::live(logged).to_owned(),
        timestamp: logged.happened_at.isoformat(),
    }
}
