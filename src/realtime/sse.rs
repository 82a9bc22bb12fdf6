//! The log as server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, FromRef, FromRequestParts, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderName};
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Sse};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::last_check;
use super::metrics::Counted;
use super::reader::{Reader, Reading, Told};
use super::receipts::Receipts;
use super::session::instant;
use super::signals::Signals;
use crate::api::{ApiError, ChatBudgets, Proxies, admit, bearer};
use crate::auth::{Auth, Caller, Refusal};
use crate::desk::Error;
use crate::telemetry::FIGURES;

/// How often a comment keeps a quiet stream open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a client is to wait before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// A reader whose token may stand in the address: `EventSource` cannot set headers.
pub(super) struct StreamReader(Reader);

/// As [`StreamReader`], for agents only.
pub(super) struct StreamCaller(Caller);

/// Where to go on.
#[derive(Deserialize)]
pub(super) struct From {
    after: Option<i64>,
    last_check: Option<String>,
}

/// Those who are told what a stream's reader gets, and what ends it.
#[derive(Clone, FromRequestParts)]
pub(super) struct Around {
    #[from_request(via(Extension))]
    signals: Signals,
    #[from_request(via(Extension))]
    receipts: Receipts,
    #[from_request(via(Extension))]
    stop: CancellationToken,
}

/// How an event is written.
type Write = fn(&Told) -> Event;

/// `GET /api/events/stream`: events as they happen, from a cursor or from now on.
pub(super) async fn events(
    StreamReader(reader): StreamReader,
    State(auth): State<Auth>,
    around: Around,
    headers: HeaderMap,
    from: Result<Query<From>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(from) = from?;
    let after = last_event_id(&headers).or(from.after);
    follow((reader, auth), around, after, |told| {
        let event = Event::default().event(told.name());
        event.id(told.seq().to_string()).data(told.payload().get())
    })
    .await
}

/// `GET /api/chats/realtime-updates/`: the polling clients' updates as they happen.
pub(super) async fn updates(
    StreamCaller(caller): StreamCaller,
    State(auth): State<Auth>,
    around: Around,
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
    follow((Reader::from(caller), auth), around, after, |told| {
        let event = Event::default().id(told.seq().to_string());
        match told.polled() {
            Some(update) => event.data(update.get()),
            // Moves the cursor, and calls no handler.
            None => event.comment("nothing for this client"),
        }
    })
    .await
}

async fn follow(
    (reader, auth): (Reader, Auth),
    around: Around,
    after: Option<i64>,
    write: Write,
) -> Result<impl IntoResponse, ApiError> {
    let mut reading = reader.follow(after).await?;
    // Asked after the cursor is fixed, so that no change of what they may see falls in between.
    let reader = reader.again(&auth).await?;
    reading.let_see(&reader);
    let expiry = instant(reader.until());
    let events = stream(reading, expiry, Viewer::of(reader, auth, around), write);
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
    reader: Reader,
    auth: Auth,
    around: Around,
}

impl Viewer {
    fn of(reader: Reader, auth: Auth, around: Around) -> Self {
        if let Reader::Visitor(visitor) = &reader {
            around.signals.visitor_enters(&visitor.chat);
        }
        Self { reader, auth, around }
    }

    /// Whether they may see what they saw, now that this has happened.
    async fn stays(&self, told: &Told) -> bool {
        self.around.receipts.note(&self.reader, told);
        if !told.is_decisive() {
            return true;
        }
        let again = self.reader.again(&self.auth).await;
        again.is_ok_and(|again| again.is_as(&self.reader))
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        if let Reader::Visitor(visitor) = &self.reader {
            self.around.signals.visitor_leaves(&visitor.chat);
        }
    }
}

/// The events that a reading brings until `expiry`, or until its viewer may see something else: they
/// are to come back, if they may, as when the server stops. It is read as fast as the client reads.
fn stream(
    reading: Reading,
    expiry: Instant,
    viewer: Viewer,
    write: Write,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let counted = Counted::new(&FIGURES.streams);
    // Who is cut off before the first event hands back this number.
    let id = reading.cursor().to_string();
    let hello = Event::default().retry(RETRY).comment("connected").id(id);
    let first = stream::once(std::future::ready(Ok(hello)));
    let following = Some((reading, viewer, counted));
    let rest = stream::unfold(following, move |following| async move {
        let (mut reading, viewer, counted) = following?;
        let next = tokio::select! {
            () = viewer.around.stop.cancelled() => return None,
            () = sleep_until(expiry) => None,
            next = reading.next() => Some(next),
        };
        match next {
            Some(Ok(told)) => {
                let stays = viewer.stays(&told).await;
                Some((Ok(write(&told)), stays.then_some((reading, viewer, counted))))
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

impl<S: Send + Sync> FromRequestParts<S> for StreamReader
where
    Auth: FromRef<S>,
    Proxies: FromRef<S>,
    ChatBudgets: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let token = token(parts)?;
        Reader::admit(parts, state, &token).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for StreamCaller
where
    Auth: FromRef<S>,
    Proxies: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let token = token(parts)?;
        admit(parts, state, &token).await.map(Self)
    }
}

/// The token in a request's headers, else in its address.
fn token(parts: &Parts) -> Result<String, ApiError> {
    #[derive(Deserialize)]
    struct Token {
        token: Option<String>,
    }
    if parts.headers.contains_key(AUTHORIZATION) {
        return bearer(parts);
    }
    let Query(Token { token }) = Query::try_from_uri(&parts.uri)?;
    Ok(token.ok_or(Refusal::Missing)?)
}
