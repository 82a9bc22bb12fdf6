//! Files in a chat on a site: visitors send them and open those in their own chat.

use recado::desk::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    TestServer, Visitor, arrived, nameless, opened, picture, stored, upload, upload_to,
    with_library,
};

/// Opens a file as a visitor's browser does.
async fn opens(visitor: &Visitor<'_>, id: &Value) -> Vec<u8> {
    let link = visitor.get(&format!("/media/{}", id.as_str().unwrap())).await;
    assert_eq!(link.status, StatusCode::OK, "{link:?}");
    let url = format!("{}{}", visitor.server.url, link.text("url"));
    reqwest::get(url).await.unwrap().bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn what_a_visitor_sends_is_there_with_its_message_for_both_sides() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ana = acme.visitor("Ana").await;
    let mut screen = acme.agent().await;
    let bytes = picture("pé quebrado");

    let (status, file) = ana.uploads("C:\\fotos\\mesa.png", "image/gif", &bytes).await;
    let post = json!({ "content": "Chegou assim", "mediaId": file["id"], "clientId": "c1" });
    let said = ana.post("/messages", post.clone()).await.body;
    let again = ana.post("/messages", post).await.body;

    assert_eq!(status, StatusCode::CREATED, "{file}");
    assert_eq!((&file["mimeType"], &file["filename"]), (&json!("image/png"), &json!("mesa.png")));
    let heard = screen.hear("message:new").await.data["message"].take();
    assert_eq!((&heard["type"], &heard["content"]), (&json!("IMAGE"), &json!("Chegou assim")));
    let media = &heard["metadata"]["media"];
    assert_eq!((&media["state"], &media["width"]), (&json!("stored"), &json!(3)), "{media}");
    assert_eq!((&said["id"], &said["metadata"]["media"]), (&again["id"], media));
    assert_eq!(acme.history().await.len(), 1);
    assert_eq!(opened(&acme, media["id"].as_str().unwrap()).await.bytes().await.unwrap(), bytes);
    assert_eq!(opens(&ana, &media["id"]).await, bytes);
}

#[tokio::test]
async fn a_visitor_opens_what_agents_send_them_and_no_other_file() {
    let (server, library) = with_library(&[]).await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    acme.site().await;
    zenith.site().await;
    let customers = arrived(&acme, &library, &picture("whatsapp")).await;
    let (ana, bia) = (acme.visitor("Ana").await, acme.visitor("Bia").await);
    let caio = zenith.visitor("Caio").await;
    let mut others = vec![json!(customers)];
    for visitor in [&bia, &caio] {
        let (_, file) = visitor.uploads("a.png", "image/png", &picture("theirs")).await;
        let said = visitor.post("/messages", json!({ "mediaId": file["id"] })).await.body;
        others.extend([file["id"].clone(), said["metadata"]["media"]["id"].clone()]);
    }
    ana.says("Olá?").await;
    let ada = acme.person("Ada", Role::Agent).await;
    let path = format!("/api/conversations/{}/messages", ana.conversation);
    let sends = async |bytes: &[u8]| {
        let url = format!("{}/api/media", server.url);
        upload_to(&url, &ada.token, ("guia.png", "image/png"), bytes).await.1["id"].take()
    };

    let guide = sends(&picture("guia")).await;
    let sent = ada.post(&path, json!({ "type": "IMAGE", "mediaId": guide })).await;
    let unsent = sends(&picture("rascunho")).await;
    let (_, own) = ana.uploads("b.png", "image/png", &picture("not sent")).await;

    assert_eq!(sent.status, StatusCode::ACCEPTED, "{sent:?}");
    assert_eq!(opens(&ana, &guide).await, picture("guia"));
    others.extend([unsent, own["id"].clone(), json!(ana.session), json!(ana.conversation)]);
    let nobodys = "01890000-0000-7000-8000-000000000000";
    let nothing = ana.get(&format!("/media/{nobodys}")).await;
    assert_eq!(nothing.code(), (404, "not_found"));
    let untold = nameless(nothing.body).to_string();
    for id in others {
        let id = id.as_str().unwrap();
        let refused = ana.get(&format!("/media/{id}")).await;
        let told = nameless(refused.body).to_string().replace(id, nobodys);
        assert_eq!((refused.status, told), (nothing.status, untold.clone()), "{id}");
    }
}

#[tokio::test]
async fn nobody_sends_what_another_has_uploaded() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let (ana, bia) = (acme.visitor("Ana").await, acme.visitor("Bia").await);
    let (_, bias) = bia.uploads("a.png", "image/png", &picture("de Bia")).await;
    let (_, agents) = upload(&acme, "a.png", "image/png", &picture("de Ada")).await;
    ana.says("Olá?").await;

    for file in [&bias, &agents] {
        let refused = ana.post("/messages", json!({ "mediaId": file["id"] })).await;
        assert_eq!(refused.code(), (404, "not_found"), "{refused:?}");
    }
    let path = format!("/api/conversations/{}/messages", ana.conversation);
    let post = json!({ "type": "IMAGE", "mediaId": bias["id"] });
    let (refused, _) = acme.ask(Method::POST, &path, &post).await;

    assert_eq!(refused, StatusCode::NOT_FOUND, "an agent sends what a visitor has uploaded");
    assert_eq!(ana.reads().await, ["Olá?"]);
}

#[tokio::test]
async fn what_visitors_upload_is_of_a_size_and_of_kinds_that_are_taken() {
    let flags = ["--media-visitor-kb", "4", "--media-image-kb", "2"];
    let server = TestServer::with(&flags).await;
    let acme = server.tenant("acme").await;
    let key = acme.site().await;
    let ana = acme.visitor("Ana").await;
    let text = |size: usize| "x".repeat(size).into_bytes();

    let config = format!("/api/livechat/inboxes/{key}");
    let config = server.ask(Method::GET, &config, Value::Null).await.body;
    assert_eq!(config["largestFileKb"], 4);
    for (name, kind, bytes, status, code) in [
        ("a.txt", "text/plain", text(4_001), 413, "too_large"),
        ("a.png", "image/png", picture(&"x".repeat(2_000)), 413, "too_large"),
        (
            "a.html",
            "text/html",
            b"<html><script>alert(1)</script>".to_vec(),
            415,
            "unsupported_file",
        ),
        ("a.png", "image/png", b"MZ\x90\0\x03\0\0\0".to_vec(), 415, "unsupported_file"),
    ] {
        let (refused, why) = ana.uploads(name, kind, &bytes).await;
        assert_eq!((refused.as_u16(), &why["code"]), (status, &json!(code)), "{name}: {why}");
    }
    assert!(stored(&server.database).is_empty(), "what is refused is kept");
    let (taken, _) = ana.uploads("a.txt", "text/plain", &text(4_000)).await;
    assert_eq!(taken, StatusCode::CREATED);
}

#[tokio::test]
async fn an_upload_counts_as_a_message_so_that_nobody_fills_the_disk() {
    let server = TestServer::with(&["--limit-visitor-messages", "1:3"]).await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ana = acme.visitor("Ana").await;

    let mut refused = 0;
    for n in 0..12 {
        let (status, _) = ana.uploads("a.png", "image/png", &picture(&n.to_string())).await;
        refused += usize::from(status == StatusCode::TOO_MANY_REQUESTS);
    }

    assert!(refused >= 6, "{refused}");
    assert!(stored(&server.database).len() <= 6);
}

#[tokio::test]
async fn where_visitors_may_send_no_files_none_is_taken() {
    let server = TestServer::with(&["--media-visitor-kb", "0"]).await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let ana = acme.visitor("Ana").await;

    let (refused, why) = ana.uploads("a.png", "image/png", &picture("x")).await;
    let empty = ana.post("/messages", json!({ "clientId": "c1" })).await;

    assert_eq!((refused.as_u16(), &why["code"]), (413, &json!("too_large")));
    assert_eq!(empty.code(), (422, "invalid"));
}
