//! A push service that keeps what it is given, and browsers that open it.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::IntoResponse;
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use recado::desk::Reach;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{PATIENCE, Person, unique};

/// Its address, and what it has been given.
#[derive(Clone)]
pub(crate) struct PushService {
    pub(crate) url: String,
    state: Arc<(Mutex<Kept>, Notify)>,
}

#[derive(Default)]
struct Kept {
    letters: Vec<Letter>,
    answers: VecDeque<(u16, Option<String>)>,
    is_silent: bool,
}

/// What it was given for a browser.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) headers: HeaderMap,
    sealed: Bytes,
}

/// A browser that subscribes.
pub(crate) struct Browser {
    pub(crate) name: String,
    pub(crate) endpoint: String,
    key: PrivateKey,
    auth: [u8; 16],
}

impl PushService {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = Self { url, state: Arc::default() };
        let router = Router::new().route("/{to}", post(take)).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        service
    }

    /// A browser that it reaches.
    pub(crate) fn browser(&self) -> Browser {
        let name = format!("browser-{}", unique());
        let endpoint = format!("{}/{name}", self.url);
        let key = PrivateKey::generate(&ECDH_P256).unwrap();
        Browser { name, endpoint, key, auth: *b"sixteen bytes of" }
    }

    /// Lets it answer so, once; all others are answered 201.
    pub(crate) fn answers(&self, status: u16, retry_after: Option<&str>) {
        let retry_after = retry_after.map(str::to_owned);
        self.state.0.lock().unwrap().answers.push_back((status, retry_after));
    }

    /// From now on it takes what it is given, and does not answer.
    pub(crate) fn falls_silent(&self) {
        self.state.0.lock().unwrap().is_silent = true;
    }

    /// Waits until it has been given so many letters for a browser, and returns those.
    pub(crate) async fn letters(&self, to: &Browser, count: usize) -> Vec<Letter> {
        let given = async {
            loop {
                let news = self.state.1.notified();
                let letters = self.given(to);
                if letters.len() >= count {
                    return letters;
                }
                news.await;
            }
        };
        timeout(PATIENCE, given).await.expect("the letters do not come")
    }

    /// What it has been given for a browser so far.
    pub(crate) fn given(&self, to: &Browser) -> Vec<Letter> {
        let kept = self.state.0.lock().unwrap();
        kept.letters.iter().filter(|letter| letter.to == to.name).cloned().collect()
    }
}

async fn take(
    State(service): State<PushService>,
    Path(to): Path<String>,
    headers: HeaderMap,
    sealed: Bytes,
) -> impl IntoResponse {
    let (answer, is_silent) = {
        let mut kept = service.state.0.lock().unwrap();
        kept.letters.push(Letter { to, headers, sealed });
        (kept.answers.pop_front(), kept.is_silent)
    };
    service.state.1.notify_waiters();
    if is_silent {
        pending::<()>().await;
    }
    let (status, retry_after) = answer.unwrap_or((201, None));
    let mut headers = HeaderMap::new();
    headers.extend(retry_after.map(|it| (RETRY_AFTER, HeaderValue::try_from(it).unwrap())));
    (StatusCode::from_u16(status).unwrap(), headers)
}

impl Browser {
    /// How its `PushSubscription` writes itself down.
    pub(crate) fn subscription(&self) -> Value {
        let Reach { endpoint, p256dh, auth } = self.reach();
        let keys = json!({ "p256dh": p256dh, "auth": auth });
        json!({ "endpoint": endpoint, "expirationTime": null, "keys": keys })
    }

    /// How it is reached.
    pub(crate) fn reach(&self) -> Reach {
        let (p256dh, auth) = (BASE64URL.encode(self.public()), BASE64URL.encode(self.auth));
        Reach { endpoint: self.endpoint.clone(), p256dh, auth }
    }

    /// Has somebody be told things here; returns the subscription's id.
    pub(crate) async fn is_used_by(&self, person: &Person) -> String {
        let answer = person.post("/api/push/subscriptions", self.subscription()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.text("id")
    }

    fn public(&self) -> Vec<u8> {
        self.key.compute_public_key().unwrap().as_ref().to_vec()
    }

    /// Opens a letter as RFC 8291 has it.
    pub(crate) fn opens(&self, letter: &Letter) -> Value {
        let (salt, rest) = letter.sealed.split_at(16);
        let (size, rest) = rest.split_at(4);
        assert_eq!(size, 4096_u32.to_be_bytes());
        let (writer, sealed) = rest[1..].split_at(rest[0].into());
        let theirs = UnparsedPublicKey::new(&ECDH_P256, writer);
        let secret = agree(&self.key, theirs, (), |it| Ok(it.to_vec())).unwrap();
        let info = [b"WebPush: info\0", &self.public()[..], writer, &[1]].concat();
        let secret = mac(&mac(&self.auth, &secret), &info);
        let prk = mac(salt, &secret);
        let key = mac(&prk, b"Content-Encoding: aes128gcm\0\x01");
        let nonce = mac(&prk, b"Content-Encoding: nonce\0\x01");

        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).unwrap();
        let mut opened = sealed.to_vec();
        let opened = key.open_in_place(nonce, Aad::empty(), &mut opened).unwrap();
        let (delimiter, plain) = opened.split_last().unwrap();
        assert_eq!(*delimiter, 2, "the last record ends so");
        serde_json::from_slice(plain).unwrap()
    }
}

impl Letter {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// What the writer claims, checked by the key that they name, as RFC 8292 has it; and that key.
    pub(crate) fn claims(&self, audience: &str) -> (Value, String) {
        let told = self.header("authorization").strip_prefix("vapid t=").unwrap();
        let (token, key) = told.split_once(", k=").unwrap();
        let point = BASE64URL.decode(key).unwrap();
        let (x, y) = point[1..].split_at(32);
        let (x, y) = (BASE64URL.encode(x), BASE64URL.encode(y));
        let decoding = DecodingKey::from_ec_components(&x, &y).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[audience]);
        let claims = jsonwebtoken::decode::<Value>(token, &decoding, &validation).unwrap().claims;
        (claims, key.to_owned())
    }
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
