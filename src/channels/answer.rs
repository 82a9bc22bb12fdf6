//! Telling channels something, and what they answer.

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was taken.
    Taken {
        /// What the channel calls the message, if it was one.
        id: Option<String>,
        /// The address under which it knows the recipient.
        address: Option<String>,
    },
    /// It was not: what is to be done, and the channel's words.
    Refused(Refusal, Value),
    /// The message has surely not reached the channel.
    Unreached(Value),
    /// Nobody knows whether it was taken.
    Lost(Value),
}

/// Why a channel does not take a message, by what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It says that it is not there for anybody, as if it could not be reached.
    Away,
    /// It has trouble of its own, perhaps with this message alone: the same may be taken later.
    Trouble,
    /// It may have been taken all the same: the channel itself does not say what went wrong.
    Unsure,
    /// Too much goes through the number: nothing is to, for a while.
    Busy,
    /// Too much goes to this person.
    Pair,
    /// More than 24 hours have passed since the customer wrote.
    WindowClosed,
    /// The token is wrong, has expired, or does not allow this: nothing will be taken.
    Unauthorised,
    /// The business may not send at the moment.
    Banned,
    /// The message is wrong, or cannot reach them.
    Final,
}

impl Answer {
    /// What an answer amounts to if nothing is sent by the request, which does no harm once more.
    pub(super) fn of_harmless(self) -> Self {
        match self {
            Self::Lost(mut why) => {
                why["code"] = json!("unreachable");
                Self::Unreached(why)
            }
            Self::Refused(Refusal::Unsure, why) => Self::Refused(Refusal::Trouble, why),
            other => other,
        }
    }
}

/// Asks a channel, which agents know as `who`; returns its answer, or nothing of one that was cut off or is
/// longer than `most` bytes.
///
/// # Errors
/// What it amounts to that there is no answer.
pub(super) async fn ask(
    who: &str,
    request: RequestBuilder,
    most: usize,
) -> Result<(StatusCode, Option<Vec<u8>>), Answer> {
    match request.send().await {
        Ok(response) => Ok((response.status(), read(response, most).await)),
        // Before the connection stands, nothing is written to it.
        Err(error) if error.is_connect() || error.is_builder() => {
            Err(Answer::Unreached(trouble(who, "unreachable", &error)))
        }
        Err(error) => Err(Answer::Lost(trouble(who, "outcome_unknown", &error))),
    }
}

async fn read(mut response: Response, most: usize) -> Option<Vec<u8>> {
    let mut answer = Vec::new();
    while let Some(piece) = response.chunk().await.ok()? {
        answer.extend_from_slice(&piece);
        if answer.len() > most {
            return None;
        }
    }
    Some(answer)
}

/// Why there is no answer. Without the address, which is of no use to an agent.
fn trouble(who: &str, code: &str, error: &reqwest::Error) -> Value {
    let why = if error.is_timeout() {
        format!("{who} did not answer in time")
    } else if error.is_connect() {
        format!("{who} cannot be reached")
    } else {
        format!("the connection to {who} was cut before it answered")
    };
    json!({ "code": code, "message": why })
}
