//! Every route that the API's description names, refused: what is added to the API is tried here.

use recado::desk::{NewUser, Role, Time};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Tenant, TestServer, nameless, token};

const NOBODYS: &str = "01890000-0000-7000-8000-000000000000";
const NOBODYS_EITHER: &str = "01890000-0000-7000-8000-000000000001";

/// One thing that can be asked of the API.
struct Operation {
    method: Method,
    path: String,
    /// Whether anybody may ask it.
    is_public: bool,
    /// Whether it is for visitors of sites.
    is_for_visitors: bool,
    /// Its parameters, and its body, filled in so that they make sense.
    query: String,
    body: Option<Value>,
}

impl Operation {
    fn address(&self, id: &str) -> String {
        let path = self.path.split('/').map(|part| if part.starts_with('{') { id } else { part });
        format!("{}?{}", path.collect::<Vec<_>>().join("/"), self.query)
    }

    fn has_id(&self) -> bool {
        self.path.contains('{')
    }
}

#[tokio::test]
async fn what_agents_and_visitors_are_told_has_names_of_its_own() {
    let server = TestServer::start().await;

    let (_, description) = server.get("/api/openapi.json", "").await;

    let schemas = &description["components"]["schemas"];
    for (pages, of) in [("Messages", "Message"), ("VisitorMessages", "VisitorMessage")] {
        let told = &schemas[pages]["properties"]["messages"]["items"]["$ref"];
        assert_eq!(*told, format!("#/components/schemas/{of}"), "{pages}");
    }
    for (opening, what) in [("Opening", "phoneNumber"), ("VisitorOpening", "fields")] {
        assert!(schemas[opening]["properties"][what].is_object(), "{opening}");
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_valid_token() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let claims = |tenant: &str, after: i64| {
        let exp = Time::now().seconds() + after;
        token(&json!({ "sub": "ada", "tenantId": tenant, "role": "admin", "exp": exp }))
    };
    let elsewhere = server.tenant("zenith").await.token();
    let (expired, unknown) = (claims("acme", -60), claims("nowhere", 3_600));
    let forged = elsewhere.rsplit_once('.').unwrap().0.to_owned() + ".AAAA";

    for operation in operations(&server).await.iter().filter(|it| !it.is_public) {
        for (wrong, code) in [
            ("", "token_missing"),
            ("nonsense", "token_invalid"),
            (&expired, "token_expired"),
            (&unknown, "token_invalid"),
            (&forged, "token_invalid"),
        ] {
            let (refused, why) = ask(&server, operation, NOBODYS, wrong).await;
            let what = format!("{} {}: {why}", operation.method, operation.path);
            assert_eq!(refused, StatusCode::UNAUTHORIZED, "{what}");
            // A request without the header differs from one with an empty token.
            assert!(why["code"] == code || wrong.is_empty(), "{what}");
        }
    }
    assert_eq!(acme.cards().await, []);
}

#[tokio::test]
async fn whatever_is_another_tenants_does_not_exist() {
    let server = TestServer::start().await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    let ids = belongings(&zenith).await;
    let before = zenith.log().await.len();

    for operation in operations(&server).await.iter().filter(|it| it.has_id()) {
        nothing_is_there(&server, operation, &ids, &acme.token_of("eva", "admin")).await;
    }
    assert_eq!(zenith.log().await.len(), before);
}

#[tokio::test]
async fn whatever_is_in_others_inboxes_does_not_exist() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let ids = belongings(&acme).await;
    let before = acme.log().await.len();
    let stranger = NewUser {
        email: "bia@acme.test".to_owned(),
        name: "Bia".to_owned(),
        role: Role::Agent,
        password_hash: String::new(),
        only: Some(Vec::new()),
    };
    let stranger = acme.desk.add_user(stranger).await.unwrap();

    for operation in operations(&server).await.iter().filter(|it| it.has_id()) {
        nothing_is_there(&server, operation, &ids, &acme.token_of(&stranger.id.0, "agent")).await;
    }
    assert_eq!(acme.log().await.len(), before);
}

/// Makes sure that identifiers are answered like one of what does not exist.
async fn nothing_is_there(server: &TestServer, operation: &Operation, ids: &[String], token: &str) {
    let nothing = ask(server, operation, NOBODYS, token).await;
    for id in ids {
        let (refused, why) = ask(server, operation, id, token).await;
        let same = why.to_string().replace(id, NOBODYS);
        let what = format!("{} {} of {id}", operation.method, operation.path);
        assert_eq!((refused, same), (nothing.0, nothing.1.to_string()), "{what}");
        assert!(refused.is_client_error(), "{what}: {refused}");
    }
}

/// Where agents are served that the description does not name.
const ELSEWHERE: [&str; 6] = [
    "/api/presence",
    "/api/socket/stats",
    "/api/socket/connections",
    "/api/chats/check-updates/",
    "/api/chats/realtime-updates/",
    "/api/chats/check-updates",
];

#[tokio::test]
async fn to_agents_routes_a_visitor_is_a_stranger() {
    let server = TestServer::with(&["--limit-visitor-requests", "0"]).await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let mut ids = belongings(&acme).await;
    let visitor = acme.visitor("Ana").await;
    visitor.says("Olá?").await;
    ids.extend([visitor.conversation.clone(), visitor.session.clone()]);
    let before = acme.log().await.len();

    let all = operations(&server).await;
    for operation in all.iter().filter(|it| !it.is_public && !it.is_for_visitors) {
        for id in &ids {
            let stranger = ask(&server, operation, id, "nonsense").await;
            let refused = ask(&server, operation, id, &visitor.token).await;
            assert_eq!(refused, stranger, "{} {} of {id}", operation.method, operation.path);
            assert_eq!(refused.0, StatusCode::UNAUTHORIZED);
        }
    }
    for path in ELSEWHERE {
        let answer = async |token: &str| {
            let (status, told) = server.get(path, token).await;
            (status, nameless(told))
        };
        let stranger = answer("nonsense").await;
        assert_eq!(answer(&visitor.token).await, stranger, "{path}");
        assert_eq!(stranger.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(acme.log().await.len(), before);
}

#[tokio::test]
async fn to_visitors_everybody_elses_chat_does_not_exist() {
    let server = TestServer::with(&["--limit-visitor-requests", "0"]).await;
    let (acme, zenith) = (server.tenant("acme").await, server.tenant("zenith").await);
    acme.site().await;
    zenith.site().await;
    let (ana, bia, caio) =
        (acme.visitor("Ana").await, acme.visitor("Bia").await, zenith.visitor("Caio").await);
    bia.says("Sou a Bia").await;
    caio.says("Sou o Caio").await;
    let before = (acme.log().await.len(), zenith.log().await.len());

    let all = operations(&server).await;
    for operation in all.iter().filter(|it| it.is_for_visitors && it.has_id()) {
        let ids = [bia.session.clone(), caio.session.clone(), bia.conversation.clone()];
        nothing_is_there(&server, operation, &ids, &ana.token).await;
    }
    assert_eq!((acme.log().await.len(), zenith.log().await.len()), before);
}

#[tokio::test]
async fn wrong_and_huge_bodies_are_refused_with_the_reason() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    acme.site().await;
    let (admin, visitor) = (acme.token_of("eva", "admin"), acme.visitor("Ana").await);
    let huge = json!({ "name": "x".repeat(300 * 1024) });

    for operation in operations(&server).await.iter().filter(|it| it.body.is_some()) {
        let wrong = [json!([]), json!("text"), json!({ "nobody": "knows" }), json!(null)];
        for body in wrong.into_iter().chain([huge.clone()]) {
            let (id, token) = if operation.is_for_visitors {
                (visitor.session.as_str(), &visitor.token)
            } else {
                (NOBODYS, &admin)
            };
            let address = operation.address(id);
            let method = operation.method.clone();
            let (refused, why) = server.send(method, &address, token, &body).await;
            let what = format!("{} {}: {refused} {why}", operation.method, operation.path);
            let expected = if body == huge { 413..=413 } else { 400..=422 };
            assert!(expected.contains(&refused.as_u16()), "{what}");
            assert!(why["code"].is_string() && why["detail"].is_string(), "{what}");
        }
    }
}

#[tokio::test]
async fn what_no_method_is_for_is_refused() {
    let server = TestServer::start().await;
    let acme = server.tenant("acme").await;
    let all = operations(&server).await;

    for operation in &all {
        let known = all.iter().filter(|it| it.path == operation.path);
        let known: Vec<_> = known.map(|it| &it.method).collect();
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if known.contains(&&method) {
                continue;
            }
            let address = operation.address(NOBODYS);
            let (refused, _) =
                server.send(method.clone(), &address, &acme.token(), &json!({})).await;
            // Where a word stands in the place of an id, it is an id that names nothing.
            let expected =
                [StatusCode::METHOD_NOT_ALLOWED, StatusCode::NOT_FOUND, StatusCode::FORBIDDEN];
            assert!(expected.contains(&refused), "{method} {}: {refused}", operation.path);
        }
    }
}

/// The identifiers of all that a tenant has.
async fn belongings(tenant: &Tenant<'_>) -> Vec<String> {
    tenant.writes("5511888888888", "wamid.1", "Só para nós").await;
    let card = tenant.card().await;
    let message = card.last_message.as_ref().unwrap().id;
    let stages = tenant.desk.stages().await.unwrap();
    let (inbox, contact) = (card.inbox.id, card.contact.id);
    vec![
        card.id.to_string(),
        message.to_string(),
        stages[0].id.to_string(),
        inbox.to_string(),
        contact.to_string(),
    ]
}

async fn ask(
    server: &TestServer,
    operation: &Operation,
    id: &str,
    token: &str,
) -> (StatusCode, Value) {
    let body = operation.body.clone().unwrap_or(Value::Null);
    let path = operation.address(id);
    let (status, told) = server.send(operation.method.clone(), &path, token, &body).await;
    (status, nameless(told))
}

/// Reads what the API says it can do.
async fn operations(server: &TestServer) -> Vec<Operation> {
    let (_, description) = server.get("/api/openapi.json", "").await;
    let mut operations = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, told) in methods.as_object().unwrap() {
            let schema = &told["requestBody"]["content"]["application/json"]["schema"];
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                is_for_visitors: told["security"].to_string().contains("visitor"),
                is_public: told["security"].as_array().is_some_and(|it| it.contains(&json!({}))),
                query: query(&description, told),
                body: schema.is_object().then(|| example(&description, schema)),
            });
        }
    }
    assert!(operations.len() > 10, "the description names few operations");
    operations
}

/// The parameters that an operation needs.
fn query(description: &Value, told: &Value) -> String {
    let needed = told["parameters"].as_array().into_iter().flatten();
    let needed = needed.filter(|it| it["in"] == "query" && it["required"] == true);
    let pairs = needed.map(|it| {
        let value = example(description, &it["schema"]);
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={value}", it["name"].as_str().unwrap())
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// A value that a schema allows, with nothing that may be left out.
fn example(description: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return example(description, &description["components"]["schemas"][name]);
    }
    if let Some(first) = schema["oneOf"].as_array().or(schema["enum"].as_array()) {
        let first = first.last().unwrap();
        return if first.is_object() { example(description, first) } else { first.clone() };
    }
    match schema["type"].as_str() {
        Some("object") | None => {
            let needed = schema["required"].as_array().into_iter().flatten();
            let fields = needed.map(|name| {
                let name = name.as_str().unwrap();
                (name.to_owned(), example(description, &schema["properties"][name]))
            });
            Value::Object(fields.collect())
        }
        Some("array") => json!([example(description, &schema["items"])]),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        _ => match (schema["format"].as_str(), schema["pattern"].as_str()) {
            (Some("uuid"), _) => json!(NOBODYS_EITHER),
            (Some("date-time"), _) => json!("2030-01-01T00:00:00Z"),
            (_, Some(pattern)) if pattern.contains('#') => json!("#0a72c4"),
            _ => json!("text"),
        },
    }
}
