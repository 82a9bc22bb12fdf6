//! The client's files, built into the program.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::ApiError;
use super::extract::Path;
use crate::desk::{Desks, Error};

/// What `npm run build` made of `js-client-demo`, if it ran before this program was built.
#[derive(RustEmbed)]
#[folder = "js-client-demo/dist"]
#[allow_missing = true]
struct Files;

/// The names that belong to the server: what is missing there is no page.
const NOT_PAGES: [&str; 5] = ["api", "webhooks", "socket.io", "health", "metrics"];

/// How files lie compressed beside themselves, the smallest first.
const COMPRESSED: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Vite names its assets by their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// What the client's page may do: nothing but what comes from this server, and no text becomes script.
/// <https://www.w3.org/TR/CSP3/>
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; \
    manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; \
    require-trusted-types-for 'script'";

const NOT_BUILT: &str = "The client is not built into this server: run `npm run build` in \
    js-client-demo, then build the server again. The API works without it.\n";

/// What goes with every file.
const MANNERS: [(HeaderName, HeaderValue); 3] = [
    (header::VARY, HeaderValue::from_static("accept-encoding")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

/// Answers with a file of the client; for addresses within the client, with its page.
pub async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Result<Response, ApiError> {
    let path = uri.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if NOT_PAGES.contains(&first) {
        return Err(ApiError::NotFound);
    }
    if method != Method::GET && method != Method::HEAD {
        return Err(ApiError::MethodNotAllowed);
    }
    // A name with a dot is a file; anything else is a place within the client.
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let name = if is_file { path } else { "index.html" };
    let Some(mut response) = file(name, &headers) else {
        if is_file {
            return Err(ApiError::NotFound);
        }
        return Ok((StatusCode::NOT_FOUND, NOT_BUILT).into_response());
    };
    if !is_file {
        let policy = HeaderValue::from_static(POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// `GET /widget/{key}`: the chat of a site, which only pages of that site may show in a frame.
///
/// For a key that nobody knows it is shown as well, anywhere: it says itself that there is no chat.
pub(super) async fn widget(
    State(desks): State<Desks>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let origins = match desks.live_chat(&key).await {
        Ok(chat) => chat.settings().allowed_origins.join(" "),
        Err(Error::NoInbox(_)) => "*".to_owned(),
        Err(error) => return Err(error.into()),
    };
    let Some(mut response) = file("widget.html", &headers) else {
        return Ok((StatusCode::NOT_FOUND, NOT_BUILT).into_response());
    };
    let framed = format!("frame-ancestors 'self' {origins}");
    let policy = HeaderValue::try_from(POLICY.replace("frame-ancestors 'none'", &framed));
    let policy = policy.map_err(|_| ApiError::NotFound)?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// A file of the client, if there is one, in the form that suits whoever asks.
fn file(name: &str, headers: &HeaderMap) -> Option<Response> {
    let (file, encoding) = choose(name, headers)?;
    let tag = format!(
        "\"{}{}\"",
        hex::encode(&file.metadata.sha256_hash()[..12]),
        encoding.unwrap_or("")
    );
    let lasts = if name.starts_with("assets/") { FOR_EVER } else { "no-cache" };
    let known =
        headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.data.into_owned()).into_response()
    };
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let told = response.headers_mut();
    told.extend(MANNERS);
    told.insert(header::CACHE_CONTROL, HeaderValue::from_static(lasts));
    told.insert(header::ETAG, HeaderValue::try_from(tag).expect("hexadecimal digits"));
    told.insert(header::CONTENT_TYPE, HeaderValue::try_from(kind.as_ref()).expect("a media type"));
    if let Some(encoding) = encoding {
        told.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

/// The file in the smallest form that the client takes, and how it is encoded if at all.
fn choose(name: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let takes = |encoding: &str| {
        let told =
            headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|it| it.to_str().ok());
        told.flat_map(|it| it.split(',')).any(|it| {
            let (coding, weight) = it.split_once(';').unwrap_or((it, ""));
            coding.trim().eq_ignore_ascii_case(encoding)
                && !matches!(weight.trim(), "q=0" | "q=0.0")
        })
    };
    let smallest = COMPRESSED.into_iter().filter(|(encoding, _)| takes(encoding));
    let mut compressed = smallest.filter_map(|(encoding, ending)| {
        Some((Files::get(&format!("{name}{ending}"))?, Some(encoding)))
    });
    compressed.next().or_else(|| Some((Files::get(name)?, None)))
}
