//! Who changes the same rows of PostgreSQL at once takes turns: nobody waits for somebody who waits for them,
//! and nobody writes what they read before the other has written.

use recado::desk::{Channel, ConversationId, Role, UserId};
use reqwest::{Method, StatusCode};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, TransactionTrait as _,
};
use serde_json::json;
use tokio::time::timeout;

use crate::meeting::until_wait;
use crate::support::{PATIENCE, TestServer, notification, text};

const ANA: &str = "5511888888888";
const BIA: &str = "5521777777777";

/// Somebody else who is at work in the same database.
struct Other {
    connection: DatabaseConnection,
    work: DatabaseTransaction,
}

impl Other {
    /// Nothing on SQLite, where one writes after the other.
    async fn at(server: &TestServer) -> Option<Self> {
        if !server.database.is_postgres() {
            return None;
        }
        let connection = sea_orm::Database::connect(server.database.url()).await.unwrap();
        let work = connection.begin().await.unwrap();
        Some(Self { connection, work })
    }

    async fn does(&self, sql: &str) {
        self.work.execute_unprepared(sql).await.unwrap();
    }

    async fn commits(self) {
        self.work.commit().await.unwrap();
        self.connection.close().await.unwrap();
    }
}

#[tokio::test]
async fn whoever_merges_contacts_locks_cards_in_the_order_of_those_who_move_them() {
    let server = TestServer::start().await;
    let Some(mover) = Other::at(&server).await else { return };
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    acme.writes(BIA, "wamid.2", "Oi").await;
    let mut cards = acme.cards().await;
    cards.sort_by_key(|card| card.id);
    let [first, second] = cards.try_into().unwrap();
    let locked = |id: ConversationId| {
        format!("SELECT id FROM conversation WHERE id = '{id}' FOR UPDATE NOWAIT")
    };

    mover.does(&locked(first.id)).await;
    let (path, into) =
        (format!("/api/contacts/{}/merge", second.contact.id), json!({ "into": first.contact.id }));
    let merges = acme.ask(Method::POST, &path, &into);
    let moves = async {
        until_wait(&mover.connection, 1).await;
        mover.does(&locked(second.id)).await;
        mover.commits().await;
    };
    let ((status, merged), ()) = tokio::join!(merges, moves);

    assert_eq!(status, StatusCode::OK, "{merged}");
}

#[tokio::test]
async fn the_newest_name_counts_also_when_another_inbox_hears_of_it_at_the_same_time() {
    let server = TestServer::start().await;
    let Some(node) = Other::at(&server).await else { return };
    let acme = server.tenant("acme").await;
    acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap();
    let writes_as = |phone: &str, id: &str, name: &str| {
        let mut body = notification(phone, &[text(ANA, id, "Oi")]);
        body["entry"][0]["changes"][0]["value"]["contacts"] =
            json!([{ "wa_id": ANA, "profile": { "name": name } }]);
        body
    };
    server.take(&writes_as(&acme.phone, "wamid.1", "aninha")).await;

    // As another node does, of whom she writes to at 1700000003.
    node.does("UPDATE contact SET name = 'Ana Souza', named_at = 1700000003000000").await;
    node.does("SELECT id FROM conversation FOR UPDATE").await;
    let older = writes_as("sales", "wamid.2", "Ana");
    let hears = server.take(&older);
    let stores = async {
        until_wait(&node.connection, 1).await;
        node.commits().await;
    };
    tokio::join!(hears, stores);

    let cards = acme.cards().await;
    let names: Vec<_> = cards.iter().map(|card| card.contact.name.as_deref()).collect();
    assert_eq!(names, [Some("Ana Souza"); 2]);
}

#[tokio::test]
async fn that_somebody_is_there_waits_for_nobody_who_changes_them() {
    let server = TestServer::start().await;
    let Some(admin) = Other::at(&server).await else { return };
    let acme = server.tenant("acme").await;
    let (ada, bia) = (acme.person("ada", Role::Admin).await, acme.person("bia", Role::Agent).await);

    admin.does("SELECT id FROM \"user\" WHERE name = 'ada' FOR UPDATE").await;
    let both = [&ada, &bia].map(|person| UserId::from(person.id.as_str()));
    timeout(PATIENCE, acme.desk.saw(both)).await.expect("it waits").unwrap();
    admin.commits().await;

    let seen = acme.desk.last_seen().await.unwrap();
    let seen: Vec<_> = seen.into_iter().map(|(user, _)| user.0).collect();
    assert_eq!(seen, [bia.id]);
}
