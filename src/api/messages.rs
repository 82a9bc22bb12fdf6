//! What agents write.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use super::{ApiError, ApiState};
use crate::auth::Caller;
use crate::channels::{self, Said};
use crate::desk::{
    Channel, ConversationId, Draft, Error, First, InboxId, MediaId, MessageId, Type, UserId, What,
};
use crate::wire::{Conversation, Message, schema};

/// The longest reaction, in bytes: an emoji of several parts.
const LONGEST_EMOJI: usize = 64;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(retry)).routes(routes!(open))
}

/// Something that an agent writes: a text, a file, a place, a template, something to choose from, a
/// reaction, or a note.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Post {
    /// `TEXT` if not given.
    #[schema(value_type = Option<schema::MessageType>, inline)]
    r#type: Option<String>,
    /// The text, the caption of a file, or how agents read a template.
    #[serde(default)]
    content: String,
    /// The client's own identifier: a second message that bears it is answered like the first.
    client_id: Option<String>,
    /// The message that it answers.
    #[schema(value_type = Option<uuid::Uuid>)]
    reply_to: Option<MessageId>,
    /// Whether it is a note among agents that no customer sees.
    #[serde(default)]
    is_private: bool,
    /// The users whose attention a note wants.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    mentions: Vec<UserId>,
    /// The file.
    #[schema(value_type = Option<uuid::Uuid>)]
    media_id: Option<MediaId>,
    /// What a document is called.
    filename: Option<String>,
    /// Whether the first address in the text is shown as what is there.
    #[serde(default)]
    preview_url: bool,
    /// The place.
    location: Option<Spot>,
    /// A template in WhatsApp's form: `name`, `language.code`, `components`.
    #[schema(value_type = Option<Object>)]
    template: Option<Map<String, Value>>,
    /// Something to choose from, in WhatsApp's form: `type`, `body`, `action`.
    #[schema(value_type = Option<Object>)]
    interactive: Option<Map<String, Value>>,
    /// A reaction to a message.
    reaction: Option<Reaction>,
}

/// A place on earth.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Spot {
    /// Degrees north.
    latitude: f64,
    /// Degrees east.
    longitude: f64,
    /// What it is called.
    name: Option<String>,
    /// Where it is, for people.
    address: Option<String>,
}

/// A reaction.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reaction {
    /// To which message.
    #[schema(value_type = uuid::Uuid)]
    message_id: MessageId,
    /// How; nothing takes it back.
    emoji: Option<String>,
}

/// A first message to somebody.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Opening {
    /// From which inbox.
    #[schema(value_type = uuid::Uuid)]
    inbox_id: InboxId,
    /// To whom.
    phone_number: String,
    /// What they are called.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// What they are written: a template, unless they have written within 24 hours.
    message: Post,
}

/// A conversation, and the message that was written in it.
#[derive(Serialize, ToSchema)]
pub(super) struct Opened {
    conversation: Conversation,
    message: Message,
}

/// How to send a message once more.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    /// Also if nobody knows whether it was sent: the customer may then get it twice.
    #[serde(default)]
    force: bool,
}

/// Writes in a conversation. The message is `PENDING`; what becomes of it is told by events.
#[utoipa::path(post, path = "/api/conversations/{id}/messages", tag = "messages",
    params(("id" = uuid::Uuid, Path)), request_body = Post,
    responses((status = 202, body = Message), ApiError))]
pub(super) async fn create(
    caller: Caller,
    Path(to): Path<ConversationId>,
    Json(post): Json<Post>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(say(&caller, to, post).await?)))
}

/// Sends a message once more that has failed.
#[utoipa::path(post, path = "/api/messages/{id}/retry", tag = "messages",
    params(("id" = uuid::Uuid, Path)), request_body = Again,
    responses((status = 202, body = Message), ApiError))]
pub(super) async fn retry(
    caller: Caller,
    Path(id): Path<MessageId>,
    Json(Again { force }): Json<Again>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    let message = caller.desk.retry(id, force, &caller.actor(), &caller.sees).await?;
    Ok((StatusCode::ACCEPTED, Json(message.into())))
}

/// Writes to somebody who has not written yet.
#[utoipa::path(post, path = "/api/conversations", tag = "conversations", request_body = Opening,
    responses((status = 202, body = Opened), ApiError))]
pub(super) async fn open(
    caller: Caller,
    Json(Opening { inbox_id, phone_number, name, message }): Json<Opening>,
) -> Result<(StatusCode, Json<Opened>), ApiError> {
    if message.is_private || message.reaction.is_some() {
        return Err(invalid("a conversation begins with a message to the customer"));
    }
    let to: String = phone_number.chars().filter(char::is_ascii_digit).collect();
    if !(7..=15).contains(&to.len()) {
        return Err(invalid("phoneNumber is not a number with its country's code"));
    }
    let inboxes = caller.desk.inboxes().await?.into_iter().map(|(inbox, _)| inbox);
    let inbox = { inboxes }.find(|it| it.id == inbox_id && caller.sees.inbox(it.id));
    let inbox = inbox.ok_or_else(|| Error::NoInbox(inbox_id.to_string()))?;
    let draft = message.draft(inbox.channel)?;
    let first = First { inbox: inbox_id, to, name, draft };
    let (conversation, message) = caller.desk.open(first, &caller.actor(), &caller.sees).await?;
    let opened = Opened { conversation: conversation.into(), message: message.into() };
    Ok((StatusCode::ACCEPTED, Json(opened)))
}

/// Says something in a conversation for a caller.
pub async fn say(caller: &Caller, to: ConversationId, post: Post) -> Result<Message, ApiError> {
    let channel = caller.desk.conversation(to, &caller.sees).await?.inbox.channel;
    if let Some(Reaction { message_id, emoji }) = post.reaction {
        let emoji = emoji.filter(|emoji| !emoji.is_empty());
        if emoji.as_ref().is_some_and(|emoji| emoji.len() > LONGEST_EMOJI) {
            return Err(invalid("a reaction is one emoji"));
        }
        let message = caller.desk.react(message_id, to, emoji, &caller.sees).await?;
        return Ok(message.into());
    }
    let draft = post.draft(channel)?;
    Ok(caller.desk.reply(to, draft, &caller.actor(), &caller.sees).await?.into())
}

impl Post {
    fn draft(self, channel: Channel) -> Result<Draft, ApiError> {
        let (client_id, reply_to) = (self.client_id.clone(), self.reply_to);
        let what = if self.is_private {
            if kind(self.r#type.as_deref())? != Type::Text || self.has_part() {
                return Err(invalid("a note is words, without a file or anything else"));
            }
            What::Note { text: self.content, mentions: self.mentions }
        } else {
            What::Message(channels::compose(channel, self.said()?)?)
        };
        Ok(Draft { what, reply_to, client_id })
    }

    /// Whether there is something beside words.
    fn has_part(&self) -> bool {
        let is_drawn = self.media_id.is_some() || self.location.is_some();
        is_drawn || self.template.is_some() || self.interactive.is_some()
    }

    fn said(self) -> Result<Said, ApiError> {
        let Self { content: text, preview_url, filename, .. } = self;
        if !self.mentions.is_empty() {
            return Err(invalid("only a note mentions users"));
        }
        let kind = kind(self.r#type.as_deref())?;
        match (kind, self.template, self.interactive, self.location, self.media_id) {
            (Type::Text, Some(template), None, None, None) => Ok(Said::Template { template, text }),
            (Type::Text, None, Some(part), None, None) => Ok(Said::Interactive(part)),
            (Type::Text, None, None, None, None) => Ok(Said::Text { text, preview_url }),
            (Type::Location, None, None, Some(spot), None) => {
                let Spot { latitude, longitude, name, address } = spot;
                Ok(Said::Location { latitude, longitude, name, address })
            }
            (Type::Text | Type::Location, ..) => Err(invalid("that does not go with this type")),
            (kind, None, None, None, Some(media)) => {
                Ok(Said::Media { kind, media, caption: text, filename })
            }
            _ => Err(invalid("a file has a mediaId, and nothing else beside it")),
        }
    }
}

fn kind(word: Option<&str>) -> Result<Type, ApiError> {
    match word.unwrap_or("TEXT").to_uppercase().as_str() {
        "TEXT" => Ok(Type::Text),
        "IMAGE" => Ok(Type::Image),
        "VIDEO" => Ok(Type::Video),
        "AUDIO" => Ok(Type::Audio),
        "DOCUMENT" => Ok(Type::Document),
        "LOCATION" => Ok(Type::Location),
        _ => Err(invalid("type is TEXT, IMAGE, VIDEO, AUDIO, DOCUMENT or LOCATION")),
    }
}

fn invalid(why: &str) -> ApiError {
    ApiError::Desk(Error::Invalid(why.to_owned()))
}
