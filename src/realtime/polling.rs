//! The log for clients that ask: the native reading, and the one that polling clients have known
//! for long.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::last_check;
use super::metrics::Counted;
use super::reader::{Reader, Reading, Told};
use super::receipts::Receipts;
use super::session::instant;
use super::signals::Signals;
use crate::api::ApiError;
use crate::auth::{Auth, Caller, Refusal};
use crate::desk::{self, Time};
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
    events: Vec<Entry>,
    seq: i64,
    has_more: bool,
}

#[derive(Serialize)]
struct Entry {
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
    reader: Reader,
    State(auth): State<Auth>,
    Extension(signals): Extension<Signals>,
    Extension(receipts): Extension<Receipts>,
    Extension(stop): Extension<CancellationToken>,
    from: Result<Query<From>, QueryRejection>,
) -> Result<Json<Page>, ApiError> {
    let Query(From { after, limit, wait }) = from?;
    if let Reader::Visitor(visitor) = &reader {
        signals.visitor_asks(&visitor.chat);
    }
    let limit = limit.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE);
    let mut reading = reader.follow(after).await?;
    let mut events = read(&mut reading, limit).await?;
    if let (true, Some(wait)) = (events.is_empty(), wait) {
        let _counted = Counted::new(&FIGURES.long_polls);
        // What is remembered of them may be older than what they are about to wait for.
        reading.let_see(&reader.again(&auth).await?);
        let until = Instant::now() + Duration::from_secs(wait.min(LONGEST_WAIT));
        let until = until.min(instant(reader.until()));
        // Of a server that stops, nothing is to be waited for.
        let next = stop.run_until_cancelled(timeout_at(until, reading.next())).await;
        if let Some(Ok(first)) = next {
            let first = first?;
            let is_last = first.is_decisive();
            events.push(first);
            if !is_last {
                events.extend(read(&mut reading, limit - 1).await?);
            }
        } else if reader.until() <= Time::now() {
            return Err(Refusal::Expired.into());
        }
    }
    for told in &events {
        receipts.note(&reader, told);
    }
    let (seq, has_more) = (reading.cursor(), reading.has_more());
    Ok(Json(Page { events: events.iter().map(Entry::from).collect(), seq, has_more }))
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

/// Reads what there is, up to what decides what the reader may see: what follows that, they may see
/// otherwise, and ask anew for.
async fn read(reading: &mut Reading, limit: usize) -> desk::Result<Vec<Told>> {
    let mut events = Vec::new();
    while events.len() < limit
        && let Some(told) = reading.try_next().await?
    {
        let is_last = told.is_decisive();
        events.push(told);
        if is_last {
            break;
        }
    }
    Ok(events)
}

impl std::convert::From<&Told> for Entry {
    fn from(told: &Told) -> Self {
        Self {
            seq: told.seq(),
            event: told.name(),
            data: told.payload().to_owned(),
            timestamp: told.happened_at().isoformat(),
        }
    }
}
