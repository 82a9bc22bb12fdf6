//! What is another's is answered exactly like what does not exist.

use recado::desk::{Channel, NewUser, Role};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, nameless, notification, text};

#[tokio::test]
async fn another_tenants_conversation_does_not_exist_in_any_call() {
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    zenith.writes("5511888888888", "wamid.1", "Para a Zenith").await;
    let foreign = zenith.card().await.id.to_string();
    let nobodys = "01890000-0000-7000-8000-000000000000".to_owned();
    let token = acme.token();

    for path in ["/api/conversations/ID", "/api/conversations/ID/messages"] {
        let answer = async |id: &str| {
            let (status, body) = server.get(&path.replace("ID", id), &token).await;
            (status, nameless(body).to_string().replace(id, "ID"))
        };
        let told = answer(&foreign).await;
        assert_eq!(told.0, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(told, answer(&nobodys).await, "{path}");
    }
    let mut agent = acme.agent().await;
    for event in ["conversation:join", "conversation:leave", "conversation:read"] {
        let (told, _) = agent.ask(event, json!(foreign)).await;
        let (nothing, _) = agent.ask(event, json!(nobodys)).await;
        assert_eq!(told, nothing, "{event}");
    }
    let (refused, _) = agent.ask("conversation:join", json!(foreign)).await;
    assert_eq!(refused["error"]["code"], "not_found");
    assert_eq!(zenith.card().await.unread_count, 1);
    let (_, board) = server.get("/api/board", &token).await;
    assert!(!board.to_string().contains("Zenith"), "{board}");
}

#[tokio::test]
async fn nobody_hears_another_tenants_events() {
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    let mut agent = acme.agent().await;

    zenith.writes("5511888888888", "wamid.1", "Para a Zenith").await;
    acme.writes("5511888888888", "wamid.1", "Para a Acme").await;

    let opened = agent.stored().await;
    assert_eq!(opened.data["conversation"]["lastMessage"]["content"], "Para a Acme");
    assert_eq!(agent.stored().await.data["message"]["content"], "Para a Acme");
}

#[tokio::test]
async fn a_restricted_agent_sees_the_own_inboxes_only() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap();
    let user = acme.desk.add_user(NewUser {
        email: "bia@acme.test".to_owned(),
        name: "Bia".to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only: Some(vec![sales.id]),
    });
    let token = acme.token_of(&user.await.unwrap().id.0, "agent");
    let mut bia = Client::connect(server.address(), &token).await.unwrap();

    acme.writes("5511888888888", "wamid.1", "Para o suporte").await;
    server.take(&notification("sales", &[text("5511888888888", "wamid.2", "Para vendas")])).await;

    // Her events have gaps in their numbers, and her cursor passes over them.
    let (opened, message) = (bia.stored().await, bia.stored().await);
    assert_eq!((opened.seq(), message.seq()), (3, 4));
    assert_eq!(message.data["message"]["content"], "Para vendas");
    let (synced, again) = bia.ask("sync", json!({ "after": 0 })).await;
    assert_eq!(synced, json!({ "ok": true, "seq": 4, "complete": true }));
    assert_eq!(again.iter().map(crate::support::Heard::seq).collect::<Vec<_>>(), [3, 4]);

    for (path, told) in [
        ("/api/events?after=0", "events"),
        ("/api/chats/check-updates/?last_check=2023-01-01", "updates"),
    ] {
        let (_, answer) = server.get(path, &token).await;
        let seqs: Vec<_> = answer[told].as_array().unwrap().iter().map(|it| &it["seq"]).collect();
        assert_eq!(seqs, [3, 4], "{path}");
    }
    let (_, board) = server.get("/api/board", &token).await;
    assert_eq!(conversations(&board), [&json!("Para vendas")]);
    let hidden = acme.cards().await.into_iter().find(|card| card.inbox.name != "Sales").unwrap();
    let (status, _) = server.get(&format!("/api/conversations/{}", hidden.id), &token).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (joined, _) = bia.ask("conversation:join", json!(hidden.id)).await;
    assert_eq!(joined["error"]["code"], "not_found");
}

fn conversations(board: &Value) -> Vec<&Value> {
    let stages = board["stages"].as_array().unwrap().iter();
    let cards = stages.flat_map(|stage| stage["conversations"].as_array().unwrap());
    cards.map(|card| &card["lastMessage"]["content"]).collect()
}
