//! The websocket handshake: <https://www.rfc-editor.org/rfc/rfc6455#section-4.2>.

use axum::body::Body;
use axum::http::header::{
    CONNECTION, CONTENT_TYPE, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use tungstenite::handshake::derive_accept_key;

/// What the edge answers to an offer that it can take.
const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// A client's wish to speak websocket.
pub(super) struct Handshake {
    key: HeaderValue,
    /// Whether it offers permessage-deflate in a form that the edge can take.
    pub(super) offers_deflate: bool,
}

impl Handshake {
    /// Reads an upgrade; nothing if the request is none, or a wrong one.
    pub(super) fn read(request: &Request<Body>) -> Option<Self> {
        let headers = request.headers();
        let is_websocket = request.method() == Method::GET
            && lists(headers, &UPGRADE, "websocket")
            && lists(headers, &CONNECTION, "upgrade")
            && headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
        let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| is_websocket)?.clone();
        let offers = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter();
        let offers_deflate = offers
            .filter_map(|offers| offers.to_str().ok())
            .any(|offers| offers.split(',').any(can_take));
        Some(Self { key, offers_deflate })
    }

    /// The answer that ends HTTP on this connection.
    pub(super) fn answer(&self, with_deflate: bool) -> Response<Body> {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = answer.headers_mut();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        let accept = derive_accept_key(self.key.as_bytes());
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept.parse().expect("base64 is ASCII"));
        if with_deflate {
            headers.insert(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(AGREED));
        }
        answer
    }
}

/// Whether a request is for the websocket transport.
pub(super) fn is_wanted(query: &str) -> bool {
    query.split('&').any(|pair| pair == "transport=websocket")
}

/// The answer to a wrong upgrade, in the engine's words, and with the version that is spoken.
pub(super) fn refusal() -> Response<Body> {
    let mut answer = Response::new(Body::from(r#"{"code":3,"message":"Bad request"}"#));
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    answer
}

/// Whether a header holds a word in one of its lists.
fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|it| it.trim().eq_ignore_ascii_case(word))
}

/// Whether an offered extension is permessage-deflate with parameters that the edge can meet.
///
/// It resets its window after each message, and cannot make it smaller than the usual one. An offer
/// with a parameter that is unknown, repeated or wrong has to be declined.
/// <https://www.rfc-editor.org/rfc/rfc7692#section-7.1>
fn can_take(offer: &str) -> bool {
    let mut parts = offer.split(';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return false;
    }
    let mut seen = Vec::new();
    parts.all(|part| {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (part, None),
        };
        let is_new = !seen.contains(&name);
        seen.push(name);
        let bits = |value: &str| matches!(value.parse(), Ok(8..=15)) && !value.starts_with('0');
        is_new
            && match (name, value) {
                ("server_no_context_takeover" | "client_no_context_takeover", None) => true,
                ("client_max_window_bits", value) => value.is_none_or(bits),
                ("server_max_window_bits", Some("15")) => true,
                _ => false,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::can_take;

    #[test]
    fn what_browsers_offer_is_taken() {
        for offer in [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            " permessage-deflate;client_max_window_bits=15; server_no_context_takeover",
            "permessage-deflate; server_max_window_bits=15; client_no_context_takeover",
            "permessage-deflate; client_max_window_bits=\"10\"",
        ] {
            assert!(can_take(offer), "{offer}");
        }
    }

    #[test]
    fn what_cannot_be_met_or_is_wrong_is_declined() {
        for offer in [
            "",
            "x-webkit-deflate-frame",
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=016",
            "permessage-deflate; client_no_context_takeover=1",
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; tomorrow",
        ] {
            assert!(!can_take(offer), "{offer}");
        }
    }
}
