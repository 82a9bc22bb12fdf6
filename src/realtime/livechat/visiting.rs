//! What visitors ask by HTTP.

use axum::extract::{Extension, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HOST, ORIGIN, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::super::signals::Signals;
use super::told::{self, Post, Rating, got, say};
use crate::api::{ApiError, ApiState, ClientAddress, Json, Own, Query, bearer, object};
use crate::auth::{Visitor, visitor_token, vouches};
use crate::desk::{
    Arrival, Entry, Error, Line, LiveChat, MessageId, PreChatField, PreChatKind, Time, WebPage,
};
use crate::wire::visitor::{Message, Session};

/// The longest identifier of a user, answer, name and language, in characters.
const LONGEST_USER: usize = 100;
const LONGEST_ANSWER: usize = 500;
const LONGEST_NAME: usize = 100;
const LONGEST_LOCALE: usize = 35;

/// How many messages are answered at once, and in a transcript.
const PAGE: u64 = 50;
const LARGEST_PAGE: u64 = 200;
const LONGEST_TRANSCRIPT: usize = 10_000;

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

/// A chat as it is now.
#[derive(Serialize, ToSchema)]
#[schema(as = VisitorShown)]
pub(super) struct Shown {
    session: Session,
    /// The number of the event after which to follow the log from here.
    seq: i64,
}

/// Which messages to read.
#[derive(Deserialize, IntoParams)]
pub(super) struct Stretch {
    /// `seq` of the last answer, or a time in ISO 8601: what was said or changed since.
    after: Option<String>,
    /// The message before which to read; the newest ones if neither is given.
    #[param(value_type = Option<uuid::Uuid>)]
    before: Option<MessageId>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
}

/// Messages, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = VisitorMessages)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the wire says so")]
pub(super) struct Messages {
    messages: Vec<Message>,
    /// `after` of the next request: whatever is not here comes after it.
    seq: i64,
    has_more: bool,
}

/// How far a visitor has read.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ReadUntil {
    /// The last message that they have read; all if not given.
    #[schema(value_type = Option<uuid::Uuid>)]
    message_id: Option<MessageId>,
}

/// Whether a visitor types.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TypingNow {
    is_typing: bool,
}

/// How a transcript is written.
#[derive(Deserialize, IntoParams)]
pub(super) struct Written {
    /// `text` or `json`.
    #[param(inline)]
    format: Option<Format>,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Text,
    Json,
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

/// The chat of the visitor who asks.
#[utoipa::path(get, path = "/api/livechat/sessions/{id}", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), security(("visitor" = [])),
    responses((status = 200, body = Shown), ApiError))]
pub(super) async fn show(
    Own(visitor): Own,
    Extension(signals): Extension<Signals>,
) -> Result<Json<Shown>, ApiError> {
    signals.visitor_asks(&visitor.chat);
    let seq = visitor.chat.head().await?;
    let session = visitor.chat.session().await?.into();
    Ok(Json(Shown { session, seq }))
}

/// What was said in the visitor's chat: the newest messages, those before one of them, or what was
/// said or changed since an earlier answer.
#[utoipa::path(get, path = "/api/livechat/sessions/{id}/messages", tag = "live chat",
    params(("id" = uuid::Uuid, Path), Stretch), security(("visitor" = [])),
    responses((status = 200, body = Messages), ApiError))]
pub(super) async fn messages(
    Own(visitor): Own,
    State(state): State<ApiState>,
    Extension(signals): Extension<Signals>,
    Query(Stretch { after, before, limit }): Query<Stretch>,
) -> Result<Json<Messages>, ApiError> {
    signals.visitor_asks(&visitor.chat);
    let limit = limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(ApiError::BadRequest(format!("limit is a number from 1 to {LARGEST_PAGE}")));
    }
    let chat = &visitor.chat;
    let (lines, seq, has_more) = match (after, before) {
        (Some(after), None) => chat.since(number(&after)?, limit).await?,
        (None, before) => {
            // Before the rows: what is read again later may repeat, and nothing is left out.
            let seq = chat.head().await?;
            let read = chat.lines(before, limit).await?;
            (read.lines, seq, read.has_more)
        }
        (Some(_), Some(_)) => {
            return Err(ApiError::BadRequest("only one of after and before can hold".to_owned()));
        }
    };
    got(&state, &visitor, &lines).await?;
    let messages = lines.into_iter().map(Message::from).collect();
    Ok(Json(Messages { messages, seq, has_more }))
}

/// Says something in the visitor's chat; the first message opens the conversation.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/messages", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), request_body = Post, security(("visitor" = [])),
    responses((status = 201, body = Message), ApiError))]
pub(super) async fn write(
    Own(visitor): Own,
    State(state): State<ApiState>,
    headers: HeaderMap,
    Json(post): Json<Post>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let key = key.map(|key| key.trim_matches('"').to_owned());
    let said = say(&state, &visitor, post.called(key)).await?;
    Ok((StatusCode::CREATED, Json(said)))
}

/// Notes that the visitor has read what agents have said.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/read", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), request_body = ReadUntil, security(("visitor" = [])),
    responses((status = 204), ApiError))]
pub(super) async fn read(
    Own(visitor): Own,
    State(state): State<ApiState>,
    Json(ReadUntil { message_id }): Json<ReadUntil>,
) -> Result<StatusCode, ApiError> {
    told::read(&state, &visitor, message_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells agents who look at the conversation that the visitor types, or has stopped.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/typing", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), request_body = TypingNow, security(("visitor" = [])),
    responses((status = 204), ApiError))]
pub(super) async fn typing(
    Own(visitor): Own,
    Extension(signals): Extension<Signals>,
    Json(TypingNow { is_typing }): Json<TypingNow>,
) -> Result<StatusCode, ApiError> {
    signals.visitor_types(&visitor.chat, is_typing);
    Ok(StatusCode::NO_CONTENT)
}

/// Tells agents which page of the site the visitor looks at.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/page", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), request_body = Page, security(("visitor" = [])),
    responses((status = 204), ApiError))]
pub(super) async fn page(
    Own(visitor): Own,
    Extension(signals): Extension<Signals>,
    Json(page): Json<Page>,
) -> Result<StatusCode, ApiError> {
    let page = WebPage::from(&page);
    visitor.chat.looks_at(&page).await?;
    signals.visitor_looks_at(&visitor.chat, &page);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the visitor's chat: its conversation is resolved, until somebody writes again.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/end", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), security(("visitor" = [])),
    responses((status = 200, body = Session), ApiError))]
pub(super) async fn end(Own(visitor): Own) -> Result<Json<Session>, ApiError> {
    Ok(Json(visitor.chat.end().await?.into()))
}

/// Notes how the visitor found the chat; agents read it in the conversation. The last word counts.
#[utoipa::path(post, path = "/api/livechat/sessions/{id}/rating", tag = "live chat",
    params(("id" = uuid::Uuid, Path)), request_body = Rating, security(("visitor" = [])),
    responses((status = 204), ApiError))]
pub(super) async fn rate(
    Own(visitor): Own,
    State(state): State<ApiState>,
    Json(rating): Json<Rating>,
) -> Result<StatusCode, ApiError> {
    told::rate(&state, &visitor, rating).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Everything that was said in the visitor's chat, to be kept.
#[utoipa::path(get, path = "/api/livechat/sessions/{id}/transcript", tag = "live chat",
    params(("id" = uuid::Uuid, Path), Written), security(("visitor" = [])),
    responses(
        (status = 200, description = "As text, or as JSON.", content((String = "text/plain"), (Messages = "application/json"))),
        ApiError,
    ))]
pub(super) async fn transcript(
    Own(visitor): Own,
    Query(Written { format }): Query<Written>,
) -> Result<Response, ApiError> {
    let chat = &visitor.chat;
    let seq = chat.head().await?;
    let mut lines: Vec<Line> = Vec::new();
    let mut has_more = true;
    while has_more && lines.len() < LONGEST_TRANSCRIPT {
        let page = chat.lines(lines.first().map(|line| line.id), LARGEST_PAGE).await?;
        has_more = page.has_more;
        lines.splice(..0, page.lines);
    }
    let name = |ending: &str| format!("attachment; filename=\"chat-{}.{ending}\"", chat.id());
    Ok(match format.unwrap_or_default() {
        Format::Json => {
            let messages = lines.into_iter().map(Message::from).collect();
            let told = Json(Messages { messages, seq, has_more });
            ([(CONTENT_DISPOSITION, name("json"))], told).into_response()
        }
        Format::Text => {
            let visitor = chat.name().unwrap_or("Visitor");
            let text: String = lines.iter().map(|line| in_words(line, visitor)).collect();
            let kind = "text/plain; charset=utf-8".to_owned();
            ([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name("txt"))], text).into_response()
        }
    })
}

/// A line for people.
fn in_words(line: &Line, visitor: &str) -> String {
    use crate::desk::Direction::Inbound;
    let who = match (&line.author, line.direction) {
        (Some(agent), _) => agent,
        (None, Inbound) => visitor,
        (None, _) => "Agent",
    };
    let file = line.metadata.get("media").and_then(|media| media.get("filename"));
    let file = file.and_then(Value::as_str).map(|name| format!(" [{name}]")).unwrap_or_default();
    format!("[{}] {who}: {}{file}\n", line.sent_at, line.content)
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

/// A number of an event, or the moment that it stands for.
fn number(after: &str) -> Result<i64, ApiError> {
    if let Ok(number) = after.parse() {
        return Ok(number);
    }
    let why = |_| ApiError::BadRequest("after is no seq and no time in ISO 8601".to_owned());
    after.parse::<Time>().map(|time| time.0).map_err(why)
}

fn invalid(why: &str) -> ApiError {
    Error::Invalid(why.to_owned()).into()
}

impl From<&Page> for WebPage {
    fn from(Page { url, title, referrer }: &Page) -> Self {
        Self { url: url.clone(), title: title.clone(), referrer: referrer.clone() }
    }
}
