//! A user's days: they begin at an hour of their own choice, where they are, on nights with and without a change of clocks.
//!
//! What happens when a day turns is not known here.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use crate::domain::event::{local, moment};
use crate::domain::time::Timestamp;

/// The hours east or west that clocks are set to on Earth, and a little more.
pub(super) const OFFSET_MIN_MAX: f64 = 18.0 * 60.0;

/// Where a user's clocks are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    Named(Tz),
    /// Minutes east of Greenwich, all the year.
    Offset(i32),
}

/// When somebody's days begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub zone: Zone,
    /// 0 to 23, by local clocks.
    pub day_start: u8,
}

impl Zone {
    pub const UTC: Self = Self::Offset(0);

    /// The zone of the user's profile if there is one; else what an app has said of its device, in JavaScript's sign (minutes
    /// west of Greenwich); else UTC.
    pub fn of(profile: Option<Tz>, minutes_west: Option<f64>) -> Self {
        match (profile, minutes_west) {
            (Some(zone), _) => Self::Named(zone),
            #[allow(clippy::cast_possible_truncation)] // a few hundred
            (None, Some(west)) if west.abs() <= OFFSET_MIN_MAX => Self::Offset(-(west.trunc() as i32)),
            _ => Self::UTC,
        }
    }

    fn local_date(self, at: Timestamp) -> NaiveDate {
        match self {
            Self::Named(zone) => local(at, zone).0,
            Self::Offset(minutes) => {
                let shifted = at.plus_millis(i64::from(minutes) * 60_000);
                DateTime::<Utc>::from_timestamp_millis(shifted.as_millis()).unwrap_or_default().date_naive()
            }
        }
    }

    fn moment(self, date: NaiveDate, time: NaiveTime) -> Timestamp {
        match self {
            Self::Named(zone) => moment(date, time, zone),
            Self::Offset(minutes) => {
                let shown = Timestamp::from_millis(date.and_time(time).and_utc().timestamp_millis());
                shown.plus_millis(-i64::from(minutes) * 60_000)
            }
        }
    }
}

impl Calendar {
    /// The date that local clocks show, whatever hour the day starts at; counted from 1970-01-01.
    pub fn date_of(&self, at: Timestamp) -> i32 {
        self.zone.local_date(at).to_epoch_days()
    }

    /// The day that `at` belongs to, by the date on which it began; counted from 1970-01-01.
    pub fn day_of(&self, at: Timestamp) -> i32 {
        let date = self.date_of(at);
        if at < self.start_of(date) {
            date.saturating_sub(1)
        } else if at >= self.start_of(date.saturating_add(1)) {
            // Clocks that are set back over midnight show yesterday's date once more.
            date.saturating_add(1)
        } else {
            date
        }
    }

    /// When that day begins. An hour that no clock shows is the first moment after it, one that comes twice the first of the two.
    pub fn start_of(&self, day: i32) -> Timestamp {
        let date = NaiveDate::from_epoch_days(day).unwrap_or_default();
        let start = NaiveTime::from_hms_opt(u32::from(self.day_start), 0, 0).unwrap_or_default();
        // Clocks that are set forward by a whole hour skip the hour itself, so what is read by the offset before is the change.
        self.zone.moment(date, start)
    }
}

/// `2026-11-22` of a day that is counted from 1970-01-01.
pub fn date_text(day: i32) -> String {
    NaiveDate::from_epoch_days(day).unwrap_or_default().to_string()
}

/// Month of a day, as `yyyymm`.
pub fn month_of(day: i32) -> i32 {
    use chrono::Datelike as _;
    let date = NaiveDate::from_epoch_days(day).unwrap_or_default();
    date.year().saturating_mul(100).saturating_add(i32::try_from(date.month()).unwrap_or_default())
}

/// 0 for Sunday to 6 for Saturday, as in JavaScript.
fn weekday(day: i32) -> usize {
    // 1970-01-01 was a Thursday.
    usize::try_from((i64::from(day) + 4).rem_euclid(7)).unwrap_or_default()
}

/// How many of the `count` days before `day` fall on a weekday that is chosen; from Sunday on. By arithmetic, not day by day.
pub fn chosen_days_before(day: i32, count: u32, chosen: &[bool; 7]) -> u32 {
    let first = weekday(day.saturating_sub(i32::try_from(count % 7).unwrap_or_default()));
    let whole_weeks = count / 7;
    let each_week = chosen.iter().map(|&is_chosen| u32::from(is_chosen)).sum::<u32>();
    let rest = chosen.iter().cycle().skip(first).take((count % 7) as usize);
    whole_weeks * each_week + rest.map(|&is_chosen| u32::from(is_chosen)).sum::<u32>()
}

/// Days long past and to come that a moment may lie in for a calendar to know it.
pub fn is_in_calendars(at: Timestamp) -> bool {
    const YEARS_MILLIS: i64 = 8_000 * 366 * 24 * 60 * 60 * 1_000;
    at.as_millis().saturating_abs() < YEARS_MILLIS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn calendar(zone: &str, day_start: u8) -> Calendar {
        Calendar { zone: Zone::Named(zone.parse().unwrap()), day_start }
    }

    #[test]
    fn days_begin_at_their_hour_on_every_night() {
        for (zone, day_start, moment, day, start) in [
            ("Europe/Helsinki", 0, "2026-11-22T21:59:59Z", "2026-11-22", "2026-11-21T22:00:00.000Z"),
            ("Europe/Helsinki", 4, "2026-11-22T01:59:59Z", "2026-11-21", "2026-11-21T02:00:00.000Z"),
            ("Europe/Helsinki", 4, "2026-11-22T02:00:00Z", "2026-11-22", "2026-11-22T02:00:00.000Z"),
            // Set forward from 3 to 4: no clock shows 3:30, and a day that starts at 3 starts with the change.
            ("Europe/Helsinki", 3, "2026-03-29T00:59:59Z", "2026-03-28", "2026-03-28T01:00:00.000Z"),
            ("Europe/Helsinki", 3, "2026-03-29T01:00:00Z", "2026-03-29", "2026-03-29T01:00:00.000Z"),
            // Set back from 4 to 3: it starts at the first 3:00, and not once more.
            ("Europe/Helsinki", 3, "2026-10-24T23:59:59Z", "2026-10-24", "2026-10-24T00:00:00.000Z"),
            ("Europe/Helsinki", 3, "2026-10-25T00:00:00Z", "2026-10-25", "2026-10-25T00:00:00.000Z"),
            ("Europe/Helsinki", 3, "2026-10-25T01:00:00Z", "2026-10-25", "2026-10-25T00:00:00.000Z"),
            // Midnight comes twice in Havana, and not at all in Beirut.
            ("America/Havana", 0, "2026-11-01T05:30:00Z", "2026-11-01", "2026-11-01T04:00:00.000Z"),
            ("Asia/Beirut", 0, "2026-03-28T22:00:00Z", "2026-03-29", "2026-03-28T22:00:00.000Z"),
            // A minute after midnight clocks went back to yesterday in Newfoundland: the day has begun all the same.
            ("America/St_Johns", 0, "2010-11-07T02:45:00Z", "2010-11-07", "2010-11-07T02:30:00.000Z"),
            // Samoa left out 30 December 2011.
            ("Pacific/Apia", 0, "2011-12-30T10:00:00Z", "2011-12-31", "2011-12-30T10:00:00.000Z"),
        ] {
            let calendar = calendar(zone, day_start);
            let found = calendar.day_of(at(moment));
            assert_eq!(date_text(found), day, "{moment} {zone}");
            assert_eq!(calendar.start_of(found).to_string(), start, "{moment} {zone}");
        }
    }

    #[test]
    fn zone_is_the_profiles_or_the_devices() {
        let helsinki: Tz = "Europe/Helsinki".parse().unwrap();
        assert_eq!(Zone::of(Some(helsinki), Some(300.0)), Zone::Named(helsinki));
        assert_eq!(Zone::of(None, Some(-120.0)), Zone::Offset(120));
        for nonsense in [None, Some(f64::NAN), Some(1e9), Some(f64::INFINITY)] {
            assert_eq!(Zone::of(None, nonsense), Zone::UTC);
        }
        let calendar = Calendar { zone: Zone::Offset(-300), day_start: 5 };
        assert_eq!(date_text(calendar.day_of(at("2026-11-22T09:59:59Z"))), "2026-11-21");
        assert_eq!(calendar.start_of(calendar.day_of(at("2026-11-22T10:00:00Z"))), at("2026-11-22T10:00:00Z"));
    }

    #[test]
    fn weekdays_are_counted_as_if_one_by_one() {
        let day = 20_414;
        assert_eq!(date_text(day), "2025-11-22");
        assert_eq!(weekday(day), 6);
        for chosen in 0..128_u32 {
            let chosen: [bool; 7] = std::array::from_fn(|bit| chosen >> bit & 1 == 1);
            for count in [0, 1, 2, 6, 7, 8, 13, 30, 365, 1_095] {
                for today in day..day + 7 {
                    let one_by_one = (1..=count).filter(|back| chosen[weekday(today - back)]).count();
                    let found = chosen_days_before(today, count.try_into().unwrap(), &chosen);
                    assert_eq!(found as usize, one_by_one, "{chosen:?} {count} {today}");
                }
            }
        }
    }

    #[test]
    fn moments_beyond_calendars_are_told() {
        assert!(is_in_calendars(at("2026-11-22T10:00:00Z")));
        assert!(!is_in_calendars(Timestamp::from_millis(i64::MAX)));
        assert!(!is_in_calendars(Timestamp::from_millis(i64::MIN + 1)));
    }

    #[test]
    fn months_are_written_together() {
        assert_eq!(month_of(0), 197_001);
        assert_eq!(month_of(20_414), 202_511);
    }
}
