//! How often somebody may ask for something.

use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use metrics::Counter;

use super::ApiError;
use super::address::{ClientAddress, household};
use crate::auth::Caller;
use crate::config::{Limit, RateLimits};
use crate::desk::{ChatSessionId, InboxId, TenantId, UserId};
use crate::limit::Limiter;
use crate::telemetry::FIGURES;

/// What there are limits for, of each user and of each address.
#[derive(Clone, Debug)]
pub struct Budgets {
    /// Events of Socket.IO clients.
    pub events: Budget,
    /// Connections of Socket.IO clients.
    pub connections: Budget,
    /// Requests to the API.
    pub requests: Budget,
    /// Those of them that poll or stream.
    pub polls: Budget,
    /// What providers send.
    pub webhooks: Budget,
}

/// How often each user, and each address, may ask for things of one kind.
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

struct Inner {
    by_user: Option<Limiter<(TenantId, UserId)>>,
    by_address: Option<Limiter<IpAddr>>,
    refused: &'static Counter,
}

impl Budgets {
    /// As the settings say, with nothing spent yet.
    pub fn new(limits: &RateLimits) -> Self {
        let none = Limit::NONE;
        let RateLimits { limit_user_events, limit_address_events, .. } = *limits;
        let RateLimits { limit_user_requests, limit_address_requests, .. } = *limits;
        let RateLimits { limit_user_polls, limit_address_polls, .. } = *limits;
        let RateLimits { limit_address_connections, limit_address_webhooks, .. } = *limits;
        let new = Budget::new;
        Self {
            events: new(limit_user_events, limit_address_events, &FIGURES.refused_events),
            connections: new(none, limit_address_connections, &FIGURES.refused_connections),
            requests: new(limit_user_requests, limit_address_requests, &FIGURES.refused_requests),
            polls: new(limit_user_polls, limit_address_polls, &FIGURES.refused_polls),
            webhooks: new(none, limit_address_webhooks, &FIGURES.refused_webhooks),
        }
    }
}

impl Budget {
    fn new(user: Limit, address: Limit, refused: &'static Counter) -> Self {
        let (by_user, by_address) = (limiter(user), limiter(address));
        Self(Arc::new(Inner { by_user, by_address, refused }))
    }

    /// Counts one more of somebody who has shown who they are.
    ///
    /// # Errors
    /// How long to wait, if that is too much.
    pub fn spend(&self, caller: &Caller) -> Result<(), Duration> {
        let Some(limiter) = &self.0.by_user else { return Ok(()) };
        self.counted(limiter.check(&(caller.desk.tenant().clone(), caller.user.clone())))
    }

    /// Counts one more from an address, where that is known.
    ///
    /// # Errors
    /// How long to wait, if that is too much.
    pub fn spend_from(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        match (&self.0.by_address, address) {
            (Some(limiter), Some(address)) => self.counted(limiter.check(&household(address))),
            _ => Ok(()),
        }
    }

    fn counted(&self, checked: Result<(), Duration>) -> Result<(), Duration> {
        checked.inspect_err(|_| self.0.refused.increment(1))
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Budget").finish_non_exhaustive()
    }
}

/// How often visitors of sites may do something.
#[derive(Clone)]
pub struct ChatBudgets(Arc<ChatLimiters>);

struct ChatLimiters {
    begun_from: Option<Limiter<IpAddr>>,
    begun_at: Option<Limiter<InboxId>>,
    asked: Option<Limiter<ChatSessionId>>,
    said: Option<Limiter<ChatSessionId>>,
}

impl ChatBudgets {
    /// As the settings say, with nothing spent yet.
    pub fn new(limits: &RateLimits) -> Self {
        Self(Arc::new(ChatLimiters {
            begun_from: limiter(limits.limit_address_chats),
            begun_at: limiter(limits.limit_inbox_chats),
            asked: limiter(limits.limit_visitor_requests),
            said: limiter(limits.limit_visitor_messages),
        }))
    }

    /// Counts one more chat that begins.
    ///
    /// # Errors
    /// How long to wait, if that is too much of an address, or in an inbox.
    pub fn begin(&self, from: Option<IpAddr>, at: InboxId) -> Result<(), Duration> {
        let from = from.map(household);
        counted(
            check(self.0.begun_from.as_ref(), from)
                .and_then(|()| check(self.0.begun_at.as_ref(), Some(at))),
        )
    }

    /// Counts one more request, or event, of a visitor.
    ///
    /// # Errors
    /// How long to wait, if that is too much.
    pub fn ask(&self, visitor: ChatSessionId) -> Result<(), Duration> {
        counted(check(self.0.asked.as_ref(), Some(visitor)))
    }

    /// Counts one more message of a visitor.
    ///
    /// # Errors
    /// How long to wait, if that is too much.
    pub fn say(&self, visitor: ChatSessionId) -> Result<(), Duration> {
        counted(check(self.0.said.as_ref(), Some(visitor)))
    }
}

fn check<K: Hash + Eq + Clone>(
    limiter: Option<&Limiter<K>>,
    who: Option<K>,
) -> Result<(), Duration> {
    limiter.zip(who).map_or(Ok(()), |(limiter, who)| limiter.check(&who))
}

fn counted(checked: Result<(), Duration>) -> Result<(), Duration> {
    checked.inspect_err(|_| FIGURES.refused_visitors.increment(1))
}

impl fmt::Debug for ChatBudgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChatBudgets").finish_non_exhaustive()
    }
}

/// Counts a request from its address, and has it counted by its user where they show who they are.
pub async fn limit(
    State(budget): State<Budget>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let address = ClientAddress::of(request.extensions());
    budget.spend_from(address).map_err(ApiError::RateLimited)?;
    request.extensions_mut().insert(budget);
    Ok(next.run(request).await)
}

/// What keeps to a limit, if there is one.
pub fn limiter<K: Hash + Eq + Clone>(limit: Limit) -> Option<Limiter<K>> {
    limit.at_once_and_every().map(|(at_once, every)| Limiter::new(at_once, every))
}
