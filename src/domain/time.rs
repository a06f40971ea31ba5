//! A moment, as the product counts it.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// A moment in UTC, in whole milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Reads RFC 3339, for example `2026-11-21T09:30:00.250+02:00`. `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|moment| Self(moment.timestamp_millis()))
    }

    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` until this moment; negative when it comes first.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // below 2⁵³ for any moment that can be written down
        let millis = self.0.saturating_sub(earlier.0) as f64;
        millis / 1000.0
    }

    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-11-21T07:30:00.250Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&moment.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}
