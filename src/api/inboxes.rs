//! Connections to channels.

use axum::extract::State;
use axum::http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path, told};
use super::signatures::Signatures;
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::desk::{self, Channel, InboxEdit, InboxId, Role};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(change))
}

/// An inbox. Its secrets are only told to be there.
#[derive(Serialize, ToSchema)]
#[schema(as = InboxInFull)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each tells of another secret")]
pub(super) struct Inbox {
    #[schema(value_type = uuid::Uuid)]
    id: InboxId,
    #[schema(value_type = String)]
    channel: Channel,
    name: String,
    /// How the channel names it: WhatsApp's phone number id.
    phone_number_id: String,
    /// What else its channel has to know.
    settings: Map<String, Value>,
    has_access_token: bool,
    has_app_secret: bool,
    has_verify_token: bool,
    is_disabled: bool,
    created_at: String,
}

/// Those that the caller sees.
#[derive(Serialize, ToSchema)]
pub(super) struct Inboxes {
    inboxes: Vec<Inbox>,
}

/// A WhatsApp inbox that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewInbox {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(min_length = 1, max_length = 100)]
    phone_number_id: String,
    /// By which messages are sent.
    #[schema(value_type = Option<String>)]
    access_token: Option<SecretString>,
    /// By which the inbox's webhooks are signed, if its app is not the installation's.
    #[schema(value_type = Option<String>)]
    app_secret: Option<SecretString>,
    /// What Meta's verification request knows, if its app is not the installation's.
    #[schema(value_type = Option<String>)]
    verify_token: Option<SecretString>,
}

/// What is to be another about an inbox; what is absent stays, a secret that is null is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InboxChanges {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<String>)]
    access_token: Option<Option<SecretString>>,
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<String>)]
    app_secret: Option<Option<SecretString>>,
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<String>)]
    verify_token: Option<Option<SecretString>>,
    /// Whether it neither receives nor sends: what comes for it is kept, and not shown.
    is_disabled: Option<bool>,
}

/// The inboxes that the caller sees.
#[utoipa::path(get, path = "/api/inboxes", tag = "inboxes",
    responses((status = 200, body = Inboxes), ApiError))]
pub(super) async fn list(caller: Caller) -> Result<Json<Inboxes>, ApiError> {
    let inboxes = caller.desk.inboxes_for(&caller.sees).await?;
    Ok(Json(Inboxes { inboxes: inboxes.into_iter().map(Inbox::from).collect() }))
}

/// Adds a WhatsApp inbox. For admins.
#[utoipa::path(post, path = "/api/inboxes", tag = "inboxes", request_body = NewInbox,
    responses((status = 201, body = Inbox), ApiError))]
pub(super) async fn add(
    State(signatures): State<Signatures>,
    caller: Caller,
    Json(new): Json<NewInbox>,
) -> Result<(StatusCode, Json<Inbox>), ApiError> {
    caller.require(Role::Admin)?;
    let edit = InboxEdit {
        name: Some(new.name),
        access_token: Some(new.access_token),
        app_secret: Some(new.app_secret),
        verify_token: Some(new.verify_token),
        ..InboxEdit::default()
    };
    let (channel, address) = (Channel::WhatsApp, new.phone_number_id);
    let added = caller.desk.add_inbox(channel, &address, edit, &caller.actor()).await?;
    signatures.forget(&added.address);
    Ok((StatusCode::CREATED, Json(added.into())))
}

/// Changes an inbox. For admins.
#[utoipa::path(patch, path = "/api/inboxes/{id}", tag = "inboxes",
    params(("id" = uuid::Uuid, Path)), request_body = InboxChanges,
    responses((status = 200, body = Inbox), ApiError))]
pub(super) async fn change(
    State(signatures): State<Signatures>,
    caller: Caller,
    Path(id): Path<InboxId>,
    Json(changes): Json<InboxChanges>,
) -> Result<Json<Inbox>, ApiError> {
    caller.require(Role::Admin)?;
    let InboxChanges { name, access_token, app_secret, verify_token, is_disabled } = changes;
    let edit = InboxEdit {
        name,
        access_token,
        app_secret,
        verify_token,
        is_disabled,
        ..InboxEdit::default()
    };
    let changed = caller.desk.change_inbox(id, edit, Some(&caller.actor())).await?;
    signatures.forget(&changed.address);
    Ok(Json(changed.into()))
}

impl From<desk::Inbox> for Inbox {
    fn from(inbox: desk::Inbox) -> Self {
        Self {
            id: inbox.shown.id,
            channel: inbox.shown.channel,
            name: inbox.shown.name,
            phone_number_id: inbox.address,
            settings: inbox.settings,
            has_access_token: inbox.has_access_token,
            has_app_secret: inbox.has_app_secret,
            has_verify_token: inbox.has_verify_token,
            is_disabled: inbox.is_disabled,
            created_at: inbox.created_at.to_string(),
        }
    }
}
