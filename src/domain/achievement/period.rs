//! Days, weeks, months and years where somebody is: they turn at that place's midnight, however long the day before was.

mod date_key;

use std::fmt;

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::domain::event::{local, moment};
use crate::domain::time::Timestamp;
pub use date_key::{date_key, format_is_known};

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
    pub fn parse(text: &str) -> Option<Self> {
        if text == "all" {
            return Some(Self::All);
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(Self::From(day_of(date))).filter(|period| period.to_string() == text)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::From(day) => date_of(*day).fmt(f),
        }
    }
}

/// The period that `at` belongs to.
pub fn period_of(at: Timestamp, evaluation: Evaluation, zone: Tz) -> Period {
    let (today, _) = local(at, zone);
    let start = match evaluation {
        Evaluation::Immediately | Evaluation::End => return Period::All,
        Evaluation::Daily => Some(today),
        Evaluation::Weekly => today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday()))),
        Evaluation::Monthly => today.with_day(1),
        Evaluation::Yearly => NaiveDate::from_ymd_opt(today.year(), 1, 1),
    };
    Period::From(day_of(start.unwrap_or(today)))
}

/// The period that the first day of `day` belongs to; [`Period::All`] belongs to itself.
pub fn period_with(day: Period, evaluation: Evaluation) -> Period {
    start_of(day, Tz::UTC).map_or(day, |start| period_of(start, evaluation, Tz::UTC))
}

/// The period before the one that `at` belongs to; itself when there is only one.
pub(super) fn period_before(at: Timestamp, evaluation: Evaluation, zone: Tz) -> Period {
    let current = period_of(at, evaluation, zone);
    match start_of(current, zone) {
        None => current,
        Some(start) => period_of(start.plus_millis(-1), evaluation, zone),
    }
}

/// The last day of the period that a date belongs to; `None` when there is only one.
pub(super) fn last_day_of(date: NaiveDate, evaluation: Evaluation) -> Option<NaiveDate> {
    let next = match evaluation {
        Evaluation::Immediately | Evaluation::End => return None,
        Evaluation::Daily => return Some(date),
        Evaluation::Weekly => {
            return date.checked_add_days(Days::new(6 - u64::from(date.weekday().num_days_from_monday())));
        }
        Evaluation::Monthly => date.with_day(1)?.checked_add_months(Months::new(1)),
        Evaluation::Yearly => NaiveDate::from_ymd_opt(date.year() + 1, 1, 1),
    };
    next?.pred_opt()
}

/// The moment at which it begins; `None` for that of all times. A midnight that does not exist is the first moment after it,
/// one that comes twice the first of the two.
pub fn start_of(period: Period, zone: Tz) -> Option<Timestamp> {
    match period {
        Period::All => None,
        Period::From(day) => Some(moment(date_of(day), NaiveTime::MIN, zone)),
    }
}

/// The local day, counted from 1970-01-01.
pub fn day_number(at: Timestamp, zone: Tz) -> i64 {
    i64::from(day_of(local(at, zone).0))
}

/// The day of a date, counted from 1970-01-01.
pub(super) fn day_of(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

/// The date of a day that is counted from 1970-01-01.
pub(super) fn date_of(day: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(day).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn zone(name: &str) -> Tz {
        name.parse().unwrap()
    }

    #[test]
    fn periods_begin_at_the_places_midnight() {
        use Evaluation::{Daily, Monthly, Weekly, Yearly};
        for (moment, evaluation, zone_name, period, start) in [
            ("2026-11-22T21:59:59Z", Daily, "Europe/Helsinki", "2026-11-22", "2026-11-21T22:00:00.000Z"),
            ("2026-11-22T22:00:00Z", Daily, "Europe/Helsinki", "2026-11-23", "2026-11-22T22:00:00.000Z"),
            ("2026-11-22T18:30:00Z", Daily, "Asia/Kolkata", "2026-11-23", "2026-11-22T18:30:00.000Z"),
            ("2026-11-22T18:29:59Z", Daily, "Asia/Kolkata", "2026-11-22", "2026-11-21T18:30:00.000Z"),
            ("2026-11-22T12:00:00Z", Weekly, "UTC", "2026-11-16", "2026-11-16T00:00:00.000Z"),
            ("2026-11-23T00:00:00Z", Weekly, "UTC", "2026-11-23", "2026-11-23T00:00:00.000Z"),
            ("2026-10-31T23:30:00Z", Monthly, "Europe/Berlin", "2026-11-01", "2026-10-31T23:00:00.000Z"),
            ("2026-12-31T23:30:00Z", Yearly, "Europe/London", "2026-01-01", "2026-01-01T00:00:00.000Z"),
            ("2027-01-01T00:30:00Z", Weekly, "Europe/London", "2026-12-28", "2026-12-28T00:00:00.000Z"),
            // The clocks go back at 1:00 in Havana: midnight comes twice.
            ("2026-11-01T04:30:00Z", Daily, "America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z"),
            // They go forward at midnight in Beirut: the day begins at 1:00.
            ("2026-03-29T12:00:00Z", Daily, "Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00.000Z"),
            // Samoa left out 30 December 2011.
            ("2011-12-30T09:59:59Z", Daily, "Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00.000Z"),
            ("2011-12-30T10:00:00Z", Daily, "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00.000Z"),
        ] {
            let found = period_of(at(moment), evaluation, zone(zone_name));
            assert_eq!(found.to_string(), period, "{moment} {zone_name}");
            assert_eq!(start_of(found, zone(zone_name)).unwrap().to_string(), start, "{moment} {zone_name}");
        }
        assert_eq!(period_of(at("2026-11-22T12:00:00Z"), Evaluation::End, Tz::UTC), Period::All);
        assert_eq!(start_of(Period::All, Tz::UTC), None);
    }

    #[test]
    fn the_period_before_is_the_one_that_ended_when_this_began() {
        for (moment, evaluation, zone_name, before) in [
            ("2026-03-30T12:00:00Z", Evaluation::Daily, "Europe/Berlin", "2026-03-29"),
            ("2026-11-22T12:00:00Z", Evaluation::Weekly, "UTC", "2026-11-09"),
            ("2026-03-31T12:00:00Z", Evaluation::Monthly, "UTC", "2026-02-01"),
            ("2026-03-31T12:00:00Z", Evaluation::Yearly, "UTC", "2025-01-01"),
            ("2011-12-31T12:00:00Z", Evaluation::Daily, "Pacific/Apia", "2011-12-31"),
            ("2011-12-30T12:00:00Z", Evaluation::Daily, "Pacific/Apia", "2011-12-29"),
            ("2026-11-22T12:00:00Z", Evaluation::Immediately, "UTC", "all"),
        ] {
            let found = period_before(at(moment), evaluation, zone(zone_name));
            assert_eq!(found.to_string(), before, "{moment} {evaluation:?} {zone_name}");
        }
    }

    #[test]
    fn periods_have_one_spelling() {
        for good in ["all", "2026-11-16", "1969-12-29"] {
            assert_eq!(Period::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "0", "All", "2026-11-31", "2026-1-1", "+2026-11-16", "2026-11-16 "] {
            assert_eq!(Period::parse(bad), None, "{bad}");
        }
        assert_eq!(day_number(at("1969-12-31T23:59:59Z"), Tz::UTC), -1);
    }

    #[test]
    fn periods_have_a_last_day() {
        for (evaluation, day, last) in [
            (Evaluation::Immediately, "2026-11-20", None),
            (Evaluation::End, "2026-11-20", None),
            (Evaluation::Daily, "2026-11-20", Some("2026-11-20")),
            (Evaluation::Weekly, "2026-11-16", Some("2026-11-22")),
            (Evaluation::Weekly, "2026-11-22", Some("2026-11-22")),
            (Evaluation::Monthly, "2028-02-01", Some("2028-02-29")),
            (Evaluation::Monthly, "2026-12-31", Some("2026-12-31")),
            (Evaluation::Yearly, "2026-01-01", Some("2026-12-31")),
        ] {
            let last = last.map(|text| text.parse().unwrap());
            assert_eq!(last_day_of(day.parse().unwrap(), evaluation), last, "{evaluation:?} {day}");
        }
    }
}
