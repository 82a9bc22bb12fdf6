//! What a client says when it connects, and where it says so.

use std::collections::HashMap;

use axum::extract::Query;
use axum::http::header::AUTHORIZATION;
use serde_json::Value;
use socketioxide::extract::SocketRef;

use super::recovery::Pid;

/// What a client says when it connects.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Hello {
    pub(super) token: Option<String>,
    /// The number of the last event it has seen.
    pub(super) after: Option<i64>,
    /// The connection that it had before, and the cursor at which that began.
    pub(super) pid: Option<(Pid, i64)>,
}

impl Hello {
    /// The number of the last event that the client has, by what it says of the connection that it had and of
    /// where its page began: the later of them, since it has everything up to either.
    pub(super) fn has_until(&self) -> Option<i64> {
        self.after.max(self.pid.as_ref().map(|(_, cursor)| *cursor))
    }

    /// Reads the handshake: its `auth`, whatever else a client puts there, else its headers and its
    /// address.
    pub(super) fn of(socket: &SocketRef, told: &Value) -> Self {
        let Self { token, after, pid } = Self::read(told);
        Self {
            token: token.or_else(|| bearer(socket)).or_else(|| parameter(socket, "token")),
            after: after.or_else(|| parameter(socket, "after")?.parse().ok()),
            pid,
        }
    }

    fn read(told: &Value) -> Self {
        let text = |key| told.get(key).and_then(Value::as_str);
        let number = |key| match told.get(key)? {
            Value::String(digits) => digits.parse().ok(),
            number => number.as_i64(),
        };
        let pid = text("pid").and_then(Pid::read);
        // The offset is where that connection was when it was cut.
        let pid = pid.map(|(pid, began)| (pid, number("offset").unwrap_or(began)));
        Self { token: text("token").map(str::to_owned), after: number("after"), pid }
    }
}

/// The token in the handshake's headers.
fn bearer(socket: &SocketRef) -> Option<String> {
    let header = socket.req_parts().headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim().to_owned())
}

/// A parameter of the handshake's address: clients 2.x have no other place for what they say.
fn parameter(socket: &SocketRef, name: &str) -> Option<String> {
    let uri = &socket.req_parts().uri;
    let Query(mut query) = Query::<HashMap<String, String>>::try_from_uri(uri).ok()?;
    query.remove(name)
}
