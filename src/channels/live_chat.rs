//! The chat on a tenant's own site. Its provider is Recado itself, which writes down what visitors
//! do in a form of its own, so that it becomes durable and is read like any other webhook.
//!
//! Nothing is sent anywhere: visitors' clients read the log. A message is handed over by standing
//! there.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Malformed, Said};
use crate::desk::{
    self, Address, Amendment, Attachment, Chat, Content, ConversationId, Direction, Element, Error,
    File, Incoming, Media, MediaId, MessageId, Outgoing, Status, Time, Type,
};

/// The most characters that a text may have.
const LONGEST_TEXT: usize = 4_096;

/// What visitors' clients told, all in one chat.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    inbox: String,
    name: String,
    conversation: ConversationId,
    from: Person,
    told: Vec<Told>,
}

/// The visitor.
#[derive(Debug, Serialize, Deserialize)]
struct Person {
    address: String,
    name: Option<String>,
    email: Option<String>,
}

/// Something that a visitor did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Told {
    /// They wrote.
    Message {
        /// What makes a repeat one.
        id: String,
        /// What.
        content: String,
        /// Their client's own identifier.
        client_id: Option<String>,
        /// What they enclosed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<Enclosed>,
    },
    /// They said how they found the chat.
    Rating {
        /// What makes a repeat one.
        id: String,
        /// From 1 to 5.
        score: i32,
        /// In words.
        comment: Option<String>,
        /// When, if they have said so before.
        again: Option<Time>,
    },
    /// Their client has got an agent's message, or they have read it.
    Status {
        /// Which.
        message: MessageId,
        /// How far it has got.
        status: Status,
    },
}

/// A file that a visitor encloses: they have uploaded it, and its bytes are in the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enclosed {
    id: MediaId,
    filename: Option<String>,
    mime_type: String,
    size: u64,
    sha256: String,
    dimensions: Option<(u32, u32)>,
}

/// Writes down what a visitor did.
///
/// # Errors
/// [`Error::Invalid`] when a text is too long, or empty without a file.
pub fn write(chat: &Chat, told: Vec<Told>) -> desk::Result<Bytes> {
    for told in &told {
        match told {
            Told::Message { content, file: None, .. } => check(content)?,
            Told::Message { content, file: Some(_), .. } => check_caption(content)?,
            Told::Rating { .. } | Told::Status { .. } => {}
        }
    }
    let from = Person {
        address: chat.address().to_owned(),
        name: chat.name().map(str::to_owned),
        email: chat.email().map(str::to_owned),
    };
    let (inbox, name) = (chat.key().to_owned(), chat.inbox_name().to_owned());
    let envelope = Envelope { inbox, name, conversation: chat.conversation(), from, told };
    Ok(serde_json::to_vec(&envelope).expect("only text keys").into())
}

/// Reads what visitors did.
pub fn parse(body: &[u8]) -> Result<Vec<Element>, Malformed> {
    let envelope: Envelope =
        serde_json::from_slice(body).map_err(|error| Malformed::Json(error.to_string()))?;
    let Envelope { inbox, name, conversation, from, told } = envelope;
    let address = Address { id: inbox, label: name };
    let elements = told.into_iter().map(|told| {
        let (kind, provider_id, content) = match told {
            Told::Message { id, content, client_id, file } => {
                let kind = file.as_ref().map_or(Type::Text, Enclosed::drawn_as);
                let mut metadata = of_kind(word_of(kind));
                metadata.extend(client_id.map(|it| ("clientId".to_owned(), json!(it))));
                let message = incoming(&from, conversation, (id.clone(), content), metadata);
                let attachment = file.map(Attachment::from);
                let message = Incoming { kind, attachment, ..message };
                ("message", id, Content::Message(Box::new(message)))
            }
            Told::Rating { id, score, comment, again } => {
                let mut metadata = of_kind("rating");
                metadata.insert("score".to_owned(), json!(score));
                let content = in_words(score, comment.as_deref());
                let content = match again {
                    None => {
                        let message =
                            incoming(&from, conversation, (id.clone(), content), metadata);
                        Content::Message(Box::new(Incoming { quiet: true, ..message }))
                    }
                    Some(at) => amended(&id, Amendment::Edit { content, metadata, at }),
                };
                ("rating", id, content)
            }
            Told::Status { message, status } => {
                let id = message.to_string();
                let amendment = Amendment::Status { status, error: None, closes_window: false };
                ("status", id.clone(), amended(&id, amendment))
            }
        };
        let (kind, provider_id) = (kind.to_owned(), Some(provider_id));
        Element { inbox: Some(address.clone()), kind, provider_id, content }
    });
    Ok(elements.collect())
}

/// Puts what an agent says into the form that visitors' clients show.
pub fn compose(said: Said) -> desk::Result<Outgoing> {
    let (kind, content, metadata, media) = match said {
        Said::Text { text, .. } => {
            check(&text)?;
            (Type::Text, text, of_kind("text"), None)
        }
        Said::Media { kind, media, caption, .. } => {
            check_caption(&caption)?;
            if matches!(kind, Type::Text | Type::Location) {
                return invalid("that is no file");
            }
            (kind, caption, of_kind(word_of(kind)), Some(media))
        }
        Said::Location { latitude, longitude, name, address } => {
            let words: Vec<_> = [&name, &address].into_iter().flatten().cloned().collect();
            let words = if words.is_empty() {
                format!("{latitude}, {longitude}")
            } else {
                words.join(", ")
            };
            let mut metadata = of_kind(word_of(Type::Location));
            let spot = json!({ "latitude": latitude, "longitude": longitude, "name": name, "address": address });
            metadata.insert("location".to_owned(), spot);
            (Type::Location, words, metadata, None)
        }
        Said::Template { .. } | Said::Interactive(_) => {
            return invalid("a chat on a site takes texts, files and places");
        }
    };
    Ok(Outgoing { kind, content, metadata, media, is_template: false })
}

impl Enclosed {
    fn drawn_as(&self) -> Type {
        match self.mime_type.split('/').next() {
            Some("image") => Type::Image,
            Some("video") => Type::Video,
            Some("audio") => Type::Audio,
            _ => Type::Document,
        }
    }
}

impl From<Media> for Enclosed {
    fn from(Media { id, filename, file }: Media) -> Self {
        let File { sha256, size, mime_type, dimensions } = file;
        Self { id, filename, mime_type, size, sha256, dimensions }
    }
}

impl From<Enclosed> for Attachment {
    fn from(file: Enclosed) -> Self {
        let Enclosed { id, filename, mime_type, size, sha256, dimensions } = file;
        Self {
            provider_id: id.to_string(),
            mime_type: mime_type.clone(),
            filename,
            sha256: Some(sha256.clone()),
            kept_for: 0,
            stored: Some(File { sha256, size, mime_type, dimensions }),
        }
    }
}

fn incoming(
    from: &Person,
    conversation: ConversationId,
    (provider_id, content): (String, String),
    metadata: Map<String, Value>,
) -> Incoming {
    Incoming {
        provider_id,
        direction: Direction::Inbound,
        addresses: vec![from.address.clone()],
        name: from.name.clone(),
        number: Some(from.address.clone()),
        email: from.email.clone(),
        thread: None,
        handover: None,
        told_at: None,
        is_private: false,
        kind: Type::Text,
        content,
        metadata,
        status: Status::Delivered,
        sent_at: None,
        quiet: false,
        window: None,
        attachment: None,
        conversation: Some(conversation),
    }
}

fn amended(target: &str, amendment: Amendment) -> Content {
    Content::Amendment { target: target.to_owned(), handover: None, amendment }
}

fn of_kind(word: &str) -> Map<String, Value> {
    Map::from_iter([("kind".to_owned(), json!(word))])
}

/// What the channel calls messages that are drawn so.
fn word_of(kind: Type) -> &'static str {
    match kind {
        Type::Text => "text",
        Type::Image => "image",
        Type::Video => "video",
        Type::Audio => "audio",
        Type::Document => "document",
        Type::Location => "location",
    }
}

/// A rating for people who read the conversation.
fn in_words(score: i32, comment: Option<&str>) -> String {
    let full = usize::try_from(score).unwrap_or_default().min(5);
    let stars = "★".repeat(full) + &"☆".repeat(5 - full);
    comment.map_or(stars.clone(), |comment| format!("{stars} {comment}"))
}

fn check(text: &str) -> desk::Result<()> {
    if text.trim().is_empty() {
        return invalid("the text is empty");
    }
    check_caption(text)
}

fn check_caption(text: &str) -> desk::Result<()> {
    if text.chars().count() > LONGEST_TEXT {
        return invalid(&format!("the text is longer than {LONGEST_TEXT} characters"));
    }
    Ok(())
}

fn invalid<T>(why: &str) -> desk::Result<T> {
    Err(Error::Invalid(why.to_owned()))
}
