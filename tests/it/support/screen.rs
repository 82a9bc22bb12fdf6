//! What a client shows: a board that it once loaded, and every event since.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A client's board, kept as the documents for frontends say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Screen {
    /// Headings and counts, from left to right.
    stages: Vec<Value>,
    /// All cards, by their identifiers.
    cards: BTreeMap<String, Value>,
}

impl Screen {
    /// Shows a board as it was loaded.
    pub(crate) fn load(board: &Value) -> Self {
        let mut stages = Vec::new();
        let mut cards = BTreeMap::new();
        for stage in board["stages"].as_array().unwrap() {
            let mut heading = stage.clone();
            let conversations = heading.as_object_mut().unwrap().remove("conversations").unwrap();
            for card in conversations.as_array().unwrap() {
                cards.insert(text(&card["id"]), card.clone());
            }
            stages.push(heading);
        }
        Self { stages, cards }
    }

    /// Takes an event in.
    pub(crate) fn apply(&mut self, name: &str, data: &Value) {
        match name {
            "conversation:new" => {
                let card = data["conversation"].clone();
                self.count(&sort(&card), 1);
                self.cards.insert(text(&card["id"]), card);
            }
            "conversation:updated" => self.update(data),
            "message:updated" => self.touch(&data["message"]["id"], |last| {
                *last = data["message"].clone();
            }),
            "message:status-update" => self.touch(&data["messageId"], |last| {
                last["status"] = data["status"].clone();
                last["whatsappMessageId"] = data["whatsappMessageId"].clone();
                let last = last.as_object_mut().unwrap();
                match data.get("error") {
                    Some(error) => last.insert("error".to_owned(), error.clone()),
                    None => last.remove("error"),
                };
            }),
            "stages:updated" => self.stages(data["stages"].as_array().unwrap()),
            _ => {}
        }
    }

    fn update(&mut self, data: &Value) {
        let id = text(&data["conversationId"]);
        let card = self.cards.get_mut(&id).expect("a change of what is there").as_object_mut();
        let card = card.unwrap();
        for key in ["lastMessage", "lastMessageAt"] {
            if let Some(value) = data.get(key) {
                card.insert(key.to_owned(), value.clone());
            }
        }
        for (key, value) in data["updates"].as_object().unwrap() {
            card.insert(key.clone(), value.clone());
        }
        if data["updates"].get("contact").is_some() && card["lastMessage"].is_object() {
            card["lastMessage"]["contact"] = card["contact"].clone();
        }
        let now = sort(&Value::Object(card.clone()));
        if let Some(previous) = data.get("previous") {
            self.count(previous, -1);
            self.count(&now, 1);
        }
    }

    fn touch(&mut self, message: &Value, change: impl FnOnce(&mut Value)) {
        let last = self.cards.values_mut().map(|card| &mut card["lastMessage"]);
        if let Some(last) = last.into_iter().find(|last| last["id"] == *message) {
            change(last);
        }
    }

    fn stages(&mut self, stages: &[Value]) {
        let mut counts: BTreeMap<String, Value> =
            self.stages.drain(..).map(|stage| (text(&stage["id"]), stage)).collect();
        self.stages = stages
            .iter()
            .map(|stage| {
                let known = counts.remove(&text(&stage["id"])).unwrap_or(json!({}));
                let mut all: Map<String, Value> = stage.as_object().unwrap().clone();
                for count in ["total", "unread"] {
                    all.insert(count.to_owned(), known.get(count).cloned().unwrap_or(json!(0)));
                }
                Value::Object(all)
            })
            .collect();
    }

    fn count(&mut self, sort: &Value, by: i64) {
        let Some(stage) = self.stages.iter_mut().find(|stage| stage["id"] == sort["stageId"])
        else {
            return;
        };
        stage["total"] = json!(stage["total"].as_i64().unwrap() + by);
        if sort["isUnread"] == json!(true) {
            stage["unread"] = json!(stage["unread"].as_i64().unwrap() + by);
        }
    }
}

/// What a card is counted as.
fn sort(card: &Value) -> Value {
    let is_unread = card["unreadCount"].as_i64().unwrap() > 0;
    json!({ "stageId": card["stageId"], "isUnread": is_unread })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
