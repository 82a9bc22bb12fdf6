//! Webhooks: signed, several things in one, repeated, late, and tried again until they are taken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use reqwest::header::CONTENT_TYPE;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;

use super::World;
use crate::config::Simulate;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest wait before a new try.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// A thing that webhooks tell, on its own.
#[derive(Clone, Debug)]
pub(super) struct Element {
    /// The number that it is about.
    number: String,
    /// What tells it apart; chance depends on it.
    name: String,
    part: Part,
    tries: u32,
    is_repeat: bool,
}

/// What a webhook tells.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// That somebody wrote: the message, who it is, and its number in the ledger.
    Message { message: Value, contact: Value, entry: u64 },
    /// What became of a message of the business's.
    Status(Value),
}

impl Element {
    pub(super) fn new(number: &str, name: String, part: Part) -> Self {
        Self { number: number.to_owned(), name, part, tries: 0, is_repeat: false }
    }
}

impl World {
    /// Lets a webhook tell this after a time, or later where chance will have it so.
    pub(super) fn post(&self, element: Element, after: Duration) {
        let conduct = self.conduct();
        let late = if self.dice.falls(conduct.late, &["late", &element.name]) {
            let mut chance = self.dice.about(&["how late", &element.name]);
            Duration::from_millis(conduct.late_by_ms).mul_f64(chance.random())
        } else {
            Duration::ZERO
        };
        self.ledger.write(|book| book.webhooks.outstanding += 1);
        self.queue_after(element, after + late);
    }

    fn queue_after(&self, element: Element, after: Duration) {
        if after.is_zero() {
            // Without a reader the simulator has stopped.
            let _ = self.queue.send(element);
            return;
        }
        let queue = self.queue.clone();
        tokio::spawn(self.stop.clone().run_until_cancelled_owned(async move {
            sleep(after).await;
            let _ = queue.send(element);
        }));
    }
}

/// Posts what is in the queue, for as long as it is polled.
pub(super) async fn keep_posting(
    world: Arc<World>,
    client: reqwest::Client,
    mut queue: mpsc::UnboundedReceiver<Element>,
) {
    let connections = Arc::new(Semaphore::new(world.options.connections as usize));
    for number in 0_u64.. {
        let permit = Arc::clone(&connections).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let mut chance = world.dice.about(&["webhook", &number.to_string()]);
        let conduct = world.conduct();
        let most = chance.random_range(1..=conduct.batch.max(1));
        let mut elements = Vec::new();
        if queue.recv_many(&mut elements, most).await == 0 {
            return;
        }
        if chance.random_bool(conduct.shuffle.get()) {
            elements.shuffle(&mut chance);
        }
        let body = notification(&world.options, &elements, chance.random()).to_string();
        let (world, client) = (Arc::clone(&world), client.clone());
        tokio::spawn(world.stop.clone().run_until_cancelled_owned(async move {
            let is_taken = post(&world, &client, body).await;
            drop(permit);
            settle(&world, elements, is_taken);
        }));
    }
}

/// Posts a webhook; says whether the server took it.
async fn post(world: &World, client: &reqwest::Client, body: String) -> bool {
    let url = format!("{}/webhooks/whatsapp", world.conduct().server.trim_end_matches('/'));
    let mut request = client.post(url).timeout(PATIENCE).header(CONTENT_TYPE, "application/json");
    if let Some(secret) = &world.options.app_secret {
        let signature = sign(secret.expose_secret(), body.as_bytes());
        request = request.header("x-hub-signature-256", signature);
    }
    let answer = request.body(body).send().await;
    match &answer {
        Ok(answer) if answer.status().is_success() => {}
        Ok(answer) => {
            tracing::warn!(http.status = answer.status().as_u16(), "a webhook was refused");
        }
        Err(error) => tracing::debug!(%error, "a webhook was not answered"),
    }
    let is_taken = answer.is_ok_and(|answer| answer.status().is_success());
    world.ledger.write(|book| {
        let webhooks = &mut book.webhooks;
        webhooks.posted += 1;
        *if is_taken { &mut webhooks.acknowledged } else { &mut webhooks.refused } += 1;
    });
    is_taken
}

/// The value of `X-Hub-Signature-256`.
fn sign(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mac = mac.expect("HMAC takes keys of any length").chain_update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Writes down what became of these, and lets some of them come again.
fn settle(world: &World, elements: Vec<Element>, is_taken: bool) {
    let mut given_up = 0_u64;
    for element in elements {
        write_down(world, &element.part, is_taken);
        if let Some((element, after)) = again(world, element, is_taken) {
            world.queue_after(element, after);
        } else {
            given_up += u64::from(!is_taken);
            world.ledger.write(|book| {
                book.webhooks.outstanding -= 1;
                book.webhooks.given_up += u64::from(!is_taken);
            });
        }
    }
    if given_up > 0 {
        tracing::warn!(elements = given_up, "a webhook was tried too often, and is given up");
    }
}

fn write_down(world: &World, part: &Part, is_taken: bool) {
    world.ledger.write(|book| match part {
        Part::Message { entry, .. } => {
            if let Some(entry) = book.written.get_mut(*entry) {
                entry.told += 1;
                entry.acknowledged |= is_taken;
            }
        }
        Part::Status(status) if is_taken => {
            let word = status["status"].as_str().unwrap_or_default().to_owned();
            *book.statuses.entry(word).or_default() += 1;
        }
        Part::Status(_) => {}
    });
}

/// What is to come again, and after which time: what was not taken, unless it was tried too often,
/// and of what was taken the share that is repeated. In whatever company it then finds.
fn again(world: &World, mut element: Element, is_taken: bool) -> Option<(Element, Duration)> {
    let conduct = world.conduct();
    if !is_taken {
        let wait = Duration::from_millis(conduct.retry_after_ms);
        let wait = wait.saturating_mul(2_u32.saturating_pow(element.tries)).min(LONGEST_WAIT);
        element.tries += 1;
        return (element.tries <= conduct.retries).then_some((element, wait));
    }
    if element.is_repeat || !world.dice.falls(conduct.repeat, &["repeat", &element.name]) {
        return None;
    }
    element.is_repeat = true;
    let mut chance = world.dice.about(&["when again", &element.name]);
    Some((element, Duration::from_millis(conduct.late_by_ms).mul_f64(chance.random())))
}

/// A webhook of these: each in an entry of its own, or all about one number in one change.
fn notification(options: &Simulate, elements: &[Element], is_apart: bool) -> Value {
    let mut groups: BTreeMap<(usize, &str), Vec<&Element>> = BTreeMap::new();
    for (at, element) in elements.iter().enumerate() {
        let group = (if is_apart { at } else { 0 }, element.number.as_str());
        groups.entry(group).or_default().push(element);
    }
    let entries = groups.into_iter().map(|((_, number), elements)| {
        let value = value(options, number, &elements);
        json!({ "id": "102290129340398", "changes": [{ "field": "messages", "value": value }] })
    });
    json!({ "object": "whatsapp_business_account", "entry": entries.collect::<Vec<_>>() })
}

fn value(options: &Simulate, number: &str, elements: &[&Element]) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": options.display_phone_number, "phone_number_id": number,
        },
    });
    let mut add = |key: &str, part: &Value| match &mut value[key] {
        Value::Array(parts) if parts.contains(part) && key == "contacts" => {}
        Value::Array(parts) => parts.push(part.clone()),
        none => *none = json!([part]),
    };
    for element in elements {
        match &element.part {
            Part::Message { message, contact, .. } => {
                add("contacts", contact);
                add("messages", message);
            }
            Part::Status(status) => add("statuses", status),
        }
    }
    value
}
