//! Unchanged clients from npm, and what happens to clients.

use std::process::Command;

use recado::desk::{Channel, Role, Time};
use serde_json::json;

use crate::support::{Database, TestServer, signed, token};

/// `socket.io-client` 4.x, 3.x and 2.x, each on polling, on websocket and upgrading: see
/// `tests/clients/matrix.mjs`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_generations_of_clients_on_three_transports() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
    let modules = std::path::Path::new(folder).join("node_modules");
    assert!(modules.exists(), "run `npm ci` in tests/clients, or `make test`, which does");
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    zenith.writes("5511888888888", "wamid.1", "Para a Zenith").await;
    let foreign = zenith.card().await.id.to_string();
    let now = Time::now().seconds();
    let claims =
        |exp: i64| json!({ "sub": "ada", "tenantId": "acme", "role": "agent", "exp": exp });

    let mut matrix = Command::new("node");
    matrix.current_dir(folder).args(["matrix.mjs", "--url", &server.url, "--token", &acme.token()]);
    matrix.args(["--colleague", &acme.token_of("bia", "agent")]);
    matrix.args(["--expired", &token(&claims(now - 60))]);
    matrix.args(["--wrong-signature", &signed(&claims(now + 60), "another secret")]);
    matrix.args(["--phone-number-id", &acme.phone, "--foreign-conversation", &foreign]);
    let output = tokio::task::spawn_blocking(move || matrix.output().unwrap()).await.unwrap();

    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    let ran = told.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(ran >= 9 * 6, "only {ran} checks ran:\n{told}");
}

/// Clients of every kind, on every transport, cut at random while the server is killed: see
/// `tests/clients/chaos.mjs`, which does more of it when it is called by hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_and_kills_lose_nothing_and_repeat_nothing_for_any_kind_of_client() {
    let database = Database::create().await;
    let more = ["--events", "1200", "--clients", "12", "--cuts", "30", "--kills", "1"];
    chaos(&[&["--database-url", database.url()], &more[..]].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_any_bad_proxy_every_kind_of_client_is_complete() {
    for proxy in ["refuse", "hang", "break", "mute", "oneway", "buffer"] {
        chaos(&["--proxy", proxy, "--events", "200", "--clients", "14"]).await;
    }
}

/// Who may see something else from now on is cut off, and is back by itself: see
/// `tests/clients/returning.mjs`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unchanged_clients_come_back_by_themselves_when_their_rights_change() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let admin = acme.person("admin", Role::Admin).await;
    let ada = acme.person("ada", Role::Agent).await;
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap();

    let who = ["--admin", &admin.token, "--agent", &ada.token, "--user", &ada.id];
    let what = ["--url", &server.url, "--inbox", &sales.id.to_string()];
    node("returning.mjs", &[&who[..], &what].concat()).await;
}

/// A visitor's windows of every kind, cut at random while the server is killed, beside notes and
/// another visitor: see `tests/clients/visitor.mjs`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_gets_everything_once_in_every_kind_of_window_and_nothing_else() {
    let database = Database::create().await;
    run("visitor.mjs", &["--database-url", database.url()]).await;
}

async fn chaos(args: &[&str]) {
    run("chaos.mjs", args).await;
}

async fn run(script: &str, args: &[&str]) {
    node(script, &[&["--server", env!("CARGO_BIN_EXE_recado")], args].concat()).await;
}

async fn node(script: &str, args: &[&str]) {
    let mut node = Command::new("node");
    node.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients"));
    node.arg(script).args(args);
    let output = tokio::task::spawn_blocking(move || node.output().unwrap()).await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains(" 0 failed"), "{told}\n{errors}");
}
