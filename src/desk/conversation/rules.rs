//! What a message does to its conversation.

use entity::milestone::Kind;
use entity::{Time, conversation};

use super::super::{Direction, Message};

/// What taking a message in amounted to, beside the row.
#[derive(Debug, Default, PartialEq)]
pub(in crate::desk) struct Taken {
    /// What was reached by it, and in how many seconds.
    pub(in crate::desk) reached: Vec<(Kind, i64)>,
}

/// Counts a message in: the last one, what is unread, who waits, and that an answer is due again.
///
/// `quiet` messages alert nobody: notices, imports of old messages, what blocked contacts write.
/// `window` is for how many seconds the channel lets the business write freely after it.
pub(in crate::desk) fn take_in(
    row: &mut conversation::Model,
    message: &Message,
    quiet: bool,
    window: Option<i64>,
    now: Time,
) -> Taken {
    if row.last_message_at.is_none_or(|last| message.sent_at >= last) {
        row.last_message_id = Some(message.id);
        row.last_message_at = Some(message.sent_at);
    }
    match message.direction {
        Direction::Inbound => {
            received(row, message.sent_at, quiet, window, now);
            Taken::default()
        }
        Direction::Outbound if quiet => Taken::default(),
        Direction::Outbound => answered(row, message.sent_at),
    }
}

fn received(row: &mut conversation::Model, at: Time, quiet: bool, window: Option<i64>, now: Time) {
    if let Some(seconds) = window {
        row.window_until = row.window_until.max(Some(at.plus_seconds(seconds)));
    }
    if quiet {
        return;
    }
    row.received_at = row.received_at.max(Some(at));
    row.unread_count = row.unread_count.saturating_add(1);
    if row.answered_at.is_none_or(|answered| at > answered) {
        row.waiting_since = Some(row.waiting_since.map_or(at, |since| since.min(at)));
    }
    if row.standing.is_some() {
        // Whether that opens it, the channel tells.
        return;
    }
    if row.status == conversation::Status::Resolved {
        row.opened_at = now;
        row.responded_at = None;
    }
    row.status = conversation::Status::Open;
    row.snoozed_until = None;
}

fn answered(row: &mut conversation::Model, at: Time) -> Taken {
    let mut taken = Taken::default();
    row.answered_at = row.answered_at.max(Some(at));
    let Some(since) = row.waiting_since.filter(|since| *since <= at) else { return taken };
    // What they wrote after this answer still waits, should it have come first.
    row.waiting_since = row.received_at.filter(|received| *received > at);
    let seconds = at.seconds() - since.seconds();
    taken.reached.push((Kind::Response, seconds));
    if row.responded_at.is_none() {
        row.responded_at = Some(at);
        taken.reached.push((Kind::FirstResponse, seconds));
    }
    taken
}

/// Closes the window in which the business may write freely, as the channel says of a message of
/// `at`; what the customer has written since keeps it open.
pub(in crate::desk) fn shut(row: &mut conversation::Model, at: Time, now: Time) {
    if row.received_at.is_none_or(|received| received <= at) {
        row.window_until = row.window_until.map(|until| until.min(now));
    }
}

/// Changes whether somebody has to do something; tells how long a resolution took.
pub(in crate::desk) fn set_status(
    row: &mut conversation::Model,
    status: conversation::Status,
    snoozed_until: Option<Time>,
    now: Time,
) -> Taken {
    let mut taken = Taken::default();
    let was = std::mem::replace(&mut row.status, status);
    row.snoozed_until = snoozed_until.filter(|_| status == conversation::Status::Snoozed);
    if status == conversation::Status::Resolved && was != status {
        row.waiting_since = None;
        taken.reached.push((Kind::Resolution, now.seconds() - row.opened_at.seconds()));
    }
    if was == conversation::Status::Resolved && was != status {
        row.opened_at = now;
        row.responded_at = None;
    }
    taken
}
