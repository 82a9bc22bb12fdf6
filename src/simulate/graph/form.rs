//! What a message to somebody must look like.
//!
//! <https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api>

use serde_json::Value;

use super::super::media::Shelf;
use super::error::GraphError;
use super::part::Part;

/// The kinds of messages that a business may send.
const KINDS: [&str; 11] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "template",
    "interactive",
    "reaction",
    "location",
    "contacts",
];

/// A request that is well formed.
pub(super) enum Form {
    /// A message to somebody.
    Message(Message),
    /// That a message has been read, and perhaps that an answer is being typed.
    Mark { message_id: String, typing: bool },
}

/// A message to somebody.
pub(super) struct Message {
    /// Whom it is for: a phone number or a user id, in the sender's words.
    pub(super) to: String,
    /// Whether that is a user id.
    pub(super) is_user_id: bool,
    pub(super) kind: String,
    pub(super) callback_data: Option<String>,
}

/// Reads a request, or says what is wrong with it.
pub(super) fn read(body: &Value, shelf: &Shelf) -> Result<Form, GraphError> {
    let body = Part::whole(body);
    if body.at("messaging_product").text_if_there(usize::MAX)? != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    if body.at("status").is_there() {
        body.at("status").one_of(&["read"])?;
        let message_id = body.at("message_id").text(512)?.to_owned();
        let typing = body.at("typing_indicator");
        if typing.is_there() {
            typing.at("type").one_of(&["text"])?;
        }
        return Ok(Form::Mark { message_id, typing: typing.is_there() });
    }
    let user_id = body.at("recipient").text_if_there(512)?;
    let to = user_id.or(body.at("to").text_if_there(64)?).filter(|to| !to.is_empty());
    let to = to.ok_or_else(|| GraphError::required("to"))?.to_owned();
    if body.at("recipient_type").is_there() {
        body.at("recipient_type").one_of(&["individual"])?;
    }
    if body.at("context").is_there() {
        body.at("context").at("message_id").text(512)?;
    }
    let callback_data = body.at("biz_opaque_callback_data").text_if_there(512)?;
    let kind = body.at("type").text_if_there(64)?.unwrap_or("text");
    if !KINDS.contains(&kind) {
        let why = format!("Param type must be one of {{{}}}", KINDS.join(", "));
        return Err(GraphError::new(100, why));
    }
    content(kind, &body.at(kind), shelf)?;
    Ok(Form::Message(Message {
        to,
        is_user_id: user_id.is_some(),
        kind: kind.to_owned(),
        callback_data: callback_data.map(str::to_owned),
    }))
}

fn content(kind: &str, part: &Part, shelf: &Shelf) -> Result<(), GraphError> {
    part.required()?;
    match kind {
        "text" => part.at("body").text(4_096).map(drop),
        "template" => template(part),
        "interactive" => interactive(part),
        "reaction" => {
            part.at("message_id").text(512)?;
            part.at("emoji").required()?;
            part.at("emoji").text_if_there(64).map(drop)
        }
        "location" => {
            part.at("latitude").number()?;
            part.at("longitude").number()
        }
        "contacts" => part.list(1..=257)?.iter().try_for_each(contact),
        _ => medium(kind, part, shelf),
    }
}

fn medium(kind: &str, part: &Part, shelf: &Shelf) -> Result<(), GraphError> {
    match (part.at("id").text_if_there(512)?, part.at("link").text_if_there(2_048)?) {
        (Some(id), None) if shelf.get(id).is_some() => {}
        (Some(_), None) => return Err(part.at("id").wrong("is not the id of a medium")),
        (None, Some(link)) if link.starts_with("https://") || link.starts_with("http://") => {}
        (None, Some(_)) => return Err(part.at("link").wrong("is not a valid URL")),
        (Some(_), Some(_)) => return Err(part.at("link").wrong("must not come with an id")),
        (None, None) => return Err(GraphError::missing(&format!("{kind}.id"))),
    }
    if matches!(kind, "audio" | "sticker") && part.at("caption").is_there() {
        return Err(part.at("caption").wrong("is not taken by this kind"));
    }
    if kind != "document" && part.at("filename").is_there() {
        return Err(part.at("filename").wrong("is not taken by this kind"));
    }
    part.at("filename").text_if_there(240)?;
    part.at("caption").text_if_there(1_024).map(drop)
}

fn template(part: &Part) -> Result<(), GraphError> {
    part.at("name").text(512)?;
    part.at("language").at("code").text(15)?;
    if part.at("components").is_there() {
        for component in part.at("components").list(0..=20)? {
            component.at("type").one_of(&[
                "header",
                "body",
                "footer",
                "button",
                "carousel",
                "limited_time_offer",
            ])?;
        }
    }
    Ok(())
}

fn contact(contact: &Part) -> Result<(), GraphError> {
    let name = contact.at("name");
    name.at("formatted_name").text(512)?;
    let parts = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
    if parts.into_iter().any(|part| name.at(part).is_there()) {
        return Ok(());
    }
    Err(name.wrong("must have one of first_name, last_name, middle_name, suffix, prefix"))
}

fn interactive(part: &Part) -> Result<(), GraphError> {
    let kinds = [
        "button",
        "list",
        "cta_url",
        "flow",
        "location_request_message",
        "address_message",
        "product",
        "product_list",
        "catalog_message",
        "call_permission_request",
        "carousel",
    ];
    let kind = part.at("type").one_of(&kinds)?;
    part.at("footer").at("text").text_if_there(60)?;
    let longest = if kind == "button" || kind == "cta_url" { 1_024 } else { 4_096 };
    if matches!(kind, "product" | "call_permission_request") {
        part.at("body").at("text").text_if_there(longest)?;
    } else {
        part.at("body").at("text").text(longest)?;
    }
    let action = part.at("action");
    action.required()?;
    match kind {
        "button" => action.at("buttons").list(1..=3)?.iter().try_for_each(button),
        "list" => list(&action),
        "cta_url" => {
            action.at("parameters").at("display_text").text(20)?;
            action.at("parameters").at("url").text(2_000).map(drop)
        }
        "location_request_message" => action.at("name").one_of(&["send_location"]).map(drop),
        "flow" => action.at("parameters").required().map(drop),
        _ => Ok(()),
    }
}

fn button(button: &Part) -> Result<(), GraphError> {
    button.at("type").one_of(&["reply"])?;
    button.at("reply").at("id").text(256)?;
    button.at("reply").at("title").text(20).map(drop)
}

fn list(action: &Part) -> Result<(), GraphError> {
    action.at("button").text(20)?;
    let sections = action.at("sections");
    let mut count = 0;
    for section in sections.list(1..=10)? {
        section.at("title").text_if_there(24)?;
        for row in section.at("rows").list(1..=10)? {
            row.at("id").text(200)?;
            row.at("title").text(24)?;
            row.at("description").text_if_there(72)?;
            count += 1;
        }
    }
    if count > 10 { Err(sections.wrong("must have at most 10 rows in all")) } else { Ok(()) }
}
