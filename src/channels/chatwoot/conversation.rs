//! How conversations stand, who is in them, and who types.

use serde_json::Value;

use super::envelope::{Around, Source};
use super::fields::{Fields, account_in, flag, number, object, text, time, time_of};
use crate::desk::{Colleague, Content, ConversationStatus, Element, Profile, Standing, Time, Told};

/// Somebody types in Chatwoot, or in a chat that it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// The conversation's number.
    pub thread: String,
    /// Whether they have begun, or else stopped.
    pub is_on: bool,
    /// Whether it is the customer.
    pub is_contact: bool,
    /// What they are called.
    pub name: Option<String>,
    /// Who in Chatwoot.
    pub id: Option<String>,
    /// Which inbox of the account it is in.
    pub inbox: Option<u64>,
    /// The account's number.
    pub account: Option<u64>,
}

impl Typing {
    /// Whether it happens where what happens is taken.
    pub fn is_taken(&self, source: &Source) -> bool {
        source.is_account(self.account) && source.takes(self.inbox)
    }
}

/// Whether what is told is of an inbox of Chatwoot that is taken.
pub(super) fn inbox_of(body: &Fields, talk: &Fields, around: &Around) -> bool {
    around.source.takes(inbox_in(body, talk))
}

fn inbox_in(body: &Fields, talk: &Fields) -> Option<u64> {
    let inbox = object(body, "inbox").and_then(|inbox| number(inbox, "id"));
    inbox
        .or_else(|| number(talk, "inbox_id"))
        .or_else(|| object(talk, "contact_inbox").and_then(|contact| number(contact, "inbox_id")))
}

/// How a conversation stands; nothing if it is not named, or nothing is told of it.
pub(super) fn standing(talk: &Fields, event: &str, around: &Around) -> Option<Element> {
    let thread = text(talk, "id")?;
    talk.get("status")?;
    let Some(with) = person(talk, around) else {
        let why = "it does not say with whom the conversation is";
        return Some(around.element(event, Some(thread), Content::Broken(why.to_owned())));
    };
    let status = text(talk, "status").as_deref().and_then(status_of);
    let snoozed_until = time(talk, "snoozed_until");
    let snoozed_until = snoozed_until.filter(|_| status == Some(ConversationStatus::Snoozed));
    let labels = talk.get("labels").and_then(Value::as_array).map(|labels| {
        let labels = labels.iter().filter_map(Value::as_str).map(str::to_owned);
        let mut labels: Vec<_> = labels.filter(|label| !label.is_empty()).collect();
        labels.sort();
        labels.dedup();
        labels
    });
    let told = Told { status, snoozed_until, assignee: assignee(talk), labels };
    let at = changed_at(talk).or_else(|| around.at()).or_else(|| last_at(talk));
    let standing = Standing { thread: thread.clone(), with, at: at.unwrap_or(Time(0)), told };
    Some(around.element(event, Some(thread), Content::Standing(Box::new(standing))))
}

/// With whom a conversation is.
pub(super) fn person(talk: &Fields, around: &Around) -> Option<Profile> {
    let told = object(talk, "meta").and_then(|meta| object(meta, "sender"));
    if let Some(who) = told.and_then(|told| profile(told, around)) {
        return Some(who);
    }
    let id = object(talk, "contact_inbox").and_then(|contact| text(contact, "contact_id"))?;
    Some(Profile { addresses: vec![around.contact(&id)], ..Profile::default() })
}

/// Who a contact is.
pub(super) fn profile(told: &Fields, around: &Around) -> Option<Profile> {
    let id = text(told, "id")?;
    let email = text(told, "email");
    let number = text(told, "phone_number").map(|number| number.trim_start_matches('+').to_owned());
    Some(Profile {
        addresses: vec![around.contact(&id)],
        name: text(told, "name"),
        number: number.filter(|number| !number.is_empty()),
        email,
    })
}

/// Who a contact is now.
pub(super) fn contact(body: &Fields, event: &str, around: &Around) -> Element {
    let id = text(body, "id");
    let content = match profile(body, around) {
        Some(who) => {
            let at = changed_at(body).or_else(|| around.at()).or_else(|| last_at(body));
            Content::Person { who, at }
        }
        None => Content::Broken("it does not say which contact it is about".to_owned()),
    };
    around.element(event, id, content)
}

/// Who types where.
pub(super) fn typing(body: &Fields) -> Option<Typing> {
    let is_on = match text(body, "event")?.as_str() {
        "conversation_typing_on" => true,
        "conversation_typing_off" => false,
        _ => return None,
    };
    let talk = object(body, "conversation")?;
    let user = object(body, "user");
    let told = |key: &str| user.and_then(|user| text(user, key));
    Some(Typing {
        thread: text(talk, "id")?,
        is_on,
        // Customers see no notes, and so do not hear that one is being written.
        is_contact: !flag(body, "is_private") && told("type").is_none_or(|kind| kind == "contact"),
        name: told("name"),
        id: told("id"),
        inbox: inbox_in(body, talk),
        // Chatwoot writes it down within the customer.
        account: account_in(body).or_else(|| user.and_then(account_in)),
    })
}

/// When something last changed, as newer versions tell.
pub(super) fn changed_at(fields: &Fields) -> Option<Time> {
    let changes = fields.get("changed_attributes").and_then(Value::as_array);
    let changes = changes.into_iter().flatten();
    let changed = changes.filter_map(|change| change.get("updated_at")?.get("current_value"));
    changed.filter_map(time_of).chain(time(fields, "updated_at")).max()
}

/// When something last happened, as all versions tell.
pub(super) fn last_at(fields: &Fields) -> Option<Time> {
    let told = ["timestamp", "last_activity_at", "created_at"];
    told.into_iter().filter_map(|key| time(fields, key)).max()
}

fn assignee(talk: &Fields) -> Option<Option<Colleague>> {
    let told = object(talk, "meta")?.get("assignee")?;
    match told {
        Value::Object(told) => {
            let name = text(told, "name").or_else(|| text(told, "available_name"));
            let email = text(told, "email");
            Some(Some(Colleague { email, name: name.unwrap_or_default() }))
        }
        _ => Some(None),
    }
}

fn status_of(word: &str) -> Option<ConversationStatus> {
    match word {
        "open" => Some(ConversationStatus::Open),
        "pending" | "bot" => Some(ConversationStatus::Pending),
        "snoozed" => Some(ConversationStatus::Snoozed),
        "resolved" => Some(ConversationStatus::Resolved),
        _ => None,
    }
}
