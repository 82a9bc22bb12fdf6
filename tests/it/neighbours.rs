//! Several nodes on one PostgreSQL.

use std::time::{Duration, Instant};

use recado::desk::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::{Client, Database, PATIENCE, Process, Tenant, TestServer};

const ANA: &str = "5511888888888";

/// It does not look around by itself: what another has stored it only knows because it was told.
pub(crate) const ONLY_TOLD: [&str; 2] = ["--look-around", "86400000"];

/// Two nodes of an empty PostgreSQL; nothing on SQLite, which has no second node.
async fn two_nodes(flags: &[&str]) -> Option<(TestServer, TestServer)> {
    let database = Database::create().await;
    if !database.is_postgres() {
        return None;
    }
    let one = TestServer::on(database.clone(), flags).await;
    Some((one, TestServer::on(database, flags).await))
}

async fn agent(node: &Tenant<'_>, user: &str) -> Client {
    let address = node.url().trim_start_matches("http://").parse().unwrap();
    let mut client = Client::connect(address, &node.token_of(user, "agent")).await.unwrap();
    client.hear("ready").await;
    client
}

/// The next of what is told of somebody's being there.
async fn presence(client: &mut Client) -> (Value, Value) {
    let mut heard = client.hear("presence:update").await;
    (heard.data["userId"].take(), heard.data["status"].take())
}

/// Returns once a node says that so many of the tenant's people are there.
async fn until_online(node: &TestServer, tenant: &Tenant<'_>, count: usize) {
    let counted = async {
        loop {
            let (status, told) = node.get("/api/presence", &tenant.token()).await;
            assert_eq!(status, StatusCode::OK);
            let users = told["users"].as_array().unwrap();
            if users.iter().filter(|it| it["status"] == "online").count() == count {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, counted).await.expect("others are there");
}

/// Returns once a node says that so many clients of each tenant are connected.
async fn until_connected(node: &TestServer, token: &str, told: Value) {
    let told = async {
        while node.get("/api/socket/stats", token).await.1["connectionsByTenant"] != told {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, told).await.expect("others are connected");
}

#[tokio::test]
async fn a_client_of_one_node_hears_what_another_has_stored() {
    let Some((one, other)) = two_nodes(&ONLY_TOLD).await else { return };
    let acme = one.tenant("acme").await;
    let same = other.tenant("acme").await;
    let mut client = same.agent().await;
    client.hear("ready").await;

    for n in 0..20 {
        acme.writes(ANA, &format!("wamid.{n}"), &format!("Oi {n}")).await;
        let heard = client.hear("message:new").await;
        assert_eq!(heard.data["message"]["content"], format!("Oi {n}"));
    }
}

#[tokio::test]
async fn who_types_and_who_looks_is_heard_on_every_node_in_order() {
    let Some((one, other)) = two_nodes(&["--typing-timeout", "600000"]).await else { return };
    let (acme, same) = (one.tenant("acme").await, other.tenant("acme").await);
    acme.writes(ANA, "wamid.1", "Oi").await;
    let card = acme.card().await;
    let id = json!(card.id);
    let mut bia = agent(&same, "bia").await;
    bia.ask("conversation:join", id.clone()).await;
    let mut ada = agent(&acme, "ada").await;
    ada.ask("conversation:join", id.clone()).await;
    // By that she hears the other node.
    assert_eq!(presence(&mut bia).await, (json!("ada"), json!("online")));

    for _ in 0..5 {
        for event in ["viewing:start", "typing:start", "typing:stop", "viewing:stop"] {
            ada.ask(event, id.clone()).await;
        }
    }
    one.signals.contact_typing(card.id, &card.contact, true);

    let user = json!({ "id": "ada", "name": "ada", "kind": "AGENT" });
    for _ in 0..5 {
        for event in ["viewing:start", "typing:start", "typing:stop", "viewing:stop"] {
            let heard = bia.next().await;
            assert_eq!(heard.name, event);
            assert_eq!(heard.data, json!({ "conversationId": id, "user": user }));
        }
    }
    let heard = bia.next().await;
    assert_eq!(
        (heard.name.as_str(), &heard.data["user"]["kind"]),
        ("typing:start", &json!("CONTACT"))
    );
}

#[tokio::test]
async fn whoever_types_on_another_node_has_left_where_they_typed_before() {
    let Some((one, other)) = two_nodes(&["--typing-timeout", "600000"]).await else { return };
    let (acme, same) = (one.tenant("acme").await, other.tenant("acme").await);
    acme.writes(ANA, "wamid.1", "Oi").await;
    let here = json!(acme.card().await.id);
    acme.writes("5511777777777", "wamid.2", "Oi").await;
    let cards = acme.cards().await;
    let there = cards.iter().map(|card| json!(card.id)).find(|id| *id != here).unwrap();
    let mut bia = agent(&same, "bia").await;
    let mut ada = agent(&acme, "ada").await;
    let mut adas_other = agent(&same, "ada").await;
    assert_eq!(presence(&mut bia).await, (json!("ada"), json!("online")));
    let mut cai = agent(&acme, "cai").await;
    assert_eq!(presence(&mut bia).await, (json!("cai"), json!("online")));
    bia.ask("conversation:join", here.clone()).await;
    cai.ask("conversation:join", here.clone()).await;

    ada.ask("typing:start", here.clone()).await;
    assert_eq!(bia.hear("typing:start").await.data["conversationId"], here);
    adas_other.ask("typing:start", there).await;

    for mut colleague in [bia, cai] {
        let heard = colleague.hear("typing:stop").await.data;
        assert_eq!((&heard["conversationId"], &heard["user"]["id"]), (&here, &json!("ada")));
    }
}

#[tokio::test]
async fn somebody_is_there_while_any_of_their_connections_to_any_node_is() {
    let Some((one, other)) = two_nodes(&["--presence-grace", "50"]).await else { return };
    let (acme, same) = (one.tenant("acme").await, other.tenant("acme").await);
    let mut bia = agent(&same, "bia").await;
    let here = agent(&acme, "ada").await;
    assert_eq!(presence(&mut bia).await, (json!("ada"), json!("online")));
    let there = agent(&same, "ada").await;
    until_online(&one, &acme, 2).await;

    drop(here);
    for _ in 0..2 {
        let cai = agent(&acme, "cai").await;
        assert_eq!(presence(&mut bia).await, (json!("cai"), json!("online")));
        drop(cai);
        assert_eq!(presence(&mut bia).await, (json!("cai"), json!("offline")));
    }
    until_online(&one, &acme, 2).await;
    drop(there);

    assert_eq!(presence(&mut bia).await, (json!("ada"), json!("offline")));
    until_online(&one, &acme, 1).await;
}

#[tokio::test]
async fn admins_are_told_how_many_are_connected_to_all_nodes() {
    let Some((one, other)) = two_nodes(&[]).await else { return };
    let (acme, zenith) = (one.tenant("acme").await, other.tenant("zenith").await);
    let same = other.tenant("acme").await;
    let [eva, root] = [acme.token_of("eva", "admin"), acme.token_of("root", "operator")];

    let _here = [agent(&acme, "ada").await, agent(&acme, "ada").await];
    let there = agent(&same, "bia").await;
    let _apart = agent(&zenith, "zoe").await;

    for node in [&one, &other] {
        until_connected(node, &eva, json!({ "acme": 3 })).await;
        until_connected(node, &root, json!({ "acme": 3, "zenith": 1 })).await;
    }
    drop(there);
    until_connected(&one, &eva, json!({ "acme": 2 })).await;
    let (_, connections) = other.get("/api/socket/connections", &root).await;
    assert_eq!(connections.as_array().unwrap().len(), 1, "of the node that is asked");
}

#[tokio::test]
async fn a_node_that_begins_later_is_told_who_is_there() {
    let Some((one, other)) = two_nodes(&[]).await else { return };
    let acme = one.tenant("acme").await;
    let mut here = Vec::new();
    // More than one call tells of.
    for n in 0..150 {
        here.push(agent(&acme, &format!("agent-{n}-{}", "x".repeat(60))).await);
    }
    until_online(&other, &acme, 150).await;

    let third = TestServer::on(other.stop().await, &[]).await;

    until_online(&third, &acme, 150).await;
    until_online(&one, &acme, 150).await;
}

#[tokio::test]
async fn the_people_of_a_node_that_dies_are_gone_and_type_no_more() {
    let database = Database::create().await;
    if !database.is_postgres() {
        return;
    }
    let flags = ["--node-lease", "3000", "--typing-timeout", "3000"];
    let one = TestServer::on(database.clone(), &flags).await;
    let acme = one.tenant("acme").await;
    acme.writes(ANA, "wamid.1", "Oi").await;
    let id = json!(acme.card().await.id);
    let mut bia = agent(&acme, "bia").await;
    bia.ask("conversation:join", id.clone()).await;
    let dying = Process::serve(&database, &flags);
    let address = dying.url.trim_start_matches("http://").parse().unwrap();
    let mut ada = Client::connect(address, &acme.token()).await.unwrap();
    assert_eq!(presence(&mut bia).await, (json!("ada"), json!("online")));
    ada.ask("typing:start", id).await;
    assert_eq!(bia.hear("typing:start").await.data["user"]["id"], "ada");

    dying.kill();

    let mut told = [bia.next().await.name, bia.next().await.name];
    told.sort();
    assert_eq!(told, ["presence:update", "typing:stop"]);
    until_online(&one, &acme, 1).await;
}

#[tokio::test]
async fn the_people_of_a_node_that_stops_have_gone_unless_they_come_to_another_in_time() {
    let flags = ["--node-lease", "86400000", "--presence-grace", "5000"];
    let Some((one, other)) = two_nodes(&flags).await else { return };
    let (acme, same) = (one.tenant("acme").await, other.tenant("acme").await);
    acme.site().await;
    let visitor = same.visitor("Ana").await;
    let mut bia = agent(&acme, "bia").await;
    let (_ada, _cai, _ana) =
        (agent(&same, "ada").await, agent(&same, "cai").await, visitor.connect().await);
    for user in ["ada", "cai"] {
        assert_eq!(presence(&mut bia).await, (json!(user), json!("online")));
    }
    assert_eq!(bia.hear("visitor:presence").await.data["status"], "online");

    other.stop().await;
    let stopped = Instant::now();
    until_connected(&one, &acme.token_of("eva", "admin"), json!({ "acme": 1 })).await;
    let counted = stopped.elapsed();
    let _cai = agent(&acme, "cai").await;

    assert!(counted < Duration::from_secs(4), "they count for {counted:?}");
    let gone = bia.hear("presence:update").await.data;
    assert_eq!((&gone["userId"], &gone["status"]), (&json!("ada"), &json!("offline")));
    assert!(stopped.elapsed() > Duration::from_secs(4), "{:?}", stopped.elapsed());
    assert_eq!(bia.hear("visitor:presence").await.data["status"], "offline");
    until_online(&one, &acme, 2).await;
}

#[tokio::test]
async fn visitors_and_agents_of_different_nodes_know_that_the_others_are_there() {
    let Some((one, other)) = two_nodes(&["--presence-grace", "50"]).await else { return };
    let (acme, same) = (one.tenant("acme").await, other.tenant("acme").await);
    acme.site().await;
    let ada = same.person("Ada", Role::Agent).await;
    let ana = acme.visitor("Ana").await;
    ana.says("Olá?").await;
    let mut widget = ana.connect().await;
    assert_eq!(widget.hear("ready").await.data["agents"], "away");

    let mut screen = agent(&same, "bia").await;
    let come = widget.hear("agents:presence").await.data;
    screen.ask("conversation:join", json!(ana.conversation)).await;
    let page = json!({ "url": "https://shop.example/cart", "title": "Carrinho" });
    widget.ask("page:view", page.clone()).await;
    let mut there = screen.hear("visitor:presence").await.data;
    while there["page"]["url"] != page["url"] {
        there = screen.hear("visitor:presence").await.data;
    }
    let stats = ada.get("/api/livechat/stats").await.body;
    widget.ask("typing:start", json!(ana.conversation)).await;
    let types = screen.hear("typing:start").await.data;
    screen.ask("typing:start", json!(ana.conversation)).await;
    let answers = widget.hear("typing:start").await.data;
    drop(widget);
    let gone = screen.hear("visitor:presence").await.data;
    let mut widget = ana.connect().await;
    assert_eq!(widget.hear("ready").await.data["agents"], "available");
    drop(screen);
    let left = widget.hear("agents:presence").await.data;

    assert_eq!((come, left), (json!({ "status": "available" }), json!({ "status": "away" })));
    assert_eq!((&there["status"], &there["sessionId"]), (&json!("online"), &json!(ana.session)));
    assert_eq!(stats["visitorsOnline"], 1);
    assert_eq!(types["user"]["kind"], "CONTACT");
    assert_eq!(answers["user"], json!({ "name": "bia", "kind": "AGENT" }));
    assert_eq!(gone["status"], "offline");
}
