//! The log as server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRef, FromRequestParts, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderName};
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Sse};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use super::last_check;
use super::metrics::Counted;
use super::session::instant;
use crate::api::{ApiError, Proxies, admit};
use crate::auth::{Auth, Caller, Refusal};
use crate::desk::{Error, Event as Happened, Feed, Logged};
use crate::telemetry::FIGURES;
use crate::wire;

/// How often a comment keeps a quiet stream open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a client is to wait before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// A caller whose token may stand in the address: `EventSource` cannot set headers.
pub(super) struct StreamCaller(Caller);

/// Where to go on.
#[derive(Deserialize)]
pub(super) struct From {
    after: Option<i64>,
    last_check: Option<String>,
}

/// How an event is written.
type Write = fn(&Logged) -> Event;

/// `GET /api/events/stream`: events as they happen, from a cursor or from now on.
pub(super) async fn events(
    StreamCaller(caller): StreamCaller,
    State(auth): State<Auth>,
    headers: HeaderMap,
    from: Result<Query<From>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(from) = from?;
    let after = last_event_id(&headers).or(from.after);
    follow(caller, auth, after, |logged| {
        let event = Event::default().event(wire::live_name(&logged.event));
        event.id(logged.seq.to_string()).data(wire::live(logged).get())
    })
    .await
}

/// `GET /api/chats/realtime-updates/`: the polling clients' updates as they happen.
pub(super) async fn updates(
    StreamCaller(caller): StreamCaller,
    State(auth): State<Auth>,
    headers: HeaderMap,
    from: Result<Query<From>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(from) = from?;
    let since = last_check::read(&from.last_check.unwrap_or_default()).map_err(ApiError::NoTime)?;
    let after = match (last_event_id(&headers).or(from.after), since) {
        (Some(after), _) => Some(after),
        (None, Some(since)) => Some(caller.desk.seq_at(since).await?),
        (None, None) => None,
    };
    follow(caller, auth, after, |logged| {
        let event = Event::default().id(logged.seq.to_string());
        match wire::polled(logged) {
            Some(update) => event.data(update.get()),
            // Moves the cursor, and calls no handler.
            None => event.comment("nothing for this client"),
        }
    })
    .await
}

async fn follow(
    caller: Caller,
    auth: Auth,
    after: Option<i64>,
    write: Write,
) -> Result<impl IntoResponse, ApiError> {
    let mut feed = caller.desk.follow(after, caller.sees.clone()).await?;
    feed.check().await?;
    // Asked after the cursor is fixed, so that no change of what they may see falls in between.
    let caller = auth.again(&caller).await?;
    feed.let_see(caller.sees.clone());
    let expiry = instant(caller.until);
    let events = stream(feed, expiry, Viewer { caller, auth }, write);
    // A proxy that gathers what it passes on would turn a stream into a wait.
    let headers = [
        (HeaderName::from_static("x-accel-buffering"), "no"),
        (CACHE_CONTROL, "no-cache, no-transform"),
    ];
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive");
    Ok((headers, Sse::new(events).keep_alive(keep_alive)))
}

/// Who looks at a stream.
struct Viewer {
    caller: Caller,
    auth: Auth,
}

impl Viewer {
    /// Whether they may see what they saw, now that this has happened.
    async fn stays(&self, logged: &Logged) -> bool {
        let Happened::AccessChanged { .. } = logged.event else { return true };
        let again = self.auth.again(&self.caller).await;
        again.is_ok_and(|again| again.sees == self.caller.sees)
    }
}

/// The events that a feed brings until `expiry`, or until its viewer may see something else: they
/// are to come back, if they may. It is read as fast as the client reads.
fn stream(
    feed: Feed,
    expiry: Instant,
    viewer: Viewer,
    write: Write,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let counted = Counted::new(&FIGURES.streams);
    let hello = Event::default().retry(RETRY).comment("connected");
    let first = stream::once(std::future::ready(Ok(hello)));
    let following = Some((feed, viewer, counted));
    let rest = stream::unfold(following, move |following| async move {
        let (mut feed, viewer, counted) = following?;
        let next = tokio::select! {
            () = sleep_until(expiry) => None,
            next = feed.next() => Some(next),
        };
        match next {
            Some(Ok(logged)) => {
                let stays = viewer.stays(&logged).await;
                Some((Ok(write(&logged)), stays.then_some((feed, viewer, counted))))
            }
            Some(Err(error)) => Some((Ok(last(&error)), None)),
            None => Some((Ok(Event::default().event("auth:expired").data("{}")), None)),
        }
    });
    futures_util::StreamExt::chain(first, rest)
}

/// What is told before a stream ends because it cannot go on.
fn last(error: &Error) -> Event {
    if let Error::Forgotten { .. } = error {
        return Event::default().event("resync_required").data("{}");
    }
    tracing::error!(%error, "a stream cannot go on");
    Event::default().comment("the stream cannot go on")
}

fn last_event_id(headers: &HeaderMap) -> Option<i64> {
    headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()
}

impl<S: Send + Sync> FromRequestParts<S> for StreamCaller
where
    Auth: FromRef<S>,
    Proxies: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        #[derive(Deserialize)]
        struct Token {
            token: Option<String>,
        }
        if parts.headers.contains_key(AUTHORIZATION) {
            return Caller::from_request_parts(parts, state).await.map(Self);
        }
        let Query(Token { token }) = Query::try_from_uri(&parts.uri)?;
        let token = token.ok_or(Refusal::Missing)?;
        admit(parts, state, &token).await.map(Self)
    }
}
