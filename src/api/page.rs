//! The client's files, built into the program.

use axum::body::Body;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::RustEmbed;

use super::ApiError;

/// What `npm run build` made of `js-client-demo`, if it ran before this program was built.
#[derive(RustEmbed)]
#[folder = "js-client-demo/dist"]
#[allow_missing = true]
struct Files;

/// The names that belong to the API: what is missing there is no page.
const NOT_PAGES: [&str; 3] = ["api", "webhooks", "socket.io"];

/// Answers with a file of the client; for addresses within the client, with its page.
pub async fn page(method: Method, uri: Uri) -> Result<Response, ApiError> {
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
    let file = Files::get(name);
    if file.is_none() && name == "index.html" {
        let told = "The client is not built into this server: run `npm run build` in \
                    js-client-demo, then build the server again. The API works without it.\n";
        return Ok((StatusCode::NOT_FOUND, told).into_response());
    }
    let file = file.ok_or(ApiError::NotFound)?;
    // Vite names its assets by their content.
    let lasts = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let headers = [(header::CONTENT_TYPE, kind.as_ref()), (header::CACHE_CONTROL, lasts)];
    Ok((headers, Body::from(file.data.into_owned())).into_response())
}
