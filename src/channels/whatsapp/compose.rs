//! Messages as WhatsApp takes them, and what it refuses.
//!
//! A message is kept as what it says, and beside that, under WhatsApp's word for its kind, what else
//! belongs to it: as those are that customers send.

use serde_json::{Map, Value, json};

use super::super::Said;
use crate::desk::{Direction, Errand, Error, Message, Outgoing, Result, Task, Type};

/// The most characters that a text and a caption may have.
const LONGEST_TEXT: usize = 4_096;
const LONGEST_CAPTION: usize = 1_024;

/// The limits of what can be chosen from.
const MOST_BUTTONS: usize = 3;
const LONGEST_BUTTON: usize = 20;
const MOST_ROWS: usize = 10;
const LONGEST_ROW: usize = 24;
const LONGEST_DESCRIPTION: usize = 72;

type Fields = Map<String, Value>;

/// Puts what an agent says into WhatsApp's form.
pub fn compose(said: Said) -> Result<Outgoing> {
    match said {
        Said::Text { text, preview_url } => text_message(text, preview_url),
        Said::Media { kind, media, caption, filename } => {
            let word = word_for(kind)?;
            limit("the caption", &caption, LONGEST_CAPTION)?;
            if kind == Type::Audio && !caption.is_empty() {
                return invalid("a sound has no caption");
            }
            let part = fields([("filename", filename)]);
            let message = outgoing(kind, caption, word, Value::Object(part));
            Ok(Outgoing { media: Some(media), ..message })
        }
        Said::Location { latitude, longitude, name, address } => {
            if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
                return invalid("the latitude is within ±90, the longitude within ±180");
            }
            let said: Vec<_> = [&name, &address].into_iter().flatten().cloned().collect();
            let said =
                if said.is_empty() { format!("{latitude}, {longitude}") } else { said.join(", ") };
            let mut part = fields([("name", name), ("address", address)]);
            part.extend([
                ("latitude".to_owned(), json!(latitude)),
                ("longitude".to_owned(), json!(longitude)),
            ]);
            Ok(outgoing(Type::Location, said, "location", Value::Object(part)))
        }
        Said::Template { template, text } => {
            let name = text_in(&template, "name");
            let language = template.get("language").and_then(|language| language.get("code"));
            if name.is_empty() || !language.is_some_and(Value::is_string) {
                return invalid("a template has a name and a language with a code");
            }
            let text = if text.is_empty() { name.to_owned() } else { text };
            limit("the text", &text, LONGEST_TEXT)?;
            let message = outgoing(Type::Text, text, "template", Value::Object(template));
            Ok(Outgoing { is_template: true, ..message })
        }
        Said::Interactive(part) => interactive(part),
    }
}

/// The body of a request that sends a message; nothing if it is of a kind that cannot be sent.
pub(super) fn body(errand: &Errand) -> Option<Value> {
    let mut body = json!({ "messaging_product": "whatsapp", "recipient_type": "individual" });
    // Who has no number is known by an identifier of WhatsApp's own.
    let is_number = errand.to.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+');
    body[if is_number { "to" } else { "recipient" }] = json!(errand.to);
    match &errand.task {
        Task::MarkRead => {
            let id = errand.message.provider_id.as_ref()?;
            return Some(
                json!({ "messaging_product": "whatsapp", "status": "read", "message_id": id }),
            );
        }
        Task::React(emoji) => {
            let id = errand.message.provider_id.as_ref()?;
            let emoji = emoji.as_deref().unwrap_or_default();
            body["type"] = json!("reaction");
            body["reaction"] = json!({ "message_id": id, "emoji": emoji });
        }
        // Nothing that WhatsApp has a word for.
        Task::SetStatus(..) | Task::Assign(_) | Task::Label(_) => return None,
        Task::Send { media } => {
            let (kind, part) = part(&errand.message, media.as_deref())?;
            body["type"] = json!(kind);
            body[kind] = part;
            let context = errand.message.metadata.get("context").and_then(|it| it.get("id"));
            if let Some(id) = context {
                body["context"] = json!({ "message_id": id });
            }
            body["biz_opaque_callback_data"] = json!(errand.handover().to_string());
        }
    }
    Some(body)
}

/// A message's kind in WhatsApp's word, and what it says.
fn part<'a>(message: &'a Message, media: Option<&str>) -> Option<(&'a str, Value)> {
    if message.direction != Direction::Outbound {
        return None;
    }
    let kind = text_in(&message.metadata, "kind");
    let mut part = message.metadata.get(kind).cloned().unwrap_or_else(|| json!({}));
    match message.kind {
        Type::Text if kind == "text" => part["body"] = json!(message.content),
        Type::Text | Type::Location => {}
        Type::Image | Type::Video | Type::Audio | Type::Document => {
            part["id"] = json!(media?);
            if !message.content.is_empty() {
                part["caption"] = json!(message.content);
            }
        }
    }
    Some((kind, part))
}

fn text_message(text: String, preview_url: bool) -> Result<Outgoing> {
    if text.trim().is_empty() {
        return invalid("the text is empty");
    }
    limit("the text", &text, LONGEST_TEXT)?;
    let part = if preview_url { json!({ "preview_url": true }) } else { json!({}) };
    Ok(outgoing(Type::Text, text, "text", part))
}

fn interactive(part: Fields) -> Result<Outgoing> {
    let body = part.get("body").and_then(Value::as_object);
    let text = body.map(|body| text_in(body, "text")).unwrap_or_default().to_owned();
    limit("the text", &text, LONGEST_TEXT)?;
    let Some(action) = part.get("action").and_then(Value::as_object) else {
        return invalid("what is interactive has an action");
    };
    let list = |key: &str| action.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match text_in(&part, "type") {
        "button" => check_buttons(list("buttons"))?,
        "list" => check_rows(list("sections"))?,
        "" => return invalid("what is interactive has a type"),
        _ => {}
    }
    Ok(outgoing(Type::Text, text, "interactive", Value::Object(part)))
}

fn check_buttons(buttons: &[Value]) -> Result<()> {
    if buttons.is_empty() || buttons.len() > MOST_BUTTONS {
        return invalid("there are 1 to 3 buttons");
    }
    for button in buttons {
        let title = button.pointer("/reply/title").and_then(Value::as_str).unwrap_or_default();
        named("the title of a button", title, LONGEST_BUTTON)?;
    }
    Ok(())
}

fn check_rows(sections: &[Value]) -> Result<()> {
    let rows = sections.iter().filter_map(|section| section.get("rows")?.as_array()).flatten();
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() || rows.len() > MOST_ROWS {
        return invalid("a list has 1 to 10 rows");
    }
    for row in rows {
        let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
        named("the title of a row", text("title"), LONGEST_ROW)?;
        limit("the description of a row", text("description"), LONGEST_DESCRIPTION)?;
    }
    Ok(())
}

fn outgoing(kind: Type, content: String, word: &str, part: Value) -> Outgoing {
    let mut metadata = Map::from_iter([("kind".to_owned(), json!(word))]);
    if part.as_object().is_some_and(|part| !part.is_empty()) {
        metadata.insert(word.to_owned(), part);
    }
    Outgoing { kind, content, metadata, media: None, is_template: false }
}

fn word_for(kind: Type) -> Result<&'static str> {
    match kind {
        Type::Image => Ok("image"),
        Type::Video => Ok("video"),
        Type::Audio => Ok("audio"),
        Type::Document => Ok("document"),
        Type::Text | Type::Location => invalid("a file is an image, a video, audio or a document"),
    }
}

fn fields<const N: usize>(texts: [(&str, Option<String>); N]) -> Fields {
    let texts = texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text?))));
    texts.collect()
}

fn text_in<'a>(fields: &'a Fields, key: &str) -> &'a str {
    fields.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn named(what: &str, text: &str, longest: usize) -> Result<()> {
    if text.is_empty() { invalid(&format!("{what} is empty")) } else { limit(what, text, longest) }
}

fn limit(what: &str, text: &str, longest: usize) -> Result<()> {
    if text.chars().count() > longest {
        return invalid(&format!("{what} is longer than {longest} characters"));
    }
    Ok(())
}

fn invalid<T>(why: &str) -> Result<T> {
    Err(Error::Invalid(why.to_owned()))
}
