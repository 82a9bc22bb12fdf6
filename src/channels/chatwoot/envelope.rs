//! The webhook: one event. It does not say for which inbox it is, and so it is stored beneath a line
//! that does.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::Malformed;
use super::super::mend::mend;
use super::conversation::{self, Typing};
use super::fields::{Fields, account_in, clip, object, text};
use super::message;
use crate::desk::{Address, Content, Element, Time};

/// Where a webhook comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The inbox's address.
    pub inbox: String,
    /// What agents call the inbox.
    pub name: String,
    /// The account; see [`super::Account::site`].
    pub site: String,
    /// The numbers of the account's inboxes that are taken; none for all of them.
    #[serde(default)]
    pub only: Vec<u64>,
    /// Of when it is, in seconds, if that was told beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
}

impl Source {
    /// Whether what happens in that inbox of the account is taken.
    pub(super) fn takes(&self, inbox: Option<u64>) -> bool {
        self.only.is_empty() || inbox.is_some_and(|inbox| self.only.contains(&inbox))
    }

    /// Whether the account is the one that a webhook is about, as far as that says. Another's
    /// conversations have the same numbers, and would be taken for this one's.
    pub(super) fn is_account(&self, told: Option<u64>) -> bool {
        let ours = self.site.rsplit('/').next().and_then(|id| id.parse::<u64>().ok());
        told.zip(ours).is_none_or(|(told, ours)| told == ours)
    }
}

/// Writes down a webhook in the form that is stored and read.
pub fn write(source: &Source, body: &[u8]) -> Bytes {
    let mut written = serde_json::to_vec(source).expect("only text keys");
    written.push(b'\n');
    written.extend_from_slice(body);
    written.into()
}

/// Reads what [`write`] has written.
pub fn parse(written: &[u8]) -> Result<Vec<Element>, Malformed> {
    let end = written.iter().position(|byte| *byte == b'\n');
    let (line, body) = end.map_or((written, &[][..]), |end| (&written[..end], &written[end + 1..]));
    let source: Source = serde_json::from_slice(line)
        .map_err(|_| Malformed::Shape("Chatwoot", "it does not say where it comes from"))?;
    let body = object_of(body)?;
    let around = Around { source };
    let mut elements = Vec::new();
    read(&body, &around, &mut elements);
    Ok(elements)
}

/// Reads that somebody types, if that is what a webhook tells: nothing of it is stored.
///
/// # Errors
/// As [`parse`].
pub fn typing(body: &[u8]) -> Result<Option<Typing>, Malformed> {
    Ok(conversation::typing(&object_of(body)?))
}

/// What all elements have in common.
pub(super) struct Around {
    pub(super) source: Source,
}

impl Around {
    /// What is told of a thing of the account.
    pub(super) fn element(
        &self,
        kind: &str,
        provider_id: Option<String>,
        content: Content,
    ) -> Element {
        let Source { inbox, name, .. } = &self.source;
        let inbox = Some(Address { id: inbox.clone(), label: name.clone() });
        Element { inbox, kind: clip(kind, 64), provider_id, content }
    }

    /// By what a contact of the account is known.
    pub(super) fn contact(&self, id: &str) -> String {
        format!("{}/contacts/{id}", self.source.site)
    }

    /// Of when the webhook is, if that was told beside it.
    pub(super) fn at(&self) -> Option<Time> {
        self.source.at.and_then(Time::from_seconds)
    }
}

fn read(body: &Fields, around: &Around, into: &mut Vec<Element>) {
    let event = text(body, "event").unwrap_or_default();
    if !around.source.is_account(account_in(body)) {
        let why = "it is about another account of Chatwoot";
        return into.push(around.element(&event, None, Content::Aside(why.to_owned())));
    }
    match event.as_str() {
        "message_created" | "message_updated" => {
            let talk = object(body, "conversation").cloned().unwrap_or_default();
            let is_update = event == "message_updated";
            if conversation::inbox_of(body, &talk, around) {
                into.extend(conversation::standing(&talk, &event, around));
                message::read(body, &talk, is_update, around, into);
            } else {
                into.push(elsewhere(&event, around));
            }
        }
        "conversation_created"
        | "conversation_updated"
        | "conversation_status_changed"
        | "conversation_opened"
        | "conversation_resolved" => {
            if !conversation::inbox_of(body, body, around) {
                return into.push(elsewhere(&event, around));
            }
            into.push(conversation::standing(body, &event, around).unwrap_or_else(|| {
                let why = "it does not say which conversation it is about";
                around.element(&event, None, Content::Broken(why.to_owned()))
            }));
        }
        "contact_created" | "contact_updated" => {
            into.push(conversation::contact(body, &event, around));
        }
        // Nothing that a Chatwoot sends: what was asked of its API, see `reconcile`.
        "reconciled" => {
            let talk = object(body, "conversation").cloned().unwrap_or_default();
            into.extend(conversation::standing(&talk, &event, around));
            for told in body.get("messages").and_then(Value::as_array).into_iter().flatten() {
                match told.as_object() {
                    Some(told) => message::read(told, &talk, true, around, into),
                    None => into.push(around.element(
                        &event,
                        None,
                        Content::Broken("a message is not an object".to_owned()),
                    )),
                }
            }
        }
        "" => into.push(around.element(
            "unknown",
            None,
            Content::Broken("it does not say which event it is".to_owned()),
        )),
        other => into.push(around.element(
            other,
            None,
            Content::Aside("kept for the operator".to_owned()),
        )),
    }
}

fn elsewhere(event: &str, around: &Around) -> Element {
    let why = "it is about an inbox of Chatwoot that is not taken here";
    around.element(event, None, Content::Aside(why.to_owned()))
}

fn object_of(body: &[u8]) -> Result<Map<String, Value>, Malformed> {
    let body: Value =
        serde_json::from_str(&mend(body)).map_err(|error| Malformed::Json(error.to_string()))?;
    match body {
        Value::Object(body) => Ok(body),
        _ => Err(Malformed::Shape("Chatwoot", "it is not an object")),
    }
}
