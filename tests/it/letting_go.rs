//! What is left of a server that is dropped without a word: nothing.

use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use tokio::runtime::Runtime;

use crate::support::{Client, Database, PATIENCE, TestServer};

/// Returns once nobody but the caller has the database open.
fn until_closed(database: &Database) {
    let begun = Instant::now();
    // Threads and backends close it a moment after whoever was connected has gone.
    while database.users() > 0 {
        assert!(begun.elapsed() < PATIENCE, "{} have it open", database.users());
        std::thread::yield_now();
    }
}

/// Returns once nobody is let in any more.
fn until_deaf(address: SocketAddr) {
    let begun = Instant::now();
    while TcpStream::connect(address).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "somebody is still let in");
    }
}

/// A server to which a customer has written, and two agents who are connected to it.
async fn at_work() -> (TestServer, Vec<Client>) {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.writes("5511888888888", "wamid.1", "Oi").await;
    let mut clients = Vec::new();
    for user in ["ada", "bia"] {
        let token = acme.token_of(user, "agent");
        let mut client = Client::connect(server.address(), &token).await.unwrap();
        client.hear("ready").await;
        clients.push(client);
    }
    (server, clients)
}

#[test]
fn a_server_that_is_dropped_in_the_middle_of_its_work_closes_its_database() {
    let runtime = Runtime::new().unwrap();
    let (server, clients) = runtime.block_on(at_work());
    let database = server.database.clone();
    assert!(database.users() > 0);

    drop((server, clients));
    drop(runtime);

    until_closed(&database);
}

#[test]
fn a_server_that_is_dropped_while_it_stops_closes_its_database() {
    // In one moment or another of its stopping.
    for _ in 0..8 {
        let runtime = Runtime::new().unwrap();
        let (server, clients) = runtime.block_on(at_work());
        let (database, address) = (server.database.clone(), server.address());

        drop(server);
        until_deaf(address);
        drop(runtime);

        until_closed(&database);
        drop(clients);
    }
}
