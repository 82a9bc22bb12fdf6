//! Visitors who open the chat of a site: whether they may, and what they say of themselves.

use axum::extract::{Extension, State};
use axum::http::header::{HOST, ORIGIN, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::super::signals::Signals;
use crate::api::{ApiError, ApiState, ClientAddress, Json, bearer, object};
use crate::auth::{Visitor, visitor_token, vouches};
use crate::desk::{Arrival, Entry, Error, LiveChat, PreChatField, PreChatKind, WebPage};
use crate::wire::visitor::Session;

/// The longest identifier of a user, answer, name and language, in characters.
const LONGEST_USER: usize = 100;
const LONGEST_ANSWER: usize = 500;
const LONGEST_NAME: usize = 100;
const LONGEST_LOCALE: usize = 35;

/// A visitor who opens the chat of a site.
#[derive(Deserialize, ToSchema)]
#[schema(as = VisitorOpening)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Opening {
    /// The public key of the chat.
    inbox: String,
    #[schema(max_length = 100)]
    name: Option<String>,
    #[schema(max_length = 254)]
    email: Option<String>,
    /// The answers to what is asked first, by their keys.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    fields: Map<String, Value>,
    /// Who they are by the site's own word.
    #[serde(default, deserialize_with = "object")]
    identity: Option<Identity>,
    #[serde(default, deserialize_with = "object")]
    page: Option<Page>,
    /// A language, such as `pt-BR`.
    #[schema(max_length = 35)]
    locale: Option<String>,
    /// Where they are, in two letters.
    #[schema(min_length = 2, max_length = 2)]
    country: Option<String>,
}

/// Who a visitor is by the site's own word.
#[derive(Deserialize, ToSchema)]
#[schema(as = VisitorIdentity)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Identity {
    #[schema(min_length = 1, max_length = 100)]
    user_id: String,
    /// HMAC-SHA256 of `userId` under the chat's secret, in hexadecimal.
    hash: String,
}

/// The page of the site that a visitor looks at.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewPage)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::realtime) struct Page {
    #[schema(max_length = 2000)]
    url: String,
    #[schema(max_length = 300)]
    title: Option<String>,
    #[schema(max_length = 2000)]
    referrer: Option<String>,
}

/// A chat, and the token by which its visitor goes on with it.
#[derive(Serialize, ToSchema)]
#[schema(as = VisitorOpened)]
pub(super) struct Opened {
    session: Session,
    /// To be kept in the visitor's browser, and shown to nobody else.
    token: String,
    /// The number of the event after which to follow the log from here.
    seq: i64,
}

/// Opens the chat of a site, or goes on with the one whose token the request bears.
///
/// A visitor's token is looked at first: if it is good, of this chat and of this identity, its chat goes on
/// (200). Otherwise a new one begins (201); nobody is told of it before something is said in it.
#[utoipa::path(post, path = "/api/livechat/sessions", tag = "live chat", request_body = Opening,
    security((), ("visitor" = [])),
    responses((status = 200, body = Opened), (status = 201, body = Opened), ApiError))]
pub(super) async fn open(
    State(state): State<ApiState>,
    Extension(signals): Extension<Signals>,
    parts: Parts,
    Json(opening): Json<Opening>,
) -> Result<(StatusCode, Json<Opened>), ApiError> {
    let live_chat = state.desks.live_chat(&opening.inbox).await?;
    check_origin(&live_chat, &parts.headers)?;
    let identity = verified(&live_chat, opening.identity.as_ref())?;
    let page = opening.page.as_ref().map(WebPage::from);
    if let Some((visitor, token)) = known(&state, &parts, &live_chat, identity.as_deref()).await? {
        if let Some(page) = &page {
            visitor.chat.looks_at(page).await?;
            signals.visitor_looks_at(&visitor.chat, page);
        }
        let seq = visitor.chat.head().await?;
        let session = visitor.chat.session().await?.into();
        return Ok((StatusCode::OK, Json(Opened { session, token, seq })));
    }
    let arrival = arrival(&live_chat, opening, identity, &parts.headers)?;
    let from = ClientAddress::of(&parts.extensions);
    state.chats.begin(from, live_chat.inbox()).map_err(ApiError::RateLimited)?;
    let (token, stored) = visitor_token();
    let chat = match live_chat.begin(arrival, stored).await? {
        Entry::Open(chat) => chat,
        Entry::Blocked => return Err(crate::auth::Refusal::Blocked.into()),
        Entry::None => return Err(Error::NoInbox(live_chat.key().to_owned()).into()),
    };
    let seq = chat.head().await?;
    let session = chat.session().await?.into();
    Ok((StatusCode::CREATED, Json(Opened { session, token, seq })))
}

/// The chat with which the request goes on, and its token.
async fn known(
    state: &ApiState,
    parts: &Parts,
    at: &LiveChat,
    identity: Option<&str>,
) -> Result<Option<(Visitor, String)>, ApiError> {
    let Ok(token) = bearer(parts) else { return Ok(None) };
    let visitor = match state.auth.visitor(&token).await {
        Ok(visitor) => visitor,
        Err(refused @ (crate::auth::Refusal::Blocked | crate::auth::Refusal::Storage(_))) => {
            return Err(refused.into());
        }
        Err(_) => return Ok(None),
    };
    state.chats.ask(visitor.chat.id()).map_err(ApiError::RateLimited)?;
    // Whoever has signed in or out on the site since is somebody else.
    let is_same = visitor.chat.inbox() == at.inbox() && visitor.chat.identity() == identity;
    Ok(is_same.then_some((visitor, token)))
}

/// Refuses pages of sites for which the chat is not. Who sends no origin is no page.
fn check_origin(at: &LiveChat, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_own = origin.split_once("://").is_some_and(|(_, it)| it.eq_ignore_ascii_case(host));
    if is_own || at.settings().allows(&origin) { Ok(()) } else { Err(ApiError::Origin) }
}

fn verified(at: &LiveChat, told: Option<&Identity>) -> Result<Option<String>, ApiError> {
    let Some(Identity { user_id, hash }) = told else {
        let is_needed = at.settings().requires_identity;
        return if is_needed { Err(ApiError::Identity("missing")) } else { Ok(None) };
    };
    if user_id.is_empty() || user_id.chars().count() > LONGEST_USER {
        return Err(ApiError::Identity("empty or too long"));
    }
    let vouched = at.identity_secret().is_some_and(|secret| vouches(secret, user_id, hash));
    if vouched { Ok(Some(user_id.clone())) } else { Err(ApiError::Identity("wrong")) }
}

/// What visitors say of themselves, if it answers what they are asked.
fn arrival(
    at: &LiveChat,
    opening: Opening,
    identity: Option<String>,
    headers: &HeaderMap,
) -> Result<Arrival, ApiError> {
    let Opening { name, email, mut fields, page, locale, country, .. } = opening;
    for (key, told) in [("name", &name), ("email", &email)] {
        if let Some(told) = told {
            fields.insert(key.to_owned(), json!(told));
        }
    }
    for field in &at.settings().pre_chat {
        check_answer(field, fields.get(&field.key))?;
    }
    let asked = |key: &str| at.settings().pre_chat.iter().any(|field| field.key == key);
    fields.retain(|key, _| asked(key) || key == "name" || key == "email");
    let mut take = |key: &str, longest: usize| -> Result<Option<String>, ApiError> {
        let text = match fields.remove(key) {
            Some(Value::String(text)) => text.trim().to_owned(),
            _ => return Ok(None),
        };
        if text.chars().count() > longest {
            return Err(invalid(&format!("{key} is longer than {longest} characters")));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    };
    let (name, email) = (take("name", LONGEST_NAME)?, take("email", 254)?);
    if email.as_ref().is_some_and(|email| !is_email(email)) {
        return Err(invalid("email is no email address"));
    }
    if locale.as_ref().is_some_and(|locale| locale.chars().count() > LONGEST_LOCALE) {
        return Err(invalid("locale is too long"));
    }
    let is_code =
        |code: &String| code.len() == 2 && code.bytes().all(|it| it.is_ascii_alphabetic());
    if country.as_ref().is_some_and(|country| !is_code(country)) {
        return Err(invalid("country is two letters"));
    }
    let user_agent = headers.get(USER_AGENT).and_then(|it| it.to_str().ok()).map(str::to_owned);
    let page = page.as_ref().map(WebPage::from);
    let country = country.map(|country| country.to_ascii_uppercase());
    Ok(Arrival { identity, name, email, fields, page, user_agent, locale, country })
}

fn check_answer(field: &PreChatField, told: Option<&Value>) -> Result<(), ApiError> {
    let key = &field.key;
    let text = match told {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text.trim(),
        Some(_) => return Err(invalid(&format!("{key} is no text"))),
    };
    if text.is_empty() {
        let missing = || Err(invalid(&format!("{key} is missing")));
        return if field.is_required { missing() } else { Ok(()) };
    }
    let is_answer = match field.kind {
        PreChatKind::Text | PreChatKind::Phone => true,
        PreChatKind::Email => is_email(text),
        PreChatKind::Select => field.options.iter().any(|option| option == text),
    };
    if !is_answer || text.chars().count() > LONGEST_ANSWER {
        return Err(invalid(&format!("{key} is no answer to what is asked")));
    }
    Ok(())
}

fn is_email(text: &str) -> bool {
    let halves = text.rsplit_once('@');
    let is_plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    is_plain && halves.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

fn invalid(why: &str) -> ApiError {
    Error::Invalid(why.to_owned()).into()
}

impl From<&Page> for WebPage {
    fn from(Page { url, title, referrer }: &Page) -> Self {
        Self { url: url.clone(), title: title.clone(), referrer: referrer.clone() }
    }
}
