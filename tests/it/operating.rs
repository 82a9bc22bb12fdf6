//! Backups, going back to one, and telling whether a server is ready.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Client, Connecting, Database, Process, TestServer, run};

const ANA: &str = "5511888888888";

#[tokio::test]
async fn a_backup_of_a_running_server_holds_what_was_acknowledged_before_it() {
    let Some((server, _folder, copy)) = backed_up().await else { return };

    server.tenant("acme").await.writes(ANA, "wamid.2", "Tudo bem?").await;

    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let read = sea_orm::Database::connect(format!("sqlite:{copy}")).await.unwrap();
    assert_eq!(count(&read, "message").await, 1);
    read.close().await.unwrap();
    let again = run(&server.database, &["backup", &copy]);
    assert!(!again.status.success() && told(&again).contains("is there already"));
}

#[tokio::test]
async fn clients_of_a_restored_server_load_afresh_and_miss_nothing_that_follows() {
    let Some((server, _folder, copy)) = backed_up().await else { return };
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.2", "Tudo bem?").await;
    let ahead = acme.desk.head().await.unwrap();
    let token = acme.token();
    let database = server.stop().await;

    let refused = run(&database, &["restore", &copy]);
    assert!(!refused.status.success() && told(&refused).contains("--replace"));
    done(&run(&database, &["restore", &copy, "--replace"]));

    let server = TestServer::on(database, &[]).await;
    let acme = server.tenant("acme").await;
    assert_eq!(acme.history().await.len(), 1);
    let auth = json!({ "token": token, "after": ahead });
    let connecting = Connecting { auth, ..Connecting::default() };
    let mut client = Client::with(server.address(), connecting).await.unwrap();
    assert_eq!(client.hear("ready").await.data["complete"], false);
    acme.writes(ANA, "wamid.2", "Tudo bem?").await;
    assert_eq!(client.hear("message:new").await.data["message"]["content"], "Tudo bem?");
}

#[tokio::test]
async fn what_a_restore_has_put_aside_stays_when_another_one_follows() {
    let Some((server, _folder, copy)) = backed_up().await else { return };
    let database = server.stop().await;

    let aside = [(); 2].map(|()| {
        let restored = run(&database, &["restore", &copy, "--replace"]);
        done(&restored);
        let said = String::from_utf8(restored.stdout).unwrap();
        let (_, aside) = said.split_once("what was there is ").expect("it says what was there");
        aside.split(" now").next().unwrap().to_owned()
    });

    assert_ne!(aside[0], aside[1]);
    for aside in aside {
        let kept = sea_orm::Database::connect(format!("sqlite:{aside}")).await.unwrap();
        assert_eq!(count(&kept, "message").await, 1);
        kept.close().await.unwrap();
    }
}

#[tokio::test]
async fn what_a_lost_database_has_left_behind_does_not_get_into_the_restored_one() {
    let Some((server, _folder, copy)) = backed_up().await else { return };
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.2", "Tudo bem?").await;
    let file = server.database.url().trim_start_matches("sqlite:").to_owned();
    let log = format!("{file}-wal");
    let left = std::fs::read(&log).unwrap();
    drop(acme);
    let database = server.stop().await;
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&log, left).unwrap();

    done(&run(&database, &["restore", &copy]));

    let server = TestServer::on(database, &[]).await;
    let acme = server.tenant("acme").await;
    assert_eq!(acme.history().await.len(), 1);
    acme.writes(ANA, "wamid.2", "Tudo bem?").await;
    assert_eq!(acme.history().await.len(), 2);
}

#[tokio::test]
async fn neither_the_schema_nor_logs_that_start_anew_are_cut_off_as_a_request_is() {
    let database = Database::create().await;
    if !database.is_postgres() {
        return;
    }
    let look = "BEGIN IF current_setting('statement_timeout') <> '0' THEN
        RAISE EXCEPTION 'it would be cut off'; END IF;";
    let of_schema = format!(
        "CREATE FUNCTION look_at_schema() RETURNS event_trigger LANGUAGE plpgsql AS $$ {look} END $$;
        CREATE EVENT TRIGGER look ON ddl_command_start EXECUTE FUNCTION look_at_schema()"
    );
    let of_logs = format!(
        "CREATE FUNCTION look_at_log() RETURNS trigger LANGUAGE plpgsql AS $$ {look} RETURN NEW; END $$;
        CREATE TRIGGER look BEFORE UPDATE ON tenant FOR EACH ROW EXECUTE FUNCTION look_at_log()"
    );

    database.execute(&of_schema).await;
    done(&run(&database, &["tenant", "add", "acme"]));
    database.execute(&of_logs).await;
    done(&run(&database, &["restart-logs"]));
}

#[tokio::test]
async fn what_is_no_backup_is_not_put_in_the_databases_place() {
    let database = Database::create().await;
    if database.is_postgres() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let wrong = folder.path().join("wrong.db");
    std::fs::write(&wrong, "not a database").unwrap();

    let refused = run(&database, &["restore", wrong.to_str().unwrap()]);

    assert!(
        !refused.status.success() && told(&refused).contains("no backup"),
        "{}",
        told(&refused)
    );
    done(&run(&database, &["migrate"]));
}

#[tokio::test]
async fn a_server_says_whether_it_is_ready_and_that_it_is_no_more_once_it_is_asked_to_stop() {
    let database = Database::create().await;
    let server = Process::serve(&database, &["--drain", "600000"]);
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let port = port.as_str();
    let ready = format!("{}/health/ready", server.url);
    done(&run(&database, &["health", "--port", port]));
    assert_eq!(reqwest::get(&ready).await.unwrap().status(), StatusCode::OK);

    server.ask_to_stop();

    while reqwest::get(&ready).await.unwrap().status() == StatusCode::OK {
        tokio::task::yield_now().await;
    }
    let live = reqwest::get(format!("{}/health/live", server.url)).await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    let health = run(&database, &["health", "--port", port]);
    assert!(!health.status.success());
    server.kill();
    assert!(!run(&database, &["health", "--port", port]).status.success());
}

/// A server to which a customer has written, and where a backup of it is, for as long as its folder is there;
/// nothing on PostgreSQL, which has backups of its own.
async fn backed_up() -> Option<(TestServer, TempDir, String)> {
    let server = TestServer::start().await;
    if server.database.is_postgres() {
        return None;
    }
    server.tenant("acme").await.writes(ANA, "wamid.1", "Oi").await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy.db").to_str().unwrap().to_owned();
    done(&run(&server.database, &["backup", &copy]));
    Some((server, folder, copy))
}

async fn count(connection: &sea_orm::DatabaseConnection, table: &str) -> i64 {
    use sea_orm::ConnectionTrait as _;
    let sql = format!("SELECT count(*) FROM {table}");
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", told(output));
}
