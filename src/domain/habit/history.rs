//! How a task, the to-dos together and the experience have gone: one value a day, thinned with age.
//!
//! How it is kept is not known here; a history is written month by month, so that a click writes little however old it is.

use std::collections::BTreeMap;

use super::day::month_of;
use super::task::TaskId;
use crate::domain::ids::RunId;
use crate::domain::time::Timestamp;

/// Each day is kept for so long, today among them; of what is older, the last of each month. As the original later did.
pub const EACH_DAY_FOR_DAYS: i32 = 60;

/// Whose history.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Of {
    Task(TaskId),
    /// The sum of all to-dos' values.
    Todos,
    /// All experience, that of the levels before too.
    Exp,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// The user's day, counted from 1970-01-01.
    pub day: i32,
    pub at: Timestamp,
    pub value: f64,
    /// The run that scored it.
    pub run: Option<RunId>,
}

/// One entry a day, in order of days.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History(BTreeMap<i32, Entry>);

impl History {
    /// The last of each day, when there are several.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut history = Self::default();
        entries.into_iter().for_each(|entry| history.put(entry));
        history
    }

    /// In place of what the day had, unless that is later.
    pub fn put(&mut self, entry: Entry) {
        let is_late = self.0.get(&entry.day).is_some_and(|known| known.at > entry.at);
        if !is_late {
            self.0.insert(entry.day, entry);
        }
    }

    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.values()
    }

    /// Takes away what is too old to have a value for each day. A month that is partly so old keeps its last of that part.
    pub fn thin(&mut self, today: i32) {
        let first_day = today.saturating_sub(EACH_DAY_FOR_DAYS - 1);
        let recent = self.0.split_off(&first_day);
        let old = std::mem::take(&mut self.0);
        // Later ones of a month take the place of earlier ones.
        let months: BTreeMap<i32, Entry> = old.into_values().map(|entry| (month_of(entry.day), entry)).collect();
        self.0 = months.into_values().map(|entry| (entry.day, entry)).chain(recent).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::habit::day::date_text;

    fn entry(day: i32, millis: i64, value: f64) -> Entry {
        Entry { day, at: Timestamp::from_millis(millis), value, run: None }
    }

    #[test]
    fn a_day_has_its_last_value() {
        let history = History::new([entry(7, 10, 1.0), entry(7, 20, 2.0), entry(7, 15, 3.0), entry(6, 30, 4.0)]);
        assert_eq!(history.entries().map(|entry| (entry.day, entry.value)).collect::<Vec<_>>(), [(6, 4.0), (7, 2.0)]);
    }

    #[test]
    fn sixty_days_are_kept_each_and_before_them_one_a_month() {
        let today = 20_414; // 2025-11-22
        let mut history = History::new((0..800).map(|back| entry(today - back, 0, f64::from(back))));
        history.thin(today);
        let days: Vec<i32> = history.entries().map(|entry| entry.day).collect();
        assert_eq!(days.iter().filter(|day| **day > today - 60).count(), 60);
        // 2023-09-14 to 2025-09-23: the last of each of 25 months.
        assert_eq!(days.len(), 60 + 25);
        assert_eq!(date_text(days[0]), "2023-09-30");
        assert_eq!(date_text(days[24]), "2025-09-23");
        let before = history.clone();
        history.thin(today);
        assert_eq!(history, before);
    }
}
