//! Who reads the log, and in what form: the one thing in which agents and visitors differ, whatever
//! the transport.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::outlet::Packet;
use crate::api::{ApiError, ChatBudgets, Proxies, admit, admit_visitor, bearer};
use crate::auth::{Auth, Caller, Refusal, Visitor, role_name};
use crate::desk::{self, ChatFeed, Error, Event, Feed, Glimpse, Logged, Seen, Time};
use crate::wire;

/// Somebody who reads a log.
#[derive(Clone, Debug)]
pub(super) enum Reader {
    /// An agent, or a program of theirs.
    Agent(Arc<Caller>),
    /// A visitor of a site, who sees their own chat and nothing else.
    Visitor(Arc<Visitor>),
}

/// A reader's way through the log.
#[derive(Debug)]
pub(super) enum Reading {
    /// As agents see it.
    Agent(Feed),
    /// As a visitor does.
    Visitor(Box<ChatFeed>, Arc<Visitor>),
}

/// An event, as its reader is told of it.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// Written once for all agents.
    Agent(Arc<Logged>),
    /// Written for one visitor.
    Visitor(Seen, Box<RawValue>),
}

impl From<Caller> for Reader {
    fn from(caller: Caller) -> Self {
        Self::Agent(Arc::new(caller))
    }
}

impl From<Visitor> for Reader {
    fn from(visitor: Visitor) -> Self {
        Self::Visitor(Arc::new(visitor))
    }
}

impl Reader {
    /// Lets in whoever holds this token, of whichever kind.
    pub(super) async fn let_in(auth: &Auth, token: &str) -> Result<Self, Refusal> {
        if Visitor::claims(token) {
            return auth.visitor(token).await.map(Self::from);
        }
        auth.caller(token).await.map(Self::from)
    }

    /// As [`Self::let_in`], for a request, if it does not ask too often.
    pub(super) async fn admit<S>(
        parts: &mut Parts,
        state: &S,
        token: &str,
    ) -> Result<Self, ApiError>
    where
        Auth: FromRef<S>,
        Proxies: FromRef<S>,
        ChatBudgets: FromRef<S>,
    {
        if Visitor::claims(token) {
            return admit_visitor(parts, state, token).await.map(Self::from);
        }
        admit(parts, state, token).await.map(Self::from)
    }

    /// Asks anew, whatever is remembered; the reader as they are now.
    pub(super) async fn again(&self, auth: &Auth) -> Result<Self, Refusal> {
        match self {
            Self::Agent(caller) => auth.again(caller).await.map(Self::from),
            Self::Visitor(visitor) => auth.visitor_again(visitor).await.map(Self::from),
        }
    }

    /// Whether they may see and do what `other` may, who is them at another time.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Agent(one), Self::Agent(other)) => {
                one.sees == other.sees && one.role == other.role
            }
            (Self::Visitor(_), Self::Visitor(_)) => true,
            (Self::Agent(_), Self::Visitor(_)) | (Self::Visitor(_), Self::Agent(_)) => false,
        }
    }

    /// Follows the log from just after an event, or from now on.
    ///
    /// # Errors
    /// [`Error::Forgotten`] if it does not keep what follows.
    pub(super) async fn follow(&self, after: Option<i64>) -> desk::Result<Reading> {
        let mut reading = match self {
            Self::Agent(caller) => {
                Reading::Agent(caller.desk.follow(after, caller.sees.clone()).await?)
            }
            Self::Visitor(visitor) => {
                let feed = visitor.chat.follow(after).await?;
                Reading::Visitor(Box::new(feed), visitor.clone())
            }
        };
        reading.check().await?;
        Ok(reading)
    }

    /// When they have to show anew who they are.
    pub(super) fn until(&self) -> Time {
        match self {
            Self::Agent(caller) => caller.until,
            Self::Visitor(visitor) => visitor.chat.until(),
        }
    }

    /// What they are told of who they are.
    pub(super) fn introduced(&self) -> Value {
        match self {
            Self::Agent(caller) => {
                let Caller { user, name, role, .. } = &**caller;
                json!({ "id": user, "name": name, "role": role_name(*role) })
            }
            Self::Visitor(visitor) => {
                let chat = &visitor.chat;
                json!({ "id": chat.id(), "name": chat.name(), "role": "visitor" })
            }
        }
    }

    /// What they are called in logs and lists of connections.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Agent(caller) => caller.user.0.clone(),
            Self::Visitor(visitor) => format!("visitor:{}", visitor.chat.id()),
        }
    }

    /// Whose log it is.
    pub(super) fn tenant(&self) -> &desk::TenantId {
        match self {
            Self::Agent(caller) => caller.desk.tenant(),
            Self::Visitor(visitor) => visitor.chat.tenant(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Reader
where
    Auth: FromRef<S>,
    Proxies: FromRef<S>,
    ChatBudgets: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let token = bearer(parts)?;
        Self::admit(parts, state, &token).await
    }
}

impl Reading {
    /// The number of the last event that was returned or passed over, as its reader knows numbers.
    pub(super) fn cursor(&self) -> i64 {
        match self {
            Self::Agent(feed) => feed.cursor(),
            Self::Visitor(feed, _) => feed.cursor(),
        }
    }

    /// How far the log has got, as far as its reader is told.
    pub(super) fn head(&self) -> i64 {
        match self {
            Self::Agent(feed) => feed.head(),
            // What happens to others is none of theirs.
            Self::Visitor(feed, _) => feed.cursor(),
        }
    }

    /// The number of the newest event, were it for others.
    pub(super) fn newest(&self) -> i64 {
        match self {
            Self::Agent(feed) => feed.head(),
            Self::Visitor(feed, _) => feed.newest(),
        }
    }

    /// Whether there is more already.
    pub(super) fn has_more(&self) -> bool {
        match self {
            Self::Agent(feed) => feed.cursor() < feed.head(),
            Self::Visitor(feed, _) => feed.has_more(),
        }
    }

    /// Goes on from just after the event numbered `cursor`; says whether the log keeps what followed.
    /// If not, it goes on from now.
    pub(super) async fn seek(&mut self, cursor: i64) -> desk::Result<bool> {
        let found = match self {
            Self::Agent(feed) => {
                feed.seek(cursor);
                feed.check().await
            }
            Self::Visitor(feed, _) => feed.seek(cursor).await,
        };
        match found {
            Ok(()) => Ok(true),
            Err(Error::Forgotten { .. }) => self.seek_end().await.map(|()| false),
            Err(error) => Err(error),
        }
    }

    /// Goes on from now.
    pub(super) async fn seek_end(&mut self) -> desk::Result<()> {
        match self {
            Self::Agent(feed) => feed.seek(feed.head()),
            Self::Visitor(feed, visitor) => **feed = visitor.chat.follow(None).await?,
        }
        Ok(())
    }

    /// Goes on as their reader may see now.
    pub(super) fn let_see(&mut self, reader: &Reader) {
        if let (Self::Agent(feed), Reader::Agent(caller)) = (self, reader) {
            feed.let_see(caller.sees.clone());
        }
    }

    /// Returns the next event, waiting for it if need be.
    ///
    /// # Errors
    /// [`Error::Forgotten`] when the log no longer keeps what follows the cursor.
    pub(super) async fn next(&mut self) -> desk::Result<Told> {
        match self {
            Self::Agent(feed) => feed.next().await.map(Told::Agent),
            // What a visitor's feed asks is large, and agents hold no room for it.
            Self::Visitor(feed, visitor) => Ok(Told::to(visitor, Box::pin(feed.next()).await?)),
        }
    }

    /// Returns the next event if there is one already.
    pub(super) async fn try_next(&mut self) -> desk::Result<Option<Told>> {
        match self {
            Self::Agent(feed) => Ok(feed.try_next().await?.map(Told::Agent)),
            Self::Visitor(feed, visitor) => {
                Ok(Box::pin(feed.try_next()).await?.map(|seen| Told::to(visitor, seen)))
            }
        }
    }

    /// Returns the next event if it is in memory already; others may be there all the same.
    pub(super) fn at_hand(&mut self) -> Option<Told> {
        match self {
            Self::Agent(feed) => feed.at_hand().map(Told::Agent),
            Self::Visitor(..) => None,
        }
    }

    async fn check(&mut self) -> desk::Result<()> {
        match self {
            Self::Agent(feed) => feed.check().await,
            Self::Visitor(feed, _) => feed.check().await,
        }
    }
}

impl Told {
    fn to(visitor: &Visitor, seen: Seen) -> Self {
        let whose = (visitor.chat.id(), visitor.chat.conversation());
        let payload = wire::visitor::live(&seen, whose);
        Self::Visitor(seen, payload)
    }

    /// The name under which it is announced.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Agent(logged) => wire::live_name(&logged.event),
            Self::Visitor(seen, _) => wire::visitor::live_name(seen),
        }
    }

    /// It as Socket.IO carries it.
    pub(super) fn packet(&self) -> Packet {
        match self {
            Self::Agent(logged) => Packet::Event(Arc::clone(logged)),
            Self::Visitor(seen, payload) => {
                Packet::Said(wire::packed(self.name(), payload, seen.seq))
            }
        }
    }

    /// What it says.
    pub(super) fn payload(&self) -> &RawValue {
        match self {
            Self::Agent(logged) => wire::live(logged),
            Self::Visitor(_, payload) => payload,
        }
    }

    /// What the polling clients know of it, if its reader is one of them.
    pub(super) fn polled(&self) -> Option<&RawValue> {
        match self {
            Self::Agent(logged) => wire::polled(logged),
            Self::Visitor(..) => None,
        }
    }

    /// Its number, as its reader knows numbers.
    pub(super) fn seq(&self) -> i64 {
        match self {
            Self::Agent(logged) => logged.seq,
            Self::Visitor(seen, _) => seen.seq,
        }
    }

    /// When it happened.
    pub(super) fn happened_at(&self) -> Time {
        match self {
            Self::Agent(logged) => logged.happened_at,
            Self::Visitor(seen, _) => seen.happened_at,
        }
    }

    /// When the webhook arrived that tells of it, where that was at this node, in this run.
    pub(super) fn arrived(&self) -> Option<Instant> {
        match self {
            Self::Agent(logged) => logged.arrived,
            Self::Visitor(..) => None,
        }
    }

    /// Whether it decides what its reader may see from here on: who serves them asks anew.
    pub(super) fn is_decisive(&self) -> bool {
        match self {
            Self::Agent(logged) => matches!(logged.event, Event::AccessChanged { .. }),
            Self::Visitor(seen, _) => seen.glimpse == Glimpse::ShutOut,
        }
    }
}
