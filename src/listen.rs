//! Connections in: accepting them, and how long each may take to say what it wants.
//!
//! HTTP/1.1 alone, as before: browsers speak HTTP/2 over TLS only, which ends at the proxy in front.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::middleware::AddExtension;
use axum::{Extension, Router};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Layer as _;

/// The largest head of a request, in bytes: a token in the address or a header, and room to spare.
const LARGEST_HEAD: usize = 32 * 1024;

/// How long to wait when no connection can be accepted, which is mostly for want of descriptors.
const BREATH: Duration = Duration::from_secs(1);

/// How connections are treated.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long the head of a request may take to come, counted from when it is waited for.
    pub head: Duration,
    /// How long a client may acknowledge nothing that it was sent.
    pub unread: Duration,
}

/// Serves `router` until `until` comes true; then accepts nobody any more, cancels `stop`, and returns
/// once all requests that had come are answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    patience: Patience,
    until: impl Future<Output = ()>,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head).max_header_size(LARGEST_HEAD);
    let accepting = async {
        loop {
            let (stream, from) = accept(&listener).await;
            // Without a delay for small packets; and given up when a client has acknowledged nothing
            // for so long, which frees those that keep a connection but do not read.
            let _ = stream.set_nodelay(true);
            let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(patience.unread));
            let router = Extension(ConnectInfo(from)).layer(router.clone());
            connections.spawn(converse(http.clone(), stream, router, stop.clone()));
        }
    };
    tokio::select! {
        () = accepting => {}
        () = until => {}
    }
    drop(listener);
    stop.cancel();
    connections.close();
    connections.wait().await;
}

/// Answers a client's requests until either side ends that, or until the stream is a websocket.
async fn converse(
    http: Builder,
    stream: TcpStream,
    router: AddExtension<Router, ConnectInfo<SocketAddr>>,
    stop: CancellationToken,
) {
    // The stream itself, in nothing but hyper's adapter: the edge takes it back out of an upgrade by
    // this very type.
    let stream: TokioIo<TcpStream> = TokioIo::new(stream);
    let connection = http.serve_connection(stream, TowerToHyperService::new(router));
    let mut connection = pin!(connection.with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection has ended");
    }
}

/// Returns the next connection and where it comes from, however many cannot be accepted before it.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if has_left(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted at the moment");
                sleep(BREATH).await;
            }
        }
    }
}

/// Whether `error` says only that a client was gone before it was accepted.
fn has_left(error: &Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
