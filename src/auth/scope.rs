//! What a program's token may do of what its person may.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Caller, Refusal};
use crate::desk::{Role, rank};

/// A part of what a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// See what the person sees: every GET, and the log on all its ways out.
    Read,
    /// Do what the person does: every other request, and what a socket asks for.
    Write,
    /// With one of the above: what needs the role of an admin or operator, and does not decide who may
    /// sign in.
    Admin,
}

impl Scope {
    /// The scope by its name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::Admin].into_iter().find(|scope| scope.name() == name)
    }

    /// What clients call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// What a request takes.
    pub fn of(method: &Method) -> Self {
        if *method == Method::GET || *method == Method::HEAD { Self::Read } else { Self::Write }
    }
}

impl Caller {
    /// Lets nobody on whose token does not reach so far. People may do all that their role allows.
    pub fn may(&self, scope: Scope) -> Result<(), Refusal> {
        let reaches = self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope));
        if reaches { Ok(()) } else { Err(Refusal::Scope(scope)) }
    }

    /// Lets nobody on whose role does not allow as much as `role` does.
    pub fn require(&self, role: Role) -> Result<(), Refusal> {
        if rank(self.role) < rank(role) {
            return Err(Refusal::Role);
        }
        if role == Role::Agent { Ok(()) } else { self.may(Scope::Admin) }
    }

    /// Lets no program on: what decides who may sign in is for people, since a token would else outlive
    /// its end as somebody whom it has let in.
    pub fn require_person(&self) -> Result<(), Refusal> {
        if self.scopes.is_none() { Ok(()) } else { Err(Refusal::Program) }
    }
}
