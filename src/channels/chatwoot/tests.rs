//! What is understood.

use proptest::prelude::{
    BoxedStrategy, Just, ProptestConfig, Strategy as _, any, prop_assert, prop_oneof, proptest,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Source, parse, typing, verify, write};
use crate::desk::{Content, Direction, Element, Incoming, Time, Type};

fn source() -> Source {
    let (inbox, name) = ("hash".to_owned(), "Chatwoot".to_owned());
    Source { inbox, name, site: "chat.example.com/1".to_owned(), only: Vec::new(), at: None }
}

fn read(body: &Value) -> Vec<Element> {
    parse(&write(&source(), body.to_string().as_bytes())).unwrap()
}

fn message(more: &Value) -> Incoming {
    let mut body = json!({
        "event": "message_created", "id": 118, "content": "hi", "message_type": "incoming",
        "created_at": "2021-07-23T18:02:48.000Z", "sender": { "id": 14, "name": "Bea" },
        "conversation": { "id": 10, "contact_inbox": { "contact_id": 14 } },
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let found = read(&body).into_iter().find_map(|element| match element.content {
        Content::Message(incoming) => Some(*incoming),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{:?}", read(&body)))
}

#[test]
fn types_are_words_or_numbers() {
    for (told, direction) in [
        (json!("incoming"), Direction::Inbound),
        (json!(0), Direction::Inbound),
        (json!("outgoing"), Direction::Outbound),
        (json!(1), Direction::Outbound),
        (json!(2), Direction::Outbound),
        (json!("template"), Direction::Outbound),
    ] {
        assert_eq!(message(&json!({ "message_type": told })).direction, direction, "{told}");
    }
}

#[test]
fn times_are_iso_or_seconds() {
    let at = Time(1_627_063_368_000_000);
    for told in [
        json!("2021-07-23T18:02:48.000Z"),
        json!("2021-07-23 18:02:48 UTC"),
        json!(1_627_063_368),
        json!("1627063368"),
        json!(1_627_063_368_000_i64),
        json!(1_627_063_368.0),
    ] {
        assert_eq!(message(&json!({ "created_at": told })).sent_at, Some(at), "{told}");
    }
    assert_eq!(message(&json!({ "created_at": "soon" })).sent_at, None);
}

#[test]
fn a_file_is_to_be_fetched_and_a_place_is_shown() {
    let image = json!({ "id": 1, "file_type": "image", "data_url": "https://x.example/a%20b.png" });
    let place = json!({ "id": 2, "file_type": "location", "coordinates_lat": 1.5, "fallback_title": "Loja" });

    let told = message(&json!({ "attachments": [image] }));
    assert_eq!(told.kind, Type::Image);
    assert_eq!(told.attachment.unwrap().filename.as_deref(), Some("a b.png"));
    let told = message(&json!({ "attachments": [place], "content": null }));
    assert_eq!((told.kind, told.content.as_str()), (Type::Location, "Loja"));
}

#[test]
fn only_an_inbox_that_is_taken_is() {
    let body = json!({ "event": "conversation_created", "id": 1, "inbox_id": 4, "status": "open" });
    let source = Source { only: vec![3], ..source() };

    let elements = parse(&write(&source, body.to_string().as_bytes())).unwrap();

    assert!(matches!(elements[0].content, Content::Aside(_)));
}

#[test]
fn what_is_about_another_account_is_not_taken_for_this_one() {
    let told = |account: Value| {
        let talk = json!({ "event": "conversation_created", "id": 1, "status": "open",
            "contact_inbox": { "contact_id": 14 }, "account": account });
        read(&talk).remove(0).content
    };

    assert!(matches!(told(json!({ "id": 2, "name": "Zenith" })), Content::Aside(_)));
    for ours in [json!({ "id": 1 }), json!({ "id": "1" }), json!({ "id": "Acme" }), json!(null)] {
        assert!(matches!(told(ours.clone()), Content::Standing(_)), "{ours}");
    }
}

#[test]
fn a_signature_holds_for_its_bytes_its_moment_and_a_while() {
    let secret = SecretString::from("Jefe");
    // HMAC-SHA256 of "1000.what do ya want", by another implementation.
    let made = "sha256=78a69ca4d3d7ef2eed055bccf0172bb8396db4ea0e974b78cdfe32ecc78ac948";
    let body = b"what do ya want";
    assert!(verify(&secret, "1000", body, made, 1_000));
    assert!(verify(&secret, "1000", body, made, 1_299));
    assert!(!verify(&secret, "1000", body, made, 1_301), "it may be somebody's who overheard it");
    assert!(!verify(&secret, "1001", body, made, 1_000));
    assert!(!verify(&secret, "1000", b"what", made, 1_000));
    assert!(!verify(&secret, "1000", body, "", 1_000));
    assert!(!verify(&secret, "soon", body, made, 1_000));
}

fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "incoming|outgoing|activity|open|resolved|image|location|1700000000".prop_map(Value::from),
    ];
    let key = "id|content|message_type|content_attributes|deleted|attachments|file_type|data_url\
        |conversation|meta|sender|assignee|status|labels|contact_inbox|contact_id|inbox|inbox_id\
        |created_at|updated_at|changed_attributes|current_value|echo_id|private|user|[a-z]{1,3}";
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        let _ = parse(&bytes);
        let _ = parse(&write(&source(), &bytes));
        let _ = typing(&bytes);
    }

    #[test]
    fn no_shape_makes_it_panic(
        json in any_json(),
        event in "message_created|message_updated|conversation_updated|contact_updated|reconciled|conversation_typing_on",
    ) {
        let mut body = json!({ "id": 1, "message_type": 0, "conversation": { "id": 2, "status": "open" } });
        if let (Some(body), Some(json)) = (body.as_object_mut(), json.as_object()) {
            body.extend(json.clone());
        }
        body["event"] = json!(event);
        let _ = typing(body.to_string().as_bytes());
        let elements = parse(&write(&source(), body.to_string().as_bytes())).unwrap();
        prop_assert!(!elements.is_empty() || event == "reconciled");
    }
}
