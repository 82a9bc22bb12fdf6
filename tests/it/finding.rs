//! Lists and search.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Tenant, TestServer, text};

const ANA: &str = "5511988887777";

async fn found(acme: &Tenant<'_>, path: &str) -> Vec<String> {
    let (_, answer) = acme.ask(Method::GET, path, &Value::Null).await;
    let messages = answer["messages"].as_array().unwrap_or_else(|| panic!("{path}: {answer}"));
    messages.iter().map(|it| it["message"]["content"].as_str().unwrap().to_owned()).collect()
}

async fn listed(acme: &Tenant<'_>, query: &str) -> Vec<String> {
    let (_, answer) =
        acme.ask(Method::GET, &format!("/api/conversations?{query}"), &Value::Null).await;
    let all = answer["conversations"].as_array().unwrap_or_else(|| panic!("{query}: {answer}"));
    all.iter().map(|it| it["contact"]["phoneNumber"].as_str().unwrap().to_owned()).collect()
}

/// All pages of a list.
async fn all_listed(acme: &Tenant<'_>, query: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/conversations?{query}{cursor}");
        let (_, page) = acme.ask(Method::GET, &path, &Value::Null).await;
        for it in page["conversations"].as_array().unwrap_or_else(|| panic!("{path}: {page}")) {
            all.push(it["contact"]["phoneNumber"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["nextCursor"].as_str() else { return all };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn messages_are_found_whatever_the_form_of_a_word() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let zenith = server.tenant("zenith").await;
    acme.writes(ANA, "wamid.1", "Quero informações sobre o PEDIDO 4711").await;
    acme.writes(ANA, "wamid.2", "A informação não chegou").await;
    zenith.writes(ANA, "wamid.3", "informação da Zenith").await;

    let search = "/api/messages/search?q=";
    let both = ["A informação não chegou", "Quero informações sobre o PEDIDO 4711"];
    assert_eq!(found(&acme, &format!("{search}informacao")).await, both);
    assert_eq!(found(&acme, &format!("{search}pedidos%204711")).await, both[1..]);
    assert_eq!(found(&acme, &format!("{search}nao")).await, both[..1]);
    for nothing in ["zenith", "%22%20OR%20*", "desk%3Azenith", "x'--"] {
        assert_eq!(found(&acme, &format!("{search}{nothing}")).await, [""; 0], "{nothing}");
    }
}

#[tokio::test]
async fn words_are_found_without_accents_however_these_are_written() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    // One letter; a letter and its accent; letters that Portuguese has not.
    let texts = [
        "Fala com a Vovó Conceição",
        "Fala com a Vovo\u{301} Conceic\u{327}a\u{303}o",
        "Köszönöm, ERDŐS Łódź",
    ];
    for (number, said) in texts.iter().enumerate() {
        acme.writes(ANA, &format!("wamid.{number}"), said).await;
    }

    let search = "/api/messages/search?q=";
    for word in ["vovo%20conceicao", "VOV%C3%93%20concei%C3%A7%C3%A3o", "vovo%CC%81"] {
        assert_eq!(found(&acme, &format!("{search}{word}")).await, [texts[1], texts[0]], "{word}");
    }
    for word in ["koszonom", "erdos", "erd%C5%91s", "er"] {
        assert_eq!(found(&acme, &format!("{search}{word}")).await, texts[2..], "{word}");
    }
}

#[tokio::test]
async fn what_was_said_years_ago_is_found_after_what_was_said_since() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let weeks_ago = [700, 300, 161, 160, 100, 54, 53, 52, 40, 11, 10, 9, 5, 3, 2, 1, 1, 0, 0];
    for (number, weeks) in weeks_ago.iter().enumerate() {
        acme.writes(ANA, &format!("wamid.{number}"), &format!("Pedido {number}")).await;
        let micros = 7_i64 * 86_400_000_000 * weeks;
        let aged = format!(
            "UPDATE message SET created_at = created_at - {micros}
             WHERE provider_id = 'wamid.{number}'"
        );
        server.database.execute(&aged).await;
    }
    server.database.execute("UPDATE conversation SET created_at = 0").await;
    let newest_first: Vec<_> =
        (0..weeks_ago.len()).rev().map(|number| format!("Pedido {number}")).collect();

    let search = "/api/messages/search?q=pedidos";
    assert_eq!(found(&acme, &format!("{search}&limit=50")).await, newest_first);
    let conversation = acme.card().await.id;
    let in_thread = format!("{search}&limit=50&conversationId={conversation}");
    assert_eq!(found(&acme, &in_thread).await, newest_first);
    let (mut pages, mut before) = (Vec::new(), String::new());
    loop {
        let path = format!("{search}&limit=3{before}");
        let (_, page) = acme.ask(Method::GET, &path, &Value::Null).await;
        let messages: Vec<_> = page["messages"].as_array().unwrap().iter().collect();
        pages.extend(messages.iter().map(|it| it["message"]["content"].clone()));
        if page["hasMore"] == false {
            break;
        }
        before = format!("&before={}", messages[2]["message"]["id"].as_str().unwrap());
    }
    assert_eq!(pages, newest_first);
    assert_eq!(found(&acme, "/api/messages/search?q=pedido+4").await, ["Pedido 4"]);
}

#[tokio::test]
async fn a_word_without_end_is_found_by_its_beginning() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let (long, endless) = ("kaka".repeat(100), "soso".repeat(5_000));
    let both = format!("{long} {endless}");
    acme.writes(ANA, "wamid.1", &both).await;

    let search = format!("/api/messages/search?q={}", &long[..200]);
    assert_eq!(found(&acme, &search).await, [both]);
}

#[tokio::test]
async fn what_was_edited_or_deleted_is_found_as_it_is_now() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Quero um sofá").await;
    let edit = json!({ "from": ANA, "id": "wamid.2", "timestamp": "1700000100", "type": "edit", "edit": {
        "original_message_id": "wamid.1", "message": { "type": "text", "text": { "body": "Quero uma cadeira" } } } });
    acme.whatsapp(json!({ "messages": [edit] })).await;

    assert_eq!(found(&acme, "/api/messages/search?q=sofa").await, [""; 0]);
    assert_eq!(found(&acme, "/api/messages/search?q=cadeiras").await, ["Quero uma cadeira"]);
    let revoke = json!({ "from": ANA, "id": "wamid.3", "timestamp": "1700000200", "type": "revoke",
        "revoke": { "original_message_id": "wamid.1" } });
    acme.whatsapp(json!({ "messages": [revoke] })).await;
    assert_eq!(found(&acme, "/api/messages/search?q=cadeiras").await, [""; 0]);
}

#[tokio::test]
async fn what_is_found_comes_page_by_page() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    for n in 0..7 {
        acme.writes(ANA, &format!("wamid.{n}"), &format!("pedido {n}")).await;
    }

    let mut all = Vec::new();
    let mut before = String::new();
    loop {
        let path = format!("/api/messages/search?q=pedido&limit=3{before}");
        let (_, page) = acme.ask(Method::GET, &path, &Value::Null).await;
        let messages = page["messages"].as_array().unwrap();
        all.extend(messages.iter().map(|it| it["message"]["content"].clone()));
        if page["hasMore"] == false {
            break;
        }
        before = format!("&before={}", messages[2]["message"]["id"].as_str().unwrap());
    }

    assert_eq!(all, (0..7).rev().map(|n| json!(format!("pedido {n}"))).collect::<Vec<_>>());
}

#[tokio::test]
async fn conversations_are_narrowed_down_and_listed_page_by_page() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let people: Vec<_> = (0..7).map(|n| format!("55119888800{n:02}")).collect();
    for (n, from) in people.iter().enumerate() {
        acme.writes(from, &format!("wamid.{n}"), "Oi").await;
    }
    let cards = acme.cards().await;
    let id = |number: &str| cards.iter().find(|it| it.contact.phone_number == number).unwrap().id;
    let edit = async |n: usize, changes: Value| {
        acme.patch(&format!("/api/conversations/{}", id(&people[n])), &changes).await;
    };
    edit(1, json!({ "assigneeId": "ada", "labels": ["vip"] })).await;
    edit(2, json!({ "status": "RESOLVED" })).await;
    let read = format!("/api/conversations/{}/read", id(&people[3]));
    acme.ask(Method::POST, &read, &Value::Null).await;

    let newest_first: Vec<_> = people.iter().rev().cloned().collect();
    assert_eq!(listed(&acme, "").await, newest_first);
    assert_eq!(listed(&acme, "assignee=me").await, people[1..2]);
    assert_eq!(listed(&acme, "label=vip&status=OPEN").await, people[1..2]);
    assert_eq!(listed(&acme, "status=RESOLVED").await, people[2..3]);
    assert_eq!(listed(&acme, "assignee=none").await.len(), 6);
    assert_eq!(listed(&acme, "unread=true").await.len(), 6);
    assert_eq!(listed(&acme, "q=8800-04").await, [""; 0]);
    assert_eq!(listed(&acme, "q=98888-0004").await, people[4..5]);
    assert_eq!(listed(&acme, "sort=waiting").await, [&people[..2], &people[3..]].concat());
    assert_eq!(all_listed(&acme, "limit=3").await, newest_first);
}

/// More than are looked through one by one.
#[tokio::test]
async fn of_thousands_those_with_a_label_or_a_name_are_listed_be_they_many_or_few() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let number = |n: usize| format!("55119{n:08}");
    let name = |n: usize| if n.is_multiple_of(5) { "Ana" } else { "Bia" };
    for block in 0..11 {
        let people = block * 200..(block + 1) * 200;
        let messages = people.clone().map(|n| text(&number(n), &format!("wamid.{n}"), "Oi"));
        let contacts =
            people.map(|n| json!({ "wa_id": number(n), "profile": { "name": name(n) } }));
        let (messages, contacts): (Vec<_>, Vec<_>) = (messages.collect(), contacts.collect());
        acme.whatsapp(json!({ "messages": messages, "contacts": contacts })).await;
    }
    let everybody = all_listed(&acme, "limit=100").await;
    assert_eq!(everybody.len(), 2_200);
    let among = |is_among: &dyn Fn(usize) -> bool| {
        let place = |it: &String| it[5..].parse().unwrap();
        everybody.iter().filter(|it| is_among(place(it))).cloned().collect::<Vec<_>>()
    };
    let labels = [("many", "%0"), ("some", "%55"), ("few", "%0007"), ("early", "55119000000__")];
    for (label, like) in labels {
        let sql = format!(
            "INSERT INTO conversation_label (conversation_id, label, tenant_id)
             SELECT conversation.id, '{label}', conversation.tenant_id FROM conversation
             JOIN contact ON contact.id = conversation.contact_id
             WHERE contact.phone_number LIKE '{like}'"
        );
        server.database.execute(&sql).await;
    }

    let many = all_listed(&acme, "label=many&limit=30").await;
    assert_eq!(many, among(&|n| n.is_multiple_of(10)));
    assert_eq!(all_listed(&acme, "label=some").await, among(&|n| n % 100 == 55));
    assert_eq!(all_listed(&acme, "label=few").await, [number(7)]);
    assert_eq!(all_listed(&acme, "label=early&limit=30").await, among(&|n| n < 100));
    assert_eq!(all_listed(&acme, "q=ana&limit=100").await, among(&|n| n.is_multiple_of(5)));
    assert_eq!(all_listed(&acme, "q=ana&label=early").await, {
        among(&|n| n < 100 && n.is_multiple_of(5))
    });
    assert_eq!(all_listed(&acme, "label=many&status=RESOLVED").await, [""; 0]);
}

#[tokio::test]
async fn a_history_is_read_on_from_what_was_found() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    for n in 0..7 {
        acme.writes(ANA, &format!("wamid.{n}"), &format!("pedido {n}")).await;
    }
    let history = acme.history().await;
    let of = format!("/api/conversations/{}/messages", acme.card().await.id);
    let ask =
        async |query: String| acme.ask(Method::GET, &format!("{of}?{query}"), &Value::Null).await;

    let (_, page) = ask(format!("from={}&limit=3", history[2].id)).await;
    let (_, rest) = ask(format!("from={}", history[4].id)).await;
    let unknown = async |edge: &str| {
        ask(format!("{edge}=01890000-0000-7000-8000-000000000000")).await.0.as_u16()
    };
    let unknown = (unknown("from").await, unknown("before").await);
    let (both, _) = ask(format!("from={0}&before={0}", history[2].id)).await;

    let said = |page: &Value| -> Vec<_> {
        page["messages"].as_array().unwrap().iter().map(|it| it["content"].clone()).collect()
    };
    assert_eq!(
        (said(&page), &page["hasMore"]),
        (["pedido 2", "pedido 3", "pedido 4"].map(Value::from).to_vec(), &json!(true))
    );
    assert_eq!((said(&rest).len(), &rest["hasMore"]), (3, &json!(false)));
    assert_eq!((unknown, both.as_u16()), ((404, 404), 422));
}
