//! What becomes of accepted messages, as webhooks tell it.

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::World;
use super::clock::now_ms;
use super::graph::told;
use super::ledger::Accepted;
use super::post::{Element, Part};
use crate::config::Conduct;

/// A step of a message's way: its word, when, and what is wrong.
type Step = (&'static str, u64, Option<u32>);

/// Lets the statuses of an accepted message come, each in its time; `refused` is the code with
/// which it fails at once. Says whether it reaches anybody.
pub(super) fn follow(world: &World, message: &Accepted, refused: Option<u32>) -> bool {
    let conduct = world.conduct();
    let mut chance = world.dice.about(&["statuses", &message.wamid]);
    let steps = match refused {
        Some(code) => vec![("failed", conduct.sent_after_ms, Some(code))],
        None => steps(&conduct, &mut chance),
    };
    let arrives = steps.iter().all(|(_, _, code)| code.is_none());
    for (word, after_ms, code) in steps {
        let element = Element::new(
            &message.phone_number_id,
            format!("{} {word}", message.wamid),
            Part::Status(status(message, &conduct, word, now_ms() + after_ms, code)),
        );
        world.post(element, Duration::from_millis(after_ms));
    }
    arrives
}

fn steps(conduct: &Conduct, chance: &mut StdRng) -> Vec<Step> {
    let jitter = conduct.jitter.get();
    let mut at_ms = 0;
    let mut after = |base_ms: u64, chance: &mut StdRng| {
        let factor = 1.0 + jitter * (2.0 * chance.random::<f64>() - 1.0);
        at_ms += Duration::from_millis(base_ms).mul_f64(factor).as_millis();
        u64::try_from(at_ms).unwrap_or(u64::MAX)
    };
    let sent = ("sent", after(conduct.sent_after_ms, chance), None);
    let delivered_at = after(conduct.delivered_after_ms, chance);
    let read = ("read", after(conduct.read_after_ms, chance), None);
    let fails = chance.random_bool(conduct.fail.get());
    let is_read = !chance.random_bool(conduct.unread.get());
    let is_delivered = !(is_read && chance.random_bool(conduct.undelivered.get()));
    if fails {
        return vec![sent, ("failed", delivered_at, Some(conduct.fail_code))];
    }
    let mut steps = vec![sent];
    steps.extend(is_delivered.then_some(("delivered", delivered_at, None)));
    steps.extend(is_read.then_some(read));
    steps
}

fn status(
    message: &Accepted,
    conduct: &Conduct,
    word: &str,
    at_ms: u64,
    code: Option<u32>,
) -> Value {
    let mut status = json!({
        "id": message.wamid, "status": word, "timestamp": (at_ms / 1_000).to_string(),
        "recipient_id": message.wa_id,
    });
    if let Some(data) = &message.biz_opaque_callback_data {
        status["biz_opaque_callback_data"] = json!(data);
    }
    if let Some(code) = code {
        status["errors"] = json!([told(code)]);
        return status;
    }
    let is_template = message.kind == "template";
    let category = if is_template { "utility" } else { "service" };
    if word != "read" {
        let id = hex::encode(&Sha256::digest(&message.wa_id)[..16]);
        status["conversation"] = json!({ "id": id, "origin": { "type": category } });
        status["pricing"] = json!({
            "billable": is_template, "pricing_model": "PMP", "category": category,
            "type": if is_template { "regular" } else { "free_customer_service" },
        });
    }
    if word == "sent" {
        let until = at_ms / 1_000 + conduct.window_s;
        status["conversation"]["expiration_timestamp"] = json!(until.to_string());
    }
    status
}
