//! What is sent to Chatwoot, and what its answers mean.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::multipart::Form;
use serde_json::{Map, Value, json};

use super::super::{Answer, Parcel, Refusal};
use super::fields::clip;

/// The largest answer that is read, in bytes: a list of all conversations may be long.
pub(super) const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// What a request says.
pub(super) enum Body {
    Json(Value),
    /// With a file, and how long that may be on its way.
    Form(Form, Duration),
}

/// Fields as a form, with a file; nothing if the file's kind is no kind.
pub(super) fn form(fields: Map<String, Value>, parcel: Parcel) -> Option<Body> {
    let (lasts, file) = (parcel.lasts(), parcel.part()?);
    let form = fields.into_iter().fold(Form::new(), |form, (key, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        form.text(key, value)
    });
    Some(Body::Form(form.part("attachments[]", file), lasts))
}

/// Tells what an answer means; `None` stands for one that was cut off.
pub(super) fn understand(status: StatusCode, answer: Option<&[u8]>) -> Result<Value, Answer> {
    let answer = answer.map(|answer| serde_json::from_slice::<Value>(answer).unwrap_or_default());
    if status.is_success() {
        return answer.ok_or_else(|| Answer::Lost(unreadable(status)));
    }
    let refusal = match status.as_u16() {
        429 => Refusal::Busy,
        401 | 403 => Refusal::Unauthorised,
        // A gateway that has waited in vain may have passed it on.
        504 => return Err(Answer::Lost(unreadable(status))),
        502 | 503 => Refusal::Away,
        500.. => Refusal::Trouble,
        _ => Refusal::Final,
    };
    let answer = answer.unwrap_or_default();
    let why = ["message", "error", "errors"].into_iter().find_map(|key| answer.get(key)?.as_str());
    let why = why.or_else(|| answer.pointer("/errors/0").and_then(Value::as_str));
    let why = why.or(status.canonical_reason()).unwrap_or("Chatwoot does not say why");
    let code = format!("http_{}", status.as_u16());
    Err(refused(refusal, &code, &clip(why, 1_000)))
}

pub(super) fn refused(refusal: Refusal, code: &str, why: &str) -> Answer {
    Answer::Refused(refusal, json!({ "code": code, "title": why, "message": why }))
}

pub(super) fn unsendable() -> Answer {
    refused(Refusal::Final, "unsendable", "Chatwoot has no form for this")
}

pub(super) fn unreadable(status: StatusCode) -> Value {
    let why = format!("Chatwoot's answer cannot be read (HTTP {})", status.as_u16());
    json!({ "code": "outcome_unknown", "message": why })
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use serde_json::json;

    use super::{Answer, Refusal, understand};

    #[test]
    fn each_answer_has_its_consequence() {
        let means = |status: u16| match understand(StatusCode::from_u16(status).unwrap(), Some(b""))
        {
            Err(Answer::Refused(refusal, _)) => Some(refusal),
            _ => None,
        };
        for (statuses, expected) in [
            (&[401, 403][..], Refusal::Unauthorised),
            (&[429], Refusal::Busy),
            (&[500], Refusal::Trouble),
            (&[502, 503], Refusal::Away),
            (&[400, 404, 422], Refusal::Final),
        ] {
            for status in statuses {
                assert_eq!(means(*status), Some(expected), "{status}");
            }
        }
        assert!(matches!(understand(StatusCode::GATEWAY_TIMEOUT, Some(b"")), Err(Answer::Lost(_))));
        assert!(matches!(understand(StatusCode::OK, None), Err(Answer::Lost(_))));
        assert_eq!(understand(StatusCode::OK, Some(br#"{"id":7}"#)), Ok(json!({ "id": 7 })));
    }
}
