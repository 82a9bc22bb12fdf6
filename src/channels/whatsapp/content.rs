//! What single elements say.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::super::Refusal;
use super::attachment::attachment;
use super::envelope::{Around, as_text, clip};
use super::readable::readable;
use super::refusal::refusal;
use crate::desk::{Amendment, Content, Direction, Element, Incoming, PLACEHOLDER, Status, Time};

/// The longest text of a message, in bytes; WhatsApp's own limit is 4,096 characters.
const LONGEST_TEXT: usize = 64 * 1024;

/// The most that is kept beside a message's text; the webhook itself is kept whole.
const MOST_METADATA: usize = 64 * 1024;

/// The fields that have a place of their own in a stored message, and the words under which the desk
/// tells of a file, or that there will be one.
const OWN_PLACE: [&str; 6] = ["id", "from", "timestamp", "type", "media", PLACEHOLDER];

/// The keys under which a kind of message puts its content; what a message without `type` is.
const KINDS: [&str; 15] = [
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "button",
    "order",
    "system",
    "reaction",
    "referral",
];

type Fields = Map<String, Value>;

/// Reads what a contact sent.
pub(super) fn message(fields: &Fields, around: &Around) -> Element {
    let addresses = sender(fields, around);
    read(fields, around, Direction::Inbound, addresses, Status::Delivered, None)
}

/// Reads what the business sent from WhatsApp's own app.
pub(super) fn echo(fields: &Fields, around: &Around) -> Element {
    let addresses = texts(fields, &["to", "to_user_id"]);
    let origin = Some(("origin", json!("phone_app")));
    read(fields, around, Direction::Outbound, addresses, Status::Sent, origin)
}

/// Reads a message from before the number was connected.
pub(super) fn old_message(fields: &Fields, around: &Around, with: Option<&str>) -> Element {
    let digits = |told: &str| told.chars().filter(char::is_ascii_digit).collect::<String>();
    let from = fields.get("from").and_then(as_text).map(|from| digits(&from));
    // It may be written as people write it.
    let is_own = from.is_some() && from == around.own_number.as_deref().map(digits);
    let direction = if is_own { Direction::Outbound } else { Direction::Inbound };
    let mut addresses: Vec<_> = with.map(str::to_owned).into_iter().collect();
    if addresses.is_empty() {
        addresses = if is_own { texts(fields, &["to"]) } else { sender(fields, around) };
    }
    let told = fields.get("history_context").and_then(|it| it.get("status")?.as_str());
    let status = match (direction, told.map(str::to_lowercase).as_deref()) {
        (Direction::Inbound, _) | (_, Some("delivered")) => Status::Delivered,
        (_, Some("read" | "played")) => Status::Read,
        (_, Some("error" | "failed")) => Status::Failed,
        (_, Some("pending")) => Status::Pending,
        _ => Status::Sent,
    };
    read(fields, around, direction, addresses, status, Some(("imported", json!(true))))
}

/// Reads how far a message has got.
pub(super) fn status(fields: &Fields, around: &Around) -> Element {
    let word = fields.get("status").and_then(as_text).unwrap_or_default();
    let content = match (status_of(&word), fields.get("id").and_then(as_text)) {
        (None, _) => Content::Aside(format!("the status {} changes nothing here", clip(&word, 64))),
        (_, None) => Content::Broken("it does not say which message it is about".to_owned()),
        (Some(status), Some(target)) => {
            let error = fields.get("errors").and_then(|errors| errors.get(0)).cloned();
            let code = error.as_ref().and_then(|error: &Value| error.get("code")?.as_i64());
            let closes_window = code.map(|code| refusal(code, 400)) == Some(Refusal::WindowClosed);
            let handover = fields.get("biz_opaque_callback_data").and_then(as_text);
            let handover = handover.and_then(|told| told.parse().ok());
            Content::Amendment {
                target,
                handover,
                amendment: Amendment::Status { status, error, closes_window },
            }
        }
    };
    element(fields, around, &format!("status {}", clip(&word, 64)), content)
}

/// Reads that a person's identifiers have changed.
pub(super) fn identity(fields: &Fields, around: &Around) -> Element {
    let mut addresses = texts(fields, &["wa_id", "current_user_id", "previous_user_id"]);
    match fields.get("user_id") {
        Some(Value::Object(ids)) => addresses.extend(texts(ids, &["current", "previous"])),
        Some(id) => addresses.extend(as_text(id)),
        None => {}
    }
    element(fields, around, "user_id_update", Content::Identity(addresses))
}

/// The words of which people have heard; <https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/messages/status>.
fn status_of(word: &str) -> Option<Status> {
    match word {
        "sent" => Some(Status::Sent),
        "delivered" => Some(Status::Delivered),
        "read" | "played" => Some(Status::Read),
        "failed" => Some(Status::Failed),
        _ => None,
    }
}

fn read(
    fields: &Fields,
    around: &Around,
    direction: Direction,
    addresses: Vec<String>,
    status: Status,
    mark: Option<(&str, Value)>,
) -> Element {
    let kind = kind_of(fields);
    let at = time(fields);
    let content = match kind.as_str() {
        "reaction" => reaction(fields, &addresses, direction, at),
        "edit" => edit(fields, at),
        "revoke" => match target(fields, "revoke", "original_message_id") {
            Some(target) => amendment(target, Amendment::Revoke { at: at.unwrap_or(Time(0)) }),
            None => Content::Broken("it does not say which message it deletes".to_owned()),
        },
        _ => {
            let (drawn_as, content) = readable(&kind, fields);
            let mut metadata = metadata(&kind, fields);
            let window = (direction == Direction::Inbound).then(|| window(&metadata));
            if kind == "media_placeholder" {
                metadata.insert(PLACEHOLDER.to_owned(), json!(true));
            }
            if let Some((key, value)) = &mark {
                metadata.insert((*key).to_owned(), value.clone());
            }
            Content::Message(Box::new(Incoming {
                provider_id: provider_id(fields),
                direction,
                name: name(around, &addresses),
                number: addresses.first().cloned(),
                email: None,
                thread: None,
                handover: None,
                told_at: None,
                is_private: false,
                addresses,
                kind: drawn_as,
                content: clip(&content, LONGEST_TEXT),
                metadata,
                status,
                sent_at: at,
                window,
                attachment: attachment(&kind, fields),
                conversation: None,
                quiet: kind == "system" || mark.is_some_and(|(key, _)| key == "imported"),
            }))
        }
    };
    element(fields, around, &kind, content)
}

/// For how long the business may write freely after a message, in seconds: longer if an advertisement
/// brought them here.
/// <https://developers.facebook.com/docs/whatsapp/pricing#free-entry-point-conversations>
fn window(metadata: &Map<String, Value>) -> i64 {
    let hours = if metadata.contains_key("referral") { 72 } else { 24 };
    hours * 60 * 60
}

fn reaction(
    fields: &Fields,
    addresses: &[String],
    direction: Direction,
    at: Option<Time>,
) -> Content {
    let by = match direction {
        Direction::Inbound => addresses.first().cloned(),
        Direction::Outbound => fields.get("from").and_then(as_text),
    };
    let (Some(target), Some(by)) = (target(fields, "reaction", "message_id"), by) else {
        return Content::Broken("it does not say who reacted to which message".to_owned());
    };
    let emoji = fields.get("reaction").and_then(|reaction| reaction.get("emoji")?.as_str());
    let emoji = emoji.filter(|emoji| !emoji.is_empty()).map(|emoji| clip(emoji, 64));
    amendment(target, Amendment::Reaction { by, emoji, at: at.unwrap_or(Time(0)) })
}

fn edit(fields: &Fields, at: Option<Time>) -> Content {
    let message = fields.get("edit").and_then(|edit| edit.get("message")?.as_object());
    let (Some(target), Some(message)) = (target(fields, "edit", "original_message_id"), message)
    else {
        return Content::Broken("it does not say what became of which message".to_owned());
    };
    let kind = kind_of(message);
    let (_, content) = readable(&kind, message);
    let at = at.unwrap_or(Time(0));
    let metadata = metadata(&kind, message);
    amendment(target, Amendment::Edit { content: clip(&content, LONGEST_TEXT), metadata, at })
}

fn amendment(target: String, amendment: Amendment) -> Content {
    Content::Amendment { target, handover: None, amendment }
}

fn target(fields: &Fields, kind: &str, key: &str) -> Option<String> {
    fields.get(kind)?.get(key).and_then(as_text)
}

fn element(fields: &Fields, around: &Around, kind: &str, content: Content) -> Element {
    Element {
        inbox: around.inbox.clone(),
        kind: kind.to_owned(),
        provider_id: fields.get("id").and_then(as_text),
        content,
    }
}

fn kind_of(fields: &Fields) -> String {
    let told = fields.get("type").and_then(as_text);
    let inferred = || KINDS.into_iter().find(|kind| fields.contains_key(*kind)).map(str::to_owned);
    clip(&told.or_else(inferred).unwrap_or_else(|| "unknown".to_owned()), 64)
}

/// All identifiers of who wrote, the phone number first.
fn sender(fields: &Fields, around: &Around) -> Vec<String> {
    let mut addresses = Vec::new();
    if let Some(system) = fields.get("system").and_then(Value::as_object) {
        // Somebody who tells their new number is reached there from now on.
        addresses.extend(texts(system, &["new_wa_id", "wa_id"]));
    }
    addresses.extend(texts(fields, &["from", "from_user_id"]));
    if addresses.is_empty()
        && let [only] = around.contacts.as_slice()
    {
        addresses.extend(only.wa_id.clone());
    }
    let told = around.contacts.iter().filter(|contact| is_one_of(contact, &addresses));
    let told: Vec<_> = told.filter_map(|contact| contact.user_id.clone()).collect();
    addresses.extend(told);
    if addresses.is_empty()
        && let [only] = around.contacts.as_slice()
    {
        addresses.extend(only.user_id.clone());
    }
    let mut seen = std::collections::HashSet::new();
    addresses.retain(|address| seen.insert(address.clone()));
    addresses
}

/// What the person at these addresses calls themselves.
fn name(around: &Around, addresses: &[String]) -> Option<String> {
    let told = around.contacts.iter().find(|contact| is_one_of(contact, addresses));
    match (told, around.contacts.as_slice()) {
        (Some(contact), _) | (None, [contact]) => contact.name(),
        (None, _) => None,
    }
}

fn is_one_of(contact: &super::envelope::Profile, addresses: &[String]) -> bool {
    let ids = [&contact.wa_id, &contact.user_id];
    ids.into_iter().flatten().any(|id| addresses.contains(id))
}

fn texts(fields: &Fields, keys: &[&str]) -> Vec<String> {
    keys.iter().filter_map(|key| fields.get(*key).and_then(as_text)).collect()
}

/// The provider's identifier; for a message without one, what it says stands for it.
fn provider_id(fields: &Fields) -> String {
    fields.get("id").and_then(as_text).unwrap_or_else(|| {
        let said = Value::Object(fields.clone()).to_string();
        format!("sha256:{}", hex::encode(Sha256::digest(said)))
    })
}

/// When it was written: Unix seconds as text or number, or milliseconds.
fn time(fields: &Fields) -> Option<Time> {
    let told: i64 = as_text(fields.get("timestamp")?)?.parse().ok()?;
    let seconds = if told > 100_000_000_000 { told / 1_000 } else { told };
    Time::from_seconds(seconds).filter(|_| seconds > 0)
}

/// What a message says beside its text: everything that has no place of its own.
fn metadata(kind: &str, fields: &Fields) -> Fields {
    let mut metadata = fields.clone();
    metadata.retain(|key, _| !OWN_PLACE.contains(&key.as_str()) && key != "text");
    let size = serde_json::to_string(&metadata).map_or(0, |json| json.len());
    if size > MOST_METADATA {
        metadata = Map::from_iter([("truncated".to_owned(), Value::Bool(true))]);
    }
    metadata.insert("kind".to_owned(), Value::String(kind.to_owned()));
    metadata
}
