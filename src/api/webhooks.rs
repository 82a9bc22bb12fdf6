//! What providers send.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::signatures::Signatures;
use super::{ApiError, ApiState};
use crate::auth::Origin;
use crate::desk::{Channel, Desks, Outcome, Receipt, Webhook, WebhookId};

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
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<WebhookId>,
    elements: BTreeMap<Outcome, usize>,
}

/// `GET /webhooks/whatsapp`: answers Meta's challenge if it knows a word.
pub(super) async fn subscribe(
    State(state): State<ApiState>,
    from: Origin,
    verification: Result<Query<Verification>, QueryRejection>,
) -> Result<String, ApiError> {
    let Query(told) = verification?;
    state.guesses.check_word(from.address)?;
    let knows = told.mode == "subscribe" && state.signatures.knows(&told.verify_token).await?;
    if knows { Ok(told.challenge) } else { Err(ApiError::VerifyToken) }
}

/// `POST /webhooks/whatsapp`: stores a notification. 200 means that it is durable.
pub(super) async fn receive(
    State(signatures): State<Signatures>,
    State(desks): State<Desks>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Received>, ApiError> {
    let body = body?;
    let signature = headers.get("x-hub-signature-256");
    let signature = signature.map(|told| told.to_str().unwrap_or_default());
    let elements = signatures.read(&body, signature).await?;
    let webhook = Webhook { channel: Channel::WhatsApp, body, elements, replay_of: None };
    Ok(Json(desks.receive(webhook).await?.into()))
}

impl Received {
    /// Of something that is not stored.
    pub(super) fn nothing() -> Self {
        Self { id: None, elements: BTreeMap::new() }
    }
}

impl From<Receipt> for Received {
    fn from(receipt: Receipt) -> Self {
        let mut elements = BTreeMap::new();
        for fate in receipt.fates {
            *elements.entry(fate.outcome).or_default() += 1;
        }
        Self { id: Some(receipt.id), elements }
    }
}
