//! The moments that polling clients send, in all the forms in which they send them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use crate::desk::Time;

/// What JavaScript and Python make of a variable that holds nothing.
const NOTHING: [&str; 5] = ["", "null", "undefined", "nan", "none"];

/// Reads a `last_check`: nothing where the client has none yet, an error where it is not a time.
///
/// Taken are ISO 8601 with `T` or a space, extended or basic, with or without fractions (cut to
/// microseconds), with `Z`, an offset, an offset whose `+` was decoded to a space, a space before
/// the offset, or none, which means UTC; and Unix seconds or milliseconds.
pub(super) fn read(told: &str) -> Result<Option<Time>, String> {
    let text = told.trim();
    if NOTHING.contains(&text.to_lowercase().as_str()) {
        return Ok(None);
    }
    let time = if text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        unix(text)
    } else {
        iso(text)
    };
    time.map(Some).ok_or_else(|| format!("Invalid isoformat string: '{text}'"))
}

fn unix(digits: &str) -> Option<Time> {
    let number: i64 = digits.parse().ok()?;
    // Seconds do not get that far before the year 5138.
    let micros = if number < 100_000_000_000 {
        number.checked_mul(1_000_000)?
    } else {
        number.checked_mul(1_000)?
    };
    DateTime::from_timestamp_micros(micros).map(|time| Time(time.timestamp_micros()))
}

fn iso(text: &str) -> Option<Time> {
    let (date, rest) = split_date(text)?;
    let (clock, offset) = split_offset(rest.trim_start_matches(['T', 't', ' ']));
    let local = NaiveDateTime::new(date, time_of(clock)?);
    let utc =
        local.and_utc().timestamp_micros().checked_sub(offset_seconds(offset)? * 1_000_000)?;
    Some(Time(utc))
}

fn split_date(text: &str) -> Option<(NaiveDate, &str)> {
    let (length, format) = match text.as_bytes().get(4)? {
        b'-' => (10, "%Y-%m-%d"),
        _ => (8, "%Y%m%d"),
    };
    let date = NaiveDate::parse_from_str(text.get(..length)?, format).ok()?;
    Some((date, &text[length..]))
}

/// Parts `03:53:10.655739 +00:00` into the clock and the offset, which may be empty.
fn split_offset(text: &str) -> (&str, &str) {
    let at = text.find(['Z', 'z', '+', '-', ' ']).unwrap_or(text.len());
    (&text[..at], &text[at..])
}

fn time_of(clock: &str) -> Option<NaiveTime> {
    if clock.is_empty() {
        return Some(NaiveTime::MIN);
    }
    let (whole, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let formats = ["%H:%M:%S", "%H:%M", "%H%M%S", "%H%M"];
    let whole = formats.iter().find_map(|format| NaiveTime::parse_from_str(whole, format).ok())?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(whole + chrono::TimeDelta::microseconds(micros))
}

fn offset_seconds(offset: &str) -> Option<i64> {
    let offset = offset.trim_start();
    if offset.is_empty() || offset.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = match offset.strip_prefix('-') {
        Some(digits) => (-1, digits),
        // The `+`, or what is left of it.
        None => (1, offset.strip_prefix('+').unwrap_or(offset)),
    };
    let digits = digits.trim_start().replace(':', "");
    if !(digits.len() == 2 || digits.len() == 4) || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let hours: i64 = digits[..2].parse().ok()?;
    let minutes: i64 =
        digits.get(2..).filter(|it| !it.is_empty()).map_or(Ok(0), str::parse).ok()?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::read;
    use crate::desk::Time;

    fn iso(told: &str) -> String {
        read(told).unwrap().unwrap().isoformat()
    }

    #[test]
    fn every_form_that_clients_send_is_the_moment_they_mean() {
        let whole = "2025-07-19T03:53:10.000000+00:00";
        let fraction = "2025-07-19T03:53:10.655739+00:00";
        for (told, meant) in [
            ("2025-07-19T03:53:10.655739+00:00", fraction),
            ("2025-07-19T03:53:10.655739 00:00", fraction),
            ("2025-07-19T03:53:10.655739 +00:00", fraction),
            ("2025-07-19T03:53:10.655739Z", fraction),
            ("2025-07-19 03:53:10.655739Z", fraction),
            ("2025-07-19T03:53:10.655739123Z", fraction),
            ("2025-07-19T03:53:10.655Z", "2025-07-19T03:53:10.655000+00:00"),
            ("2025-07-19T03:53:10,655Z", "2025-07-19T03:53:10.655000+00:00"),
            ("2025-07-18T23:00:00Z", "2025-07-18T23:00:00.000000+00:00"),
            ("2025-07-18T20:00:00-03:00", "2025-07-18T23:00:00.000000+00:00"),
            ("2025-07-18T20:00:00-0300", "2025-07-18T23:00:00.000000+00:00"),
            ("2025-07-18T20:00:00 03:00", "2025-07-18T17:00:00.000000+00:00"),
            ("2025-07-19 03:53:10+00:00", whole),
            ("2025-07-19 03:53:10 00:00", whole),
            ("2025-07-19 03:53:10", whole),
            ("2025-07-19T03:53:10", whole),
            ("2025-07-19T03:53", "2025-07-19T03:53:00.000000+00:00"),
            ("2025-07-19", "2025-07-19T00:00:00.000000+00:00"),
            ("20250719", "2025-07-19T00:00:00.000000+00:00"),
            ("20250719T035310Z", whole),
            ("1752897190", whole),
            ("1752897190655", "2025-07-19T03:53:10.655000+00:00"),
        ] {
            assert_eq!(iso(told), meant, "{told}");
        }
    }

    #[test]
    fn what_holds_nothing_is_as_if_absent() {
        for told in ["", " ", "null", "undefined", "NaN", "None"] {
            assert_eq!(read(told), Ok(None), "{told}");
        }
    }

    #[test]
    fn what_is_no_time_is_said_to_be_none() {
        for told in [
            "abc",
            "2025-13-40",
            "2025-07-19T25:00:00Z",
            "2025-07-19T03:53:10+99:00",
            "2025-07-19Tx",
            "é",
            "2025-07-1é",
        ] {
            assert_eq!(read(told), Err(format!("Invalid isoformat string: '{told}'")));
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(micros in 0..4_000_000_000_000_000_i64) {
            prop_assert_eq!(read(&Time(micros).isoformat()), Ok(Some(Time(micros))));
        }

        #[test]
        fn nothing_makes_it_panic(told in any::<String>(), digits in "[0-9TZ:+. -]{0,40}") {
            let _ = (read(&told), read(&digits), read(&format!("2025-07-19{digits}")));
        }
    }
}
