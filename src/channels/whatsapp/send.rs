//! Telling WhatsApp: one request, and what came of it.

use std::time::Duration;

use reqwest::multipart::Form;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::super::answer::ask;
use super::super::{Answer, Parcel, Refusal};
use super::compose::body;
use super::envelope::clip;
use super::refusal::{refusal, refusal_of_status};
use crate::desk::Errand;

/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 256 * 1024;

/// How long it may take to reach WhatsApp at all.
const REACHING: Duration = Duration::from_secs(10);

/// For how long a connection is kept that nobody uses: not so long that WhatsApp may close it just
/// when it is used again.
const IDLE: Duration = Duration::from_secs(20);

/// The way to Meta's Graph API.
#[derive(Clone, Debug)]
pub struct Graph {
    client: Client,
    url: String,
    patience: Duration,
}

impl Graph {
    /// Speaks to the API at `url`, version included; gives up a request after `patience`, but for the
    /// time that a file takes.
    pub fn new(url: &str, patience: Duration) -> reqwest::Result<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(patience)
            .connect_timeout(REACHING.min(patience))
            .pool_idle_timeout(IDLE)
            .build()?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), patience })
    }

    /// Tells WhatsApp what an errand says.
    pub async fn tell(&self, errand: &Errand, token: &SecretString) -> Answer {
        let Some(body) = body(errand) else { return unsendable() };
        self.post(&errand.from, &body, token).await
    }

    /// Gives WhatsApp a file that is to be sent from the number `from`; returns what it calls it.
    ///
    /// # Errors
    /// What it amounts to that it has not got it.
    pub async fn upload(
        &self,
        from: &str,
        parcel: Parcel,
        token: &SecretString,
    ) -> Result<String, Answer> {
        let (lasts, mime_type) = (parcel.lasts(), parcel.mime_type.clone());
        let file = parcel.part().ok_or_else(unsendable)?;
        let form = Form::new().text("messaging_product", "whatsapp");
        let form = form.text("type", mime_type).part("file", file);
        let request = self.client.post(format!("{}/{from}/media", self.url));
        let request = request.bearer_auth(token.expose_secret()).multipart(form);
        let request = request.timeout(self.patience + lasts);
        let asked = ask("WhatsApp", request, LARGEST_ANSWER).await;
        let uploaded = asked.and_then(|(status, answer)| {
            let answer = read(status, answer.as_deref())?;
            let id = answer.get("id").and_then(Value::as_str).map(str::to_owned);
            id.ok_or_else(|| lost(status))
        });
        uploaded.map_err(Answer::of_harmless)
    }

    /// Lets the customer who wrote a message see that somebody answers, for 25 s or until they do;
    /// marks the message as read.
    pub async fn typing(&self, from: &str, message_id: &str, token: &SecretString) -> Answer {
        let body = json!({
            "messaging_product": "whatsapp", "status": "read", "message_id": message_id,
            "typing_indicator": { "type": "text" },
        });
        self.post(from, &body, token).await
    }

    async fn post(&self, from: &str, body: &Value, token: &SecretString) -> Answer {
        let url = format!("{}/{from}/messages", self.url);
        let request = self.client.post(url).bearer_auth(token.expose_secret());
        let request = request.header("content-type", "application/json").body(body.to_string());
        match ask("WhatsApp", request, LARGEST_ANSWER).await {
            Ok((status, answer)) => understand(status, answer.as_deref()),
            Err(answer) => answer,
        }
    }
}

/// Tells what an answer to a message means; `None` stands for one that was cut off.
fn understand(status: StatusCode, answer: Option<&[u8]>) -> Answer {
    match read(status, answer) {
        Ok(answer) => taken(&answer).unwrap_or_else(|| lost(status)),
        Err(Answer::Refused(Refusal::Unsure, _)) => lost(status),
        Err(answer) => answer,
    }
}

/// Reads what WhatsApp says to what it takes.
///
/// # Errors
/// What it amounts to that it does not take it.
fn read(status: StatusCode, answer: Option<&[u8]>) -> Result<Value, Answer> {
    let answer: Option<Value> = answer.and_then(|answer| serde_json::from_slice(answer).ok());
    if status.is_success() {
        return answer.ok_or_else(|| lost(status));
    }
    let error = answer.as_ref().and_then(|answer| answer.get("error"));
    let code = error.and_then(|error| error.get("code")?.as_i64());
    let (Some(code), Some(error)) = (code, error) else { return Err(unsaid(status)) };
    Err(Answer::Refused(refusal(code, status.as_u16()), told(code, error)))
}

/// What an answer means that refuses without saying why.
fn unsaid(status: StatusCode) -> Answer {
    let code = format!("http_{}", status.as_u16());
    let why = status.canonical_reason().unwrap_or("WhatsApp does not say why");
    match refusal_of_status(status.as_u16()) {
        Refusal::Unsure => lost(status),
        refusal => Answer::Refused(refusal, json!({ "code": code, "message": why })),
    }
}

fn lost(status: StatusCode) -> Answer {
    let why = format!("WhatsApp's answer cannot be read (HTTP {})", status.as_u16());
    Answer::Lost(json!({ "code": "outcome_unknown", "message": why }))
}

fn unsendable() -> Answer {
    let why = "WhatsApp has no form for this, or not the file in it";
    Answer::Refused(Refusal::Final, json!({ "code": "unsendable", "message": why }))
}

fn taken(answer: &Value) -> Option<Answer> {
    if answer.get("success").and_then(Value::as_bool) == Some(true) {
        return Some(Answer::Taken { id: None, address: None });
    }
    let text = |path: &str| answer.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let id = text("/messages/0/id")?;
    let address = text("/contacts/0/wa_id").or_else(|| text("/contacts/0/user_id"));
    Some(Answer::Taken { id: Some(id), address })
}

/// An error as clients are told of it: like those that statuses bring.
fn told(code: i64, error: &Value) -> Value {
    let text = |path: &str| error.pointer(path).and_then(Value::as_str).map(|it| clip(it, 1_000));
    let message = text("/message").unwrap_or_default();
    let mut told = json!({ "code": code, "title": message, "message": message });
    if let Some(details) = text("/error_data/details") {
        told["error_data"] = json!({ "details": details });
    }
    told
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use serde_json::json;

    use super::{Answer, Refusal, read, understand};

    #[test]
    fn only_what_says_so_was_taken_or_was_not() {
        let ok = json!({ "messages": [{ "id": "wamid.1" }], "contacts": [{ "wa_id": "55" }] });
        let (id, address) = (Some("wamid.1".to_owned()), Some("55".to_owned()));
        let whole = ok.to_string();
        assert_eq!(
            understand(StatusCode::OK, Some(whole.as_bytes())),
            Answer::Taken { id, address }
        );
        for answer in [None, Some(&whole.as_bytes()[..20]), Some(b"{}"), Some(b"<html>")] {
            assert!(matches!(understand(StatusCode::OK, answer), Answer::Lost(_)));
        }
        let broken = StatusCode::INTERNAL_SERVER_ERROR;
        for answer in [None, Some(&b"<html>"[..]), Some(br#"{"error":{"code":131000}}"#)] {
            assert!(matches!(understand(broken, answer), Answer::Lost(_)));
        }
        let refused = |status, body: &[u8]| match understand(status, Some(body)) {
            Answer::Refused(refusal, error) => (refusal, error["code"].clone()),
            other => panic!("{other:?}"),
        };
        let unavailable = br#"{"error":{"code":131016,"message":"x"}}"#;
        assert_eq!(refused(broken, unavailable), (Refusal::Away, json!(131_016)));
        assert_eq!(refused(StatusCode::NOT_FOUND, b"<html>"), (Refusal::Final, json!("http_404")));
        assert_eq!(refused(StatusCode::TOO_MANY_REQUESTS, b""), (Refusal::Busy, json!("http_429")));
    }

    #[test]
    fn a_file_is_given_once_more_unless_it_is_refused_for_good() {
        let means = |status: u16, body: &[u8]| {
            let status = StatusCode::from_u16(status).unwrap();
            read(status, Some(body)).unwrap_err().of_harmless()
        };
        for (status, body) in [(200, &b"<html>"[..]), (502, b"<html>"), (503, b"")] {
            let answer = means(status, body);
            assert!(matches!(&answer, Answer::Unreached(why) if why["code"] == "unreachable"));
        }
        for (status, code, expected) in [
            (500, 131_000, Refusal::Trouble),
            (503, 2, Refusal::Away),
            (401, 190, Refusal::Unauthorised),
            (429, 130_429, Refusal::Busy),
            (400, 131_053, Refusal::Final),
        ] {
            let body = json!({ "error": { "code": code, "message": "x" } }).to_string();
            let answer = means(status, body.as_bytes());
            assert!(matches!(answer, Answer::Refused(refusal, _) if refusal == expected), "{code}");
        }
    }
}
