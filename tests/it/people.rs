//! Who works here, what they may see, and who did what.

use recado::desk::{Channel, Role};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Client, Person, TestServer, nameless, notification, text};

const ANA: &str = "5511888888888";

#[tokio::test]
async fn an_admin_adds_people_and_changes_what_they_may() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap().id;
    let bia = json!({ "email": " Bia@Acme.test", "name": "Bia", "role": "agent",
        "password": "battery staple", "inboxes": [sales] });

    let added = ada.post("/api/users", bia.clone()).await;

    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    assert_eq!(added.body["email"], "bia@acme.test");
    assert_eq!(added.body["inboxes"], json!([sales]));
    let listed = ada.get("/api/users").await.body["users"].take();
    assert_eq!(listed[1], added.body);
    assert!(!listed.to_string().contains("argon2"), "{listed}");
    assert_eq!(server.sign_in("bia@acme.test", "battery staple").await.status.as_u16(), 201);
    assert_eq!(ada.post("/api/users", bia).await.code(), (409, "exists"));

    let path = format!("/api/users/{}", added.text("id"));
    let changes = json!({ "name": "Beatriz", "role": "admin", "inboxes": null });
    let changed = ada.patch(&path, changes).await.body;
    assert_eq!((&changed["name"], &changed["role"]), (&json!("Beatriz"), &json!("admin")));
    assert_eq!(changed["inboxes"], Value::Null);
    let reset = ada.put(&format!("{path}/password"), json!({ "password": "another staple" })).await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    assert_eq!(server.sign_in("bia@acme.test", "battery staple").await.code().0, 401);
    assert_eq!(server.sign_in("bia@acme.test", "another staple").await.status.as_u16(), 201);
}

#[tokio::test]
async fn an_agent_knows_colleagues_by_name_and_nothing_else_of_them() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let bia = acme.person("bia", Role::Agent).await;

    let known = bia.get("/api/agents").await.body["agents"].take();

    assert_eq!(known.as_array().unwrap().len(), 2, "{known}");
    let ada = json!({ "id": ada.id, "name": known[0]["name"], "isDisabled": false });
    assert_eq!(known[0], ada);
}

#[tokio::test]
async fn people_who_make_no_sense_are_refused() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let sensible = json!({ "email": "bia@acme.test", "name": "Bia", "role": "agent",
        "password": "battery staple" });
    let nowhere = json!(["00000000-0000-0000-0000-000000000001"]);

    for (key, value, status) in [
        ("email", json!("nobody"), 422),
        ("email", json!("a b@acme.test"), 422),
        ("email", json!("@acme.test"), 422),
        ("name", json!("  "), 422),
        ("name", json!("x".repeat(101)), 422),
        ("password", json!("short"), 422),
        ("password", json!("x".repeat(201)), 422),
        ("role", json!("king"), 400),
        ("shoe", json!(42), 400),
        ("inboxes", nowhere, 404),
    ] {
        let mut new = sensible.clone();
        new[key] = value;
        let refused = ada.post("/api/users", new).await;
        assert_eq!(refused.status.as_u16(), status, "{key}: {refused:?}");
    }
    assert_eq!(ada.get("/api/users").await.body["users"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_rises_above_an_admin_and_one_admin_stays() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let olga = acme.person("olga", Role::Operator).await;
    let of = |person: &Person| format!("/api/users/{}", person.id);
    let operator = json!({ "email": "x@acme.test", "name": "X", "role": "operator",
        "password": "battery staple" });

    assert_eq!(ada.post("/api/users", operator).await.code(), (403, "forbidden"));
    assert_eq!(ada.patch(&of(&ada), json!({ "role": "operator" })).await.code().0, 403);
    for change in
        [json!({ "role": "agent" }), json!({ "isDisabled": true }), json!({ "name": "O" })]
    {
        assert_eq!(ada.patch(&of(&olga), change).await.code(), (403, "forbidden"));
    }
    let password = json!({ "password": "battery staple" });
    let reset = ada.put(&format!("{}/password", of(&olga)), password).await;
    assert_eq!(reset.code(), (403, "forbidden"));

    // The operator can, until they are the last one who can.
    assert_eq!(olga.patch(&of(&ada), json!({ "role": "agent" })).await.status, StatusCode::OK);
    for change in [json!({ "role": "agent" }), json!({ "isDisabled": true })] {
        assert_eq!(olga.patch(&of(&olga), change).await.code(), (409, "last_admin"));
    }
}

#[tokio::test]
async fn of_two_admins_who_demote_each_other_one_stays() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let (ada, bia) = (acme.person("ada", Role::Admin).await, acme.person("bia", Role::Admin).await);
    let (adas, bias) = (format!("/api/users/{}", ada.id), format!("/api/users/{}", bia.id));

    let agent = json!({ "role": "agent" });
    let (one, other) = tokio::join!(ada.patch(&bias, agent.clone()), bia.patch(&adas, agent));

    assert_eq!(
        [&one, &other].iter().filter(|it| it.status == StatusCode::OK).count(),
        1,
        "{one:?} {other:?}"
    );
    let users = acme.desk.users().await.unwrap();
    assert_eq!(users.iter().filter(|user| user.role == Role::Admin).count(), 1);
}

#[tokio::test]
async fn agents_administer_nothing() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let bia = acme.person("bia", Role::Agent).await;
    let admin = acme.person("ada", Role::Admin).await;
    let id = "00000000-0000-0000-0000-000000000001";
    let person = json!({ "email": "x@acme.test", "name": "X", "role": "agent", "password": "battery staple" });
    let inbox = json!({ "name": "X", "phoneNumberId": "x" });
    let canned = json!({ "shortcut": "oi", "content": "Oi!" });
    let name = json!({ "name": "X" });
    let tenant = json!({ "id": "x", "name": "X" });

    for (method, path, body) in [
        (Method::GET, "/api/users".to_owned(), Value::Null),
        (Method::POST, "/api/users".to_owned(), person),
        (Method::PATCH, format!("/api/users/{}", bia.id), json!({ "role": "admin" })),
        (
            Method::PUT,
            format!("/api/users/{}/password", admin.id),
            json!({ "password": "battery staple" }),
        ),
        (Method::POST, "/api/inboxes".to_owned(), inbox),
        (Method::PATCH, format!("/api/inboxes/{id}"), name.clone()),
        (Method::POST, "/api/canned-responses".to_owned(), canned.clone()),
        (Method::PATCH, format!("/api/canned-responses/{id}"), canned),
        (Method::DELETE, format!("/api/canned-responses/{id}"), Value::Null),
        (Method::GET, "/api/audit".to_owned(), Value::Null),
    ] {
        let refused = bia.ask(method.clone(), &path, body).await;
        assert_eq!(refused.code(), (403, "forbidden"), "{method} {path}");
    }
    for (method, path, body) in [
        (Method::GET, "/api/tenants", Value::Null),
        (Method::POST, "/api/tenants", tenant),
        (Method::PATCH, "/api/tenants/acme", name),
    ] {
        for person in [&bia, &admin] {
            let refused = person.ask(method.clone(), path, body.clone()).await;
            assert_eq!(refused.code(), (403, "forbidden"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_is_another_tenants_is_as_if_it_did_not_exist() {
    let server = TestServer::start().await;
    let (acme, other) = (server.tenant("acme").await, server.tenant("other").await);
    let ada = acme.person("ada", Role::Admin).await;
    let eve = other.person("eve", Role::Admin).await;
    let inbox = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap().id;
    let made = ada.post("/api/tokens", json!({ "name": "robot", "scopes": ["read"] })).await;
    let canned = json!({ "shortcut": "oi", "content": "Oi!" });
    let canned = ada.post("/api/canned-responses", canned).await.text("id");
    let nobody = "00000000-0000-0000-0000-000000000001";

    for (method, path, id, body) in [
        (Method::PATCH, "/api/users/ID", ada.id.clone(), json!({ "role": "agent" })),
        (
            Method::PUT,
            "/api/users/ID/password",
            ada.id.clone(),
            json!({ "password": "battery staple" }),
        ),
        (Method::PATCH, "/api/inboxes/ID", inbox.to_string(), json!({ "accessToken": "mine" })),
        (Method::DELETE, "/api/tokens/ID", made.text("id"), Value::Null),
        (Method::PATCH, "/api/canned-responses/ID", canned.clone(), json!({ "content": "Ha" })),
        (Method::DELETE, "/api/canned-responses/ID", canned, Value::Null),
    ] {
        let theirs = eve.ask(method.clone(), &path.replace("ID", &id), body.clone()).await;
        let missing = eve.ask(method, &path.replace("ID", nobody), body).await;
        assert_eq!((theirs.code(), missing.code()), ((404, "not_found"), (404, "not_found")));
        let told = nameless(theirs.body).to_string().replace(&id, nobody);
        assert_eq!(told, nameless(missing.body).to_string());
    }
    assert_eq!(ada.get("/api/users").await.status, StatusCode::OK);
    let joins = json!({ "inboxes": [inbox] });
    assert_eq!(eve.patch(&format!("/api/users/{}", eve.id), joins).await.code().0, 404);
    assert_eq!(eve.get("/api/inboxes").await.body["inboxes"].as_array().unwrap().len(), 1);
    let audit = eve.get("/api/audit").await.body.to_string();
    assert!(!audit.contains(&ada.id), "{audit}");
}

#[tokio::test]
async fn whoever_may_see_something_else_is_served_that_from_then_on() {
    let here = TestServer::start().await;
    // The change is made on one node, and felt on another.
    let there = TestServer::on(here.database.clone(), &[]).await;
    let acme = here.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap().id;
    let support = acme.desk.ensure_inbox(Channel::WhatsApp, "support", "Support").await.unwrap().id;
    let bia = acme.member("bia", Role::Agent, Some(vec![sales])).await;
    let mut socket = Client::connect(there.address(), &bia.token).await.unwrap();
    let stream = format!("{}/api/events/stream?token={}", there.url, bia.token);
    let stream = reqwest::get(stream).await.unwrap();
    socket.hear("ready").await;

    let write = async |inbox: &str, id: &str, body: &str| {
        here.take(&notification(inbox, &[text(ANA, id, body)])).await;
    };
    write("support", "wamid.1", "Antes").await;
    let path = format!("/api/users/{}", bia.id);
    ada.patch(&path, json!({ "inboxes": [support] })).await;
    write("sales", "wamid.2", "Vendas").await;
    write("support", "wamid.3", "Depois").await;

    let changed = socket.hear("access:changed").await;
    // Without a goodbye, so that it comes back by itself.
    assert_eq!(socket.packet().await, None, "served on as if nothing had changed");
    // It ends by itself, after the same event.
    let streamed = stream.text().await.unwrap();
    assert!(streamed.contains("access:changed") && !streamed.contains("Vendas"), "{streamed}");
    let mut socket = Client::after(there.address(), &bia.token, changed.seq()).await.unwrap();
    assert_eq!(socket.hear("message:new").await.data["message"]["content"], "Depois");
}

#[tokio::test]
async fn what_a_node_remembers_does_not_outlive_a_change_on_another() {
    let here = TestServer::start().await;
    let there = TestServer::on(here.database.clone(), &[]).await;
    let acme = here.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap().id;
    let bia = acme.person("bia", Role::Agent).await;
    let mut watcher = Client::connect(there.address(), &ada.token).await.unwrap();
    watcher.hear("ready").await;
    // That node knows now that she sees everything, and has read past the change when she comes.
    assert_eq!(there.get("/api/board", &bia.token).await.0, StatusCode::OK);
    ada.patch(&format!("/api/users/{}", bia.id), json!({ "inboxes": [sales] })).await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    watcher.hear("message:new").await;

    let mut socket = Client::connect(there.address(), &bia.token).await.unwrap();
    if socket.try_next().await.is_none() {
        socket = Client::connect(there.address(), &bia.token).await.unwrap();
    }

    acme.writes(ANA, "wamid.2", "Geheim").await;
    here.take(&notification("sales", &[text(ANA, "wamid.3", "Vendas")])).await;
    assert_eq!(socket.hear("message:new").await.data["message"]["content"], "Vendas");
}

#[tokio::test]
async fn a_change_that_is_missed_while_away_is_not_missed() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap().id;
    let bia = acme.person("bia", Role::Agent).await;
    let before = acme.desk.head().await.unwrap();
    acme.writes(ANA, "wamid.1", "Geheim").await;
    ada.patch(&format!("/api/users/{}", bia.id), json!({ "inboxes": [sales] })).await;

    // From before the change on, she is served as she may see it now.
    let mut socket = Client::after(server.address(), &bia.token, before).await.unwrap();
    let ready = socket.hear("ready").await;
    assert_eq!(ready.data["complete"], true);
    server.take(&notification("sales", &[text(ANA, "wamid.2", "Vendas")])).await;
    let mut heard = Vec::new();
    loop {
        let event = socket.next().await;
        heard.push(event.name.clone());
        if event.name == "message:new" {
            assert_eq!(event.data["message"]["content"], "Vendas");
            break;
        }
    }
    assert_eq!(heard, ["access:changed", "conversation:new", "message:new"]);
}

#[tokio::test]
async fn the_audit_log_tells_who_did_what_and_cannot_be_changed() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    server.sign_in(&ada.email, "my secret guess").await;
    ada.noted("session.refused").await;
    let bia = json!({ "email": "bia@acme.test", "name": "Bia", "role": "agent", "password": "battery staple" });
    let bia = ada.post("/api/users", bia).await.text("id");
    ada.patch(&format!("/api/users/{bia}"), json!({ "name": "Beatriz" })).await;
    ada.put(&format!("/api/users/{bia}/password"), json!({ "password": "another staple" })).await;
    let inbox = json!({ "name": "Sales", "phoneNumberId": "sales", "appSecret": "hush" });
    let inbox = ada.post("/api/inboxes", inbox).await.text("id");
    ada.patch(&format!("/api/inboxes/{inbox}"), json!({ "accessToken": "hush" })).await;
    let token = ada.post("/api/tokens", json!({ "name": "robot", "scopes": ["read"] })).await;
    ada.delete(&format!("/api/tokens/{}", token.text("id"))).await;
    let canned = json!({ "shortcut": "/Oi", "content": "Oi!" });
    let canned = ada.post("/api/canned-responses", canned).await.text("id");
    ada.patch(&format!("/api/canned-responses/{canned}"), json!({ "content": "Olá!" })).await;
    ada.delete(&format!("/api/canned-responses/{canned}")).await;

    let all = ada.get("/api/audit?limit=200").await.body;

    let lines = all["lines"].as_array().unwrap();
    let done: Vec<_> = lines.iter().rev().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(
        done,
        [
            "tenant.added",
            "user.added",
            "session.opened",
            "session.refused",
            "user.added",
            "user.changed",
            "user.password_changed",
            "inbox.added",
            "inbox.changed",
            "token.added",
            "token.revoked",
            "canned_response.added",
            "canned_response.changed",
            "canned_response.removed",
        ]
    );
    let renamed = &lines[lines.len() - 6];
    assert_eq!(renamed["actorId"], ada.id);
    assert_eq!(renamed["subject"], format!("user:{bia}"));
    assert_eq!(renamed["details"], json!({ "name": "Beatriz" }));
    assert_eq!(renamed["address"], "127.0.0.1");
    for secret in ["guess", "staple", "hush", &token.text("token")] {
        assert!(!all.to_string().contains(secret), "{secret} is in {all}");
    }
    // By pages it is the same.
    let first = ada.get("/api/audit?limit=5").await.body;
    assert_eq!(first["hasMore"], true);
    let last = first["lines"][4]["id"].as_str().unwrap();
    let second = ada.get(&format!("/api/audit?limit=200&before={last}")).await.body;
    assert_eq!((&second["hasMore"], &second["lines"][0]), (&json!(false), &lines[5]));

    for attempt in ["UPDATE audit SET action = 'nothing'", "DELETE FROM audit"] {
        let refused = server.database.try_execute(attempt).await.unwrap_err();
        assert!(refused.contains("append-only"), "{refused}");
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(ada.ask(method, "/api/audit", json!({})).await.code().0, 405);
    }
}

#[tokio::test]
async fn agents_call_up_canned_responses() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;
    let bia = acme.person("bia", Role::Agent).await;
    let add = async |shortcut: &str, content: &str| {
        let body = json!({ "shortcut": shortcut, "content": content });
        ada.post("/api/canned-responses", body).await
    };

    let (bye, oi) = (add("tchau", "Até logo!").await, add("/Oi", "Olá! Como posso ajudar?").await);

    let listed = bia.get("/api/canned-responses").await.body["cannedResponses"].take();
    assert_eq!(listed, json!([oi.body, bye.body]));
    assert_eq!(oi.body["shortcut"], "oi");
    assert_eq!(add("oi", "Outra").await.code(), (409, "exists"));
    let path = format!("/api/canned-responses/{}", bye.text("id"));
    assert_eq!(ada.patch(&path, json!({ "shortcut": "oi" })).await.code(), (409, "exists"));
    for (shortcut, content) in [("", "x"), ("a b", "x"), ("x", " "), ("x", &"x".repeat(4_097))] {
        assert_eq!(add(shortcut, content).await.code(), (422, "invalid"));
    }
    assert_eq!(ada.patch(&path, json!({ "content": "Tchau!" })).await.body["content"], "Tchau!");
    assert_eq!(ada.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ada.delete(&path).await.code(), (404, "not_found"));
}
