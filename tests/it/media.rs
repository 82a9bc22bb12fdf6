//! A message comes first, and the file that it carries after it, once, or not at all.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Parser as _;
use recado::channels::chatwoot::send::Api;
use recado::channels::whatsapp::send::Graph;
use recado::config::{Cli, WhatsApp};
use recado::desk::{Channel, InboxEdit};
use recado::media::Shelf;
use recado::simulate::Simulator;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::support::{
    ANA, Database, Library, NUMBER, PATIENCE, Process, base64_of, carrying, echo, envelope, file,
    graph, json_of, notification, opened, picture, post, quiet, served_by, simulator, stored,
    until, upload, value, with_library,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_send_arrives_as_they_sent_it() {
    let database = Database::create().await;
    let people =
        simulator(&["--messages", "60", "--rate", "0", "--seed", "4", "--phones", "6"]).await;
    let server = served_by(&database, &format!("{}/v25.0", people.url), &[]).await;
    let acme = server.tenant("acme").await;
    acme.desk.ensure_inbox(Channel::WhatsApp, NUMBER, NUMBER).await.unwrap();
    let mut agent = acme.agent().await;

    people.change(|conduct| {
        conduct.server.clone_from(&server.url);
        conduct.rate = 1_000.0;
    });

    timeout(PATIENCE, people.finished()).await.unwrap();
    let sent = sent_files(&people);
    assert!(sent.len() > 8, "{sent:?}");
    let mut arrived = BTreeMap::new();
    while arrived.len() < sent.len() {
        let heard = agent.hear("message:updated").await;
        let message = &heard.data["message"];
        if message["metadata"]["media"]["state"] == "stored" {
            arrived
                .insert(message["whatsappMessageId"].as_str().unwrap().to_owned(), message.clone());
        }
    }
    for (id, file) in sent {
        let media = &arrived[&id]["metadata"]["media"];
        let bytes = opened(&acme, media["id"].as_str().unwrap()).await.bytes().await.unwrap();
        assert_eq!(base64_of(&bytes), file["sha256"], "{media}");
        assert_eq!(media["size"], bytes.len());
        assert_eq!(
            media.get("width").is_some(),
            media["mimeType"].as_str().unwrap().starts_with("image/")
        );
    }
}

#[tokio::test]
async fn a_message_comes_before_its_file_and_says_what_will_come() {
    let (server, _) = with_library(&["--whatsapp-access-token", ""]).await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    let named = json!({ "id": "1", "mime_type": "application/pdf", "filename": "conta.pdf" });

    acme.whatsapp(json!({ "messages": [carrying("wamid.1", "document", named)] })).await;

    let heard = agent.hear("message:new").await;
    let media = &heard.data["message"]["metadata"]["media"];
    let id = media["id"].as_str().unwrap();
    let expected = json!({ "id": id, "state": "wanted", "mimeType": "application/pdf", "filename": "conta.pdf" });
    assert_eq!(*media, expected);
    let (status, told) = server.get(&format!("/api/media/{id}"), &acme.token()).await;
    assert_eq!((status, &told["code"]), (StatusCode::CONFLICT, &json!("media_pending")));
}

#[tokio::test]
async fn every_kind_of_file_is_fetched_once_however_its_message_comes() {
    let (server, library) = with_library(&[]).await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    let kinds = ["image", "video", "audio", "voice", "document", "sticker"];
    let messages: Vec<_> = kinds
        .iter()
        .map(|kind| {
            library.holds(kind, &picture(kind));
            carrying(&format!("wamid.{kind}"), kind, file(kind, &picture(kind)))
        })
        .collect();
    let mut of_app = echo(ANA, "wamid.echo", "");
    library.holds("echo", &picture("echo"));
    of_app["type"] = json!("image");
    of_app["image"] = file("echo", &picture("echo"));
    library.holds("old", &picture("old"));
    let old = carrying("wamid.old", "image", file("old", &picture("old")));
    let threads = json!([{ "threads": [{ "id": ANA, "messages": [old] }] }]);
    let history =
        json!({ "field": "history", "value": value(&acme.phone, json!({ "history": threads })) });

    for _ in 0..2 {
        server.take(&notification(&acme.phone, &messages)).await;
        acme.whatsapp(json!({ "message_echoes": [of_app] })).await;
        server.take(&envelope(std::slice::from_ref(&history))).await;
    }

    for _ in 0..kinds.len() + 2 {
        let heard = agent.hear("message:updated").await;
        let media = &heard.data["message"]["metadata"]["media"];
        assert_eq!((&media["state"], &media["width"]), (&json!("stored"), &json!(3)), "{media}");
    }
    for kind in kinds.iter().chain(&["echo", "old"]) {
        assert_eq!(library.downloads(kind), 1, "{kind}");
    }
}

#[tokio::test]
async fn what_cannot_be_had_is_given_up_and_says_why() {
    let (server, library) = with_library(&["--media-image-kb", "2", "--media-tries", "2"]).await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    let _clock = time_flies(&server.database);
    let large = picture(&"x".repeat(3_000));
    let small = picture("small");
    library.holds("announced", &large);
    library.holds_unmeasured("unmeasured", &large);
    library.holds("altered", &small);
    library.fails_before("failing", usize::MAX, &small);
    library.sends_to("inwards", "https://169.254.169.254/latest/meta-data/");
    library.sends_to("elsewhere", "https://evil.example/file");
    library.redirects_to("redirected", "https://evil.example/file");
    let mut told = BTreeMap::new();

    for (id, bytes) in [
        ("announced", &large),
        ("unmeasured", &large),
        ("altered", &large),
        ("failing", &small),
        ("inwards", &small),
        ("elsewhere", &small),
        ("redirected", &small),
        ("unknown", &small),
    ] {
        let message = carrying(&format!("wamid.{id}"), "image", file(id, bytes));
        acme.whatsapp(json!({ "messages": [message] })).await;
        let heard = agent.hear("message:updated").await;
        let media = heard.data["message"]["metadata"]["media"].clone();
        assert_eq!(media["state"], "failed", "{id}");
        let path = format!("/api/media/{}", media["id"].as_str().unwrap());
        assert_eq!(server.get(&path, &acme.token()).await.0, StatusCode::GONE, "{id}");
        told.insert(id, media["error"].as_str().unwrap().to_owned());
    }

    let expected = [
        ("announced", "too_large"),
        ("unmeasured", "too_large"),
        ("altered", "checksum"),
        ("failing", "unreachable"),
        ("inwards", "forbidden"),
        ("elsewhere", "forbidden"),
        ("redirected", "unreachable"),
        ("unknown", "gone"),
    ];
    assert_eq!(told, expected.map(|(id, why)| (id, why.to_owned())).into());
    assert_eq!((library.downloads("announced"), library.downloads("failing")), (0, 2));
    assert_eq!(stored(&server.database), Vec::<String>::new());
}

#[tokio::test]
async fn what_fails_is_tried_again_until_it_comes() {
    let (server, library) = with_library(&["--media-timeout", "1"]).await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    let bytes = picture("late");
    library.fails_before("failing", 3, &bytes);
    library.hangs("hanging", &bytes);
    let _clock = time_flies(&server.database);

    for id in ["failing", "hanging"] {
        let message = carrying(&format!("wamid.{id}"), "image", file(id, &bytes));
        acme.whatsapp(json!({ "messages": [message] })).await;
    }

    let heard = agent.hear("message:updated").await;
    assert_eq!(heard.data["message"]["whatsappMessageId"], "wamid.failing");
    assert_eq!(library.downloads("failing"), 4);
    until(|| library.downloads("hanging") > 1).await;
    library.holds("hanging", &bytes);
    let heard = agent.hear("message:updated").await;
    assert_eq!(heard.data["message"]["metadata"]["media"]["state"], "stored");
}

#[tokio::test]
async fn what_its_channel_no_longer_keeps_is_given_up() {
    let (server, library) = with_library(&[]).await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    let bytes = picture("old");
    library.fails_before("old", usize::MAX, &bytes);
    acme.whatsapp(json!({ "messages": [carrying("wamid.1", "image", file("old", &bytes))] })).await;
    until(|| library.downloads("old") == 1).await;

    server.database.execute("UPDATE media SET provider_until = 0").await;
    let _clock = time_flies(&server.database);

    let heard = agent.hear("message:updated").await;
    assert_eq!(heard.data["message"]["metadata"]["media"]["error"], "expired");
}

#[tokio::test]
async fn a_file_waits_while_its_inbox_is_disabled() {
    let (server, library) = with_library(&["--media-timeout", "1", "--media-tries", "2"]).await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    let inbox = acme.desk.inboxes().await.unwrap().remove(0).0.id;
    let disable = async |is_disabled: bool| {
        let edit = InboxEdit { is_disabled: Some(is_disabled), ..InboxEdit::default() };
        acme.desk.change_inbox(inbox, edit, None).await.unwrap();
    };
    let bytes = picture("bolo");
    library.hangs("1", &bytes);
    acme.whatsapp(json!({ "messages": [carrying("wamid.1", "image", file("1", &bytes))] })).await;
    until(|| library.downloads("1") == 1).await;

    disable(true).await;
    let _clock = time_flies(&server.database);
    let put_off = async { while claims(&server.database).await < 3 {} };
    timeout(PATIENCE, put_off).await.expect("it is given up");
    library.holds("1", &bytes);
    disable(false).await;

    let heard = agent.hear("message:updated").await;
    assert_eq!(heard.data["message"]["metadata"]["media"]["state"], "stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_fetch_each_file_once() {
    let (server, library) = with_library(&[]).await;
    let other = served_by(&server.database, &library.url, &[]).await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    let ids: Vec<_> = (0..40).map(|n| n.to_string()).collect();
    let messages = ids.iter().map(|id| {
        library.holds(id, &picture(id));
        carrying(&format!("wamid.{id}"), "image", file(id, &picture(id)))
    });
    let messages: Vec<_> = messages.collect();

    for (n, some) in messages.chunks(5).enumerate() {
        let node = if n % 2 == 0 { &server } else { &other };
        node.take(&notification(&acme.phone, some)).await;
    }

    for _ in &ids {
        agent.hear("message:updated").await;
    }
    let twice: Vec<_> = ids.iter().filter(|id| library.downloads(id) != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_fetches_leaves_nothing_half() {
    let database = Database::create().await;
    let library = Library::start().await;
    let bytes = picture(&"x".repeat(200_000));
    library.hangs("1", &bytes);
    let flags = ["--bootstrap", "acme=phone-of-acme", "--whatsapp-graph-url", &library.url];
    let process =
        Process::serve(&database, &[&flags[..], &["--whatsapp-access-token", "token"]].concat());
    let message = carrying("wamid.1", "image", file("1", &bytes));
    let taken = post(&process.url, notification("phone-of-acme", &[message]).to_string()).await;
    assert_eq!(taken.status(), StatusCode::OK);
    until(|| library.downloads("1") == 1).await;

    process.kill();

    assert_eq!(stored(&database), Vec::<String>::new());
    library.holds("1", &bytes);
    let server = served_by(&database, &library.url, &[]).await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    database.execute("UPDATE media SET due_at = 0").await;
    let heard = agent.hear("message:updated").await;
    let id = heard.data["message"]["metadata"]["media"]["id"].as_str().unwrap().to_owned();
    assert_eq!(opened(&acme, &id).await.bytes().await.unwrap(), bytes);
    assert_eq!(stored(&database).len(), 1);
}

#[tokio::test]
async fn a_file_is_given_to_whatsapp_once_and_again_when_it_has_forgotten_it() {
    let people = quiet(&[]).await;
    let url = format!("{}/v25.0", people.url);
    let server = served_by(&Database::create().await, &url, &[]).await;
    let acme = server.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Uma foto?").await;
    let bytes = picture("bolo");
    let (_, uploaded) = upload(&acme, "bolo.png", "image/png", &bytes).await;
    // What a reply does, when it carries a file.
    let attach = "UPDATE media SET message_id = (SELECT id FROM message)";
    server.database.execute(attach).await;
    let settings = Cli::try_parse_from(["recado", "--media-url", &server.database.media_url()]);
    let settings = settings.unwrap().serve;
    let way = Graph::new(&url, PATIENCE).unwrap();
    let whatsapp = WhatsApp { whatsapp_graph_url: url, ..settings.whatsapp };
    let chatwoot = Api::new(&[], PATIENCE).unwrap();
    let shelf =
        Shelf::open(server.desks.clone(), &settings.media, &whatsapp, true, chatwoot).unwrap();
    let message = acme.history().await[0].id;
    let token = "token".to_owned().into();
    let give = async || {
        let by = (&way, &token);
        let given = shelf.provider_id(acme.desk.tenant(), message, NUMBER, by).await;
        given.unwrap().unwrap()
    };

    let id = give().await;

    let found = json_of(graph(&people, "GET", &id)).await;
    assert_eq!((&found["sha256"], &found["mime_type"]), (&uploaded["sha256"], &json!("image/png")));
    assert_eq!(give().await, id);
    server.database.execute("UPDATE media SET provider_until = 0").await;
    assert_ne!(give().await, id);
}

/// What webhooks said of the files that people sent, by their messages.
fn sent_files(people: &Simulator) -> BTreeMap<String, Value> {
    let book = people.ledger().open();
    let files = book.written.iter().filter_map(|written| {
        let message = &written.message;
        let file = message[message["type"].as_str()?].clone();
        let id = message["id"].as_str()?.to_owned();
        file.get("sha256").is_some().then_some((id, file))
    });
    files.collect()
}

/// How often the only file has been claimed.
async fn claims(database: &Database) -> i64 {
    let connection = sea_orm::Database::connect(database.url()).await.unwrap();
    let query =
        Statement::from_string(connection.get_database_backend(), "SELECT fence FROM media");
    let row = connection.query_one_raw(query).await.unwrap().expect("a file that is wanted");
    connection.close().await.unwrap();
    row.try_get("", "fence").unwrap()
}

/// Lets whatever is to be tried again be due, for as long as this is kept.
fn time_flies(database: &Database) -> Clock {
    let database = database.clone();
    Clock(tokio::spawn(async move {
        loop {
            database.execute("UPDATE media SET due_at = 0 WHERE state = 'wanted'").await;
            sleep(Duration::from_millis(200)).await;
        }
    }))
}

struct Clock(JoinHandle<()>);

impl Drop for Clock {
    fn drop(&mut self) {
        self.0.abort();
    }
}
