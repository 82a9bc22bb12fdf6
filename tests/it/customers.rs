//! The installation's customers: who adds and renames them.

use recado::desk::Role;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::TestServer;

#[tokio::test]
async fn an_operator_adds_customers() {
    let server = TestServer::start().await;
    let home = server.tenant("home").await;
    let olga = home.person("olga", Role::Operator).await;
    let admin = json!({ "email": "ada@acme.test", "name": "Ada", "password": "battery staple" });
    let acme = json!({ "id": "acme", "name": "Acme", "admin": admin });

    assert_eq!(olga.post("/api/tenants", acme.clone()).await.status, StatusCode::CREATED);

    assert_eq!(olga.post("/api/tenants", acme).await.code(), (409, "exists"));
    assert_eq!(olga.post("/api/tenants", json!({ "id": "a b", "name": "X" })).await.code().0, 422);
    let ada = server.sign_in("ada@acme.test", "battery staple").await;
    assert_eq!(ada.body["tenant"], json!({ "id": "acme", "name": "Acme" }));
    let renamed = olga.patch("/api/tenants/acme", json!({ "name": "Acme Ltda" })).await;
    assert_eq!(renamed.body, json!({ "id": "acme", "name": "Acme Ltda" }));
    assert_eq!(olga.patch("/api/tenants/nobody", json!({ "name": "X" })).await.code().0, 404);
    let tenants = json!([{ "id": "acme", "name": "Acme Ltda" }, { "id": "home", "name": "home" }]);
    assert_eq!(olga.get("/api/tenants").await.body["tenants"], tenants);
    let (_, board) = server.get("/api/board", &ada.text("token")).await;
    assert_eq!(board["stages"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_customer_whose_first_admin_cannot_be_added_is_not_added_either() {
    let server = TestServer::start().await;
    let home = server.tenant("home").await;
    let olga = home.person("olga", Role::Operator).await;
    let add = async |email: &str, name: &str| {
        let admin = json!({ "email": email, "name": name, "password": "battery staple" });
        olga.post("/api/tenants", json!({ "id": "acme", "name": "Acme", "admin": admin })).await
    };

    assert_eq!(add("olga@home.test", "Ada").await.code(), (409, "exists"));
    assert_eq!(add("ada@acme.test", " ").await.code(), (422, "invalid"));
    assert_eq!(add("ada", "Ada").await.code(), (422, "invalid"));
    assert_eq!(add("ada@acme.test", "Ada").await.status, StatusCode::CREATED);

    let ada = server.sign_in("ada@acme.test", "battery staple").await;
    assert_eq!(ada.body["tenant"], json!({ "id": "acme", "name": "Acme" }));
}
