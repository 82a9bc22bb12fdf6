//! Unchanged clients from npm.

use std::process::Command;

use recado::desk::Time;
use serde_json::json;

use crate::support::{TestServer, signed, token};

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
    matrix.args(["--expired", &token(&claims(now - 60))]);
    matrix.args(["--wrong-signature", &signed(&claims(now + 60), "another secret")]);
    matrix.args(["--phone-number-id", &acme.phone, "--foreign-conversation", &foreign]);
    let output = tokio::task::spawn_blocking(move || matrix.output().unwrap()).await.unwrap();

    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    let ran = told.lines().filter(|line| line.starts_with("ok ")).count();
    assert!(ran >= 9 * 5, "only {ran} checks ran:\n{told}");
}
