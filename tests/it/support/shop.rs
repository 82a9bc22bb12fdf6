//! A customer whose number sends, and WhatsApp, simulated, on the other side of it.

use recado::config::{Fault, Rule};
use recado::desk::{ConversationId, Desk, Event, Message, MessageId, Sees, Status, Time};
use recado::simulate::{Accepted, Simulator};
use reqwest::{Method, StatusCode};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};

use super::{Database, TestServer, happens, picture, simulator, token, upload_to};

/// The shop's number, as WhatsApp names it.
pub(crate) const SHOP: &str = "phone-of-shop";

/// A server with a tenant `shop`, and a WhatsApp that takes what it sends.
pub(crate) struct Shop {
    pub(crate) server: TestServer,
    pub(crate) whatsapp: Simulator,
    pub(crate) desk: Desk,
}

/// A WhatsApp in which nobody writes by themselves, all is quick, and nothing is limited.
pub(crate) async fn whatsapp(flags: &[&str]) -> Simulator {
    let quiet = ["--phones", "0", "--phone-number-id", SHOP, "--batch", "1", "--jitter", "0"];
    let quick = ["--sent-after-ms", "5", "--delivered-after-ms", "20", "--read-after-ms", "20"];
    let free = ["--pair-every-ms", "0", "--throughput", "0", "--retry-after-ms", "50"];
    simulator(&[&quiet[..], &quick, &free, flags].concat()).await
}

/// The flags of a server that sends to a Graph API.
pub(crate) fn sending_to(url: &str) -> Vec<String> {
    let flags =
        ["--whatsapp-graph-url", &format!("{url}/v25.0"), "--whatsapp-access-token", "token"]
            .map(str::to_owned);
    let pace = ["--sending-timeout", "1", "--sending-backoff", "10"].map(str::to_owned);
    [flags, pace].concat()
}

impl Shop {
    /// Opens on an empty database, with more flags for WhatsApp.
    pub(crate) async fn open(flags: &[&str]) -> Self {
        Self::on(Database::create().await, whatsapp(flags).await).await
    }

    /// Opens on a database that another may have used, in front of a WhatsApp that runs.
    pub(crate) async fn on(database: Database, whatsapp: Simulator) -> Self {
        let flags = sending_to(&whatsapp.url);
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let server = TestServer::on(database, &flags).await;
        let desk = server.tenant("shop").await.desk;
        whatsapp.change(|conduct| conduct.server.clone_from(&server.url));
        Self { server, whatsapp, desk }
    }

    /// A token of somebody of the shop's.
    pub(crate) fn token(user: &str, role: &str) -> String {
        let exp = Time::now().seconds() + 3_600;
        token(&json!({ "sub": user, "tenantId": "shop", "role": role, "exp": exp }))
    }

    /// Lets somebody write; returns the conversation with them.
    pub(crate) async fn hears(&self, from: &str) -> ConversationId {
        let id = self.whatsapp.write(from, "Olá?").unwrap();
        let heard = self.until(|event| match event {
            Event::MessageReceived(it) => it.provider_id.as_deref() == Some(&id),
            _ => false,
        });
        let Event::MessageReceived(message) = heard.await else { unreachable!() };
        message.conversation_id
    }

    /// Asks the API as an agent.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.server.send(Method::POST, path, &Self::token("ada", "agent"), body).await
    }

    /// Lets an agent write in a conversation; returns the message as it was answered.
    pub(crate) async fn says(&self, to: ConversationId, body: &Value) -> Value {
        let (status, message) = self.ask(&format!("/api/conversations/{to}/messages"), body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{message}");
        message
    }

    /// Lets an agent write a text; returns the message's identifier.
    pub(crate) async fn replies(&self, to: ConversationId, text: &str) -> MessageId {
        let message = self.says(to, &json!({ "type": "TEXT", "content": text })).await;
        message["id"].as_str().unwrap().parse().unwrap()
    }

    /// Lets an agent send a picture of so many bytes or some more; returns the message's identifier.
    pub(crate) async fn shows(&self, to: ConversationId, bytes: usize) -> MessageId {
        let url = format!("{}/api/media", self.server.url);
        let (file, picture) = (("bolo.png", "image/png"), picture(&"x".repeat(bytes)));
        let (_, media) = upload_to(&url, &Self::token("ada", "agent"), file, &picture).await;
        let message = self.says(to, &json!({ "type": "IMAGE", "mediaId": media["id"] })).await;
        message["id"].as_str().unwrap().parse().unwrap()
    }

    /// Waits for the first event of the log that is meant.
    pub(crate) async fn until(&self, is_meant: impl Fn(&Event) -> bool) -> Event {
        happens(&self.desk, is_meant).await
    }

    /// Waits until the log says that a message has got so far.
    pub(crate) async fn until_status(&self, id: MessageId, status: Status) -> Message {
        let is_meant = |event: &Event| match event {
            Event::StatusMoved(it) | Event::MessageChanged(it) => {
                it.id == id && it.status == status
            }
            _ => false,
        };
        match self.until(is_meant).await {
            Event::StatusMoved(message) | Event::MessageChanged(message) => *message,
            _ => unreachable!(),
        }
    }

    /// A message as it is now.
    pub(crate) async fn message(&self, of: ConversationId, id: MessageId) -> Message {
        let page = self.desk.history(of, None, 1_000, &Sees::everything()).await.unwrap();
        page.messages.into_iter().find(|message| message.id == id).unwrap()
    }

    /// How often each message that waits has been claimed, at least.
    pub(crate) async fn claims(&self) -> i64 {
        let connection = sea_orm::Database::connect(self.server.database.url()).await.unwrap();
        let query = Statement::from_string(
            connection.get_database_backend(),
            "SELECT fence FROM delivery ORDER BY fence LIMIT 1",
        );
        let row = connection.query_one_raw(query).await.unwrap().expect("a message that waits");
        connection.close().await.unwrap();
        row.try_get("", "fence").unwrap()
    }

    /// Lets WhatsApp refuse the next sends with a code.
    pub(crate) fn refuses(&self, code: u32, times: u32) {
        let rule = Rule { fault: Fault::Refuse, code: Some(code), to: None, times };
        self.whatsapp.change(|conduct| conduct.rule.push(rule));
    }

    /// Lets the next sends go wrong.
    pub(crate) fn goes_wrong(&self, fault: Fault, times: u32) {
        let rule = Rule { fault, code: None, to: None, times };
        self.whatsapp.change(|conduct| conduct.rule.push(rule));
    }

    /// What WhatsApp has accepted, in order.
    pub(crate) fn accepted(&self) -> Vec<Accepted> {
        self.whatsapp.ledger().open().accepted.iter().cloned().collect()
    }
}
