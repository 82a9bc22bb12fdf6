//! What WhatsApp sends.

use serde_json::{Value, json};

/// A notification of messages to one number.
pub(crate) fn notification(phone: &str, messages: &[Value]) -> Value {
    envelope(&[change(phone, json!({ "messages": messages }))])
}

/// The outermost part: one entry with these changes.
pub(crate) fn envelope(changes: &[Value]) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "waba", "changes": changes }] })
}

/// A change of one number: `value` without what every value has.
pub(crate) fn change(phone: &str, rest: Value) -> Value {
    let field =
        if rest.get("message_echoes").is_some() { "smb_message_echoes" } else { "messages" };
    json!({ "field": field, "value": value(phone, rest) })
}

/// A value: `rest`, and what every value has.
pub(crate) fn value(phone: &str, mut rest: Value) -> Value {
    rest["messaging_product"] = json!("whatsapp");
    rest["metadata"] = json!({ "display_phone_number": "5511999999999", "phone_number_id": phone });
    rest
}

/// A text that somebody writes, at a time that grows with the number its id ends in.
pub(crate) fn text(from: &str, id: &str, body: &str) -> Value {
    let number: String = id.chars().filter(char::is_ascii_digit).collect();
    let at = 1_700_000_000 + number.parse::<u64>().unwrap_or(0) % 1_000_000;
    json!({ "from": from, "id": id, "timestamp": at.to_string(), "type": "text", "text": { "body": body } })
}

/// A text that the business writes in WhatsApp's own app.
pub(crate) fn echo(to: &str, id: &str, body: &str) -> Value {
    let mut echo = text("5511999999999", id, body);
    echo["to"] = json!(to);
    echo
}

/// How far a message has got.
pub(crate) fn status(id: &str, status: &str) -> Value {
    let mut told = json!({ "id": id, "status": status, "timestamp": "1700000100", "recipient_id": "5511888888888" });
    if status == "failed" {
        told["errors"] = json!([{ "code": 131_026, "title": "Message undeliverable" }]);
    }
    told
}

/// Somebody's reaction to a message; an empty emoji takes it back.
pub(crate) fn reaction(from: &str, target: &str, emoji: &str, at: u64) -> Value {
    json!({
        "from": from, "id": format!("wamid.reaction.{at}"), "timestamp": at.to_string(), "type": "reaction",
        "reaction": { "message_id": target, "emoji": emoji },
    })
}
