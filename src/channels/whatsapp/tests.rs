//! What is understood of what WhatsApp sends.

use proptest::prelude::{
    Just, ProptestConfig, Strategy as _, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use serde_json::{Value, json};

use super::{parse, verify};
use crate::desk::{Content, Element, Incoming, Type};

// printf 'The quick brown fox jumps over the lazy dog' | openssl dgst -sha256 -hmac key
const BODY: &[u8] = b"The quick brown fox jumps over the lazy dog";
const SIGNATURE: &str = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";

#[test]
fn the_apps_own_signature_is_accepted() {
    assert!(verify("key", BODY, &format!("sha256={SIGNATURE}")));
}

#[test]
fn anything_else_is_not() {
    assert!(!verify("key", b"another body", &format!("sha256={SIGNATURE}")));
    assert!(!verify("another key", BODY, &format!("sha256={SIGNATURE}")));
    for signature in
        [SIGNATURE, "sha256=", "sha256=zz", "sha1=00", "", &format!("sha256={}", &SIGNATURE[..62])]
    {
        assert!(!verify("key", BODY, signature), "{signature}");
    }
}

fn one(message: &Value) -> Element {
    let body = json!({ "entry": [{ "changes": [{ "value": {
        "metadata": { "phone_number_id": "phone" }, "messages": [message] } }] }] });
    let [element] = parse(body.to_string().as_bytes()).unwrap().try_into().unwrap();
    element
}

fn read(message: &Value) -> Incoming {
    match one(message).content {
        Content::Message(incoming) => *incoming,
        other => panic!("{message} is {other:?}"),
    }
}

#[expect(clippy::too_many_lines, reason = "a table with a row for each kind")]
#[test]
fn every_kind_is_drawn_as_a_known_type_with_readable_words() {
    let with =
        |kind: &str, part: Value| json!({ "from": "1", "id": "x", "type": kind, kind: part });
    for (message, kind, said) in [
        (with("text", json!({ "body": "Oi" })), Type::Text, "Oi"),
        (with("image", json!({ "id": "m", "caption": "Foto" })), Type::Image, "Foto"),
        (with("sticker", json!({ "id": "m" })), Type::Image, ""),
        (with("video", json!({ "id": "m" })), Type::Video, ""),
        (with("voice", json!({ "id": "m" })), Type::Audio, ""),
        (with("document", json!({ "id": "m", "filename": "a.pdf" })), Type::Document, "a.pdf"),
        (
            with("location", json!({ "latitude": 1.5, "longitude": "-2" })),
            Type::Location,
            "1.5, -2",
        ),
        (
            with("location", json!({ "name": "Casa", "address": "Rua 1" })),
            Type::Location,
            "Casa, Rua 1",
        ),
        (
            with(
                "contacts",
                json!([{ "name": { "formatted_name": "Lia" }, "phones": [{ "phone": "+55" }] }]),
            ),
            Type::Text,
            "Lia +55",
        ),
        (
            with(
                "interactive",
                json!({ "type": "list_reply", "list_reply": { "title": "A", "description": "B" } }),
            ),
            Type::Text,
            "A\nB",
        ),
        (
            with(
                "interactive",
                json!({ "type": "nfm_reply", "nfm_reply": { "response_json": "{\"nota\":5}" } }),
            ),
            Type::Text,
            "nota: 5",
        ),
        (
            with(
                "interactive",
                json!({ "type": "nfm_reply", "nfm_reply": { "body": "Sent", "response_json": "{" } }),
            ),
            Type::Text,
            "Sent",
        ),
        (with("button", json!({ "text": "Quero" })), Type::Text, "Quero"),
        (
            with(
                "order",
                json!({ "product_items": [{ "product_retailer_id": "p", "quantity": 2, "item_price": 3, "currency": "BRL" }] }),
            ),
            Type::Text,
            "2 × p (3 BRL)",
        ),
        (
            with("unsupported", json!({ "type": "poll" })),
            Type::Text,
            "Mensagem não suportada (poll)",
        ),
        (with("hologram", json!({})), Type::Text, "[hologram]"),
        (json!({ "from": "1", "id": "x", "image": { "id": "m" } }), Type::Image, ""),
        (json!({ "from": "1", "id": "x" }), Type::Text, "Mensagem não suportada"),
    ] {
        let incoming = read(&message);
        assert_eq!((incoming.kind, incoming.content.as_str()), (kind, said), "{message}");
        assert!(incoming.metadata["kind"].is_string(), "{message}");
    }
}

#[test]
fn what_has_no_place_of_its_own_is_kept_beside_the_text() {
    let message = json!({ "from": "1", "id": "x", "type": "text", "text": { "body": "Oi" },
        "context": { "id": "wamid.0" }, "tomorrow": [1, 2] });
    let kept = json!({ "kind": "text", "context": { "id": "wamid.0" }, "tomorrow": [1, 2] });
    assert_eq!(Value::Object(read(&message).metadata), kept);
}

#[test]
fn a_message_without_an_id_is_known_by_what_it_says() {
    let message = |body: &str| json!({ "from": "1", "type": "text", "text": { "body": body } });
    assert_eq!(read(&message("a")).provider_id, read(&message("a")).provider_id);
    assert_ne!(read(&message("a")).provider_id, read(&message("b")).provider_id);
}

#[test]
fn other_fields_are_kept_for_the_operator() {
    let body = json!({ "entry": [{ "changes": [{ "field": "account_update", "value": { "event": "X" } }] }] });
    let [element] = parse(body.to_string().as_bytes()).unwrap().try_into().unwrap();
    assert_eq!((element.kind.as_str(), element.inbox), ("account_update", None));
    assert!(matches!(element.content, Content::Aside(_)));
}

/// JSON of any shape, with the words that the parser looks for.
fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "text|image|reaction|edit|revoke|system|interactive|failed|read|1700000000"
            .prop_map(Value::from),
    ];
    let key = "entry|changes|field|value|metadata|phone_number_id|contacts|messages|statuses|history|threads\
        |message_echoes|user_id_update|from|id|type|text|body|timestamp|reaction|message_id|edit|message|system\
        |status|errors|profile|wa_id|user_id|[a-z]{1,3}";
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_shape_makes_it_panic(json in any_json()) {
        let _ = parse(json.to_string().as_bytes());
        let _ = parse(json!({ "entry": [json] }).to_string().as_bytes());
        let _ = parse(json!({ "entry": [{ "changes": [{ "value": json }] }] }).to_string().as_bytes());
    }

    #[test]
    fn whatever_stands_beside_it_a_whole_message_comes_through(
        before in proptest::collection::vec(any_json(), 0..4),
        after in proptest::collection::vec(any_json(), 0..4),
    ) {
        let whole = json!({ "from": "1", "id": "whole", "timestamp": "1700000000", "type": "text",
            "text": { "body": "Oi" } });
        let messages: Vec<_> = before.iter().chain([&whole]).chain(&after).cloned().collect();
        let value = json!({ "metadata": { "phone_number_id": "phone" }, "messages": messages });
        let body = json!({ "entry": [{ "changes": [{ "value": value }] }] }).to_string();

        let elements = parse(body.as_bytes()).unwrap();

        prop_assert_eq!(elements.len(), messages.len());
        prop_assert!(matches!(&elements[before.len()].content, Content::Message(it) if it.content == "Oi"));
    }
}
