//! Telling Chatwoot: what came of it, and what it keeps.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, StatusCode, Url, header};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::super::answer::ask;
use super::super::file::hear;
use super::super::guard::{Guard, GuardedClient};
use super::super::{Answer, Download, Parcel, Refusal, Trouble};
use super::compose::fields;
use super::message::handover_of;
use super::request::{Body, LARGEST_ANSWER, form, refused, understand, unreadable, unsendable};
use super::{Account, fields as told};
use crate::desk::{Colleague, Connection, ConversationStatus, Errand, Task};

/// How long it may take to reach a Chatwoot at all.
const REACHING: Duration = Duration::from_secs(10);

/// For how long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(20);

/// The most places that a file may be said to be at, one after the other.
const MOST_REDIRECTS: usize = 5;

/// The way to Chatwoots, wherever tenants say that they are: at public addresses by https, and where
/// the operator permits.
#[derive(Clone, Debug)]
pub struct Api {
    client: GuardedClient,
    patience: Duration,
}

impl Api {
    /// Speaks to Chatwoots at public addresses, and at the origins `permitted` (`host` or `host:port`),
    /// however they are reached; gives up a request after `patience`, but for the time that a file takes.
    ///
    /// # Errors
    /// When the system has no certificates that could be trusted.
    pub fn new(permitted: &[String], patience: Duration) -> reqwest::Result<Self> {
        let client = || -> ClientBuilder {
            let client = Client::builder().redirect(Policy::none()).pool_idle_timeout(IDLE);
            client.connect_timeout(REACHING.min(patience))
        };
        Ok(Self { client: GuardedClient::new(Guard::public(permitted), client)?, patience })
    }

    /// Whether a Chatwoot at that address may be spoken to.
    pub fn permits(&self, url: &Url) -> bool {
        self.client.permits(url)
    }

    /// Tells Chatwoot what an errand says, and gives it the file that goes with it.
    pub async fn tell(
        &self,
        errand: &Errand,
        connection: &Connection,
        parcel: Option<Parcel>,
    ) -> Answer {
        let told = match &errand.task {
            Task::Send { .. } => {
                let Some(fields) = fields(errand) else { return unsendable() };
                match self.arrived(errand, connection).await {
                    Ok(None) => {}
                    Ok(id) => return Answer::Taken { id, address: None },
                    Err(answer) => return answer,
                }
                let body = match parcel {
                    Some(parcel) => form(fields, parcel),
                    None => Some(Body::Json(Value::Object(fields))),
                };
                let Some(body) = body else { return unsendable() };
                return self.post(errand, connection, "messages", body, true).await;
            }
            Task::SetStatus(status, until) => {
                let mut told = json!({ "status": status_word(*status) });
                if let Some(until) = until {
                    told["snoozed_until"] = json!(until.seconds());
                }
                ("toggle_status", told)
            }
            Task::Assign(None) => ("assignments", json!({ "assignee_id": 0 })),
            Task::Assign(Some(colleague)) => match self.agent(connection, colleague).await {
                Ok(Some(id)) => ("assignments", json!({ "assignee_id": id })),
                Ok(None) => {
                    let why = "Chatwoot has no agent of that e-mail or name";
                    return refused(Refusal::Final, "no_agent", why);
                }
                Err(answer) => return answer,
            },
            Task::Label(labels) => ("labels", json!({ "labels": labels })),
            Task::MarkRead => ("update_last_seen", json!({})),
            Task::React(_) => return unsendable(),
        };
        self.post(errand, connection, told.0, Body::Json(told.1), false).await
    }

    /// Lets the customer see that somebody answers, or has stopped.
    pub async fn typing(&self, connection: &Connection, thread: &str, is_on: bool) -> Answer {
        let told = json!({ "typing_status": if is_on { "on" } else { "off" } });
        let parts = ["conversations", thread, "toggle_typing_status"];
        self.ask(connection, Method::POST, &parts, &[], Some(Body::Json(told)))
            .await
            .map_or_else(|answer| answer, |_| Answer::Taken { id: None, address: None })
    }

    /// Begins to download a file, wherever Chatwoot says that it is.
    pub async fn download(&self, url: &str) -> Result<Download, Trouble> {
        let mut url = Url::parse(url).map_err(|_| Trouble::Gone)?;
        for _ in 0..=MOST_REDIRECTS {
            let client = self.client.to(&url).ok_or_else(|| Trouble::forbidden(&url))?;
            // Such addresses are signed: no token goes there.
            let response = hear(client.get(url.clone()).send()).await?;
            let status = response.status();
            if status == StatusCode::OK {
                return Ok(Download(response));
            }
            let next = response.headers().get(header::LOCATION).filter(|_| status.is_redirection());
            match next.and_then(|next| url.join(next.to_str().ok()?).ok()) {
                Some(next) => url = next,
                None if matches!(status.as_u16(), 404 | 410) => return Err(Trouble::Gone),
                None => return Err(Trouble::Refused { status: status.as_u16(), code: None }),
            }
        }
        Err(Trouble::Unreachable("it sends us from one place to the next".to_owned()))
    }

    /// What Chatwoot calls a message that an earlier attempt has brought there, although its answer said
    /// that there was trouble.
    async fn arrived(
        &self,
        errand: &Errand,
        connection: &Connection,
    ) -> Result<Option<String>, Answer> {
        let Some(thread) = errand.thread.as_deref().filter(|_| errand.claims() > 1) else {
            return Ok(None);
        };
        let parts = ["conversations", thread, "messages"];
        let newest = self.ask(connection, Method::GET, &parts, &[], None).await;
        let newest = newest.map_err(Answer::of_harmless)?;
        let newest = newest.get("payload").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut newest = newest.iter().filter_map(Value::as_object);
        let ours = newest.find(|it| handover_of(it) == Some(errand.handover()));
        Ok(ours.and_then(|it| told::text(it, "id")))
    }

    /// Finds an agent by what they are called here.
    async fn agent(
        &self,
        connection: &Connection,
        wanted: &Colleague,
    ) -> Result<Option<u64>, Answer> {
        let agents = self.ask(connection, Method::GET, &["agents"], &[], None).await?;
        let agents = agents.as_array().map(Vec::as_slice).unwrap_or_default();
        let agents: Vec<_> = agents.iter().filter_map(Value::as_object).collect();
        let email = wanted.email.as_ref().map(|it| it.to_lowercase());
        let by_email = agents.iter().find(|agent| {
            told::text(agent, "email").map(|it| it.to_lowercase()) == email && email.is_some()
        });
        let by_name =
            || agents.iter().find(|agent| told::text(agent, "name").as_ref() == Some(&wanted.name));
        Ok(by_email.or_else(by_name).and_then(|agent| told::number(agent, "id")))
    }

    async fn post(
        &self,
        errand: &Errand,
        connection: &Connection,
        what: &str,
        body: Body,
        names_message: bool,
    ) -> Answer {
        let Some(thread) = &errand.thread else { return unsendable() };
        let parts = ["conversations", thread, what];
        match self.ask(connection, Method::POST, &parts, &[], Some(body)).await {
            Err(answer) => answer,
            Ok(_) if !names_message => Answer::Taken { id: None, address: None },
            Ok(answer) => match answer.as_object().and_then(|answer| told::text(answer, "id")) {
                Some(id) => Answer::Taken { id: Some(id), address: None },
                None => Answer::Lost(unreadable(StatusCode::OK)),
            },
        }
    }

    /// Asks Chatwoot something; the answer it gives, or what it amounts to that it gives none.
    pub(super) async fn ask(
        &self,
        connection: &Connection,
        method: Method,
        parts: &[&str],
        query: &[(&str, String)],
        body: Option<Body>,
    ) -> Result<Value, Answer> {
        let account = Account::read(&connection.settings)
            .map_err(|why| refused(Refusal::Final, "no_account", &why))?;
        let token = connection.access_token.as_ref();
        let token = token.ok_or_else(|| {
            refused(
                Refusal::Final,
                "no_access_token",
                "there is no api_access_token for this inbox",
            )
        })?;
        let mut url = account.address(parts).ok_or_else(unsendable)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let client = self.client.to(&url).ok_or_else(|| {
            let why = "this server does not go where that Chatwoot is said to be";
            refused(Refusal::Final, "address_forbidden", why)
        })?;
        let lasts = match &body {
            Some(Body::Form(_, lasts)) => *lasts,
            _ => Duration::ZERO,
        };
        let request = client.request(method, url).timeout(self.patience + lasts);
        let request = request.header("api_access_token", token.expose_secret());
        let request = match body {
            None => request,
            Some(Body::Json(body)) => {
                request.header(header::CONTENT_TYPE, "application/json").body(body.to_string())
            }
            Some(Body::Form(form, _)) => request.multipart(form),
        };
        let (status, answer) = ask("Chatwoot", request, LARGEST_ANSWER).await?;
        understand(status, answer.as_deref())
    }
}

fn status_word(status: ConversationStatus) -> &'static str {
    match status {
        ConversationStatus::Open => "open",
        ConversationStatus::Pending => "pending",
        ConversationStatus::Snoozed => "snoozed",
        ConversationStatus::Resolved => "resolved",
    }
}
