//! Every written form, pinned.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::{live, live_name, polled, visitor};
use crate::desk::{ConversationId, Logged, Seen};

/// Clients parse these bytes, and the log keeps what they are made from. A diff here is a change
/// of contract: fields may be added, nothing else.
#[test]
fn every_event_as_it_is_stored_and_as_it_is_told() {
    let told = examples().map(|(event, data)| {
        let stored = json!({ "event": event, "data": data });
        let logged = Logged::example(7, serde_json::from_value(stored.clone()).unwrap());
        assert_eq!(serde_json::to_value(&logged.event).unwrap(), stored);
        let payload: Value = serde_json::from_str(live(&logged).get()).unwrap();
        let update = polled(&logged).map(|it| serde_json::from_str::<Value>(it.get()).unwrap());
        json!({ "stored": event, "told": [live_name(&logged.event), payload, "7"], "polled": update })
    });
    assert_json_snapshot!(told);
}

/// What visitors' clients parse: of everything above, and with a diff as grave.
#[test]
fn every_event_as_a_visitor_is_told_of_it() {
    let conversation: ConversationId = id(2).as_str().unwrap().parse().unwrap();
    let session = id(9).as_str().unwrap().parse().unwrap();
    let told = examples().map(|(event, data)| {
        let stored = json!({ "event": event, "data": data });
        let logged = Logged::example(7, serde_json::from_value(stored).unwrap());
        let seen = Seen::of(&logged, conversation).map(|seen| {
            let payload = visitor::live(&seen, (session, conversation));
            json!([visitor::live_name(&seen), payload, seen.seq.to_string()])
        });
        json!({ "stored": event, "told": seen })
    });
    assert_json_snapshot!(told);
}

#[test]
fn what_was_stored_by_the_first_version_can_be_read() {
    let stored = json!({ "event": "conversation_opened", "data": {
        "id": id(2), "inbox": { "id": id(3), "name": "WhatsApp", "channel": "whatsapp" },
        "contact": { "id": id(4), "name": null, "phone_number": "5511888888888" },
        "stage_id": id(5), "status": "OPEN", "assignee_id": null, "unread_count": 1,
        "last_message": null, "created_at": 1_700_000_000_200_000_i64,
    } });
    let told = live(&Logged::example(7, serde_json::from_value(stored).unwrap())).get().to_owned();
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["conversation"]["labels"], json!([]));
}

/// Every stored event, in each of its shapes.
fn examples() -> [(&'static str, Value); 13] {
    let contact = json!({ "id": id(4), "name": "Ana", "phone_number": "5511888888888" });
    let message = json!({
        "id": id(1), "conversation_id": id(2), "inbox_id": id(3), "provider_id": "wamid.1",
        "direction": "INBOUND", "kind": "IMAGE", "content": "Olha só",
        "metadata": { "kind": "image", "image": { "id": "media-1" }, "media": {
            "id": id(8), "state": "stored", "mimeType": "image/png", "size": 1_234,
            "width": 96, "height": 64,
        } },
        "reactions": [
            { "by": "5511888888888", "at": 1_700_000_001_000_000_i64, "emoji": "👍" },
            { "by": "5511999999999", "at": 1_700_000_002_000_000_i64, "emoji": null },
        ],
        "status": "DELIVERED", "sent_at": 1_700_000_000_123_456_i64,
        "edited_at": 1_700_000_003_000_000_i64, "contact": contact,
    });
    let conversation = json!({
        "id": id(2), "inbox": { "id": id(3), "name": "WhatsApp", "channel": "whatsapp" }, "contact": contact,
        "stage_id": id(5), "status": "OPEN", "assignee_id": null, "unread_count": 1,
        "last_message": message, "created_at": 1_700_000_000_200_000_i64, "display_id": 7, "position": "fe80",
        "labels": ["troca"], "snoozed_until": 1_700_000_009_000_000_i64,
        "window_until": 1_700_086_400_000_000_i64, "waiting_since": 1_700_000_000_123_456_i64,
    });
    let change = json!({ "conversation_id": id(2), "inbox_id": id(3), "last_message": message,
        "unread_count": 2, "status": "OPEN", "stage_id": id(5), "contact": contact, "is_renamed": true,
        "position": "fe80", "assignee_id": "ada", "labels": ["troca"], "snoozed_until": null,
        "window_until": 1_700_086_400_000_000_i64, "waiting_since": null, "previous": {
            "stage_id": id(6), "status": "SNOOZED", "is_assigned": false, "is_unread": false } });
    let mut note = message.clone();
    note["is_private"] = json!(true);
    let mut unknown = message.clone();
    unknown["status"] = json!("UNKNOWN");
    unknown["error"] = json!({ "code": "outcome_unknown" });
    let mut failed = message.clone();
    failed["status"] = json!("FAILED");
    failed["error"] = json!({ "code": 131_026, "title": "Message undeliverable" });
    [
        ("conversation_opened", conversation),
        ("conversation_changed", change),
        (
            "conversation_changed",
            json!({ "conversation_id": id(2), "inbox_id": id(3), "unread_count": 0, "contact": contact }),
        ),
        ("message_received", message.clone()),
        ("message_sent", message.clone()),
        ("message_sent", note),
        ("message_changed", message),
        ("message_changed", unknown),
        ("status_moved", failed),
        ("stages_changed", json!([{ "id": id(5), "name": "Novo", "color": "#0a72c4" }])),
        (
            "notified",
            json!({ "id": id(7), "user_id": "ada", "conversation_id": id(2), "inbox_id": id(3),
                "kind": "assigned", "title": "Ana", "body": "Bia" }),
        ),
        ("inbox_changed", json!({ "id": id(3), "name": "Vendas", "channel": "whatsapp" })),
        ("access_changed", json!({ "user_id": "ada" })),
    ]
}

fn id(number: u128) -> Value {
    json!(format!("00000000-0000-0000-0000-{number:012}"))
}
