//! What is merely happening: who types, who is there.

use recado::desk::{Channel, ConversationId, NewUser, Role, Time};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Client, Connecting, Heard, PATIENCE, Tenant, TestServer, notification, text};

const ANA: &str = "5511888888888";
const RUI: &str = "5511777777777";

/// What a customer has said, as an agent's client knows it.
async fn conversation(tenant: &Tenant<'_>, from: &str) -> Value {
    let mut said = text(from, &format!("wamid.{from}"), "Oi");
    said["timestamp"] = json!(Time::now().seconds().to_string());
    tenant.whatsapp(json!({ "messages": [said] })).await;
    let cards = tenant.cards().await;
    let of = |card: &&recado::desk::Conversation| card.contact.phone_number.contains(&from[4..]);
    json!(cards.iter().find(of).unwrap().id)
}

/// Connects somebody who has these conversations on the screen.
async fn agent(
    server: &TestServer,
    tenant: &Tenant<'_>,
    user: &str,
    looks_at: &[&Value],
) -> Client {
    let token = tenant.token_of(user, "agent");
    let mut client = Client::connect(server.address(), &token).await.unwrap();
    client.hear("ready").await;
    for id in looks_at {
        asked(&mut client, "conversation:join", id).await;
    }
    client
}

async fn asked(client: &mut Client, event: &str, id: &Value) {
    assert_eq!(client.ask(event, id.clone()).await.0, json!({ "ok": true }), "{event}");
}

/// The next of what is told of typing: what, and by whom.
async fn typing(client: &mut Client) -> (String, Value) {
    loop {
        let Heard { name, mut data, offset } = client.next().await;
        if name.starts_with("typing:") {
            assert_eq!(offset, None);
            return (name, data["user"]["id"].take());
        }
    }
}

/// The name of the next signal.
async fn signal(client: &mut Client) -> String {
    loop {
        let heard = client.next().await;
        if ["typing:start", "typing:stop", "presence:update"].contains(&heard.name.as_str()) {
            return heard.name;
        }
    }
}

/// The next of what is told of somebody's being there.
async fn presence(client: &mut Client) -> (Value, Value) {
    let mut heard = client.hear("presence:update").await;
    assert!(heard.data["lastSeenAt"].is_string(), "{heard:?}");
    (heard.data["userId"].take(), heard.data["status"].take())
}

/// Returns once the tenant has so many connections.
async fn until_connected(server: &TestServer, tenant: &Tenant<'_>, count: usize) {
    let operator = tenant.token_of("root", "operator");
    let counted = async {
        while server.get("/api/socket/stats", &operator).await.1["totalConnections"] != count {}
    };
    timeout(PATIENCE, counted).await.expect("the connections are others");
}

#[tokio::test]
async fn typing_is_heard_by_the_others_in_the_room_and_by_nobody_else() {
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    let (with_ana, with_rui) = (conversation(&acme, ANA).await, conversation(&acme, RUI).await);
    let abroad = conversation(&zenith, ANA).await;
    let mut ada = agent(&server, &acme, "ada", &[&with_ana]).await;
    let mut adas_other = agent(&server, &acme, "ada", &[&with_ana, &with_rui]).await;
    let mut bia = agent(&server, &acme, "bia", &[&with_ana]).await;
    let mut cai = agent(&server, &acme, "cai", &[&with_rui]).await;
    let mut zoe = agent(&server, &zenith, "zoe", &[&abroad]).await;
    let mut yan = agent(&server, &zenith, "yan", &[]).await;

    asked(&mut ada, "typing:start", &with_ana).await;

    let heard = bia.hear("typing:start").await;
    let user = json!({ "id": "ada", "name": "ada", "kind": "AGENT" });
    assert_eq!(heard.data, json!({ "conversationId": with_ana, "user": user }));
    // Signals are told in their order: what comes next shows that nothing came before.
    asked(&mut bia, "typing:start", &with_ana).await;
    assert_eq!(typing(&mut ada).await, ("typing:start".to_owned(), json!("bia")));
    assert_eq!(typing(&mut adas_other).await, ("typing:start".to_owned(), json!("bia")));
    asked(&mut bia, "typing:start", &with_rui).await;
    assert_eq!(typing(&mut cai).await, ("typing:start".to_owned(), json!("bia")));
    assert_eq!(typing(&mut ada).await, ("typing:stop".to_owned(), json!("bia")));
    asked(&mut yan, "typing:start", &abroad).await;
    assert_eq!(typing(&mut zoe).await, ("typing:start".to_owned(), json!("yan")));
}

#[tokio::test]
async fn who_may_not_see_a_conversation_types_in_none_and_hears_nothing() {
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap();
    let user = acme.desk.add_user(NewUser {
        email: "bia@acme.test".to_owned(),
        name: "Bia".to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only: Some(vec![sales.id]),
    });
    let bias = user.await.unwrap().id.0;
    let hidden = conversation(&acme, ANA).await;
    server.take(&notification("sales", &[text(RUI, "wamid.2", "Para vendas")])).await;
    let cards = acme.cards().await;
    let shown = json!(cards.iter().find(|card| card.inbox.name == "Sales").unwrap().id);
    let foreign = conversation(&zenith, ANA).await;
    let mut ada = agent(&server, &acme, "ada", &[&hidden, &shown]).await;
    let mut bia = agent(&server, &acme, &bias, &[&shown]).await;

    let nobodys = json!(ConversationId::generate());
    for event in ["typing:start", "typing:stop"] {
        let (nothing, _) = bia.ask(event, nobodys.clone()).await;
        assert_eq!(nothing["error"]["code"], "not_found");
        for id in [&hidden, &foreign, &json!("x"), &json!(7), &json!(null), &json!({})] {
            assert_eq!(bia.ask(event, id.clone()).await.0, nothing, "{event} {id}");
        }
    }

    asked(&mut ada, "typing:start", &hidden).await;
    asked(&mut ada, "typing:start", &shown).await;
    let heard = bia.hear("typing:start").await;
    assert_eq!(heard.data["conversationId"], shown);
    asked(&mut bia, "typing:start", &shown).await;
    assert_eq!(typing(&mut ada).await, ("typing:start".to_owned(), json!(bias)));
}

#[tokio::test]
async fn who_goes_on_typing_is_told_of_once_and_stops_when_they_say_so() {
    let server = TestServer::with(&["--typing-timeout", "600000"]).await;
    let acme = server.tenant("acme").await;
    let id = conversation(&acme, ANA).await;
    let mut ada = agent(&server, &acme, "ada", &[]).await;
    let mut bia = agent(&server, &acme, "bia", &[&id]).await;

    for _ in 0..20 {
        asked(&mut ada, "typing:start", &id).await;
    }
    asked(&mut ada, "typing:stop", &id).await;
    asked(&mut ada, "typing:stop", &id).await;
    asked(&mut ada, "typing:start", &id).await;

    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(typing(&mut bia).await.0);
    }
    assert_eq!(heard, ["typing:start", "typing:stop", "typing:start"]);
}

#[tokio::test]
async fn who_says_no_more_leaves_or_is_cut_off_has_stopped_typing() {
    let server = TestServer::with(&["--typing-timeout", "300"]).await;
    let acme = server.tenant("acme").await;
    let id = conversation(&acme, ANA).await;
    let mut bia = agent(&server, &acme, "bia", &[&id]).await;
    let mut ada = agent(&server, &acme, "ada", &[&id]).await;
    asked(&mut ada, "typing:start", &id).await;
    for name in ["typing:start", "typing:stop"] {
        assert_eq!(typing(&mut bia).await, (name.to_owned(), json!("ada")));
    }

    let server = TestServer::with(&["--typing-timeout", "600000"]).await;
    let acme = server.tenant("acme").await;
    let id = conversation(&acme, ANA).await;
    let mut bia = agent(&server, &acme, "bia", &[&id]).await;
    let mut ada = agent(&server, &acme, "ada", &[&id]).await;
    let other = agent(&server, &acme, "ada", &[&id]).await;
    asked(&mut ada, "typing:start", &id).await;
    asked(&mut ada, "conversation:leave", &id).await;
    asked(&mut ada, "typing:start", &id).await;
    drop(other);
    until_connected(&server, &acme, 2).await;
    drop(ada);
    for name in ["typing:start", "typing:stop", "typing:start", "typing:stop"] {
        assert_eq!(typing(&mut bia).await, (name.to_owned(), json!("ada")));
    }
    until_connected(&server, &acme, 1).await;
}

#[tokio::test]
async fn a_customer_who_types_is_heard_by_all_who_look_at_the_conversation() {
    let server = TestServer::with(&["--typing-timeout", "300"]).await;
    let acme = server.tenant("acme").await;
    let id = conversation(&acme, ANA).await;
    let mut ada = agent(&server, &acme, "ada", &[&id]).await;
    let card = acme.card().await;

    server.signals.contact_typing(card.id, &card.contact, true);

    let heard = ada.hear("typing:start").await;
    let user = json!({ "id": card.contact.id, "name": card.contact.name, "kind": "CONTACT" });
    assert_eq!(heard.data, json!({ "conversationId": id, "user": user }));
    assert_eq!(typing(&mut ada).await, ("typing:stop".to_owned(), json!(card.contact.id)));
    server.signals.contact_typing(card.id, &card.contact, true);
    server.signals.contact_typing(card.id, &card.contact, false);
    for name in ["typing:start", "typing:stop"] {
        assert_eq!(typing(&mut ada).await.0, name);
    }
}

#[tokio::test]
async fn who_has_sent_what_they_typed_types_no_more() {
    // Nobody is taken for gone: that too would end their typing.
    let flags = ["--typing-timeout", "600000", "--ping-interval", "600"];
    let server = TestServer::with(&flags).await;
    let acme = server.tenant("acme").await;
    let id = conversation(&acme, ANA).await;
    let mut bia = agent(&server, &acme, "bia", &[&id]).await;
    let mut ada = agent(&server, &acme, "ada", &[&id]).await;
    let mut cai = agent(&server, &acme, "cai", &[&id]).await;
    for typist in [&mut ada, &mut cai] {
        asked(typist, "typing:start", &id).await;
    }

    let path = format!("/api/conversations/{}/messages", id.as_str().unwrap());
    let said = json!({ "type": "TEXT", "content": "Olá", "clientId": "1" });
    assert_eq!(acme.ask(Method::POST, &path, &said).await.0, StatusCode::ACCEPTED);

    for (name, user) in [("start", "ada"), ("start", "cai"), ("stop", "ada")] {
        let heard = timeout(PATIENCE, typing(&mut bia)).await.expect("she types for ever");
        assert_eq!(heard, (format!("typing:{name}"), json!(user)));
    }
}

#[tokio::test]
async fn somebody_is_there_while_any_of_their_connections_is() {
    let server = TestServer::with(&["--presence-grace", "50"]).await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    let mut bia = agent(&server, &acme, "bia", &[]).await;
    let mut zoe = agent(&server, &zenith, "zoe", &[]).await;

    let first = agent(&server, &acme, "ada", &[]).await;
    assert_eq!(presence(&mut bia).await, (json!("ada"), json!("online")));
    let second = agent(&server, &acme, "ada", &[]).await;
    drop(first);
    until_connected(&server, &acme, 3).await;
    let cai = agent(&server, &acme, "cai", &[]).await;
    drop(cai);
    assert_eq!(presence(&mut bia).await, (json!("cai"), json!("online")));
    assert_eq!(presence(&mut bia).await, (json!("cai"), json!("offline")));
    drop(second);
    assert_eq!(presence(&mut bia).await, (json!("ada"), json!("offline")));

    // Another tenant hears of its own people alone.
    let _yan = agent(&server, &zenith, "yan", &[]).await;
    assert_eq!(presence(&mut zoe).await, (json!("yan"), json!("online")));
}

#[tokio::test]
async fn who_comes_back_at_once_has_not_been_away() {
    let server = TestServer::with(&["--presence-grace", "600000", "--typing-timeout", "1"]).await;
    let acme = server.tenant("acme").await;
    let id = conversation(&acme, ANA).await;
    let card = acme.card().await;
    let mut bia = agent(&server, &acme, "bia", &[&id]).await;
    let ada = agent(&server, &acme, "ada", &[]).await;
    assert_eq!(presence(&mut bia).await, (json!("ada"), json!("online")));

    drop(ada);
    until_connected(&server, &acme, 1).await;
    // What has come to an end is looked for at least once from here to there.
    for _ in 0..2 {
        server.signals.contact_typing(card.id, &card.contact, true);
        for name in ["typing:start", "typing:stop"] {
            assert_eq!(signal(&mut bia).await, name);
        }
    }
    let _back = agent(&server, &acme, "ada", &[]).await;

    let _cai = agent(&server, &acme, "cai", &[]).await;
    assert_eq!(presence(&mut bia).await, (json!("cai"), json!("online")));
}

#[tokio::test]
async fn whoever_asks_is_told_who_is_there_and_who_was() {
    let server = TestServer::with(&["--presence-grace", "50"]).await;
    let acme = server.tenant("acme").await;
    let new = |email: &str, only| NewUser {
        email: email.to_owned(),
        name: email.to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only,
    };
    let dora = acme.desk.add_user(new("dora@acme.test", None)).await.unwrap().id.0;
    // Somebody who may see no inbox at all is a colleague all the same.
    let eli = acme.desk.add_user(new("eli@acme.test", Some(Vec::new()))).await.unwrap().id.0;
    let mut eli = agent(&server, &acme, &eli, &[]).await;
    let doras = agent(&server, &acme, &dora, &[]).await;
    assert_eq!(presence(&mut eli).await, (json!(dora), json!("online")));
    let seen = async |status: &str| loop {
        let (answer, told) = server.get("/api/presence", &acme.token()).await;
        assert_eq!(answer, StatusCode::OK);
        let users = told["users"].as_array().unwrap().clone();
        assert_eq!(users.iter().filter(|it| it["status"] == "online").count(), {
            if status == "online" { 2 } else { 1 }
        });
        if let Some(dora) = users.into_iter().find(|it| it["userId"] == dora) {
            assert_eq!(dora["status"], status);
            return dora["lastSeenAt"].as_str().unwrap().to_owned();
        }
    };
    let online = timeout(PATIENCE, seen("online")).await.unwrap();

    // Stored within a second of her coming.
    let stored = async { while acme.desk.last_seen().await.unwrap().len() < 2 {} };
    timeout(PATIENCE, stored).await.expect("it is never stored who was there");
    drop(doras);
    let heard = eli.hear("presence:update").await;

    assert_eq!((&heard.data["userId"], &heard.data["status"]), (&json!(dora), &json!("offline")));
    assert!(heard.data["lastSeenAt"].as_str().unwrap() >= online.as_str());
    timeout(PATIENCE, seen("offline")).await.unwrap();
}

#[tokio::test]
async fn signals_are_not_in_the_log_and_do_not_come_again() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let id = conversation(&acme, ANA).await;
    let mut bia = agent(&server, &acme, "bia", &[&id]).await;
    let mut ada = agent(&server, &acme, "ada", &[&id]).await;
    asked(&mut ada, "typing:start", &id).await;
    assert_eq!(presence(&mut bia).await, (json!("ada"), json!("online")));
    assert_eq!(typing(&mut bia).await, ("typing:start".to_owned(), json!("ada")));
    let pid = bia.pid().to_owned();
    drop(bia);
    until_connected(&server, &acme, 1).await;

    let auth = json!({ "token": acme.token_of("bia", "agent"), "pid": pid, "offset": "2" });
    let how = Connecting { auth, ..Connecting::default() };
    let mut back = Client::with(server.address(), how).await.unwrap();
    assert_eq!(back.pid(), pid, "recovered");
    let (_, before) = back.ask("sync", json!({ "after": 0 })).await;

    let names: Vec<_> = before.iter().map(|heard| heard.name.as_str()).collect();
    assert_eq!(names, ["ready", "conversation:new", "message:new"]);
    assert_eq!(acme.told().await, ["conversation:new", "message:new"]);
    // Her rooms are hers again, and what happens now she hears.
    asked(&mut ada, "typing:stop", &id).await;
    assert_eq!(typing(&mut back).await, ("typing:stop".to_owned(), json!("ada")));
}

#[tokio::test]
async fn who_looks_at_a_conversation_is_known_to_the_others_there() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let (with_ana, with_rui) = (conversation(&acme, ANA).await, conversation(&acme, RUI).await);
    let mut ada = agent(&server, &acme, "ada", &[&with_ana]).await;
    let mut bia = agent(&server, &acme, "bia", &[&with_ana]).await;

    asked(&mut ada, "viewing:start", &with_ana).await;
    let heard = bia.hear("viewing:start").await;
    asked(&mut ada, "viewing:stop", &with_ana).await;
    let gone = bia.hear("viewing:stop").await;
    let elsewhere = ada.ask("viewing:start", with_rui).await.0;

    let user = json!({ "id": "ada", "name": "ada", "kind": "AGENT" });
    assert_eq!(heard.data, json!({ "conversationId": with_ana, "user": user }));
    assert_eq!(gone.data, heard.data);
    assert_eq!(elsewhere["ok"], false, "{elsewhere}");
}
