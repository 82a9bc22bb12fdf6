//! Moments, as precise as the log needs them.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// A moment in whole microseconds since 1970, UTC: what both databases hold without rounding.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    DeriveValueType,
)]
#[serde(transparent)]
pub struct Time(pub i64);

impl Time {
    /// The present. The clock is read nowhere else.
    pub fn now() -> Self {
        Self(Utc::now().timestamp_micros())
    }

    /// The moment `seconds` after 1970, if a calendar can name it.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        DateTime::from_timestamp(seconds, 0).map(|time| Self(time.timestamp_micros()))
    }

    /// ISO 8601 as Python's `isoformat` writes it, but always with six fractional digits.
    pub fn isoformat(self) -> String {
        let time = DateTime::from_timestamp_micros(self.0).unwrap_or_default();
        time.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
    }

    /// Whole seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Returns the moment `seconds` later.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

impl From<Time> for SystemTime {
    fn from(time: Time) -> Self {
        DateTime::from_timestamp_micros(time.0).unwrap_or_default().into()
    }
}

/// Reads ISO 8601 with an offset, as JavaScript's `Date` writes it.
impl FromStr for Time {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, chrono::ParseError> {
        DateTime::parse_from_rfc3339(text).map(|time| Self(time.timestamp_micros()))
    }
}

/// ISO 8601 with milliseconds and `Z`, as JavaScript's `Date.prototype.toISOString` writes it.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::from_timestamp_micros(self.0).unwrap_or_default();
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}
