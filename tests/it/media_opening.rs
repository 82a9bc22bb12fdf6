//! Who may see a message may open its file, and nothing happens to them if they do.

use std::fs;

use recado::desk::{Channel, MediaId, NewUser, Role};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    ANA, TestServer, arrived, nameless, opened, picture, stored, text, until, upload, with_library,
};

#[tokio::test]
async fn a_file_that_one_may_not_see_does_not_exist() {
    let (server, library) = with_library(&[]).await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    let sales = acme.desk.ensure_inbox(Channel::WhatsApp, "sales", "Sales").await.unwrap();
    let restricted = acme.desk.add_user(NewUser {
        email: "bia@acme.test".to_owned(),
        name: "Bia".to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only: Some(vec![sales.id]),
    });
    let bia = acme.token_of(&restricted.await.unwrap().id.0, "agent");
    let received = arrived(&acme, &library, &picture("secret")).await;
    let (_, uploaded) = upload(&acme, "a.png", "image/png", &picture("mine")).await;
    let uploaded = uploaded["id"].as_str().unwrap();
    let nobodys = MediaId::generate().to_string();

    for (token, id) in [
        (&zenith.token(), received.as_str()),
        (&zenith.token(), uploaded),
        (&bia, &received),
        (&bia, uploaded),
    ] {
        let answer = async |id: &str| {
            let (status, body) = server.get(&format!("/api/media/{id}"), token).await;
            (status, nameless(body).to_string().replace(id, "ID"))
        };
        let told = answer(id).await;
        assert_eq!(told.0, StatusCode::NOT_FOUND);
        assert_eq!(told, answer(&nobodys).await);
    }
    for id in [&received, uploaded] {
        assert_eq!(opened(&acme, id).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn an_address_opens_nothing_but_the_file_it_was_given_out_for() {
    let (server, library) = with_library(&[]).await;
    let acme = server.tenant("acme").await;
    let (one, other) = (
        arrived(&acme, &library, &picture("one")).await,
        arrived(&acme, &library, &picture("other")).await,
    );
    let (_, link) = server.get(&format!("/api/media/{one}"), &acme.token()).await;
    let url = link["url"].as_str().unwrap();
    let (until, seal) = url.split_once("?e=").unwrap().1.split_once("&s=").unwrap();

    for url in [
        format!("/media/{other}?e={until}&s={seal}"),
        format!("/media/{one}?e={}&s={seal}", until.parse::<i64>().unwrap() + 1),
        format!("/media/{one}?e={until}&s={}", "0".repeat(64)),
        format!("/media/{one}?e={until}&s=nonsense"),
    ] {
        let told = reqwest::get(format!("{}{url}", server.url)).await.unwrap();
        assert_eq!(told.status(), StatusCode::FORBIDDEN, "{url}");
        assert_eq!(told.json::<Value>().await.unwrap()["code"], "link_invalid");
    }
    let bare = reqwest::get(format!("{}/media/{one}", server.url)).await.unwrap();
    assert_eq!(bare.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_file_is_read_in_parts_and_only_when_it_is_another() {
    let (server, library) = with_library(&[]).await;
    let acme = server.tenant("acme").await;
    let bytes = picture("0123456789");
    let id = arrived(&acme, &library, &bytes).await;
    let whole = opened(&acme, &id).await;
    let etag = whole.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    assert_eq!(whole.headers()["content-type"], "image/png");
    assert_eq!(whole.headers()["content-disposition"], "inline");
    let size = bytes.len();

    let part = async |range: &str, more: &[(&str, &str)]| {
        let (_, link) = server.get(&format!("/api/media/{id}"), &acme.token()).await;
        let url = format!("{}{}", server.url, link["url"].as_str().unwrap());
        let mut request = reqwest::Client::new().get(url).header("range", range);
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let told = request.send().await.unwrap();
        let range = told.headers().get("content-range").map(|it| it.to_str().unwrap().to_owned());
        (told.status().as_u16(), range.unwrap_or_default(), told.bytes().await.unwrap().to_vec())
    };

    let of = |from: usize, to: usize| {
        (206, format!("bytes {from}-{}/{size}", to - 1), bytes[from..to].to_vec())
    };
    assert_eq!(part("bytes=0-0", &[]).await, of(0, 1));
    assert_eq!(part("bytes=4-7", &[]).await, of(4, 8));
    assert_eq!(part("bytes=8-", &[]).await, of(8, size));
    assert_eq!(part("bytes=-10", &[]).await, of(size - 10, size));
    assert_eq!(part("bytes=4-100000", &[]).await, of(4, size));
    assert_eq!(part("bytes=100000-", &[]).await, (416, format!("bytes */{size}"), Vec::new()));
    assert_eq!(part("nonsense", &[]).await, (200, String::new(), bytes.clone()));
    assert_eq!(part("bytes=4-7", &[("if-range", &etag)]).await, of(4, 8));
    assert_eq!(part("bytes=4-7", &[("if-range", "\"other\"")]).await.0, 200);
    assert_eq!(part("bytes=4-7", &[("if-none-match", &etag)]).await.0, 304);
}

#[tokio::test]
async fn what_could_act_in_a_browser_is_never_shown_in_place() {
    let (server, library) = with_library(&[]).await;
    let acme = server.tenant("acme").await;
    let page = b"<!DOCTYPE html><script>alert(document.cookie)</script>";
    let disguised = b"Oi <b onclick=alert(1)>Ana</b>\n";

    let received = arrived(&acme, &library, page).await;
    let (taken, sent) = upload(&acme, "nota (ação).txt", "text/plain", disguised).await;
    let (refused, why) = upload(&acme, "page.png", "image/png", page).await;

    assert_eq!((taken, refused), (StatusCode::CREATED, StatusCode::UNSUPPORTED_MEDIA_TYPE));
    assert_eq!(why["code"], "unsupported_file");
    for id in [received.as_str(), sent["id"].as_str().unwrap()] {
        let told = opened(&acme, id).await;
        let headers = told.headers();
        assert_eq!(headers["content-type"], "application/octet-stream");
        assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["content-security-policy"], "sandbox; default-src 'none'");
    }
}

#[tokio::test]
async fn an_upload_is_what_its_bytes_are_and_no_larger_than_its_kind_may_be() {
    let (server, _) = with_library(&["--media-image-kb", "2", "--media-document-kb", "4"]).await;
    let acme = server.tenant("acme").await;

    let (status, told) = upload(&acme, r"C:\fotos\bolo.gif", "image/gif", &picture("bolo")).await;

    let bytes = picture("bolo");
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!((&told["mimeType"], &told["size"]), (&json!("image/png"), &json!(bytes.len())));
    assert_eq!((&told["width"], &told["height"]), (&json!(3), &json!(2)));
    assert_eq!(opened(&acme, told["id"].as_str().unwrap()).await.bytes().await.unwrap(), bytes);
    for (bytes, status, code) in [
        (picture(&"x".repeat(3_000)), StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        (picture(&"x".repeat(9_000)), StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        (b"\x7fELF\x02\x01\x01".to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_file"),
    ] {
        let (refused, why) = upload(&acme, "x", "image/png", &bytes).await;
        assert_eq!((refused, &why["code"]), (status, &json!(code)));
    }
    assert_eq!(stored(&server.database).len(), 1);
    let (_, description) = server.get("/api/openapi.json", &acme.token()).await;
    for path in ["/api/media", "/api/media/{id}", "/media/{id}"] {
        assert!(description["paths"].get(path).is_some(), "{path} is not described");
    }
    let nobody = reqwest::Client::new().post(format!("{}/api/media", server.url)).send().await;
    assert_eq!(nobody.unwrap().status(), StatusCode::UNAUTHORIZED);
    let (wrong, _) = acme.ask(Method::PUT, "/api/media", &json!({})).await;
    assert_eq!(wrong, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn uploads_that_no_message_carries_go_but_bytes_that_another_needs_stay() {
    let (server, library) = with_library(&[]).await;
    let acme = server.tenant("acme").await;
    let (shared, lonely) = (picture("shared"), picture("lonely"));
    let received = arrived(&acme, &library, &shared).await;
    for bytes in [&shared, &lonely] {
        upload(&acme, "a.png", "image/png", bytes).await;
    }
    assert_eq!(stored(&server.database).len(), 2);

    server.database.execute("UPDATE media SET created_at = 0").await;
    let server = TestServer::on(server.stop().await, &[]).await;

    until(|| stored(&server.database).len() == 1).await;
    let acme = server.tenant("acme").await;
    assert_eq!(opened(&acme, &received).await.bytes().await.unwrap(), shared);
}

#[tokio::test]
async fn a_message_that_is_deleted_for_everyone_takes_its_file_along() {
    let (server, library) = with_library(&[]).await;
    let acme = server.tenant("acme").await;
    let id = arrived(&acme, &library, &picture("regret")).await;
    let (_, link) = server.get(&format!("/api/media/{id}"), &acme.token()).await;
    let mut revoke = text(ANA, "wamid.2", "");
    revoke["type"] = json!("revoke");
    revoke["revoke"] = json!({ "original_message_id": "wamid.regret" });

    acme.whatsapp(json!({ "messages": [revoke] })).await;

    assert_eq!(
        server.get(&format!("/api/media/{id}"), &acme.token()).await.0,
        StatusCode::NOT_FOUND
    );
    let opened = reqwest::get(format!("{}{}", server.url, link["url"].as_str().unwrap())).await;
    assert_eq!(opened.unwrap().status(), StatusCode::GONE);
}

#[tokio::test]
async fn a_file_whose_bytes_are_lost_is_gone() {
    let (server, library) = with_library(&[]).await;
    let acme = server.tenant("acme").await;
    let id = arrived(&acme, &library, &picture("lost")).await;

    fs::remove_dir_all(server.database.media()).unwrap();

    let told = opened(&acme, &id).await;
    assert_eq!(told.status(), StatusCode::GONE);
    assert_eq!(told.json::<Value>().await.unwrap()["code"], "media_gone");
}

#[tokio::test]
async fn an_edited_caption_leaves_the_file_where_it_is() {
    let (server, library) = with_library(&[]).await;
    let acme = server.tenant("acme").await;
    let id = arrived(&acme, &library, &picture("edited")).await;
    let mut edit = text(ANA, "wamid.2", "");
    let message = json!({ "type": "image", "image": { "caption": "Melhor assim" } });
    edit["type"] = json!("edit");
    edit["edit"] = json!({ "original_message_id": "wamid.edited", "message": message });

    acme.whatsapp(json!({ "messages": [edit] })).await;

    let message = acme.history().await.remove(0);
    assert_eq!(message.content, "Melhor assim");
    assert_eq!(message.metadata["media"]["id"], id.as_str());
    assert_eq!(message.metadata["media"]["state"], "stored");
}
