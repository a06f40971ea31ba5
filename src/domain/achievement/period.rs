//! Days, weeks, months and years where somebody is: they turn at that place's midnight, however long the day before was.

use std::fmt;

use chrono_tz::Tz;

use crate::domain::time::Timestamp;

/// How often an achievement begins anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evaluation {
    /// Never: all values count, and a level is given as soon as it is reached.
    #[default]
    Immediately,
    Daily,
    Weekly,
    Monthly,
    Yearly,
    /// As `Immediately`, but levels are given when its last day is over.
    End,
}

/// One of the stretches in which a recurring achievement can be reached. By date and not by moment, so that it stays itself
/// when its user moves to another time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    All,
    /// Begins on this day, counted from 1970-01-01.
    From(i32),
}

impl Period {
    /// From its written form: `all` or `2026-11-16`.
    pub fn parse(_text: &str) -> Option<Self> {
        None
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("all")
    }
}

/// The period that `at` belongs to.
pub fn period_of(_at: Timestamp, _evaluation: Evaluation, _zone: Tz) -> Period {
    Period::All
}

/// The moment at which it begins; `None` for that of all times. A midnight that does not exist is the first moment after it,
/// one that comes twice the first of the two.
pub fn start_of(_period: Period, _zone: Tz) -> Option<Timestamp> {
    None
}

/// The local day, counted from 1970-01-01.
pub fn day_number(_at: Timestamp, _zone: Tz) -> i64 {
    0
}

/// The local time in the words of PostgreSQL's `to_char`, as far as [`format_is_known`].
pub fn date_key(_at: Timestamp, _zone: Tz, _format: &str) -> String {
    String::new()
}

/// Whether all letters of a format mean something to [`date_key`]: `YYYY YY IYYY MM DD DDD D ID WW IW Q HH24 MI`, in any case.
pub fn format_is_known(_format: &str) -> bool {
    true
}
