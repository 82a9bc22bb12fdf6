//! Several nodes on one PostgreSQL.

use crate::support::{Database, TestServer};

const ANA: &str = "5511888888888";

/// Neither looks around by itself: what the other has stored it only knows because it was told.
const ONLY_TOLD: [&str; 2] = ["--look-around", "86400000"];

#[tokio::test]
async fn a_client_of_one_node_hears_what_another_has_stored() {
    let database = Database::create().await;
    if !database.is_postgres() {
        return;
    }
    let one = TestServer::on(database.clone(), &ONLY_TOLD).await;
    let other = TestServer::on(database, &ONLY_TOLD).await;
    let acme = one.tenant("acme").await;
    let same = other.tenant("acme").await;
    let mut client = same.agent().await;
    client.hear("ready").await;

    for n in 0..20 {
        acme.writes(ANA, &format!("wamid.{n}"), &format!("Oi {n}")).await;
        let heard = client.hear("message:new").await;
        assert_eq!(heard.data["message"]["content"], format!("Oi {n}"));
    }
}
