//! A Graph API whose files are as a test wants them: the simulator's are all in order.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

/// The Graph API.
#[derive(Clone)]
pub(crate) struct Library {
    pub(crate) url: String,
    inside: Arc<Inside>,
}

#[derive(Default)]
struct Inside {
    url: Mutex<String>,
    files: Mutex<HashMap<String, Shown>>,
    downloads: Mutex<HashMap<String, usize>>,
}

/// How a file is given.
#[derive(Clone)]
enum Shown {
    /// As it is, after so many failures.
    After(usize, Bytes),
    /// As it is, of unknown length.
    Unmeasured(Bytes),
    /// Half of it, and then nothing.
    Half(Bytes),
    /// By an address elsewhere.
    At(String),
    /// By a redirect to elsewhere.
    Redirect(String),
}

impl Library {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::new(Inside::default());
        inside.url.lock().unwrap().clone_from(&url);
        let router = Router::new()
            .route("/v25.0/{id}", get(look_up))
            .route("/files/{id}", get(download))
            .with_state(Arc::clone(&inside));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { url: format!("{url}/v25.0"), inside }
    }

    pub(crate) fn holds(&self, id: &str, bytes: &[u8]) {
        self.fails_before(id, 0, bytes);
    }

    /// Downloads of it fail so many times.
    pub(crate) fn fails_before(&self, id: &str, failures: usize, bytes: &[u8]) {
        self.put(id, Shown::After(failures, Bytes::copy_from_slice(bytes)));
    }

    /// Nobody says how large it is.
    pub(crate) fn holds_unmeasured(&self, id: &str, bytes: &[u8]) {
        self.put(id, Shown::Unmeasured(Bytes::copy_from_slice(bytes)));
    }

    /// Downloads of it stop half way, and never end.
    pub(crate) fn hangs(&self, id: &str, bytes: &[u8]) {
        self.put(id, Shown::Half(Bytes::copy_from_slice(bytes)));
    }

    /// Says that it is at some address.
    pub(crate) fn sends_to(&self, id: &str, url: &str) {
        self.put(id, Shown::At(url.to_owned()));
    }

    /// Sends whoever downloads it to some address.
    pub(crate) fn redirects_to(&self, id: &str, url: &str) {
        self.put(id, Shown::Redirect(url.to_owned()));
    }

    /// How often downloads of a file have begun.
    pub(crate) fn downloads(&self, id: &str) -> usize {
        self.inside.downloads.lock().unwrap().get(id).copied().unwrap_or_default()
    }

    fn put(&self, id: &str, shown: Shown) {
        self.inside.files.lock().unwrap().insert(id.to_owned(), shown);
    }
}

async fn look_up(
    State(inside): State<Arc<Inside>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    assert_eq!(headers["authorization"], "Bearer token");
    let shown = inside.files.lock().unwrap().get(&id).cloned().ok_or(StatusCode::NOT_FOUND)?;
    let here = format!("{}/files/{id}", inside.url.lock().unwrap());
    let told = match shown {
        Shown::After(_, bytes) | Shown::Half(bytes) => {
            json!({ "url": here, "file_size": bytes.len() })
        }
        Shown::Unmeasured(_) | Shown::Redirect(_) => json!({ "url": here }),
        Shown::At(url) => json!({ "url": url }),
    };
    Ok(Json(told))
}

async fn download(State(inside): State<Arc<Inside>>, Path(id): Path<String>) -> Response {
    let before = {
        let mut downloads = inside.downloads.lock().unwrap();
        let count = downloads.entry(id.clone()).or_default();
        *count += 1;
        *count - 1
    };
    let shown = inside.files.lock().unwrap()[&id].clone();
    let endless = |pieces: Vec<Bytes>| {
        stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)).chain(stream::pending())
    };
    match shown {
        Shown::After(failures, _) if before < failures => StatusCode::NOT_FOUND.into_response(),
        Shown::After(_, bytes) => bytes.into_response(),
        Shown::Unmeasured(bytes) => {
            let pieces: Vec<_> = bytes.chunks(512).map(Bytes::copy_from_slice).collect();
            Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)))
                .into_response()
        }
        Shown::Half(bytes) => {
            Body::from_stream(endless(vec![bytes.slice(..bytes.len() / 2)])).into_response()
        }
        Shown::At(_) => StatusCode::NOT_FOUND.into_response(),
        Shown::Redirect(url) => (StatusCode::FOUND, [(LOCATION, url)]).into_response(),
    }
}

/// A picture's head, 3 by 2 pixels, and `rest` after it.
pub(crate) fn picture(rest: &str) -> Vec<u8> {
    let head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x03\0\0\0\x02\x08\x02\0\0\0";
    [&head[..], rest.as_bytes()].concat()
}

/// A checksum as webhooks write it.
pub(crate) fn base64_of(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(bytes))
}
