//! Transactions that meet, on PostgreSQL: none waits for what another one of them holds.

use futures_util::future::join_all;
use recado::desk::{Actor, Role, Sees};
use reqwest::StatusCode;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, Statement, TransactionTrait as _,
};
use serde_json::json;

use crate::planning::crowd;
use crate::support::{PATIENCE, TestServer, reaction};

const ANA: &str = "5511888888888";
const BIA: &str = "5521777777777";

/// A number that PostgreSQL tells.
async fn number(database: &DatabaseConnection, sql: &str) -> i64 {
    let asked = Statement::from_string(DbBackend::Postgres, sql);
    let row = database.query_one_raw(asked).await.unwrap().unwrap();
    row.try_get("", "number").unwrap()
}

/// Returns once so many statements wait for a lock.
pub(crate) async fn until_wait(database: &DatabaseConnection, count: i64) {
    let waiting = "SELECT COUNT(*) AS number FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let looking = async { while number(database, waiting).await < count {} };
    tokio::time::timeout(PATIENCE, looking).await.expect("nobody waits for a lock");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_change_something_at_once_need_no_more_connections_than_there_are() {
    let server = TestServer::with(&["--database-connections", "2"]).await;
    let acme = server.tenant("acme").await;
    for number in 0..12 {
        acme.writes(&format!("55117777777{number:02}"), &format!("wamid.{number}"), "Oi").await;
    }
    let (ada, bia) = (acme.person("Ada", Role::Agent).await, acme.person("Bia", Role::Agent).await);
    let cards = acme.cards().await;

    let assigned = join_all(cards.iter().map(|card| {
        let path = format!("/api/conversations/{}", card.id);
        let (ada, assignee) = (&ada, json!({ "assigneeId": bia.id }));
        async move { ada.patch(&path, assignee).await.status }
    }));

    assert_eq!(assigned.await, [StatusCode::OK; 12]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_reads_a_conversation_and_what_comes_for_a_message_in_it_take_turns() {
    let server = TestServer::start().await;
    if !server.database.is_postgres() {
        return;
    }
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let card = acme.card().await;
    let database = sea_orm::Database::connect(server.database.url()).await.unwrap();
    let held = database.begin().await.unwrap();
    held.execute_unprepared("SELECT id FROM conversation FOR UPDATE").await.unwrap();

    let desk = acme.desk.clone();
    let reading = tokio::spawn(async move { desk.mark_read(card.id, &Sees::everything()).await });
    until_wait(&database, 1).await;
    let liked =
        acme.whatsapp(json!({ "messages": [reaction(ANA, "wamid.1", "👍", 1_700_000_200)] }));
    let let_go = async {
        until_wait(&database, 2).await;
        held.commit().await.unwrap();
    };
    let (_, ()) = tokio::join!(liked, let_go);

    reading.await.unwrap().unwrap();
    let card = acme.card().await;
    assert_eq!((card.unread_count, acme.history().await[0].reactions.len()), (0, 1));
    server.stop().await;
    let deadlocks =
        "SELECT deadlocks AS number FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(number(&database, deadlocks).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_writes_while_a_column_of_many_cards_is_removed_does_not_wait() {
    let server = TestServer::start().await;
    if !server.database.is_postgres() {
        return;
    }
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    crowd(&acme, 0..1_010).await;
    let stages = acme.desk.stages().await.unwrap();
    let (first, second) = (stages[0].id, stages[1].id);
    let database = sea_orm::Database::connect(server.database.url()).await.unwrap();
    let held = database.begin().await.unwrap();
    let lowest = "SELECT id FROM conversation ORDER BY position DESC LIMIT 1 FOR UPDATE";
    held.execute_unprepared(lowest).await.unwrap();

    let desk = acme.desk.clone();
    let eva = Actor { user: "eva".into(), name: "Eva".to_owned(), address: None };
    let removing = tokio::spawn(async move { desk.remove_stage(first, second, &eva).await });
    until_wait(&database, 1).await;
    zenith.writes(ANA, "wamid.1", "Oi").await;
    acme.writes(BIA, "wamid.2", "Oi").await;
    let halfway = acme.desk.board(&Sees::everything()).await.unwrap();
    held.commit().await.unwrap();
    removing.await.unwrap().unwrap();

    let totals: Vec<_> = halfway.columns.iter().map(|column| column.total).collect();
    assert_eq!(totals, [11, 1_000, 0, 0]);
    let board = acme.desk.board(&Sees::everything()).await.unwrap();
    let totals: Vec<_> = board.columns.iter().map(|column| column.total).collect();
    assert_eq!(totals, [1_011, 0, 0]);
    assert_eq!(server.desks.verify().await.unwrap(), []);
}
