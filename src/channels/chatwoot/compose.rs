//! Messages as Chatwoot takes them, and what it refuses.

use serde_json::{Map, Value, json};

use super::super::Said;
use crate::desk::{Direction, Errand, Error, Outgoing, Result, Type};

/// The most characters that a text may have.
/// <https://github.com/chatwoot/chatwoot/blob/develop/app/models/message.rb>
const LONGEST_TEXT: usize = 150_000;

/// Puts what an agent says into Chatwoot's form.
pub fn compose(said: Said) -> Result<Outgoing> {
    let (kind, content, word, more, media) = match said {
        Said::Text { text, .. } => {
            if text.trim().is_empty() {
                return invalid("the text is empty");
            }
            (Type::Text, text, "text", None, None)
        }
        Said::Media { kind, media, caption, .. } => {
            let word = match kind {
                Type::Image => "image",
                Type::Video => "video",
                Type::Audio => "audio",
                Type::Document => "file",
                Type::Text | Type::Location => {
                    return invalid("a file is an image, a video, audio or a document");
                }
            };
            (kind, caption, word, None, Some(media))
        }
        Said::Location { latitude, longitude, name, address } => {
            let words =
                [name, address, Some(format!("https://maps.google.com/?q={latitude},{longitude}"))];
            let words: Vec<_> = words.into_iter().flatten().collect();
            (Type::Text, words.join("\n"), "text", None, None)
        }
        Said::Template { template, text } => {
            let name = template.get("name").and_then(Value::as_str).unwrap_or_default();
            if name.is_empty() {
                return invalid("a template has a name");
            }
            let text = if text.is_empty() { name.to_owned() } else { text };
            (Type::Text, text, "template", Some(Value::Object(template)), None)
        }
        Said::Interactive(_) => {
            return invalid("Chatwoot takes texts, files, places and templates");
        }
    };
    if content.chars().count() > LONGEST_TEXT {
        return invalid(&format!("the text is longer than {LONGEST_TEXT} characters"));
    }
    let mut metadata = Map::from_iter([("kind".to_owned(), json!(word))]);
    metadata.extend(more.map(|more| (word.to_owned(), more)));
    Ok(Outgoing { kind, content, metadata, media, is_template: word == "template" })
}

/// The fields of a request that sends a message; nothing if it is not the business's.
pub(super) fn fields(errand: &Errand) -> Option<Map<String, Value>> {
    let message = &errand.message;
    if message.direction != Direction::Outbound {
        return None;
    }
    let name = errand.handover().to_string();
    let mut attributes = json!({ "recado": name });
    let context = message.metadata.get("context").and_then(|context| context.get("id"));
    if let Some(id) = context.and_then(Value::as_str).and_then(|id| id.parse::<u64>().ok()) {
        attributes["in_reply_to"] = json!(id);
    }
    let mut fields = Map::from_iter([
        ("content".to_owned(), json!(message.content)),
        ("message_type".to_owned(), json!("outgoing")),
        ("private".to_owned(), json!(false)),
        ("echo_id".to_owned(), json!(name)),
        ("content_attributes".to_owned(), attributes),
    ]);
    if let Some(template) = message.metadata.get("template") {
        fields.insert("template_params".to_owned(), template.clone());
    }
    Some(fields)
}

fn invalid<T>(why: &str) -> Result<T> {
    Err(Error::Invalid(why.to_owned()))
}
