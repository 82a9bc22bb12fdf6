//! Whoever polls what has not changed is told just that.

use recado::desk::{Channel, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Person, TestServer};

async fn ask(person: &Person, path: &str, tag: &str) -> Answer {
    person.ask_with(Method::GET, path, &[("if-none-match", tag)], Value::Null).await
}

fn tag(answer: &Answer) -> &str {
    answer.headers["etag"].to_str().unwrap()
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again_nor_read() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Agent).await;
    acme.writes("5511888888888", "wamid.1", "Oi").await;
    let card = format!("/api/conversations/{}", acme.card().await.id);
    let history = format!("{card}/messages");

    for path in ["/api/board", &card, &history] {
        let first = ada.get(path).await;
        assert_eq!(first.headers["cache-control"], "private, no-cache");
        server.database.execute("ALTER TABLE conversation RENAME TO away").await;
        let again = ask(&ada, path, tag(&first)).await;
        server.database.execute("ALTER TABLE away RENAME TO conversation").await;
        assert_eq!((again.status.as_u16(), tag(&again)), (304, tag(&first)), "{path}");
        assert_eq!(again.body, Value::Null);
        let among = format!("\"other\", {}", tag(&first));
        assert_eq!(ask(&ada, path, &among).await.status.as_u16(), 304);

        let id = format!("wamid.{path}");
        acme.writes("5511888888888", &id, "Mais").await;
        let changed = ask(&ada, path, tag(&first)).await;
        assert_eq!(changed.status.as_u16(), 200, "{path}");
        assert_ne!(changed.body, first.body);
    }
}

#[tokio::test]
async fn one_persons_answer_is_not_anothers() {
    let server = TestServer::start().await;
    let (acme, other) = (server.tenant("acme").await, server.tenant("other").await);
    let admin = acme.person("admin", Role::Admin).await;
    let ada = acme.person("ada", Role::Agent).await;
    let eve = other.person("eve", Role::Agent).await;
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap().id;
    let board = ada.get("/api/board").await;

    for person in [&admin, &eve] {
        assert_eq!(ask(person, "/api/board", tag(&board)).await.status.as_u16(), 200);
    }
    assert_eq!(ask(&ada, "/api/board?x=1", tag(&board)).await.status.as_u16(), 200);
    let nobody = [("if-none-match", tag(&board))];
    let refused = server.ask_with(Method::GET, "/api/board", &nobody, Value::Null).await;
    assert_eq!(refused.status.as_u16(), 401);

    admin.patch(&format!("/api/users/{}", ada.id), json!({ "inboxes": [sales] })).await;
    assert_eq!(ask(&ada, "/api/board", tag(&board)).await.status.as_u16(), 200);
}
