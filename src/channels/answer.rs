//! What channels answer whoever tells them something.

use serde_json::Value;

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
    /// It has surely not reached the channel.
    Unreached(Value),
    /// Nobody knows whether it was taken.
    Lost(Value),
}

/// Why a channel does not take a message, by what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has trouble of its own: the same may be taken later.
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
