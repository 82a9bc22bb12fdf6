//! How each kind of message is drawn, and what it says to a reader.
//!
//! The words are those of the customers: Portuguese, where WhatsApp brings none of its own.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::envelope::as_text;
use crate::desk::Type;

type Fields = Map<String, Value>;

/// Returns what a message is drawn as, and its text.
pub(super) fn readable(kind: &str, fields: &Fields) -> (Type, String) {
    let part = fields.get(kind).unwrap_or(&Value::Null);
    match kind {
        "text" => (Type::Text, text_at(part, &["body"])),
        "image" | "sticker" => (Type::Image, text_at(part, &["caption"])),
        "video" => (Type::Video, text_at(part, &["caption"])),
        "audio" | "voice" => (Type::Audio, String::new()),
        "document" => (Type::Document, text_at(part, &["caption", "filename"])),
        "location" => (Type::Location, location(part)),
        "contacts" => (Type::Text, contacts(part)),
        "interactive" => (Type::Text, interactive(part)),
        "button" => (Type::Text, text_at(part, &["text", "payload"])),
        "order" => (Type::Text, order(part)),
        "system" => (Type::Text, text_at(part, &["body"])),
        "request_welcome" => (Type::Text, "Abriu a conversa".to_owned()),
        "media_placeholder" => (Type::Text, "Arquivo de mídia".to_owned()),
        "ephemeral" => (Type::Text, "Mensagem temporária".to_owned()),
        "referral" => (Type::Text, text_at(part, &["headline", "body", "source_url"])),
        "unsupported" | "unknown" => (Type::Text, unsupported(fields)),
        other => (Type::Text, format!("[{other}]")),
    }
}

/// The first of these fields that holds text, else nothing.
fn text_at(part: &Value, keys: &[&str]) -> String {
    let mut texts = keys.iter().filter_map(|key| part.get(*key)?.as_str());
    texts.find(|text| !text.is_empty()).unwrap_or_default().to_owned()
}

fn location(part: &Value) -> String {
    let named = [text_at(part, &["name"]), text_at(part, &["address"])];
    let named: Vec<_> = named.into_iter().filter(|text| !text.is_empty()).collect();
    if !named.is_empty() {
        return named.join(", ");
    }
    let place =
        ["latitude", "longitude"].map(|key| part.get(key).and_then(as_text).unwrap_or_default());
    place.join(", ")
}

fn contacts(part: &Value) -> String {
    let lines = part.as_array().into_iter().flatten().map(|contact| {
        let name = contact.get("name").unwrap_or(&Value::Null);
        let mut line = text_at(name, &["formatted_name", "first_name"]);
        for phone in contact.get("phones").and_then(Value::as_array).into_iter().flatten() {
            // Writing to a string cannot fail.
            let _ = write!(line, " {}", text_at(phone, &["phone", "wa_id"]));
        }
        line.trim().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn interactive(part: &Value) -> String {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
    let reply = part.get(kind).unwrap_or(&Value::Null);
    match kind {
        "button_reply" => text_at(reply, &["title", "id"]),
        "list_reply" => {
            let said = [text_at(reply, &["title", "id"]), text_at(reply, &["description"])];
            said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
        }
        "nfm_reply" => form(reply),
        "call_permission_reply" => match text_at(reply, &["response"]).as_str() {
            "accept" => "Aceitou receber ligações".to_owned(),
            _ => "Recusou receber ligações".to_owned(),
        },
        "" => "[interactive]".to_owned(),
        other => format!("[{other}]"),
    }
}

/// A filled-in form: its answers come as JSON within JSON.
fn form(reply: &Value) -> String {
    let answers = reply.get("response_json").and_then(Value::as_str).unwrap_or_default();
    let answers: Fields = serde_json::from_str(answers).unwrap_or_default();
    let lines = answers.iter().filter(|(key, _)| *key != "flow_token").map(|(key, answer)| {
        format!("{key}: {}", as_text(answer).unwrap_or_else(|| answer.to_string()))
    });
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() { text_at(reply, &["body", "name"]) } else { lines.join("\n") }
}

fn order(part: &Value) -> String {
    let items = part.get("product_items").and_then(Value::as_array);
    let lines = items.into_iter().flatten().map(|item| {
        let told = |key| item.get(key).and_then(as_text).unwrap_or_default();
        let (quantity, product) = (told("quantity"), told("product_retailer_id"));
        format!("{quantity} × {product} ({} {})", told("item_price"), told("currency"))
    });
    let said = Some(text_at(part, &["text"])).filter(|text| !text.is_empty());
    said.into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}

fn unsupported(fields: &Fields) -> String {
    let what = fields.get("unsupported").map(|it| text_at(it, &["type"])).unwrap_or_default();
    if what.is_empty() {
        "Mensagem não suportada".to_owned()
    } else {
        format!("Mensagem não suportada ({what})")
    }
}
