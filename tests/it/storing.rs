//! What cannot be stored is not acknowledged, and takes nobody along.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{TestServer, envelope, notification, post, text, value};

const ANA: &str = "5511888888888";

/// Makes the database refuse messages that say "poison", as it would a row it cannot hold.
async fn poison(server: &TestServer) {
    let trigger = if server.database.is_postgres() {
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN IF NEW.content = 'poison' THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION refuse()"
    } else {
        "CREATE TRIGGER refuse BEFORE INSERT ON message WHEN NEW.content = 'poison'
         BEGIN SELECT RAISE(ABORT, 'refused'); END"
    };
    server.database.execute(trigger).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_webhook_that_the_database_refuses_takes_no_neighbour_along() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    poison(&server).await;

    let posts = (0..40).map(|n| {
        let says = if n % 8 == 3 { "poison" } else { "Oi" };
        let body = notification(&acme.phone, &[text(ANA, &format!("wamid.{n}"), says)]).to_string();
        let url = server.url.clone();
        tokio::spawn(async move { (n, post(&url, body).await) })
    });
    for answer in posts.collect::<Vec<_>>() {
        let (n, answer) = answer.await.unwrap();
        let expected = if n % 8 == 3 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        assert_eq!(answer.status(), expected, "{n}");
    }

    assert_eq!(acme.history().await.len(), 35);
    let log = acme.log().await;
    let seqs: Vec<_> = log.iter().map(|logged| logged.seq).collect();
    assert_eq!(seqs, (1..=70).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_could_not_be_stored_is_told_to_come_again_and_then_counts_once() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let mut agent = acme.agent().await;
    let body = notification(&acme.phone, &[text(ANA, "wamid.1", "Oi")]).to_string();

    server.database.execute("ALTER TABLE webhook RENAME TO away").await;
    let answer = server.post(body.clone()).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "storage_unavailable");
    assert_eq!(acme.told().await.len(), 0);

    server.database.execute("ALTER TABLE away RENAME TO webhook").await;
    assert_eq!(server.post(body).await.status(), StatusCode::OK);
    assert_eq!(acme.told().await, ["conversation:new", "message:new"]);
    assert_eq!(agent.stored().await.seq(), 1);
    assert_eq!(agent.stored().await.data["message"]["content"], json!("Oi"));
}

#[tokio::test]
async fn a_webhook_that_names_more_than_a_question_to_the_database_holds_is_stored() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    // PostgreSQL takes 65,535 values in a question, SQLite half as many.
    let statuses = (0..66_000).map(|n| json!({ "id": n.to_string(), "status": "sent" }));
    let statuses = json!({ "statuses": statuses.collect::<Vec<_>>() });
    let people =
        (0..33_000).map(|n| json!({ "wa_id": n.to_string(), "user_id": format!("BR.{n}") }));
    let people = json!({ "user_id_update": people.collect::<Vec<_>>() });

    for (field, told, becomes) in [
        ("messages", &statuses, json!({ "parked": 66_000 })),
        ("user_id_update", &people, json!({ "ignored": 33_000 })),
    ] {
        let change = json!({ "field": field, "value": value(&acme.phone, told.clone()) });
        let answer = server.post(envelope(&[change]).to_string()).await;
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["elements"], becomes, "{field}");
    }
}
