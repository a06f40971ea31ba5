//! What the creator of an event decides about it: when, where, how long, for whom.

use chrono::{LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use crate::domain::edit::Edit;
use crate::domain::geo::Place;
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub name: String,
    pub description: String,
    /// Only who is invited can tell that it exists.
    pub private: bool,
    pub date: NaiveDate,
    pub time: NaiveTime,
    /// In which `date` and `time` are read.
    pub zone: Tz,
    pub duration_s: u32,
    pub start: Place,
    pub destination: Option<Place>,
    /// How many may participate; `None`: as many as come.
    pub capacity: Option<u32>,
}

/// What of a plan is to be another; the rest stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub private: Option<bool>,
    pub date: Option<NaiveDate>,
    pub time: Option<NaiveTime>,
    pub zone: Option<Tz>,
    pub duration_s: Option<u32>,
    pub start: Option<Place>,
    pub destination: Edit<Place>,
    pub capacity: Edit<u32>,
}

impl Plan {
    /// When it is to start: see [`moment`].
    pub fn starts_at(&self) -> Timestamp {
        moment(self.date, self.time, self.zone)
    }

    pub fn changed(&self, change: PlanChange) -> Self {
        let before = self.clone();
        Self {
            name: change.name.unwrap_or(before.name),
            description: change.description.unwrap_or(before.description),
            private: change.private.unwrap_or(before.private),
            date: change.date.unwrap_or(before.date),
            time: change.time.unwrap_or(before.time),
            zone: change.zone.unwrap_or(before.zone),
            duration_s: change.duration_s.unwrap_or(before.duration_s),
            start: change.start.unwrap_or(before.start),
            destination: change.destination.on(before.destination),
            capacity: change.capacity.on(before.capacity),
        }
    }
}

/// When clocks of this time zone show this. Where they are set forward, a time that no clock shows is as far behind the change
/// as it says; where they are set back, a time that is shown twice is the first.
pub fn moment(date: NaiveDate, time: NaiveTime, zone: Tz) -> Timestamp {
    let local = date.and_time(time);
    let moment = match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => moment.with_timezone(&Utc),
        LocalResult::None => after_gap(local, zone),
    };
    Timestamp::from_millis(moment.timestamp_millis())
}

/// What clocks of this time zone show then, in whole seconds.
pub fn local(at: Timestamp, zone: Tz) -> (NaiveDate, NaiveTime) {
    let at = chrono::DateTime::<Utc>::from_timestamp_millis(at.as_millis()).unwrap_or_default();
    let local = at.with_timezone(&zone).naive_local();
    (local.date(), local.time().with_nanosecond(0).unwrap_or(local.time()))
}

/// Read by the offset that held before the clocks were set forward.
fn after_gap(local: NaiveDateTime, zone: Tz) -> chrono::DateTime<Utc> {
    // No gap is longer than a day (Samoa left one out in 2011).
    let before = (1..=25).find_map(|hours| {
        let earlier = local.checked_sub_signed(TimeDelta::hours(hours))?;
        let moment = zone.from_local_datetime(&earlier).latest()?;
        moment.with_timezone(&Utc).checked_add_signed(TimeDelta::hours(hours))
    });
    before.unwrap_or_else(|| local.and_utc())
}
