//! The values of one variable and month.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};

use crate::domain::achievement::bounds::{FOLDED_KEY, SLOTS_LEN_MAX};
use crate::domain::achievement::measure::Beyond;
use crate::domain::achievement::measure::sum_of;
use crate::domain::time::Timestamp;

const SLOT_MILLIS: i64 = 15 * 60 * 1000;
const SLOTS_OF_DAY: u32 = 96;

/// The values of one variable and month: by quarter of an hour since the month's first moment in UTC, and by key. A quarter lies
/// within one day in every time zone there is. In month 0 quarters count from 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    pub slots: BTreeMap<(u32, String), f64>,
}

/// The month of a moment, as `yyyymm` in UTC; the first of 1970 for all that was before.
pub fn month_of(at: Timestamp) -> u32 {
    let date = DateTime::<Utc>::from_timestamp_millis(at.as_millis().max(0)).unwrap_or_default();
    u32::try_from(date.year()).unwrap_or_default().min(9999) * 100 + date.month()
}

/// Where a month begins; 1970 for month 0 and for what is none.
fn start_of_month(month: u32) -> i64 {
    let date = i32::try_from(month / 100).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month % 100, 1));
    date.map_or(0, |date| date.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
}

fn slot_of(month: u32, at: Timestamp) -> u32 {
    let slots = at.as_millis().saturating_sub(start_of_month(month)).div_euclid(SLOT_MILLIS);
    u32::try_from(slots.max(0)).unwrap_or(u32::MAX)
}

fn moment_of(month: u32, slot: u32) -> Timestamp {
    Timestamp::from_millis(start_of_month(month).saturating_add(i64::from(slot) * SLOT_MILLIS))
}

impl Values {
    pub(in crate::domain::achievement) fn add(
        &mut self,
        month: u32,
        at: Timestamp,
        key: &str,
        by: f64,
    ) -> Result<(), Beyond> {
        let slot = slot_of(month, at);
        // What came before all other months is kept by day.
        let slot = if month == 0 { slot - slot % SLOTS_OF_DAY } else { slot };
        self.add_to(slot, key, by)?;
        if self.slots.len() > SLOTS_LEN_MAX {
            self.fold(|slot, key| (slot - slot % SLOTS_OF_DAY, key.to_owned()))?;
        }
        if self.slots.len() > SLOTS_LEN_MAX {
            self.fold(|slot, _| (slot - slot % SLOTS_OF_DAY, FOLDED_KEY.to_owned()))?;
        }
        Ok(())
    }

    /// Moments, keys and sums.
    pub(in crate::domain::achievement) fn each(&self, month: u32) -> impl Iterator<Item = (Timestamp, &str, f64)> {
        self.slots.iter().map(move |((slot, key), by)| (moment_of(month, *slot), key.as_str(), *by))
    }

    /// Takes over the values of a month by day; this is month 0.
    pub(super) fn take_month(&mut self, month: u32, old: &Self) -> Result<(), Beyond> {
        for (at, key, by) in old.each(month) {
            self.add(0, at, key, by)?;
        }
        Ok(())
    }

    fn add_to(&mut self, slot: u32, key: &str, by: f64) -> Result<(), Beyond> {
        let name = (slot, key.to_owned());
        let sum = sum_of(self.slots.get(&name).copied().unwrap_or_default(), by)?;
        if sum == 0.0 {
            self.slots.remove(&name);
        } else {
            self.slots.insert(name, sum);
        }
        Ok(())
    }

    /// Puts the older half under the names that `folded` gives.
    fn fold(&mut self, folded: impl Fn(u32, &str) -> (u32, String)) -> Result<(), Beyond> {
        let Some(middle) = self.slots.keys().nth(self.slots.len() / 2).cloned() else { return Ok(()) };
        let newer = self.slots.split_off(&middle);
        let older = std::mem::replace(&mut self.slots, newer);
        for ((slot, key), by) in older {
            let (slot, key) = folded(slot, &key);
            self.add_to(slot, &key, by)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_value_stands_in_its_quarter() {
        let mut values = Values::default();
        values.add(202611, at("2026-11-01T00:14:59Z"), "", 1.0).unwrap();
        values.add(202611, at("2026-11-02T05:30:00Z"), "a", 2.5).unwrap();
        values.add(202611, at("2026-11-02T05:44:59Z"), "a", 0.5).unwrap();
        values.add(202611, at("2026-11-30T23:59:59Z"), "b", 1.0).unwrap();
        values.add(202611, at("2026-11-30T23:50:00Z"), "b", -1.0).unwrap();
        let expected = [((0, String::new()), 1.0), ((96 + 22, "a".to_owned()), 3.0)];
        assert_eq!(values.slots, BTreeMap::from(expected));
        let each: Vec<String> = values.each(202611).map(|(at, key, by)| format!("{at} {key} {by}")).collect();
        assert_eq!(each, ["2026-11-01T00:00:00.000Z  1", "2026-11-02T05:30:00.000Z a 3"]);
    }

    #[test]
    fn months_are_those_of_utc() {
        for (moment, month) in [
            ("2026-11-30T23:59:59.999Z", 202611),
            ("2026-12-01T00:00:00Z", 202612),
            ("1969-12-31T23:59:59Z", 197001),
            ("9999-12-31T23:59:59Z", 999912),
        ] {
            assert_eq!(month_of(at(moment)), month, "{moment}");
        }
        assert_eq!(month_of(Timestamp::from_millis(i64::MAX)), 197001);
    }

    #[test]
    fn too_many_values_keep_their_sums() {
        let mut values = Values::default();
        for index in 0..3_000_i64 {
            let moment = at("2026-11-01T00:00:00Z").plus_millis(index * SLOT_MILLIS / 2);
            values.add(202611, moment, &format!("run-{index}"), 1.0).unwrap();
            assert!(values.slots.len() <= SLOTS_LEN_MAX);
        }
        assert_eq!(values.slots.values().sum::<f64>(), 3_000.0);
        let newest = (slot_of(202611, at("2026-11-16T14:52:30Z")), "run-2999".to_owned());
        assert_eq!(values.slots.get(&newest), Some(&1.0));
    }

    #[test]
    fn old_months_are_kept_by_day() {
        let mut month = Values::default();
        month.add(202301, at("2023-01-05T06:00:00Z"), "a", 1.0).unwrap();
        month.add(202301, at("2023-01-05T20:00:00Z"), "a", 2.0).unwrap();
        month.add(202301, at("2023-01-06T20:00:00Z"), "a", 4.0).unwrap();
        let mut before = Values::default();
        before.take_month(202301, &month).unwrap();
        let each: Vec<String> = before.each(0).map(|(at, key, by)| format!("{at} {key} {by}")).collect();
        assert_eq!(each, ["2023-01-05T00:00:00.000Z a 3", "2023-01-06T00:00:00.000Z a 4"]);
    }
}
