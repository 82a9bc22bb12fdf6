//! The stand-in for Meta's Graph API takes, refuses and fails as it says.

use std::time::Duration;

use recado::channels::whatsapp::verify;
use recado::config::{Fault, Rule, Window};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{
    NOWHERE, NUMBER, PATIENCE, Receiver, graph, json_of, quiet, send, simulator, text_to,
};

const ANA: &str = "5511988887777";

#[tokio::test]
async fn the_same_seed_makes_the_same_answers_go_wrong() {
    let outcomes = async |seed: &str| {
        let shares = ["--drop", "0.3", "--unavailable", "0.3", "--refuse", "0.3"];
        let flags = [&NOWHERE[..], &shares, &["--seed", seed, "--phones", "0"]].concat();
        let simulator = simulator(&flags).await;
        let mut outcomes = Vec::new();
        for number in 0..30 {
            let answer = send(&simulator, text_to(ANA, &number.to_string())).await;
            outcomes.push(answer.map(|answer| answer.status()).ok());
        }
        outcomes
    };

    let first = outcomes("1").await;

    assert_eq!(outcomes("1").await, first);
    assert_ne!(outcomes("2").await, first);
    assert!(first.contains(&None) && first.contains(&Some(StatusCode::OK)), "{first:?}");
}

#[tokio::test]
async fn an_accepted_message_is_answered_and_told_of_as_by_meta() {
    let mut receiver = Receiver::start().await;
    let quick = ["--sent-after-ms", "1", "--delivered-after-ms", "50", "--read-after-ms", "50"];
    let flags = ["--server", &receiver.url, "--app-secret", "s", "--phones", "0", "--batch", "1"];
    let simulator = simulator(&[&flags[..], &quick, &["--jitter", "0"]].concat()).await;

    let mut body = text_to("5531988887777", "Oi");
    body["biz_opaque_callback_data"] = json!("ours-1");
    body["context"] = json!({ "message_id": "wamid.x" });
    let answer = send(&simulator, body).await.unwrap();

    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    let wamid = answer["messages"][0]["id"].as_str().unwrap();
    assert!(wamid.starts_with("wamid."), "{wamid}");
    let contact = json!({ "input": "5531988887777", "wa_id": "553188887777" });
    assert_eq!(
        (&answer["messaging_product"], &answer["contacts"]),
        (&json!("whatsapp"), &json!([contact]))
    );
    for word in ["sent", "delivered", "read"] {
        let (headers, body) = receiver.webhook().await;
        assert!(verify("s", &body, headers["x-hub-signature-256"].to_str().unwrap()));
        let body: Value = serde_json::from_slice(&body).unwrap();
        let value = &body["entry"][0]["changes"][0]["value"];
        assert_eq!(value["metadata"]["phone_number_id"], NUMBER);
        let status = &value["statuses"][0];
        let told = ["id", "status", "recipient_id", "biz_opaque_callback_data"];
        assert_eq!(
            told.map(|key| status[key].as_str().unwrap()),
            [wamid, word, "553188887777", "ours-1"]
        );
        assert_eq!(status["pricing"].is_object(), word != "read");
    }
    let book = simulator.ledger().open();
    let accepted = book.accepted.iter().next().unwrap();
    assert!(accepted.acknowledged && accepted.wamid == wamid);
    assert_eq!(accepted.biz_opaque_callback_data.as_deref(), Some("ours-1"));
}

#[tokio::test]
async fn messages_fail_or_are_not_read_or_not_delivered_as_often_as_is_asked() {
    let receiver = Receiver::start().await;
    for (flag, words) in [
        ("--jitter", vec!["delivered", "read", "sent"]),
        ("--fail", vec!["failed", "sent"]),
        ("--unread", vec!["delivered", "sent"]),
        ("--undelivered", vec!["read", "sent"]),
    ] {
        let quick = ["--delivered-after-ms", "1", "--read-after-ms", "1", flag, "1"];
        let flags = ["--server", &receiver.url, "--phones", "0"];
        let simulator = simulator(&[&flags[..], &quick].concat()).await;

        send(&simulator, text_to(ANA, "Oi")).await.unwrap();
        let told = simulator.ledger().until(|book| book.webhooks.outstanding == 0);
        timeout(PATIENCE, told).await.unwrap();

        let book = simulator.ledger().open();
        assert_eq!(book.statuses.keys().collect::<Vec<_>>(), words, "{flag}");
    }
}

#[tokio::test]
async fn every_kind_that_a_business_may_send_is_taken() {
    let simulator = quiet(&[]).await;
    let link = json!({ "link": "https://loja.example/foto.png", "caption": "A foto" });
    let row = json!({ "id": "r", "title": "Torta", "description": "de limão" });
    let button = json!({ "type": "reply", "reply": { "id": "sim", "title": "Sim" } });
    let body = json!({ "text": "Confirma?" });
    for (kind, content) in [
        ("text", json!({ "body": "á".repeat(4_096), "preview_url": true })),
        ("image", link.clone()),
        ("video", link),
        ("audio", json!({ "link": "https://loja.example/audio.ogg" })),
        ("document", json!({ "link": "https://loja.example/a.pdf", "filename": "a.pdf" })),
        ("sticker", json!({ "link": "https://loja.example/a.webp" })),
        ("template", json!({ "name": "ola", "language": { "code": "pt_BR" }, "components": [] })),
        (
            "interactive",
            json!({ "type": "button", "body": body, "action": { "buttons": [button] } }),
        ),
        (
            "interactive",
            json!({ "type": "list", "body": body, "action": { "button": "Ver", "sections": [{ "rows": [row] }] } }),
        ),
        ("reaction", json!({ "message_id": "wamid.x", "emoji": "" })),
        ("location", json!({ "latitude": -22.9, "longitude": "-43.1" })),
        ("contacts", json!([{ "name": { "formatted_name": "Lia", "first_name": "Lia" } }])),
    ] {
        let answer =
            send(&simulator, json!({ "to": ANA, "type": kind, kind: content })).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{kind}: {}", answer.text().await.unwrap());
    }
    let to_user = json!({ "recipient": "BR.1", "type": "text", "text": { "body": "Oi" } });
    let answer: Value = send(&simulator, to_user).await.unwrap().json().await.unwrap();
    assert_eq!(answer["contacts"], json!([{ "input": "BR.1", "user_id": "BR.1" }]));

    let mark = json!({ "status": "read", "message_id": "wamid.x", "typing_indicator": { "type": "text" } });
    let answer: Value = send(&simulator, mark).await.unwrap().json().await.unwrap();
    assert_eq!(answer, json!({ "success": true }));
    assert!(simulator.ledger().open().marked.iter().any(|it| it.typing));
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_said_with_metas_code() {
    let simulator = quiet(&["--access-token", "token"]).await;
    let interactive = |count: usize| {
        let button = json!({ "type": "reply", "reply": { "id": "sim", "title": "Sim" } });
        let buttons = vec![button; count];
        json!({ "type": "button", "body": { "text": "?" }, "action": { "buttons": buttons } })
    };
    for (body, code) in [
        (json!({}), 100),
        (json!({ "to": ANA, "type": "carta" }), 100),
        (json!({ "type": "text", "text": { "body": "Oi" } }), 100),
        (text_to(ANA, &"á".repeat(4_097)), 100),
        (text_to(ANA, ""), 131_008),
        (json!({ "to": ANA, "type": "text" }), 131_008),
        (json!({ "to": ANA, "type": "image", "image": {} }), 131_008),
        (json!({ "to": ANA, "type": "template", "template": { "name": "ola" } }), 131_008),
        (json!({ "to": ANA, "type": "reaction", "reaction": { "emoji": "👍" } }), 131_008),
        (json!({ "to": ANA, "type": "interactive", "interactive": interactive(4) }), 131_009),
        (json!({ "to": ANA, "type": "image", "image": { "id": "nobody's" } }), 131_009),
        (
            json!({ "to": ANA, "type": "location", "location": { "latitude": "x", "longitude": 1 } }),
            131_009,
        ),
        (text_to("not a number", "Oi"), 131_009),
        (json!({ "status": "delivered", "message_id": "wamid.x" }), 131_009),
    ] {
        let answer = send(&simulator, body.clone()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        let error = &answer.json::<Value>().await.unwrap()["error"];
        assert_eq!(error["code"], code, "{body}: {error}");
        assert!(error["error_data"]["details"].is_string() && error["fbtrace_id"].is_string());
    }

    let url = format!("{}/v25.0/{NUMBER}/messages", simulator.url);
    let stranger = reqwest::Client::new().post(url).bearer_auth("another").json(&json!({}));
    assert_eq!(refusal(stranger).await, (StatusCode::UNAUTHORIZED, json!(190)));
    let elsewhere = graph(&simulator, "POST", "another/messages").json(&text_to(ANA, "Oi"));
    assert_eq!(refusal(elsewhere).await, (StatusCode::BAD_REQUEST, json!(100)));
    assert_eq!(simulator.ledger().open().accepted.total(), 0);
}

#[tokio::test]
async fn each_fault_is_what_it_says() {
    let simulator = quiet(&["--slow-by-ms", "40"]).await;
    let outcome = async |fault: Fault, code: Option<u32>| {
        let rule = Rule { fault, code, to: Some(ANA.to_owned()), times: 1 };
        simulator.change(|conduct| conduct.rule.push(rule));
        let before = simulator.ledger().open().accepted.total();
        let answer = send(&simulator, text_to(ANA, "Oi")).await;
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        let is_whole = match answer {
            Ok(answer) => answer.json::<Value>().await.is_ok(),
            Err(_) => false,
        };
        let book = simulator.ledger().open();
        let accepted = book.accepted.iter().nth(usize::try_from(before).unwrap());
        (status, is_whole, accepted.map(|accepted| accepted.acknowledged))
    };

    assert_eq!(outcome(Fault::Drop, None).await, (None, false, Some(false)));
    assert_eq!(outcome(Fault::Truncate, None).await, (Some(200), false, Some(false)));
    assert_eq!(outcome(Fault::Broken, None).await, (Some(500), true, Some(false)));
    assert_eq!(outcome(Fault::Unavailable, None).await, (Some(503), true, None));
    assert_eq!(outcome(Fault::Refuse, Some(131_056)).await, (Some(429), true, None));
    assert_eq!(outcome(Fault::Refuse, Some(190)).await, (Some(401), true, None));
    assert_eq!(outcome(Fault::Refuse, Some(131_026)).await, (Some(400), true, None));
    assert_eq!(outcome(Fault::Trickle, None).await, (Some(200), true, Some(true)));
    assert_eq!(outcome(Fault::Slow, None).await, (Some(200), true, Some(true)));

    // A rule is for as many as it says, and for nobody else.
    assert_eq!(simulator.conduct().rule, []);
    let rule =
        Rule { fault: Fault::Drop, code: None, to: Some("5511900000000".to_owned()), times: 1 };
    simulator.change(|conduct| conduct.rule.push(rule));
    assert_eq!(send(&simulator, text_to(ANA, "Oi")).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn who_does_not_wait_for_a_slow_answer_has_not_been_given_it() {
    let simulator = quiet(&["--slow", "1", "--slow-by-ms", "3600000"]).await;
    let body = json!({ "messaging_product": "whatsapp", "to": ANA, "text": { "body": "Oi" } });
    let request = graph(&simulator, "POST", &format!("{NUMBER}/messages")).json(&body);

    let answer = request.timeout(Duration::from_millis(300)).send().await;

    assert!(answer.unwrap_err().is_timeout());
    let accepted: Vec<_> = simulator.ledger().open().accepted.iter().cloned().collect();
    assert_eq!(accepted.iter().map(|it| it.acknowledged).collect::<Vec<_>>(), [false]);
}

#[tokio::test]
async fn limits_hold_for_a_person_and_for_a_number() {
    let simulator = quiet(&["--pair-every-ms", "600000", "--pair-burst", "2"]).await;
    for status in [200, 200, 429] {
        assert_eq!(send(&simulator, text_to(ANA, "Oi")).await.unwrap().status(), status);
    }
    assert_eq!(send(&simulator, text_to("5511900000000", "Oi")).await.unwrap().status(), 200);

    simulator.change(|conduct| (conduct.throughput, conduct.pair_every_ms) = (1, 0));
    let sends = (0..20).map(|_| send(&simulator, text_to(ANA, "Oi")));
    futures_util::future::join_all(sends).await;

    let book = simulator.ledger().open();
    let codes: Vec<_> = book.refused.iter().map(|refused| refused.code).collect();
    assert_eq!((codes[0], codes.contains(&130_429)), (131_056, true), "{codes:?}");
}

#[tokio::test]
async fn outside_the_window_only_templates_are_taken() {
    let mut receiver = Receiver::start().await;
    let flags = ["--window", "refuse", "--phones", "0", "--server", &receiver.url];
    let simulator = simulator(&[&flags[..], &["--batch", "1", "--unread", "1"]].concat()).await;
    let template = json!({ "name": "ola", "language": { "code": "pt_BR" } });
    let template = json!({ "to": ANA, "type": "template", "template": template });

    assert_eq!(send(&simulator, template).await.unwrap().status(), 200);
    let refused = send(&simulator, text_to(ANA, "Oi")).await.unwrap();
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], 131_047);
    simulator.write("551188887777", "Olá?").unwrap();
    assert_eq!(send(&simulator, text_to(ANA, "Oi")).await.unwrap().status(), 200);

    // Where it is accepted all the same, it fails.
    simulator.change(|conduct| conduct.window = Window::Fail);
    assert_eq!(send(&simulator, text_to("5511900000000", "Oi")).await.unwrap().status(), 200);
    let failed = loop {
        let (_, body) = receiver.webhook().await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        let status = body["entry"][0]["changes"][0]["value"]["statuses"][0].clone();
        if status["status"] == "failed" {
            break status;
        }
    };
    assert_eq!(
        (&failed["recipient_id"], &failed["errors"][0]["code"]),
        (&json!("5511900000000"), &json!(131_047))
    );
}

#[tokio::test]
async fn a_medium_is_uploaded_looked_up_downloaded_sent_and_deleted() {
    let simulator = quiet(&["--access-token", "token"]).await;
    let file = reqwest::multipart::Part::bytes(b"%PDF-1.4 x".to_vec()).file_name("a.pdf");
    let form = reqwest::multipart::Form::new().text("messaging_product", "whatsapp");
    let form = form.text("type", "application/pdf").part("file", file);

    let id = json_of(graph(&simulator, "POST", &format!("{NUMBER}/media")).multipart(form)).await;
    let id = id["id"].as_str().unwrap().to_owned();
    let found = json_of(graph(&simulator, "GET", &id)).await;

    assert_eq!((&found["mime_type"], &found["file_size"]), (&json!("application/pdf"), &json!(10)));
    assert_eq!(found["sha256"], "fc022288f3e49d09353987de1c32fc1427bd2a8b3657a340e86efb8e34efe003");
    let url = found["url"].as_str().unwrap();
    let http = reqwest::Client::new();
    assert_eq!(http.get(url).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let bytes = http.get(url).bearer_auth("token").send().await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes, &b"%PDF-1.4 x"[..]);
    let document = json!({ "to": ANA, "type": "document", "document": { "id": id } });
    assert_eq!(send(&simulator, document).await.unwrap().status(), 200);

    simulator.change(|conduct| conduct.expired_media = 1.0.try_into().unwrap());
    let late = json_of(graph(&simulator, "GET", &id)).await["url"].as_str().unwrap().to_owned();
    assert_eq!(http.get(late).bearer_auth("token").send().await.unwrap().status(), 404);
    assert_eq!(json_of(graph(&simulator, "DELETE", &id)).await, json!({ "success": true }));
    assert_eq!(refusal(graph(&simulator, "GET", &id)).await, (StatusCode::BAD_REQUEST, json!(100)));
}

async fn refusal(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json::<Value>().await.unwrap()["error"]["code"].take())
}
