//! What a request is called: in what is logged of it, in its answer, and by the proxy in front.

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderName;
use axum::middleware::{Next, from_fn, map_request};
use axum::response::Response;
use tower_http::request_id::{
    MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};
use tower_http::trace::TraceLayer;
use tracing::{Instrument as _, Span};

/// By what a request is told how it is called, and who has asked how it was.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest name that is taken over, in bytes.
const LONGEST: usize = 128;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// Names every request to `router`, as its header says if that is a name, and has it stand beside all
/// that is logged meanwhile, and in the answer.
pub fn named(router: Router) -> Router {
    router
        .layer(from_fn(remembered))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(map_request(believed))
}

/// What the request is called for which this is done.
pub fn current() -> Option<String> {
    CURRENT.try_with(|id| id.header_value().to_str().ok().map(str::to_owned)).ok().flatten()
}

/// Has what is done in a task of its own bear the name of the request for which it is done.
pub fn in_its_name<Work: Future>(work: Work) -> impl Future<Output = Work::Output> {
    let id = CURRENT.try_with(Clone::clone).ok();
    let span = Span::current();
    async move {
        match id {
            Some(id) => CURRENT.scope(id, work).await,
            None => work.await,
        }
    }
    .instrument(span)
}

/// Lets only one name pass, and only what can stand in a log.
async fn believed(mut request: Request) -> Request {
    let mut told = request.headers().get_all(REQUEST_ID).iter();
    let is_name = match (told.next(), told.next()) {
        (Some(only), None) => is_name(only.as_bytes()),
        _ => false,
    };
    if !is_name {
        request.headers_mut().remove(REQUEST_ID);
    }
    request
}

fn is_name(told: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:=+/".contains(byte);
    (1..=LONGEST).contains(&told.len()) && told.iter().all(is_plain)
}

async fn remembered(request: Request, next: Next) -> Response {
    match request.extensions().get::<RequestId>().cloned() {
        Some(id) => CURRENT.scope(id, next.run(request)).await,
        None => next.run(request).await,
    }
}

/// A request's span, whatever is logged: without its query, which may hold a token.
fn span<B>(request: &axum::http::Request<B>) -> Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let path = shown(request.uri().path());
    tracing::error_span!("http", request.id = id, method = %request.method(), path)
}

/// A path without what follows a webhook's channel, which may be a secret.
fn shown(path: &str) -> &str {
    let Some(rest) = path.strip_prefix("/webhooks/") else { return path };
    let channel = rest.find('/').unwrap_or(rest.len());
    &path[..path.len() - rest.len() + channel]
}

#[cfg(test)]
mod tests {
    use super::{is_name, shown};

    #[test]
    fn names_are_short_and_plain() {
        let long = "x".repeat(128);
        for name in ["1", "018f-a_b.c", "Root=1-67891233-abcdef:9/8+7", &long] {
            assert!(is_name(name.as_bytes()), "{name}");
        }
        for other in ["", " ", "a b", "a\"b", "a\nb", "é", "a{b}", "<b>", &format!("{long}x")] {
            assert!(!is_name(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_path_shows_no_secret() {
        for (path, told) in [
            ("/webhooks/chatwoot/cw_secret", "/webhooks/chatwoot"),
            ("/webhooks/chatwoot/cw_secret/more", "/webhooks/chatwoot"),
            ("/webhooks/whatsapp", "/webhooks/whatsapp"),
            ("/api/conversations/1", "/api/conversations/1"),
            ("/", "/"),
        ] {
            assert_eq!(shown(path), told);
        }
    }
}
