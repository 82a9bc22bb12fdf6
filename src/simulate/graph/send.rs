//! `POST /{version}/{phone_number_id}/messages`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::super::address::{Way, true_address, wamid};
use super::super::clock::now_ms;
use super::super::ledger::{Accepted, Marked, Refused};
use super::super::{World, statuses};
use super::error::GraphError;
use super::form::{self, Form, Message};
use super::{answer, authorise, may_act};
use crate::config::{Fault, Window};

/// What has been accepted, and how it is to be answered.
struct Taken {
    answer: Value,
    fault: Option<Fault>,
    /// Its number in the ledger, if it is a message.
    entry: Option<u64>,
}

/// Accepts a message to somebody, or that one of theirs has been read.
pub(super) async fn send(
    State(world): State<Arc<World>>,
    Path((_version, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match take(&world, &number, &headers, &body) {
        Ok(Taken { answer, fault, entry }) => {
            let shared = Arc::clone(&world);
            let given = move || {
                shared.ledger.write(|book| {
                    if let Some(entry) = entry.and_then(|entry| book.accepted.get_mut(entry)) {
                        entry.acknowledged = true;
                    }
                });
            };
            answer::give(&world, fault, &answer, given).await
        }
        Err(error) => {
            let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
            let refused = Refused {
                at_ms: now_ms(),
                to: text("to").or_else(|| text("recipient")),
                biz_opaque_callback_data: text("biz_opaque_callback_data"),
                status: error.status().as_u16(),
                code: error.code,
            };
            world.ledger.write(|book| book.refused.add(refused));
            error.into_response()
        }
    }
}

fn take(
    world: &Arc<World>,
    number: &str,
    headers: &HeaderMap,
    body: &Value,
) -> Result<Taken, GraphError> {
    authorise(world, headers)?;
    may_act(world, number)?;
    if !body.is_object() {
        return Err(GraphError::new(100, "The body is not a JSON object."));
    }
    match form::read(body, &world.shelf)? {
        Form::Message(message) => take_message(world, number, message, body),
        Form::Mark { message_id, typing } => {
            let fault = fault(world, &message_id)?;
            let marked = Marked { at_ms: now_ms(), message_id, typing };
            world.ledger.write(|book| book.marked.add(marked));
            Ok(Taken { answer: json!({ "success": true }), fault, entry: None })
        }
    }
}

fn take_message(
    world: &Arc<World>,
    number: &str,
    message: Message,
    body: &Value,
) -> Result<Taken, GraphError> {
    let Message { to, is_user_id, kind, callback_data } = message;
    let address = if is_user_id {
        to.clone()
    } else {
        let known = true_address(&to, &world.options.short_area_codes);
        known.ok_or_else(|| GraphError::invalid("to", "is not a phone number"))?
    };
    let fault = fault(world, &address)?;
    let conduct = world.conduct();
    let is_late = kind != "template" && !world.is_window_open(&address, conduct.window_s);
    if is_late && conduct.window == Window::Refuse {
        let why = "Message failed to send because more than 24 hours have passed since the customer last replied to this number.";
        return Err(GraphError::new(131_047, why));
    }
    world.limits.check(&conduct, number, &address)?;

    let mut chance = world.dice.about(&["accepted", &address, &world.nth("accepted", &address)]);
    let accepted = Accepted {
        at_ms: now_ms(),
        phone_number_id: number.to_owned(),
        to: to.clone(),
        wa_id: address.clone(),
        kind,
        body: body.clone(),
        biz_opaque_callback_data: callback_data,
        wamid: wamid(&address, Way::Out, &mut chance),
        fault,
        acknowledged: false,
    };
    let contact = if is_user_id {
        json!({ "input": to, "user_id": address })
    } else {
        json!({ "input": to, "wa_id": address })
    };
    let mut told = json!({ "id": accepted.wamid });
    if accepted.kind == "template" {
        told["message_status"] = json!("accepted");
    }
    let answer =
        json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [told] });
    let entry = world.ledger.write(|book| book.accepted.add(accepted.clone()));
    let is_closed = is_late && conduct.window == Window::Fail;
    if statuses::follow(world, &accepted, is_closed.then_some(131_047)) && !is_user_id {
        world.hear(&accepted);
    }
    Ok(Taken { answer, fault, entry: Some(entry) })
}

/// What goes wrong with the answer to this request, unless it is not even accepted.
fn fault(world: &World, subject: &str) -> Result<Option<Fault>, GraphError> {
    match answer::fault(world, subject, &world.nth("asked", subject)) {
        Some((Fault::Unavailable, _)) => Err(GraphError::new(2, "Service temporarily unavailable")),
        Some((Fault::Refuse, code)) => Err(GraphError::new(code, "It was told to refuse this.")),
        Some((fault, _)) => Ok(Some(fault)),
        None => Ok(None),
    }
}
