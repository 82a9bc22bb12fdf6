//! The notification: entries of changes of elements, each of which may be broken on its own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::Malformed;
use super::super::mend::mend;
use super::content;
use crate::desk::{Address, Content, Element};

/// The longest name of an inbox, a person or a message that is believed.
const LONGEST_NAME: usize = 512;

/// Reads a notification. Every element of it comes out, in order: what cannot be understood says
/// so, and takes none of its neighbours along.
pub fn parse(body: &[u8]) -> Result<Vec<Element>, Malformed> {
    let text = mend(body);
    let body: &RawValue =
        serde_json::from_str(&text).map_err(|error| Malformed::Json(error.to_string()))?;
    let body: Fields = serde_json::from_str(body.get())
        .map_err(|_| Malformed::Shape("WhatsApp", "it is not an object"))?;
    let Some(entries) = body.get("entry").copied().and_then(list) else {
        return Err(Malformed::Shape("WhatsApp", "it has no list `entry`"));
    };
    let mut elements = Vec::new();
    for entry in entries {
        match list_in(entry, "changes") {
            Ok(changes) => changes.into_iter().for_each(|it| read_change(it, &mut elements)),
            Err(why) => elements.push(broken("entry", None, why)),
        }
    }
    Ok(elements)
}

/// The fields of an object, none of them read yet.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// What the elements of one change have in common.
pub(super) struct Around {
    pub(super) inbox: Option<Address>,
    /// The business's own number, by which its own messages are told apart in an import.
    pub(super) own_number: Option<String>,
    pub(super) contacts: Vec<Profile>,
}

/// Somebody whom a change names.
#[derive(Deserialize)]
pub(super) struct Profile {
    #[serde(default, deserialize_with = "text")]
    pub(super) wa_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) user_id: Option<String>,
    #[serde(default, rename = "profile")]
    shown: Option<Value>,
}

impl Profile {
    pub(super) fn name(&self) -> Option<String> {
        let shown = self.shown.as_ref()?;
        let name = ["name", "username"].into_iter().find_map(|key| shown.get(key)?.as_str());
        name.map(str::trim).filter(|name| !name.is_empty()).map(|name| clip(name, LONGEST_NAME))
    }
}

fn read_change(change: &RawValue, into: &mut Vec<Element>) {
    let Ok(change) = serde_json::from_str::<Fields>(change.get()) else {
        return into.push(broken("change", None, "it is not an object"));
    };
    let field = change.get("field").and_then(|field| read::<String>(field));
    // The documented curl leaves it out.
    let field = field.unwrap_or_else(|| "messages".to_owned());
    let Some(value) =
        change.get("value").and_then(|it| serde_json::from_str::<Fields>(it.get()).ok())
    else {
        return into.push(broken(&field, None, "its value is not an object"));
    };
    let around = around(&value);
    match field.as_str() {
        "messages" | "smb_message_echoes" => read_messages(&value, &around, into),
        "history" => read_history(&value, &around, into),
        "user_id_update" => read_list(&value, "user_id_update", &around, content::identity, into),
        _ => into.push(Element {
            inbox: around.inbox,
            kind: clip(&field, LONGEST_NAME),
            provider_id: None,
            content: Content::Aside("kept for the operator".to_owned()),
        }),
    }
}

fn around(value: &Fields) -> Around {
    let metadata: Map<String, Value> =
        value.get("metadata").and_then(|it| read(it)).unwrap_or_default();
    let own_number = metadata.get("display_phone_number").and_then(as_text);
    let inbox = metadata.get("phone_number_id").and_then(as_text).map(|id| {
        let label = own_number.clone().unwrap_or_else(|| id.clone());
        Address { id, label }
    });
    let contacts = value.get("contacts").copied().and_then(list).unwrap_or_default();
    let contacts = contacts.into_iter().filter_map(read).collect();
    Around { inbox, own_number, contacts }
}

fn read_messages(value: &Fields, around: &Around, into: &mut Vec<Element>) {
    let before = into.len();
    read_list(value, "messages", around, content::message, into);
    read_list(value, "message_echoes", around, content::echo, into);
    read_list(value, "statuses", around, content::status, into);
    if into.len() == before
        && let Some(errors) = value.get("errors")
    {
        let told = format!("WhatsApp reports {}", clip(errors.get(), 1_000));
        into.push(aside("errors", around, &told));
    }
}

fn read_list(
    value: &Fields,
    key: &str,
    around: &Around,
    reader: fn(&Map<String, Value>, &Around) -> Element,
    into: &mut Vec<Element>,
) {
    let Some(elements) = value.get(key) else { return };
    let Some(elements) = list(elements) else {
        return into.push(broken(key, around.inbox.clone(), "it is not a list"));
    };
    into.extend(elements.into_iter().map(|element| read_element(element, key, around, reader)));
}

/// Reads old messages that a business brings along when it connects its number.
/// <https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/history/>
fn read_history(value: &Fields, around: &Around, into: &mut Vec<Element>) {
    let before = into.len();
    // What stood in the threads for files comes here, in webhooks of its own.
    let old =
        |message: &Map<String, Value>, around: &Around| content::old_message(message, around, None);
    read_list(value, "messages", around, old, into);
    for chunk in value.get("history").copied().and_then(list).unwrap_or_default() {
        let Ok(threads) = list_in(chunk, "threads") else {
            into.push(aside("history", around, "it brings no threads"));
            continue;
        };
        for thread in threads {
            let with = read::<Map<String, Value>>(thread)
                .and_then(|thread| thread.get("id").and_then(as_text));
            match list_in(thread, "messages") {
                Ok(messages) => into.extend(messages.into_iter().map(|message| {
                    read_element(message, "history", around, |message, around| {
                        content::old_message(message, around, with.as_deref())
                    })
                })),
                Err(why) => into.push(broken("history", around.inbox.clone(), why)),
            }
        }
    }
    if value.get("history").is_none() && into.len() == before {
        into.push(aside("history", around, "it brings no history"));
    }
}

fn read_element(
    element: &RawValue,
    kind: &str,
    around: &Around,
    reader: impl FnOnce(&Map<String, Value>, &Around) -> Element,
) -> Element {
    match serde_json::from_str::<Map<String, Value>>(element.get()) {
        Ok(element) => reader(&element, around),
        Err(error) => broken(kind, around.inbox.clone(), &clip(&error.to_string(), 200)),
    }
}

fn list_in<'a>(object: &'a RawValue, key: &str) -> Result<Vec<&'a RawValue>, &'static str> {
    let fields: Fields = serde_json::from_str(object.get()).map_err(|_| "it is not an object")?;
    fields.get(key).copied().and_then(list).ok_or("it does not hold the list it should")
}

fn list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

fn read<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn broken(kind: &str, inbox: Option<Address>, why: &str) -> Element {
    let content = Content::Broken(why.to_owned());
    Element { inbox, kind: clip(kind, LONGEST_NAME), provider_id: None, content }
}

fn aside(kind: &str, around: &Around, why: &str) -> Element {
    let content = Content::Aside(why.to_owned());
    Element { inbox: around.inbox.clone(), kind: kind.to_owned(), provider_id: None, content }
}

/// Text, or a number where text was meant; not too long to be a name.
pub(super) fn as_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty() && text.len() <= LONGEST_NAME)
}

fn text<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(as_text(&Value::deserialize(from)?))
}

/// The first `longest` bytes of `text`, cut between characters.
pub(super) fn clip(text: &str, longest: usize) -> String {
    text[..text.floor_char_boundary(longest)].to_owned()
}
