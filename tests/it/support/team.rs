//! People of whom one looks after a conversation, and is told so.

use recado::desk::{ConversationId, Role, UserId};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Person, Tenant, TestServer};

/// A tenant of whose conversations one is looked after.
pub(crate) struct Team<'a> {
    pub(crate) acme: Tenant<'a>,
    pub(crate) eva: Person,
    pub(crate) ada: Person,
    pub(crate) conversation: ConversationId,
}

impl<'a> Team<'a> {
    pub(crate) async fn of(server: &'a TestServer) -> Self {
        let acme = server.tenant("acme").await;
        let (eva, ada) =
            (acme.person("eva", Role::Admin).await, acme.person("ada", Role::Agent).await);
        acme.writes("5511888888888", "wamid.1", "Olá?").await;
        let conversation = acme.card().await.id;
        Self { acme, eva, ada, conversation }
    }

    /// Has somebody look after the conversation, which tells them so.
    pub(crate) async fn assign(&self, to: &Person) {
        let path = format!("/api/conversations/{}", self.conversation);
        for assignee in [Value::Null, json!(to.id)] {
            let answer = self.eva.patch(&path, json!({ "assigneeId": assignee })).await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        }
    }

    /// How many browsers show what somebody is told.
    pub(crate) async fn browsers_of(&self, person: &Person) -> usize {
        let person = UserId::from(person.id.as_str());
        self.acme.desk.subscriptions(&[person]).await.unwrap().len()
    }
}
