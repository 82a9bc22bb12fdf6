//! What single messages say.

use serde_json::{Value, json};

use super::conversation::{changed_at, person, profile};
use super::envelope::Around;
use super::fields::{Fields, clip, flag, number, object, text, time};
use crate::desk::{
    Amendment, Attachment, Content, Direction, Element, Handover, Incoming, Profile, Status, Time,
    Type,
};

/// The longest text of a message, in bytes; Chatwoot's own limit is 150,000 characters.
const LONGEST_TEXT: usize = 256 * 1024;

/// The most that is kept beside a message's text; the webhook itself is kept whole.
const MOST_METADATA: usize = 64 * 1024;

/// The longest name of a file and the longest address of one, in bytes.
const LONGEST_FILENAME: usize = 255;
const LONGEST_URL: usize = 4 * 1024;

/// For how long what a Chatwoot keeps can be fetched, in seconds: as long as the message is there.
const KEPT_FOR: i64 = 10 * 365 * 24 * 60 * 60;

/// Whose words they are.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Incoming,
    Outgoing,
    /// What Chatwoot notes about the conversation.
    Activity,
    /// What it says by itself.
    Template,
}

/// Reads a message: an element for it, one for each further file in it, and one if it was deleted.
pub(super) fn read(
    told: &Fields,
    talk: &Fields,
    is_update: bool,
    around: &Around,
    into: &mut Vec<Element>,
) {
    let word = if is_update { "message_updated" } else { "message_created" };
    let broken =
        |id: Option<String>, why: &str| around.element(word, id, Content::Broken(why.to_owned()));
    let Some(id) = text(told, "id") else {
        return into.push(broken(None, "it has no identifier"));
    };
    let Some(kind) = kind_of(told) else {
        return into.push(broken(Some(id), "it does not say whose words they are"));
    };
    let Some(thread) = text(talk, "id").or_else(|| text(told, "conversation_id")) else {
        return into.push(broken(Some(id), "it does not say in which conversation it is"));
    };
    let who = person(talk, around).or_else(|| {
        let sender = object(told, "sender").filter(|_| kind == Kind::Incoming);
        sender.and_then(|sender| profile(sender, around))
    });
    let Some(who) = who else {
        return into.push(broken(Some(id), "it does not say with whom the conversation is"));
    };
    let attributes = object(told, "content_attributes").cloned().unwrap_or_default();
    let base = incoming(told, (kind, is_update), (who, thread), &attributes, around);
    let told_at = base.told_at.unwrap_or(Time(0));
    let is_deleted = flag(&attributes, "deleted");
    let mut rest = files(told).into_iter();
    let first = match rest.next() {
        Some(file) => with_file(base.clone(), &file, None),
        None => base.clone(),
    };
    into.push(around.element(word, Some(id.clone()), Content::Message(Box::new(first))));
    if is_deleted {
        let amendment = Amendment::Revoke { at: told_at };
        let content = Content::Amendment { target: id.clone(), handover: None, amendment };
        into.push(around.element("message_deleted", Some(id), content));
        return;
    }
    // Messages here carry one file each; what was sent from here has one, and is known by its own
    // identifier.
    for file in rest {
        let place = text(&file, "id").unwrap_or_default();
        let more = Incoming { content: String::new(), handover: None, ..base.clone() };
        let more = with_file(more, &file, Some(&place));
        let provider_id = Some(more.provider_id.clone());
        into.push(around.element(word, provider_id, Content::Message(Box::new(more))));
    }
}

/// A message without the files in it.
fn incoming(
    told: &Fields,
    (kind, is_update): (Kind, bool),
    (who, thread): (Profile, String),
    attributes: &Fields,
    around: &Around,
) -> Incoming {
    let sent_at = time(told, "created_at");
    let changed = changed_at(told).or_else(|| around.at()).filter(|_| is_update);
    let is_private = flag(told, "private");
    Incoming {
        provider_id: text(told, "id").unwrap_or_default(),
        direction: match kind {
            Kind::Incoming => Direction::Inbound,
            Kind::Outgoing | Kind::Activity | Kind::Template => Direction::Outbound,
        },
        addresses: who.addresses,
        name: who.name,
        number: who.number,
        email: who.email,
        thread: Some(thread),
        handover: handover_of(told),
        told_at: Some(changed.max(sent_at).unwrap_or(Time(0))),
        is_private,
        kind: Type::Text,
        content: text_of(told),
        metadata: metadata(told, attributes, kind),
        status: status_of(told, kind),
        sent_at,
        quiet: is_private || kind == Kind::Activity || kind == Kind::Template,
        window: None,
        attachment: None,
        conversation: None,
    }
}

fn kind_of(told: &Fields) -> Option<Kind> {
    match told.get("message_type")? {
        Value::String(word) => match word.as_str() {
            "incoming" | "0" => Some(Kind::Incoming),
            "outgoing" | "1" => Some(Kind::Outgoing),
            "activity" | "2" => Some(Kind::Activity),
            "template" | "3" => Some(Kind::Template),
            _ => None,
        },
        number => match number.as_i64()? {
            0 => Some(Kind::Incoming),
            1 => Some(Kind::Outgoing),
            2 => Some(Kind::Activity),
            3 => Some(Kind::Template),
            _ => None,
        },
    }
}

fn status_of(told: &Fields, kind: Kind) -> Status {
    if kind == Kind::Incoming {
        return Status::Delivered;
    }
    match told.get("status") {
        Some(Value::String(word)) => match word.as_str() {
            "delivered" => Status::Delivered,
            "read" => Status::Read,
            "failed" => Status::Failed,
            _ => Status::Sent,
        },
        Some(Value::Number(number)) => match number.as_i64() {
            Some(1) => Status::Delivered,
            Some(2) => Status::Read,
            Some(3) => Status::Failed,
            _ => Status::Sent,
        },
        _ => Status::Sent,
    }
}

/// What it was called when it was handed over from here. A `source_id` would be the natural place,
/// but Chatwoot takes what has one for a message that its channel has sent already.
pub(super) fn handover_of(told: &Fields) -> Option<Handover> {
    let attributes = object(told, "content_attributes");
    let ours = attributes.and_then(|attributes| text(attributes, "recado"));
    let told = [text(told, "echo_id"), ours, text(told, "source_id")];
    told.into_iter().flatten().find_map(|text| text.parse().ok())
}

fn text_of(told: &Fields) -> String {
    let content = told.get("content").and_then(Value::as_str);
    let content = content.or_else(|| told.get("processed_message_content")?.as_str());
    clip(content.unwrap_or_default(), LONGEST_TEXT)
}

/// The files and places in a message, in the order in which they were added.
fn files(told: &Fields) -> Vec<Fields> {
    let files = told.get("attachments").and_then(Value::as_array);
    let files = files.into_iter().flatten().filter_map(Value::as_object).cloned();
    let mut files: Vec<_> = files.collect();
    files.sort_by_key(|file| number(file, "id"));
    files
}

/// Puts a file into a message: the first into the message itself, each other into one of its own.
fn with_file(message: Incoming, file: &Fields, place: Option<&str>) -> Incoming {
    let mut message = message;
    if let Some(place) = place {
        message.provider_id = format!("{}/{place}", message.provider_id);
    }
    let word = text(file, "file_type").unwrap_or_else(|| "file".to_owned());
    let url = file.get("data_url").and_then(Value::as_str).filter(|url| !url.is_empty());
    let title = text(file, "fallback_title");
    let url = url.filter(|url| url.len() <= LONGEST_URL);
    let drawn_as = match (word.as_str(), url) {
        ("location", _) => Type::Location,
        ("image" | "story_mention", Some(_)) => Type::Image,
        ("audio", Some(_)) => Type::Audio,
        ("video" | "ig_reel", Some(_)) => Type::Video,
        ("fallback" | "contact", _) | (_, None) => Type::Text,
        (_, Some(_)) => Type::Document,
    };
    if matches!(drawn_as, Type::Location | Type::Text) && message.content.is_empty() {
        let words = title.clone().into_iter().chain(url.map(str::to_owned));
        message.content = words.collect::<Vec<_>>().join(" ");
    }
    match (drawn_as, url) {
        (Type::Location, _) => {
            let at = |key: &str| file.get(key).cloned().unwrap_or_default();
            let spot = json!({
                "latitude": at("coordinates_lat"), "longitude": at("coordinates_long"), "name": title,
            });
            message.metadata.insert("location".to_owned(), spot);
        }
        (Type::Text, _) | (_, None) => {}
        (_, Some(url)) => {
            let extension = text(file, "extension");
            message.attachment = Some(Attachment {
                provider_id: url.to_owned(),
                mime_type: mime_type(&word).to_owned(),
                filename: filename(url, extension.as_deref()),
                sha256: None,
                kept_for: KEPT_FOR,
                stored: None,
            });
        }
    }
    message.kind = drawn_as;
    message.metadata.insert("kind".to_owned(), json!(word));
    message
}

/// What a file is until its bytes are here.
fn mime_type(word: &str) -> &'static str {
    match word {
        "image" | "story_mention" => "image/jpeg",
        "audio" => "audio/mpeg",
        "video" | "ig_reel" => "video/mp4",
        _ => "application/octet-stream",
    }
}

fn filename(url: &str, extension: Option<&str>) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let last = url.path_segments()?.next_back().filter(|last| !last.is_empty())?;
    let last = percent_decoded(last);
    let has_extension = last.contains('.');
    let name = match extension.filter(|_| !has_extension) {
        Some(extension) => format!("{last}.{}", extension.trim_start_matches('.')),
        None => last,
    };
    Some(clip(&name, LONGEST_FILENAME))
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().replace(['\0', '/'], "_")
}

/// What a message says beside its text.
fn metadata(told: &Fields, attributes: &Fields, kind: Kind) -> Fields {
    let word = match (kind, flag(told, "private")) {
        (_, true) => "note".to_owned(),
        (Kind::Activity, _) => "system".to_owned(),
        _ => text(told, "content_type").unwrap_or_else(|| "text".to_owned()),
    };
    let mut metadata = Fields::from_iter([("kind".to_owned(), json!(word))]);
    let sender = object(told, "sender");
    if kind != Kind::Incoming
        && let Some(name) = sender.and_then(|sender| text(sender, "name"))
    {
        metadata.insert("author".to_owned(), json!({ "name": name }));
    }
    if let Some(id) = text(attributes, "in_reply_to") {
        metadata.insert("context".to_owned(), json!({ "id": id }));
    }
    if let Some(id) = text(told, "source_id") {
        metadata.insert("sourceId".to_owned(), json!(id));
    }
    let mut attributes = attributes.clone();
    for ours in ["recado", "deleted", "in_reply_to"] {
        attributes.remove(ours);
    }
    attributes.retain(|_, value| !value.is_null());
    if !attributes.is_empty() {
        let attributes = Value::Object(attributes);
        let is_small = attributes.to_string().len() <= MOST_METADATA;
        let told = if is_small { attributes } else { json!({ "truncated": true }) };
        metadata.insert("contentAttributes".to_owned(), told);
    }
    metadata
}
