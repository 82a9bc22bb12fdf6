//! The chats of a tenant's sites, for those who look after them.

use aws_lc_rs::rand;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path, object};
use super::{ApiError, ApiState};
use crate::auth::{Auth, Caller};
use crate::desk::{self, InboxEdit, InboxId, Role};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(change)).routes(routes!(renew))
}

/// The chats of the tenant's sites.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiveChats {
    live_chats: Vec<LiveChat>,
}

/// The chat of a site.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LiveChat {
    /// The public key: `data-inbox` of the script on the site.
    key: String,
    #[schema(value_type = uuid::Uuid)]
    inbox_id: InboxId,
    name: String,
    is_disabled: bool,
    settings: Settings,
}

/// The chat of a site, and by what the site vouches for its users.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewLiveChat {
    #[serde(flatten)]
    live_chat: LiveChat,
    /// For the site's own server, and told only now: `identity.hash` of a user is the HMAC-SHA256 of
    /// their identifier under this, in hexadecimal.
    identity_secret: String,
}

/// How the chat of a site looks, and who may open it.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[schema(as = LiveChatSettings)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Settings {
    /// What stands above it.
    title: Option<String>,
    /// What visitors read before anything is said.
    greeting: Option<String>,
    /// What they read while no agent is there.
    offline_text: Option<String>,
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<String>,
    /// A language, such as `pt-BR`.
    locale: Option<String>,
    /// Where it may be opened, such as `https://shop.example`; `*` for anywhere. Pages of this server
    /// always may.
    allowed_origins: Vec<String>,
    /// What visitors are asked first.
    pre_chat: Vec<PreChatField>,
    /// Whether only those may open it for whom the site vouches.
    requires_identity: bool,
}

/// Something that visitors are asked first.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PreChatField {
    /// What the answer is called; `name` and `email` become the contact's.
    key: String,
    /// How visitors are asked.
    label: String,
    kind: PreChatKind,
    #[serde(default)]
    is_required: bool,
    /// The possible answers to a question of the kind `select`.
    #[serde(default)]
    options: Vec<String>,
}

/// What an answer looks like.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PreChatKind {
    Text,
    Email,
    Phone,
    Select,
}

/// The chat of a site that is to be.
#[derive(Deserialize, ToSchema)]
#[schema(as = LiveChatAddition)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Addition {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default, deserialize_with = "object")]
    settings: Option<Settings>,
}

/// What is to be another about it; what is absent stays, settings are replaced as a whole.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LiveChatChanges {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[serde(default, deserialize_with = "object")]
    settings: Option<Settings>,
    /// Whether nobody can open it.
    is_disabled: Option<bool>,
}

/// A secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdentitySecret {
    identity_secret: String,
}

/// The chats of sites that the caller sees.
#[utoipa::path(get, path = "/api/livechat/inboxes", tag = "live chat",
    responses((status = 200, body = LiveChats), ApiError))]
pub(super) async fn list(caller: Caller) -> Result<Json<LiveChats>, ApiError> {
    let live_chats = caller.desk.live_chats(&caller.sees).await?;
    Ok(Json(LiveChats { live_chats: live_chats.iter().map(LiveChat::from).collect() }))
}

/// Adds the chat of a site. For admins.
#[utoipa::path(post, path = "/api/livechat/inboxes", tag = "live chat", request_body = Addition,
    responses((status = 201, body = NewLiveChat), ApiError))]
pub(super) async fn add(
    caller: Caller,
    Json(Addition { name, settings }): Json<Addition>,
) -> Result<(StatusCode, Json<NewLiveChat>), ApiError> {
    caller.require(Role::Admin)?;
    let (key, secret) = (format!("pub_{}", random::<15>()), random::<32>());
    let (by, told) = (caller.actor(), SecretString::from(secret.clone()));
    let settings = settings.unwrap_or_default().into();
    let added = caller.desk.add_live_chat(&key, name, settings, told, &by).await?;
    let added = NewLiveChat { live_chat: (&added).into(), identity_secret: secret };
    Ok((StatusCode::CREATED, Json(added)))
}

/// Changes the chat of a site. For admins.
#[utoipa::path(patch, path = "/api/livechat/inboxes/{key}", tag = "live chat",
    params(("key" = String, Path)), request_body = LiveChatChanges,
    responses((status = 200, body = LiveChat), ApiError))]
pub(super) async fn change(
    caller: Caller,
    State(auth): State<Auth>,
    Path(key): Path<String>,
    Json(changes): Json<LiveChatChanges>,
) -> Result<Json<LiveChat>, ApiError> {
    caller.require(Role::Admin)?;
    let LiveChatChanges { name, settings, is_disabled } = changes;
    let edit = InboxEdit { name, is_disabled, ..InboxEdit::default() };
    let settings = settings.map(Into::into);
    let changed = caller.desk.change_live_chat(&key, edit, settings, &caller.actor()).await?;
    auth.forget_visitors();
    Ok(Json((&changed).into()))
}

/// Replaces the secret by which a site vouches for its users. For admins.
#[utoipa::path(post, path = "/api/livechat/inboxes/{key}/identity-secret", tag = "live chat",
    params(("key" = String, Path)),
    responses((status = 200, body = IdentitySecret), ApiError))]
pub(super) async fn renew(
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<IdentitySecret>, ApiError> {
    caller.require(Role::Admin)?;
    let secret = SecretString::from(random::<32>());
    let edit = InboxEdit { identity_secret: Some(Some(secret.clone())), ..InboxEdit::default() };
    caller.desk.change_live_chat(&key, edit, None, &caller.actor()).await?;
    Ok(Json(IdentitySecret { identity_secret: secret.expose_secret().to_owned() }))
}

/// So many random bytes, as text.
fn random<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).expect("the system has random numbers");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl From<&desk::LiveChat> for LiveChat {
    fn from(chat: &desk::LiveChat) -> Self {
        Self {
            key: chat.key().to_owned(),
            inbox_id: chat.inbox(),
            name: chat.name().to_owned(),
            is_disabled: chat.is_disabled(),
            settings: chat.settings().clone().into(),
        }
    }
}

impl From<desk::LiveChatSettings> for Settings {
    fn from(settings: desk::LiveChatSettings) -> Self {
        Self {
            title: settings.title,
            greeting: settings.greeting,
            offline_text: settings.offline_text,
            color: settings.color,
            locale: settings.locale,
            allowed_origins: settings.allowed_origins,
            pre_chat: settings.pre_chat.into_iter().map(PreChatField::from).collect(),
            requires_identity: settings.requires_identity,
        }
    }
}

impl From<Settings> for desk::LiveChatSettings {
    fn from(settings: Settings) -> Self {
        Self {
            title: settings.title,
            greeting: settings.greeting,
            offline_text: settings.offline_text,
            color: settings.color,
            locale: settings.locale,
            allowed_origins: settings.allowed_origins,
            pre_chat: settings.pre_chat.into_iter().map(Into::into).collect(),
            requires_identity: settings.requires_identity,
        }
    }
}

impl From<desk::PreChatField> for PreChatField {
    fn from(field: desk::PreChatField) -> Self {
        let desk::PreChatField { key, label, kind, is_required, options } = field;
        let kind = match kind {
            desk::PreChatKind::Text => PreChatKind::Text,
            desk::PreChatKind::Email => PreChatKind::Email,
            desk::PreChatKind::Phone => PreChatKind::Phone,
            desk::PreChatKind::Select => PreChatKind::Select,
        };
        Self { key, label, kind, is_required, options }
    }
}

impl From<PreChatField> for desk::PreChatField {
    fn from(field: PreChatField) -> Self {
        let PreChatField { key, label, kind, is_required, options } = field;
        let kind = match kind {
            PreChatKind::Text => desk::PreChatKind::Text,
            PreChatKind::Email => desk::PreChatKind::Email,
            PreChatKind::Phone => desk::PreChatKind::Phone,
            PreChatKind::Select => desk::PreChatKind::Select,
        };
        Self { key, label, kind, is_required, options }
    }
}
