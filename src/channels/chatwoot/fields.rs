//! Fields as different versions of Chatwoot write them.

use chrono::DateTime;
use serde_json::{Map, Value};

use crate::desk::Time;

pub(super) type Fields = Map<String, Value>;

/// The longest name of something that is believed, in bytes.
const LONGEST_NAME: usize = 512;

/// An object within another.
pub(super) fn object<'a>(fields: &'a Fields, key: &str) -> Option<&'a Fields> {
    fields.get(key)?.as_object()
}

/// Text, or a number where text was meant; not too long to be a name, and not empty.
pub(super) fn text(fields: &Fields, key: &str) -> Option<String> {
    let text = match fields.get(key)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty() && text.len() <= LONGEST_NAME)
}

/// A number, or text that is one.
pub(super) fn number(fields: &Fields, key: &str) -> Option<u64> {
    match fields.get(key)? {
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_u64(),
    }
}

/// The number of the account that something is of.
pub(super) fn account_in(fields: &Fields) -> Option<u64> {
    object(fields, "account").and_then(|account| number(account, "id"))
}

pub(super) fn flag(fields: &Fields, key: &str) -> bool {
    fields.get(key).and_then(Value::as_bool).unwrap_or_default()
}

/// A moment: ISO 8601, or seconds or milliseconds since 1970 as number or text.
pub(super) fn time(fields: &Fields, key: &str) -> Option<Time> {
    time_of(fields.get(key)?)
}

pub(super) fn time_of(told: &Value) -> Option<Time> {
    let number = match told {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match DateTime::parse_from_rfc3339(text) {
            Ok(time) => return positive(time.timestamp_micros()),
            // As Rails writes times for people.
            Err(_) => match DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S %z").or_else(|_| {
                DateTime::parse_from_str(&text.replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S%.f %z")
            }) {
                Ok(time) => return positive(time.timestamp_micros()),
                Err(_) => text.trim().parse().ok(),
            },
        },
        _ => None,
    };
    let number = number.filter(|number| number.is_finite() && *number > 0.0)?;
    let seconds = if number > 100_000_000_000.0 { number / 1_000.0 } else { number };
    if seconds > 100_000_000_000.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked to be within range above")]
    positive((seconds * 1_000_000.0).round() as i64)
}

fn positive(micros: i64) -> Option<Time> {
    (micros > 0).then_some(Time(micros))
}

/// The first `longest` bytes of `text`, cut between characters.
pub(super) fn clip(text: &str, longest: usize) -> String {
    text[..text.floor_char_boundary(longest)].to_owned()
}
