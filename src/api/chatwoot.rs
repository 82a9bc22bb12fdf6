//! Chatwoots: connecting one, what their webhooks tell, and what those may have lost.

use aws_lc_rs::rand;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path, told};
use super::inboxes::Inbox;
use super::webhooks::Received;
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::channels::chatwoot::send::Api;
use crate::channels::chatwoot::{self, Account, address_of};
use crate::channels::{self, chatwoot::reconcile::source_of};
use crate::desk::{self, Channel, Connection, Desks, InboxEdit, InboxId, Role, Time, Webhook};
use crate::reconcile::Reconciler;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(add))
        .routes(routes!(change))
        .routes(routes!(renew))
        .routes(routes!(reconcile))
}

/// An account of a Chatwoot that is to be connected.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewChatwoot {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Where it is, such as `https://app.chatwoot.com`.
    base_url: String,
    account_id: u64,
    /// The numbers of the account's inboxes that are taken; none for all of them.
    #[serde(default)]
    inbox_ids: Vec<u64>,
    /// By which messages are sent, and conversations asked for: an agent's or a bot's.
    #[schema(value_type = Option<String>)]
    api_access_token: Option<SecretString>,
    /// By which newer versions sign webhooks; without it, the token in their address is all that is
    /// checked.
    #[schema(value_type = Option<String>)]
    webhook_secret: Option<SecretString>,
}

/// What is to be another; what is absent stays, a secret that is null is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChatwootChanges {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    base_url: Option<String>,
    account_id: Option<u64>,
    inbox_ids: Option<Vec<u64>>,
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<String>)]
    api_access_token: Option<Option<SecretString>>,
    #[serde(default, deserialize_with = "told")]
    #[schema(value_type = Option<String>)]
    webhook_secret: Option<Option<SecretString>>,
    /// Whether it neither receives nor sends.
    is_disabled: Option<bool>,
}

/// An account of a Chatwoot that is connected.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connected {
    inbox: Inbox,
    /// Where its webhooks go, on this server. The token in it is told only now.
    webhook_path: String,
}

/// From when on to ask.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Since {
    /// A moment in ISO 8601; since it was last asked, if it is not given.
    since: Option<String>,
}

/// What was missed, and is here now.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeUp {
    /// How many conversations something has happened in.
    conversations: usize,
    /// How many things were missed: messages, changes of them, how conversations stand.
    missed: usize,
}

/// Connects an account of a Chatwoot. For admins.
#[utoipa::path(post, path = "/api/chatwoot/inboxes", tag = "inboxes", request_body = NewChatwoot,
    responses((status = 201, body = Connected), ApiError))]
pub(super) async fn add(
    State(api): State<Api>,
    caller: Caller,
    Json(new): Json<NewChatwoot>,
) -> Result<(StatusCode, Json<Connected>), ApiError> {
    caller.require(Role::Admin)?;
    let settings = Map::from_iter([
        ("baseUrl".to_owned(), Value::from(new.base_url)),
        ("accountId".to_owned(), Value::from(new.account_id)),
        ("inboxIds".to_owned(), Value::from(new.inbox_ids)),
    ]);
    let token = token();
    let edit = InboxEdit {
        name: Some(new.name),
        access_token: Some(new.api_access_token),
        app_secret: Some(new.webhook_secret),
        settings: Some(checked(&settings, &api)?),
        ..InboxEdit::default()
    };
    let address = address_of(&token);
    let added = caller.desk.add_inbox(Channel::Chatwoot, &address, edit, &caller.actor()).await?;
    Ok((StatusCode::CREATED, Json(connected(added, &token))))
}

/// Changes how a Chatwoot is connected. For admins.
#[utoipa::path(patch, path = "/api/chatwoot/inboxes/{id}", tag = "inboxes",
    params(("id" = uuid::Uuid, Path)), request_body = ChatwootChanges,
    responses((status = 200, body = Inbox), ApiError))]
pub(super) async fn change(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<InboxId>,
    Json(changes): Json<ChatwootChanges>,
) -> Result<Json<Inbox>, ApiError> {
    caller.require(Role::Admin)?;
    let mut settings = known(&caller, id).await?;
    let before = settings.clone();
    settings.extend(changes.base_url.map(|url| ("baseUrl".to_owned(), Value::from(url))));
    settings.extend(changes.account_id.map(|id| ("accountId".to_owned(), Value::from(id))));
    settings.extend(changes.inbox_ids.map(|ids| ("inboxIds".to_owned(), Value::from(ids))));
    if settings.get("accountId") != before.get("accountId") {
        // Conversations have the numbers that their account gave them.
        let why = "another account is another inbox: connect it, and switch this one off";
        return Err(desk::Error::Invalid(why.to_owned()).into());
    }
    let is_moved = settings.get("baseUrl") != before.get("baseUrl");
    if is_moved && changes.api_access_token.is_none() {
        // Whoever may change the address is not to be given the token that is there.
        let why = "another baseUrl needs the apiAccessToken anew";
        return Err(ApiError::BadRequest(why.to_owned()));
    }
    let edit = InboxEdit {
        name: changes.name,
        access_token: changes.api_access_token,
        app_secret: changes.webhook_secret,
        settings: if settings == before { None } else { Some(checked(&settings, &api)?) },
        is_disabled: changes.is_disabled,
        ..InboxEdit::default()
    };
    Ok(Json(caller.desk.change_inbox(id, edit, Some(&caller.actor())).await?.into()))
}

/// Replaces the token in the address to which a Chatwoot's webhooks go. For admins.
#[utoipa::path(post, path = "/api/chatwoot/inboxes/{id}/webhook-token", tag = "inboxes",
    params(("id" = uuid::Uuid, Path)), responses((status = 200, body = Connected), ApiError))]
pub(super) async fn renew(
    caller: Caller,
    Path(id): Path<InboxId>,
) -> Result<Json<Connected>, ApiError> {
    caller.require(Role::Admin)?;
    known(&caller, id).await?;
    let token = token();
    let edit = InboxEdit { address: Some(address_of(&token)), ..InboxEdit::default() };
    let changed = caller.desk.change_inbox(id, edit, Some(&caller.actor())).await?;
    Ok(Json(connected(changed, &token)))
}

/// Asks a Chatwoot what its webhooks have lost, and takes that in. For admins.
#[utoipa::path(post, path = "/api/inboxes/{id}/reconcile", tag = "inboxes",
    params(("id" = uuid::Uuid, Path)), request_body = Since,
    responses((status = 200, body = MadeUp), ApiError))]
pub(super) async fn reconcile(
    State(reconciler): State<Reconciler>,
    caller: Caller,
    Path(id): Path<InboxId>,
    Json(Since { since }): Json<Since>,
) -> Result<Json<MadeUp>, ApiError> {
    caller.require(Role::Admin)?;
    known(&caller, id).await?;
    let since = since.map(|since| moment(&since)).transpose()?;
    let connection = caller.desk.connection(id).await?;
    let found = reconciler.reconcile(&connection, since).await?;
    Ok(Json(MadeUp { conversations: found.conversations, missed: found.missed }))
}

/// `POST /webhooks/chatwoot/{inboxToken}`: stores an event. 200 means that it is durable.
pub(super) async fn receive(
    State(desks): State<Desks>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<axum::Json<Received>, ApiError> {
    let body = body?;
    let connection = desks.connection_at(Channel::Chatwoot, &address_of(&token)).await?;
    let connection = connection.ok_or(ApiError::NotFound)?;
    let at = check(&connection, &headers, &body)?;
    if let Some(typing) = chatwoot::typing(&body)? {
        // A signal: who does not hear it now need not hear of it later.
        let is_taken = source_of(&connection, None).is_ok_and(|source| typing.is_taken(&source));
        if typing.is_contact && is_taken {
            let desk = desks.of(connection.tenant.clone());
            desk.hear_typing(connection.inbox, &typing.thread, typing.is_on).await?;
        }
        return Ok(axum::Json(Received::nothing()));
    }
    let source = source_of(&connection, at).map_err(desk::Error::Invalid)?;
    let body = chatwoot::write(&source, &body);
    let elements = channels::parse(Channel::Chatwoot, &body)?;
    let webhook = Webhook { channel: Channel::Chatwoot, body, elements, replay_of: None };
    Ok(axum::Json(desks.receive(webhook).await?.into()))
}

/// Checks that a webhook is signed, if its inbox has a secret; returns of when it is.
fn check(
    connection: &Connection,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<i64>, ApiError> {
    let told = |name: &str| headers.get(name).map(|told| told.to_str().unwrap_or_default());
    let timestamp = told("x-chatwoot-timestamp");
    if let Some(secret) = &connection.webhook_secret {
        let signature = told("x-chatwoot-signature").ok_or(ApiError::Unsigned("missing"))?;
        let now = Time::now().seconds();
        if !chatwoot::verify(secret, timestamp.unwrap_or_default(), body, signature, now) {
            return Err(ApiError::Unsigned("wrong"));
        }
    }
    Ok(timestamp.and_then(|timestamp| timestamp.parse().ok()))
}

fn moment(text: &str) -> Result<Time, ApiError> {
    let why = || ApiError::BadRequest("since is no time in ISO 8601".to_owned());
    text.parse().map_err(|_| why())
}

/// The settings of an inbox that is a Chatwoot's.
async fn known(caller: &Caller, id: InboxId) -> Result<Map<String, Value>, ApiError> {
    let inboxes = caller.desk.inboxes_for(&caller.sees).await?;
    let inbox = inboxes.into_iter().find(|inbox| inbox.shown.id == id);
    let inbox = inbox.ok_or_else(|| desk::Error::NoInbox(id.to_string()))?;
    if inbox.shown.channel != Channel::Chatwoot {
        return Err(desk::Error::Invalid("the inbox is not a Chatwoot's".to_owned()).into());
    }
    Ok(inbox.settings)
}

/// Settings as they are stored, if they make sense and may be followed.
fn checked(settings: &Map<String, Value>, api: &Api) -> Result<String, ApiError> {
    let account = Account::read(settings).map_err(desk::Error::Invalid)?;
    if !api.permits(&account.base_url) {
        let why = "baseUrl is not an address of https with a public name, nor among CHATWOOT_PRIVATE_HOSTS";
        return Err(desk::Error::Invalid(why.to_owned()).into());
    }
    Ok(Value::Object(settings.clone()).to_string())
}

fn connected(inbox: desk::Inbox, token: &str) -> Connected {
    Connected { inbox: inbox.into(), webhook_path: format!("/webhooks/chatwoot/{token}") }
}

/// A token that nobody guesses.
fn token() -> String {
    let mut bytes = [0; 24];
    rand::fill(&mut bytes).expect("the system has randomness");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
