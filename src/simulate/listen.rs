//! A listener that can hang up in the middle of a request, which `axum::serve` has no word for.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// In place of an answer: the connection ends without one.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it hangs up, as it was told to")]
pub(super) struct HangUp;

impl IntoResponse for HangUp {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(self);
        response
    }
}

/// Serves until `stop`.
pub(super) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, most likely: some will be free again.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let served = serve_one(stream, router.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(served));
    }
}

async fn serve_one(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request: Request<Incoming>| {
        let answer = router.clone().oneshot(request.map(Body::new));
        async move {
            let Ok(response) = answer.await;
            match response.extensions().get::<HangUp>() {
                Some(hang_up) => Err(*hang_up),
                None => Ok(response),
            }
        }
    });
    // It ends with an error when it hangs up, or when the other side does: neither is news.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}
