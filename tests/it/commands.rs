//! The command line.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use futures_util::future::join_all;
use recado::desk::{Channel, Role, Sees};

use crate::support::{Client, Database, Process, SECRET, TestServer, notification, run, text};

const ANA: &str = "5511888888888";

#[tokio::test]
async fn a_new_installation_is_set_up_by_commands_alone() {
    let database = Database::create().await;
    assert_eq!(out(&run(&database, &["migrate"])), "the schema is up to date\n");
    done(&run(&database, &["tenant", "add", "acme", "--name", "Acme Ltda"]));
    done(&run(&database, &["inbox", "add", "--tenant", "acme", "--phone-number-id", "phone"]));
    done(&add_user(
        &database,
        &["--tenant", "acme", "--email", "Ada@acme.test", "--role", "admin"],
    ));

    assert_eq!(out(&run(&database, &["tenant", "list"])), "acme\tAcme Ltda\n");
    assert!(
        out(&run(&database, &["inbox", "list", "--tenant", "acme"])).contains("\tphone\tphone\n")
    );
    assert!(
        out(&run(&database, &["user", "list", "--tenant", "acme"]))
            .contains("ada@acme.test\tadmin")
    );

    let token =
        out(&run(&database, &["token", "--email", "ada@acme.test", "--jwt-secret", SECRET]));
    let [token] = token.lines().collect::<Vec<_>>().try_into().expect("a token alone");
    let server = Process::serve(&database, &[]);
    let address = server.url.trim_start_matches("http://").parse().unwrap();
    let mut ada = Client::connect(address, token).await.unwrap();
    assert_eq!(ada.hear("ready").await.data["user"]["role"], "admin");
}

#[tokio::test]
async fn whoever_is_locked_out_is_helped_by_a_command() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ada = acme.person("ada", Role::Admin).await;

    done(&run_with(
        &server.database,
        &["user", "password", "--email", "ADA@acme.test"],
        "new staple",
    ));

    assert_eq!(server.sign_in(&ada.email, "new staple").await.status.as_u16(), 201);
    assert_eq!(server.refresh(&ada.refresh_token).await.status.as_u16(), 401);
    let set = ["inbox", "secrets", "--tenant", "acme", "--phone-number-id", &acme.phone];
    done(&run_with(&server.database, &set, "access-token=EAAG\nverify-token = word\n"));
    done(&run_with(&server.database, &set, "verify-token="));
    let listed = acme.desk.inboxes_for(&Sees::everything()).await.unwrap();
    assert_eq!((listed[0].has_access_token, listed[0].has_verify_token), (true, false));
    let wrong = run_with(&server.database, &set, "EAAG-secret");
    let error = String::from_utf8_lossy(&wrong.stderr);
    assert!(!wrong.status.success() && !error.contains("EAAG-secret"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_fails() {
    let database = Database::create().await;
    done(&run(&database, &["tenant", "add", "acme"]));
    done(&add_user(&database, &["--tenant", "acme", "--email", "ada@acme.test"]));

    for (args, told) in [
        (vec!["inbox", "add", "--tenant", "nobody", "--phone-number-id", "x"], "no tenant nobody"),
        (vec!["token", "--email", "nobody@acme.test"], "nobody signs in"),
        (vec!["webhooks", "replay", "nonsense"], "nonsense is no id"),
        (vec!["webhooks", "replay"], "required"),
        (vec!["serve", "--env", "production"], "JWT_SECRET"),
        (vec!["serve", "--bootstrap", "x"], "TENANT=PHONE_NUMBER_ID"),
        (vec!["migrate", "--database-url", "mysql://x"], "neither sqlite: nor postgres:"),
    ] {
        let failed = run(&database, &args);
        let error = String::from_utf8_lossy(&failed.stderr);
        assert!(!failed.status.success() && error.contains(told), "{args:?}: {error}");
    }
    let again = add_user(&database, &["--tenant", "acme", "--email", "ADA@acme.test"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("exists already"));
}

#[tokio::test]
async fn quarantined_webhooks_are_listed_and_replayed_into_the_running_server() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    let messages = [text("5511888888888", "wamid.1", "Oi"), serde_json::json!({ "id": "wamid.2" })];
    server.take(&notification("new-phone", &messages)).await;

    let listed = out(&run(&server.database, &["webhooks", "list", "--outcome", "quarantined"]));
    assert!(listed.contains("no inbox has the address new-phone"), "{listed}");
    assert!(!listed.contains("Oi"), "a customer's text is on the screen: {listed}");

    acme.desk.ensure_inbox(Channel::WhatsApp, "new-phone", "New").await.unwrap();
    let replayed = out(&run(&server.database, &["webhooks", "replay", "--quarantined"]));
    assert!(replayed.contains("applied\ttext\twamid.1"), "{replayed}");
    assert!(replayed.contains("it does not say who wrote it"), "{replayed}");
    assert_eq!(agent.hear("message:new").await.data["message"]["content"], "Oi");

    // Once more changes nothing, and does not forget what the first time did.
    let again = out(&run(&server.database, &["webhooks", "replay", "--quarantined"]));
    assert_eq!(again, replayed);
    assert_eq!(acme.history().await.len(), 1);
}

#[tokio::test]
async fn however_many_webhooks_are_quarantined_each_is_replayed_once() {
    let server = &TestServer::start().await;
    let acme = server.tenant("acme").await;
    // More than two pages of them.
    let names: Vec<_> = (0..250).map(|n| format!("wamid.{n:03}")).collect();
    let bodies = names.iter().map(|name| notification("new-phone", &[text(ANA, name, "Oi")]));
    join_all(bodies.map(|body| async move { server.take(&body).await })).await;
    let replay = || out(&run(&server.database, &["webhooks", "replay", "--quarantined"]));

    let in_vain = replay();
    acme.desk.ensure_inbox(Channel::WhatsApp, "new-phone", "New").await.unwrap();
    let replayed = replay();

    assert_eq!(told(&in_vain, "quarantined"), names);
    assert_eq!(told(&replayed, "applied"), names);
    assert_eq!(acme.history().await.len(), names.len());
    assert_eq!(replay(), "");
}

/// The texts of which a replay tells that this became of them, in their own order.
fn told(replayed: &str, outcome: &str) -> Vec<String> {
    let outcome = format!("{outcome}\ttext\t");
    let lines = replayed.lines().filter_map(|line| line.trim().strip_prefix(&outcome));
    let mut names: Vec<_> = lines.filter_map(|line| line.split('\t').next()).collect();
    names.sort_unstable();
    names.into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_file_with_settings_is_read_where_the_program_starts() {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join(".env"), "DATABASE_URL=sqlite:here/recado.db\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
    command.env_clear().current_dir(folder.path()).arg("migrate");

    done(&command.output().unwrap());

    assert!(folder.path().join("here/recado.db").exists());
}

#[test]
fn help_is_the_manual() {
    let output = Command::new(env!("CARGO_BIN_EXE_recado")).arg("--help").output().unwrap();
    let manual = String::from_utf8(output.stdout).unwrap();
    for word in [
        "serve",
        "migrate",
        "tenant",
        "user",
        "inbox",
        "token",
        "webhooks",
        "simulate",
        "HOST",
        "PORT",
        "3333",
        "DATABASE_URL",
        "JWT_SECRET",
        "RECADO_ENV",
        "WHATSAPP_VERIFY_TOKEN",
        "WHATSAPP_APP_SECRET",
        "WHATSAPP_GRAPH_URL",
        "WHATSAPP_ACCESS_TOKEN",
        "SENDING_TIMEOUT_S",
        "RECADO_BOOTSTRAP",
        "SECRETS_KEY",
        "SECRETS_OLD_KEYS",
        "TRUSTED_PROXIES",
        "REFRESH_LIFETIME_S",
    ] {
        assert!(manual.contains(word), "{word} is not in:\n{manual}");
    }
}

fn add_user(database: &Database, args: &[&str]) -> Output {
    run_with(database, &[&["user", "add"], args].concat(), "correct horse\n")
}

/// Runs a command with something on its standard input.
fn run_with(database: &Database, args: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
    command.env_clear().env("DATABASE_URL", database.url()).args(args);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn a_password_is_as_long_as_one_that_is_chosen_in_the_client() {
    let database = Database::create().await;
    done(&run(&database, &["tenant", "add", "acme"]));
    let add = ["user", "add", "--tenant", "acme", "--email", "ada@acme.test", "--role", "admin"];

    let refused = run_with(&database, &add, "secret\n");

    let error = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && error.contains("8 to 200 characters"), "{error}");
    done(&run_with(&database, &add, "correct horse\n"));
}

#[tokio::test]
async fn what_has_to_happen_again_and_again_cannot_do_so_all_the_time() {
    let database = Database::create().await;
    for setting in ["--look-around", "--node-lease"] {
        let refused = run(&database, &[setting, "0"]);
        let error = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && error.contains("above 0"), "{setting}: {error}");
    }
}

fn out(output: &Output) -> String {
    done(output);
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
