//! How often to try, and when.

use std::time::Duration;

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::channels::{Answer, Refusal};
use crate::desk::{self, Errand, Hold, Settlement, Task, Time};
use crate::media;

/// How often a message is tried that its channel has trouble with, and how often it is told that one
/// was read.
const TRIES: u32 = 8;
const TRIES_TO_MARK: u32 = 3;

/// For how long a message is tried that it does not depend on whether it can be sent, in seconds.
const LONGEST: i64 = 24 * 60 * 60;

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_mins(5);
const LONGEST_WAIT_FOR_PAIR: Duration = Duration::from_hours(1);

/// For how long nothing goes through an inbox whose token is not taken, and through one that may not
/// send, unless an admin says that it is mended.
const UNAUTHORISED: Duration = Duration::from_mins(5);
const BANNED: Duration = Duration::from_hours(1);

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Before the first new try, at most.
    first: Duration,
}

impl Pace {
    pub(super) fn new(first: Duration) -> Self {
        Self { first }
    }

    /// What an answer amounts to for an errand.
    pub(super) fn settlement(self, errand: &Errand, answer: Answer) -> Settlement {
        let (refusal, error) = match answer {
            Answer::Taken { id, address } => {
                return Settlement::Done { provider_id: id, address };
            }
            Answer::Lost(error) if matches!(errand.task, Task::Send { .. }) => {
                return Settlement::Lost(error);
            }
            Answer::Lost(error) => (Refusal::Trouble, error),
            Answer::Unreached(error) => (Refusal::Away, error),
            Answer::Refused(refusal, error) => (refusal, error),
        };
        log(errand, refusal, &error);
        let failed = |error, closes_window| Settlement::Failed { error, closes_window };
        let hold = |lasts: Duration, error: Value| {
            let hold = Hold { lasts, error: error.clone() };
            later(errand, refusal, Duration::ZERO, error, Some(hold))
        };
        match refusal {
            Refusal::Trouble if errand.attempts >= TRIES => failed(error, false),
            Refusal::Trouble => {
                let wait = self.wait(2, errand.attempts, LONGEST_WAIT);
                later(errand, refusal, wait, error, None)
            }
            Refusal::Away => {
                let wait = self.wait(2, errand.claims(), LONGEST_WAIT);
                later(errand, refusal, wait, error, None)
            }
            Refusal::Busy => hold(self.wait(2, errand.claims(), LONGEST_WAIT), error),
            Refusal::Pair => {
                let wait = self.first.saturating_mul(4_u32.saturating_pow(errand.claims()));
                later(errand, refusal, wait.min(LONGEST_WAIT_FOR_PAIR), error, None)
            }
            Refusal::WindowClosed => failed(error, true),
            Refusal::Unauthorised => hold(UNAUTHORISED, error),
            Refusal::Banned => hold(BANNED, error),
            Refusal::Unsure | Refusal::Final => failed(error, false),
        }
    }

    /// A time by chance, up to one that grows with each attempt: whoever failed at the same time does
    /// not come again at the same time.
    fn wait(self, base: u32, attempts: u32, longest: Duration) -> Duration {
        let most = self.first.saturating_mul(base.saturating_pow(attempts.saturating_sub(1)));
        most.min(longest).mul_f64(rand::rng().random())
    }
}

/// What becomes of what cannot be sent, since there is no token to send it with.
pub(super) fn without_token() -> Settlement {
    let why = "there is no access token for this inbox";
    let error = json!({ "code": "no_access_token", "message": why });
    Settlement::Failed { error, closes_window: false }
}

/// What it amounts to that the file of a message cannot be given to its channel.
pub(super) fn without_file(errand: &Errand, why: media::Error) -> Answer {
    let error = json!({ "code": "file_not_given", "message": why.to_string() });
    tracing::info!(delivery.id = %errand.id, %why, "a file cannot be given to its channel");
    match why {
        media::Error::NotTaken(answer) => answer,
        media::Error::Store(_) | media::Error::Desk(desk::Error::Storage(_)) => {
            Answer::Unreached(error)
        }
        _ => Answer::Refused(Refusal::Final, error),
    }
}

fn later(
    errand: &Errand,
    refusal: Refusal,
    after: Duration,
    error: Value,
    hold: Option<Hold>,
) -> Settlement {
    let is_enough = match errand.task {
        Task::MarkRead => errand.claims() >= TRIES_TO_MARK,
        Task::Send { .. }
        | Task::React(_)
        | Task::SetStatus(..)
        | Task::Assign(_)
        | Task::Label(_) => Time::now() > errand.since.plus_seconds(LONGEST),
    };
    if is_enough {
        return Settlement::Failed { error, closes_window: false };
    }
    // A message is given up for what its channel says of it, not for how long the channel was away.
    Settlement::Later { after, error, hold, counts: refusal == Refusal::Trouble }
}

fn log(errand: &Errand, refusal: Refusal, error: &Value) {
    let code = error.get("code").map(Value::to_string).unwrap_or_default();
    let (inbox, delivery) = (errand.inbox, errand.id);
    let (claims, attempts) = (errand.claims(), errand.attempts);
    match refusal {
        Refusal::Unauthorised | Refusal::Banned => {
            tracing::error!(inbox.id = %inbox, channel.code = code, "an inbox cannot send any more");
        }
        Refusal::Busy => {
            tracing::warn!(inbox.id = %inbox, channel.code = code, "an inbox sends too much");
        }
        _ => {
            tracing::info!(
                inbox.id = %inbox, delivery.id = %delivery, channel.code = code, claims, attempts,
                ?refusal, "a message was not taken"
            );
        }
    }
}
