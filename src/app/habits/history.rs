//! Histories as they are stored: a document for each month that is recent, and one for all that is older.
//!
//! So an operation writes the days of one month at most, however long its task has been there.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::app::AppError;
use crate::app::habits::names::OLD;
use crate::domain::habit::day::month_of;
use crate::domain::habit::history::{Entry, History};
use crate::domain::ids::RunId;
use crate::domain::time::Timestamp;
use crate::limits;

/// Days after the first one, milliseconds after the day began in Greenwich, the value: as short as can be, since a month of it is
/// written with each click.
type EntryRecord = (i32, i64, f64);

/// Of one month, or of older ones: the first day, a value for each day in the order of days, and by days after the first which run
/// has scored it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct HistoryRecord(i32, Vec<EntryRecord>, Vec<(i32, String)>);

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

impl HistoryRecord {
    pub fn of(history: &History) -> Self {
        let first = history.entries().next().map_or(0, |entry| entry.day);
        let after = |entry: &Entry| entry.day.saturating_sub(first);
        let entries = history.entries().map(|entry| {
            let in_day_ms = entry.at.as_millis().saturating_sub(i64::from(entry.day) * DAY_MS);
            (after(entry), in_day_ms, entry.value)
        });
        let runs = history.entries().filter_map(|entry| Some((after(entry), entry.run?.to_string())));
        Self(first, entries.collect(), runs.collect())
    }

    /// The last of each month alone.
    pub fn of_months(history: &History) -> Self {
        let months: BTreeMap<i32, &Entry> = history.entries().map(|entry| (month_of(entry.day), entry)).collect();
        Self::of(&History::new(months.into_values().copied()))
    }

    pub fn read(self) -> Result<Vec<Entry>, AppError> {
        let Self(first, entries, runs) = self;
        let runs: BTreeMap<i32, String> = runs.into_iter().collect();
        let entries = entries.into_iter().map(|(after, in_day_ms, value)| {
            let run = runs.get(&after).map(|run| RunId::parse(run).ok_or(AppError::Internal)).transpose()?;
            let day = first.saturating_add(after);
            let at = Timestamp::from_millis((i64::from(day) * DAY_MS).saturating_add(in_day_ms));
            Ok(Entry { day, at, value, run })
        });
        entries.collect()
    }
}

/// The month that a day belongs to, as its document is called.
pub fn month(day: i32) -> u32 {
    u32::try_from(month_of(day)).ok().filter(|month| *month != OLD).unwrap_or(1)
}

/// Of the months that have a document, those that are to be put to the old ones now that `newest` begins.
pub fn aged(months: &BTreeSet<u32>, newest: u32) -> Vec<u32> {
    let before = months.range(OLD + 1..newest).rev();
    before.skip(limits::HABIT_MONTHS_KEPT).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::transact::{decode, encode};

    fn entry(day: i32, value: f64) -> Entry {
        Entry { day, at: Timestamp::from_millis(i64::from(day) * 86_400_000), value, run: None }
    }

    #[test]
    fn entries_come_back_and_months_keep_their_last() {
        let run = Some(RunId::from_u128(7));
        let history =
            History::new([entry(20_400, 1.0), Entry { run, ..entry(20_401, 0.1 + 0.2) }, entry(20_440, -3.0)]);
        let again = |record: HistoryRecord| {
            let stored = encode(&record).unwrap();
            History::new(decode::<HistoryRecord>(&stored).unwrap().read().unwrap())
        };
        assert_eq!(again(HistoryRecord::of(&history)), history);
        let months = again(HistoryRecord::of_months(&history));
        assert_eq!(months.entries().map(|it| it.day).collect::<Vec<_>>(), [20_401, 20_440]);
    }

    #[test]
    fn two_months_stand_besides_the_one_that_begins() {
        let months = BTreeSet::from([OLD, 202_508, 202_511, 202_512, 202_601]);
        assert_eq!(aged(&months, 202_602), [202_511, 202_508]);
        assert_eq!(aged(&BTreeSet::from([202_601]), 202_602), [] as [u32; 0]);
    }
}
