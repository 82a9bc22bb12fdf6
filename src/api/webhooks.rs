//! What providers send.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::ApiError;
use crate::auth::same;
use crate::channels::whatsapp;
use crate::config::WhatsApp;
use crate::desk::{Channel, Desks, Outcome, Webhook, WebhookId};

/// Meta's verification request.
/// <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests>
#[derive(Deserialize)]
pub(super) struct Verification {
    #[serde(rename = "hub.mode")]
    mode: String,
    #[serde(rename = "hub.verify_token")]
    verify_token: String,
    #[serde(rename = "hub.challenge")]
    challenge: String,
}

/// What became of a webhook; providers do not read it, people with curl do.
#[derive(Serialize)]
pub(super) struct Received {
    id: WebhookId,
    elements: BTreeMap<Outcome, usize>,
}

/// `GET /webhooks/whatsapp`: answers Meta's challenge if it knows the word.
pub(super) async fn subscribe(
    State(settings): State<Arc<WhatsApp>>,
    verification: Result<Query<Verification>, QueryRejection>,
) -> Result<String, ApiError> {
    let Query(told) = verification?;
    let word = settings.whatsapp_verify_token.as_ref().map(SecretString::expose_secret);
    let knows = word.is_some_and(|word| same(word, &told.verify_token));
    if told.mode == "subscribe" && knows { Ok(told.challenge) } else { Err(ApiError::VerifyToken) }
}

/// `POST /webhooks/whatsapp`: stores a notification. 200 means that it is durable.
pub(super) async fn receive(
    State(settings): State<Arc<WhatsApp>>,
    State(desks): State<Desks>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Received>, ApiError> {
    let body = body?;
    if let Some(secret) = settings.app_secret() {
        let signature = headers.get("x-hub-signature-256").ok_or(ApiError::Unsigned("missing"))?;
        let signature = signature.to_str().unwrap_or_default();
        if !whatsapp::verify(secret.expose_secret(), &body, signature) {
            return Err(ApiError::Unsigned("wrong"));
        }
    }
    let elements = whatsapp::parse(&body)?;
    let webhook = Webhook { channel: Channel::WhatsApp, body, elements, replay_of: None };
    let receipt = desks.receive(webhook).await?;
    let mut elements = BTreeMap::new();
    for fate in receipt.fates {
        *elements.entry(fate.outcome).or_default() += 1;
    }
    Ok(Json(Received { id: receipt.id, elements }))
}
