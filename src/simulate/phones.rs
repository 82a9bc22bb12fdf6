//! People who write.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::World;
use super::address::true_address;
use super::clock::now_ms;
use super::ledger::{Accepted, Written};
use super::post::{Element, Part};
use super::said::{Past, Said, full_name};
use super::script::{AREAS, Line, TOPICS};
use crate::config::Simulate;

/// How often somebody says something beside the script.
const ASIDE: f64 = 0.22;

/// How far behind its rate the writing may fall and still catch up.
const CATCH_UP: Duration = Duration::from_secs(1);

/// Everybody whom one can write to, by address.
pub(super) struct People {
    everyone: HashMap<String, Person>,
    /// Those who write of their own accord.
    crowd: Vec<String>,
    chance: StdRng,
}

struct Person {
    name: String,
    /// The business's number that they write to.
    number: String,
    chance: StdRng,
    topic: &'static [Line],
    line: usize,
    own_text: Option<String>,
    heard: Option<String>,
    wrote_at_ms: Option<u64>,
}

impl People {
    pub(super) fn new(options: &Simulate, dice: super::Dice) -> Self {
        let mut people =
            Self { everyone: HashMap::new(), crowd: Vec::new(), chance: dice.about(&["people"]) };
        while people.crowd.len() < options.phones {
            let area = AREAS.choose(&mut people.chance).expect("a fixed list");
            let line = people.chance.random_range(60_000_000..100_000_000);
            let address = true_address(&format!("55{area}9{line}"), &options.short_area_codes);
            let address = address.expect("digits are a number");
            let numbers = &options.phone_number_id;
            let number = numbers[people.crowd.len() % numbers.len().max(1)].clone();
            if !people.everyone.contains_key(&address) {
                let mut person = Person::new(number, dice.about(&["person", &address]));
                person.topic = TOPICS[people.crowd.len() % TOPICS.len()];
                people.everyone.insert(address.clone(), person);
                people.crowd.push(address);
            }
        }
        people
    }
}

impl Person {
    fn new(number: String, mut chance: StdRng) -> Self {
        let name = full_name(&mut chance);
        let topic = TOPICS.choose(&mut chance).expect("a fixed list");
        let (line, own_text, heard, wrote_at_ms) = (0, None, None, None);
        Self { name, number, chance, topic, line, own_text, heard, wrote_at_ms }
    }

    /// What they say next: as the script goes on, or something beside it.
    fn next(&mut self, world: &World) -> Said {
        if self.line > 0 && self.chance.random_bool(ASIDE) {
            let past = Past { own: self.own_text.as_deref(), heard: self.heard.as_deref() };
            return Said::aside(&past, world, &mut self.chance);
        }
        if self.line == self.topic.len() {
            self.topic = TOPICS.choose(&mut self.chance).expect("a fixed list");
            self.line = 0;
        }
        self.line += 1;
        Said::line(self.topic[self.line - 1], world, &mut self.chance)
    }
}

impl World {
    /// Lets somebody write this. Returns the message's id, or nothing if they have no number.
    pub(super) fn write(&self, from: &str, text: &str) -> Option<String> {
        let from = true_address(from, &self.options.short_area_codes)?;
        let mut chance = self.dice.about(&["said", &from, &self.nth("said", &from)]);
        let number = self.options.phone_number_id.first()?;
        let (id, message) = Said::text(text).by(&from, self, &mut chance);
        self.tell(self.person(&mut self.people(), &from, number), number, &id, message);
        Some(id)
    }

    /// Lets whom the business has sent something answer, if they will.
    pub(super) fn hear(self: &Arc<Self>, message: &Accepted) {
        let conduct = self.conduct();
        let mut chance = self.dice.about(&["reply", &message.wamid]);
        let mut people = self.people();
        self.person(&mut people, &message.wa_id, &message.phone_number_id).heard =
            Some(message.wamid.clone());
        drop(people);
        if message.kind == "reaction" || !chance.random_bool(conduct.replies.get()) {
            return;
        }
        let takes =
            Duration::from_millis(conduct.reply_after_ms).mul_f64(chance.random_range(0.5..1.5));
        let (world, message) = (Arc::clone(self), message.clone());
        tokio::spawn(self.stop.clone().run_until_cancelled_owned(async move {
            sleep(takes).await;
            let said = Said::reply(&message.wamid, &message.body, &mut chance);
            let (from, number) = (&message.wa_id, &message.phone_number_id);
            let (id, said) = said.by(from, &world, &mut chance);
            world.tell(world.person(&mut world.people(), from, number), number, &id, said);
        }));
    }

    /// Whether somebody has written within these seconds.
    pub(super) fn is_window_open(&self, address: &str, window_s: u64) -> bool {
        let wrote_at_ms = self.people().everyone.get(address).and_then(|it| it.wrote_at_ms);
        wrote_at_ms.is_some_and(|at| now_ms() < at.saturating_add(window_s.saturating_mul(1_000)))
    }

    /// Lets the next of the crowd write.
    fn write_next(&self) {
        let mut people = self.people();
        let People { crowd, chance, .. } = &mut *people;
        let Some(address) = crowd.choose(chance).cloned() else { return };
        let person = people.everyone.get_mut(&address).expect("the crowd is part of everyone");
        let said = person.next(self);
        let (id, message) = said.by(&address, self, &mut person.chance);
        let number = person.number.clone();
        self.tell(person, &number, &id, message);
    }

    /// Writes a message of somebody's into the ledger, and into a webhook.
    fn tell(&self, by: &mut Person, number: &str, id: &str, message: Value) {
        by.wrote_at_ms = Some(now_ms());
        if message["type"] == "text" {
            by.own_text = Some(id.to_owned());
        }
        let contact = json!({ "profile": { "name": by.name }, "wa_id": message["from"] });
        let written = Written {
            at_ms: now_ms(),
            phone_number_id: number.to_owned(),
            message: message.clone(),
            told: 0,
            acknowledged: false,
        };
        let entry = self.ledger.write(|book| book.written.add(written));
        let part = Part::Message { message, contact, entry };
        self.post(Element::new(number, id.to_owned(), part), Duration::ZERO);
    }

    /// The person at an address, who exists from the moment that one asks for them.
    fn person<'a>(&self, people: &'a mut People, address: &str, number: &str) -> &'a mut Person {
        let made = || Person::new(number.to_owned(), self.dice.about(&["person", address]));
        people.everyone.entry(address.to_owned()).or_insert_with(made)
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock().expect("nobody panics while they write")
    }
}

/// Lets people write at the rate of the moment, for as long as it is polled, or until they have
/// written as much as they were asked to.
pub(super) async fn keep_writing(world: Arc<World>) {
    if world.options.phones == 0 {
        return;
    }
    let most = world.options.messages.unwrap_or(u64::MAX);
    let at_once = world.options.at_once.min(most);
    (0..at_once).for_each(|_| world.write_next());

    let mut conduct = world.conduct.subscribe();
    let mut chance = world.dice.about(&["rate"]);
    let mut due = Instant::now();
    let mut written = at_once;
    while written < most {
        let rate = conduct.borrow_and_update().rate;
        if rate > 0.0 {
            // As calls come in at a switchboard: at any moment, as likely as at any other.
            let gap = -chance.random::<f64>().max(f64::MIN_POSITIVE).ln() / rate;
            let earliest = Instant::now().checked_sub(CATCH_UP).unwrap_or(due);
            due = due.max(earliest) + Duration::from_secs_f64(gap.min(86_400.0));
        }
        tokio::select! {
            () = sleep_until(due), if rate > 0.0 => {
                world.write_next();
                written += 1;
            }
            _ = conduct.changed() => due = Instant::now(),
        }
    }
}
