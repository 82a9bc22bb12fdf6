//! The kinds of messages that people write, as webhooks hold them.

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};

use super::World;
use super::address::{Way, wamid};
use super::clock::timestamp;
use super::media::Medium;
use super::script::{CHOICES, EMOJIS, FAMILIES, Line, NAMES, REPLIES};

/// A message before it has an author.
pub(super) struct Said {
    pub(super) kind: &'static str,
    pub(super) content: Value,
    /// The message that it answers.
    pub(super) context: Option<String>,
}

/// What somebody may speak of.
pub(super) struct Past<'a> {
    /// Their own last message, if it was a text.
    pub(super) own: Option<&'a str>,
    /// The business's last message to them.
    pub(super) heard: Option<&'a str>,
}

/// Kinds beside the script, and how often each comes.
const ASIDES: [(&str, u32); 12] = [
    ("reaction", 20),
    ("image", 16),
    ("audio", 16),
    ("sticker", 12),
    ("interactive", 8),
    ("location", 6),
    ("document", 6),
    ("button", 5),
    ("contacts", 4),
    ("edit", 3),
    ("revoke", 2),
    ("unsupported", 2),
];

impl Said {
    fn new(kind: &'static str, content: Value) -> Self {
        Self { kind, content, context: None }
    }

    fn answering(self, context: Option<&str>) -> Self {
        Self { context: context.map(str::to_owned), ..self }
    }

    pub(super) fn text(body: &str) -> Self {
        Self::new("text", json!({ "body": body }))
    }

    /// A line of the script.
    pub(super) fn line(line: Line, world: &World, chance: &mut StdRng) -> Self {
        match line {
            Line::Text(body) => Self::text(body),
            Line::Picture(caption) => {
                let picture = Medium::picture(chance);
                let mut content = medium(world, picture, chance);
                if !caption.is_empty() {
                    content["caption"] = json!(caption);
                }
                Self::new("image", content)
            }
            Line::Voice => {
                let voice = Medium::voice(chance);
                let mut content = medium(world, voice, chance);
                content["voice"] = json!(true);
                Self::new("audio", content)
            }
            Line::File(name, caption) => {
                let line = format!("{name} {:08}", chance.random_range(0..100_000_000));
                let mut content = medium(world, Medium::document(&line), chance);
                content["filename"] = json!(name);
                content["caption"] = json!(caption);
                Self::new("document", content)
            }
            Line::Place(name, address, latitude, longitude) => {
                let place = json!({
                    "name": name, "address": address, "latitude": latitude, "longitude": longitude,
                });
                Self::new("location", place)
            }
            Line::Order(text, items) => {
                let items = items.iter().map(|(product, quantity, price)| {
                    json!({
                        "product_retailer_id": product, "quantity": quantity, "item_price": price,
                        "currency": "BRL",
                    })
                });
                let items: Vec<_> = items.collect();
                let catalog = "194836987003835";
                Self::new(
                    "order",
                    json!({ "catalog_id": catalog, "text": text, "product_items": items }),
                )
            }
        }
    }

    /// Something beside the script; a short text where there is nothing to speak of.
    pub(super) fn aside(past: &Past, world: &World, chance: &mut StdRng) -> Self {
        let (kind, _) =
            ASIDES.choose_weighted(chance, |(_, weight)| *weight).expect("a fixed list");
        let (choice, title) = pick(&CHOICES, chance);
        let target = past.heard.or(past.own);
        match (*kind, target, past.own) {
            ("reaction", Some(target), _) => {
                let emoji = pick(&EMOJIS, chance);
                Self::new("reaction", json!({ "message_id": target, "emoji": emoji }))
            }
            ("image", ..) => Self::line(Line::Picture(""), world, chance),
            ("audio", ..) => Self::line(Line::Voice, world, chance),
            ("document", ..) => {
                Self::line(Line::File("lista.pdf", "A lista completa"), world, chance)
            }
            ("sticker", ..) => {
                let mut content = medium(world, Medium::sticker(), chance);
                content["animated"] = json!(false);
                Self::new("sticker", content)
            }
            ("interactive", ..) => {
                let reply = json!({ "id": choice, "title": title });
                Self::new("interactive", json!({ "type": "button_reply", "button_reply": reply }))
                    .answering(past.heard)
            }
            ("button", ..) => Self::new("button", json!({ "text": title, "payload": choice }))
                .answering(past.heard),
            ("location", ..) => {
                let (north, east) =
                    (chance.random_range(-2500..-800), chance.random_range(-4900..-3800));
                let place = json!({
                    "latitude": f64::from(north) / 100.0, "longitude": f64::from(east) / 100.0,
                });
                Self::new("location", place)
            }
            ("contacts", ..) => Self::new("contacts", json!([card(chance)])),
            ("edit", _, Some(own)) => {
                let body = format!("{} (corrigido)", pick(&REPLIES, chance));
                let message = json!({ "type": "text", "text": { "body": body } });
                Self::new("edit", json!({ "original_message_id": own, "message": message }))
            }
            ("revoke", _, Some(own)) => Self::new("revoke", json!({ "original_message_id": own })),
            ("unsupported", ..) => Self::new("unsupported", json!({ "type": "poll" })),
            _ => Self::text(pick(&REPLIES, chance)),
        }
    }

    /// An answer to what the business sent.
    pub(super) fn reply(to: &str, sent: &Value, chance: &mut StdRng) -> Self {
        let interactive = &sent["interactive"]["action"];
        if let Some(button) = choose(&interactive["buttons"], chance) {
            let reply = json!({ "type": "button_reply", "button_reply": button["reply"] });
            return Self::new("interactive", reply).answering(Some(to));
        }
        if let Some(row) =
            choose(&interactive["sections"], chance).and_then(|it| choose(&it["rows"], chance))
        {
            let reply = json!({ "type": "list_reply", "list_reply": row });
            return Self::new("interactive", reply).answering(Some(to));
        }
        let quotes = chance.random_bool(0.3);
        Self::text(pick(&REPLIES, chance)).answering(quotes.then_some(to))
    }

    /// The message as its author sends it; returns its id too.
    pub(super) fn by(self, from: &str, world: &World, chance: &mut StdRng) -> (String, Value) {
        let id = wamid(from, Way::In, chance);
        let at = timestamp();
        let mut message = json!({ "from": from, "id": id, "timestamp": at, "type": self.kind });
        message[self.kind] = self.content;
        if let Some(context) = self.context {
            message["context"] =
                json!({ "from": world.options.display_phone_number, "id": context });
        }
        if self.kind == "unsupported" {
            let title = "Message type unknown";
            let details = json!({ "details": "Message type is currently not supported." });
            message["errors"] = json!([{ "code": 131_051, "title": title, "message": title, "error_data": details }]);
        }
        (id, message)
    }
}

/// A first name and a family's.
pub(super) fn full_name(chance: &mut StdRng) -> String {
    format!("{} {}", pick(&NAMES, chance), pick(&FAMILIES, chance))
}

/// Puts a medium on the shelf, with what chance has against it; returns what a message says of it.
fn medium(world: &World, mut medium: Medium, chance: &mut StdRng) -> Value {
    let conduct = world.conduct();
    let checksum = hex::encode(medium.sha256);
    if world.dice.falls(conduct.wrong_checksums, &["checksum", &checksum]) {
        medium.sha256 = [0; 32];
    }
    medium.is_missing = world.dice.falls(conduct.missing_media, &["missing", &checksum]);
    let mut content = json!({ "mime_type": medium.mime_type, "sha256": medium.checksum() });
    content["id"] = json!(world.shelf.put(medium, chance));
    content
}

fn card(chance: &mut StdRng) -> Value {
    let name = full_name(chance);
    let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
    let phone = format!("55119{:08}", chance.random_range(60_000_000..100_000_000));
    json!({
        "name": { "formatted_name": name, "first_name": first, "last_name": last },
        "phones": [{ "phone": format!("+{phone}"), "wa_id": phone, "type": "CELL" }],
    })
}

fn choose<'a>(list: &'a Value, chance: &mut StdRng) -> Option<&'a Value> {
    list.as_array()?.choose(chance)
}

fn pick<T: Copy>(list: &[T], chance: &mut StdRng) -> T {
    *list.choose(chance).expect("what people say is never nothing")
}
