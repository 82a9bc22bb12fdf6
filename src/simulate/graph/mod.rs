//! The Graph API, as far as a business needs it that sends messages.
//!
//! <https://developers.facebook.com/documentation/business-messaging/whatsapp/reference>

mod answer;
mod error;
mod form;
mod limits;
mod media;
mod part;
mod send;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::routing::{get, post};
use secrecy::{ExposeSecret as _, SecretString};

use super::World;
use error::GraphError;

pub(super) use limits::Limits;

/// What a failed status says of a code.
pub(super) use error::told;

/// The largest request: a document of 100 MB and what is around it.
const LARGEST: usize = 101 * 1024 * 1024;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/{version}/{number}/messages", post(send::send))
        .route("/{version}/{number}/media", post(media::upload))
        .route("/{version}/{medium}", get(media::look_up).delete(media::delete))
        .route("/whatsapp_business/attachments/", get(media::download))
        .layer(DefaultBodyLimit::max(LARGEST))
}

/// Whether the caller has the token.
fn authorise(world: &World, headers: &HeaderMap) -> Result<(), GraphError> {
    let told = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let Some(told) = told.and_then(|told| told.strip_prefix("Bearer ")) else {
        return Err(GraphError::new(0, "An access token is required to request this resource."));
    };
    // One that is set to nothing is none.
    let token = world.options.access_token.as_ref().map(SecretString::expose_secret);
    match token.filter(|token| !token.is_empty()) {
        Some(token) if token != told => Err(GraphError::new(190, "Error validating access token")),
        _ => Ok(()),
    }
}

/// Whether the caller may act for this number.
fn may_act(world: &World, number: &str) -> Result<(), GraphError> {
    let is_ours = world.options.phone_number_id.iter().any(|ours| ours == number);
    if is_ours { Ok(()) } else { Err(GraphError::no_object(number)) }
}
