//! Files in a bucket. `make test-s3` brings the store; without one there is nothing to show.

use recado::desk::MediaId;
use reqwest::StatusCode;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::support::{
    Database, Library, PATIENCE, TestServer, arrived, opened, picture, served_by, unique, upload,
};

/// Where the store is.
#[expect(clippy::disallowed_methods, reason = "tests/with-s3 says so")]
fn store() -> String {
    std::env::var("TEST_S3_URL").expect("TEST_S3_URL, which tests/with-s3 sets")
}

/// A bucket's name that no other test has.
fn name() -> String {
    format!("recado-{}-{}", std::process::id(), unique())
}

async fn make(bucket: &str) {
    let request = reqwest::Client::new().put(format!("{}/{bucket}", store()));
    let made = request.header("content-length", "0").send().await.unwrap();
    assert_eq!(made.status(), StatusCode::OK);
}

/// The keys of all files in a bucket.
async fn keys(bucket: &str) -> Vec<String> {
    let listed = reqwest::get(format!("{}/{bucket}?list-type=2", store())).await.unwrap();
    let listed = listed.text().await.unwrap();
    let keys = listed.split("<Key>").skip(1);
    keys.map(|rest| rest.split_once("</Key>").unwrap().0.to_owned()).collect()
}

/// A server that keeps its files in a bucket, and fetches them from a library.
async fn keeping(database: &Database, library: &Library, at: &str, bucket: &str) -> TestServer {
    let url = format!("s3://{bucket}/files");
    let key = ["--s3-access-key-id", "key", "--s3-secret-access-key", "secret"];
    let place = ["--s3-region", "us-east-1", "--s3-endpoint", at, "--s3-allow-http"];
    let flags = [&["--media-url", &url][..], &key, &place].concat();
    served_by(database, &library.url, &flags).await
}

/// A document of so many bytes, none like its neighbours.
fn document(size: usize) -> Vec<u8> {
    let numbers = (0_u32..).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes());
    b"%PDF-1.7\n".iter().copied().chain(numbers).take(size).collect()
}

#[tokio::test]
#[ignore = "needs a store: make test-s3"]
async fn files_in_a_bucket_are_handed_out_whole_and_in_parts() {
    let (database, library, bucket) = (Database::create().await, Library::start().await, name());
    make(&bucket).await;
    let server = keeping(&database, &library, &store(), &bucket).await;
    let acme = server.tenant("acme").await;
    // Of S3's pieces one, and three.
    let (small, large) = (picture("small"), document(12_500_000));

    let received = arrived(&acme, &library, &small).await;
    let (taken, told) = upload(&acme, "contrato.pdf", "application/pdf", &large).await;

    assert_eq!(taken, StatusCode::CREATED, "{told}");
    let sent = told["id"].as_str().unwrap();
    assert_eq!(opened(&acme, &received).await.bytes().await.unwrap(), small);
    assert!(opened(&acme, sent).await.bytes().await.unwrap() == large);
    let (_, link) = server.get(&format!("/api/media/{sent}"), &acme.token()).await;
    let url = format!("{}{}", server.url, link["url"].as_str().unwrap());
    for range in [0..10, 5_242_870..5_242_900, 12_499_990..12_500_000] {
        let header = format!("bytes={}-{}", range.start, range.end - 1);
        let part = reqwest::Client::new().get(&url).header("range", header).send().await.unwrap();
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
        assert!(part.bytes().await.unwrap() == large[range]);
    }
    let keys = keys(&bucket).await;
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys.iter().all(|key| key.starts_with("files/")), "{keys:?}");
}

#[tokio::test]
#[ignore = "needs a store: make test-s3"]
async fn what_nobody_needs_leaves_the_bucket_and_what_another_needs_stays() {
    let (database, library, bucket) = (Database::create().await, Library::start().await, name());
    make(&bucket).await;
    let server = keeping(&database, &library, &store(), &bucket).await;
    let acme = server.tenant("acme").await;
    let (shared, lonely) = (picture("shared"), picture("lonely"));
    let received = arrived(&acme, &library, &shared).await;
    for bytes in [&shared, &lonely, &lonely] {
        assert_eq!(upload(&acme, "a.png", "image/png", bytes).await.0, StatusCode::CREATED);
    }
    assert_eq!(keys(&bucket).await.len(), 2);

    database.execute("UPDATE media SET created_at = 0").await;
    server.stop().await;
    let server = keeping(&database, &library, &store(), &bucket).await;

    let gone = async { while keys(&bucket).await.len() > 1 {} };
    timeout(PATIENCE, gone).await.expect("a file that nobody needs stays");
    let acme = server.tenant("acme").await;
    assert_eq!(opened(&acme, &received).await.bytes().await.unwrap(), shared);
}

#[tokio::test]
#[ignore = "needs a store: make test-s3"]
async fn without_its_bucket_a_server_takes_no_files_and_does_when_it_is_there() {
    let (database, library, bucket) = (Database::create().await, Library::start().await, name());
    let server = keeping(&database, &library, &store(), &bucket).await;
    let acme = server.tenant("acme").await;

    let (refused, why) = upload(&acme, "a.png", "image/png", &picture("one")).await;
    make(&bucket).await;
    let (taken, told) = upload(&acme, "a.png", "image/png", &picture("one")).await;

    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE, "{why}");
    assert_eq!(why["code"], json!("storage_unavailable"));
    assert_eq!(taken, StatusCode::CREATED, "{told}");
    let id = told["id"].as_str().unwrap();
    assert!(id.parse::<MediaId>().is_ok());
    assert_eq!(opened(&acme, id).await.bytes().await.unwrap(), picture("one"));
}

#[tokio::test]
#[ignore = "needs a store: make test-s3"]
async fn a_store_that_cannot_be_reached_is_not_waited_for_long() {
    let (database, library, bucket) = (Database::create().await, Library::start().await, name());
    make(&bucket).await;
    let server = keeping(&database, &library, &store(), &bucket).await;
    let acme = server.tenant("acme").await;
    let (_, told) = upload(&acme, "a.png", "image/png", &picture("one")).await;
    server.stop().await;
    // Nobody listens there.
    let server = keeping(&database, &library, "http://127.0.0.1:9", &bucket).await;
    let acme = server.tenant("acme").await;

    let begun = Instant::now();
    let kept = opened(&acme, told["id"].as_str().unwrap()).await;
    let (refused, why) = upload(&acme, "a.png", "image/png", &picture("two")).await;

    assert_eq!(kept.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE, "{why}");
    assert!(begun.elapsed() < PATIENCE);
}
