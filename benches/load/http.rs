//! HTTP requests, one after the other on one connection that is kept.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub(crate) struct Connection {
    requests: SendRequest<Full<Bytes>>,
    host: String,
    bearer: String,
}

impl Connection {
    /// Connects; `token` goes with every request.
    pub(crate) async fn open(to: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { requests, host: to.to_string(), bearer: format!("Bearer {token}") })
    }

    /// Asks, and returns the answer's body.
    ///
    /// # Errors
    /// When the answer is anything but 200.
    pub(crate) async fn get(&mut self, path: &str) -> anyhow::Result<Bytes> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Bytes) -> anyhow::Result<Bytes> {
        self.ask(Method::POST, path, body).await
    }

    async fn ask(&mut self, method: Method, path: &str, body: Bytes) -> anyhow::Result<Bytes> {
        let request = Request::builder().method(method).uri(path).header(HOST, &self.host);
        let request = request.header(AUTHORIZATION, &self.bearer);
        let request = request.header(CONTENT_TYPE, "application/json").body(Full::new(body))?;
        self.requests.ready().await?;
        let answer = self.requests.send_request(request).await.context("no answer")?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status == 200, "{path}: {status}");
        Ok(body)
    }
}
