//! Days in a row with a run. They are derived from the days that have runs, within the decision that moves those: two runs that end
//! at once on two instances cannot cross, and a run that is taken back shortens a streak or splits it.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::advance::Move;
use super::book::{Book, Lacks, Unable};
use super::built_in::{RUNS, STREAK_DAYS};
use super::ids::VariableName;
use super::number::rounded;
use super::period::{Period, day_number, start_of};
use crate::domain::time::Timestamp;

/// How many months are asked for at once when a streak goes on beyond those that were read.
const MONTHS_AT_ONCE: usize = 13;

/// The moves that make the streaks around these days what they are now. Under the key of its first day, and at the beginning of
/// that, stands how many days a streak has.
pub(super) fn follow(book: &Book, zone: Tz, days: &BTreeSet<i64>) -> Result<Vec<Move>, Unable> {
    let (Some(runs), Some(streaks)) = (VariableName::parse(RUNS), VariableName::parse(STREAK_DAYS)) else {
        return Ok(Vec::new());
    };
    let calendar = Calendar::new(book, zone, runs);
    let mut moves = Vec::new();
    let mut lacks = Lacks::default();
    let mut done_until = i64::MIN;
    for &day in days.iter() {
        if day <= done_until {
            continue;
        }
        let ends = calendar.end(day, -1, &mut lacks).zip(calendar.end(day, 1, &mut lacks));
        let Some((first, last)) = ends else { continue };
        done_until = last;
        let (Some(from), Some(until)) = (start(first, zone), start(last + 1, zone)) else { continue };
        let months = book.months.get(&streaks).into_iter().flatten().copied();
        let within = book.month_for(&streaks, from)..=book.month_for(&streaks, until);
        months.filter(|month| within.contains(month)).for_each(|month| book.ask_for_month(&streaks, month, &mut lacks));
        let mut change = calendar.streaks(first, last);
        for (key, length) in kept(book, &streaks, first, last) {
            *change.entry(key).or_default() -= length;
        }
        for (day, by) in change {
            let (key, Some(at)) = (Period::From(day).to_string(), start(i64::from(day), zone)) else { continue };
            moves.push(Move { variable: streaks.clone(), key, by: rounded(by), at });
        }
    }
    lacks.settled()?;
    moves.retain(|change| change.by != 0.0);
    Ok(moves)
}

/// The streaks that are written down and begin within these days.
fn kept(book: &Book, streaks: &VariableName, first: i64, last: i64) -> Vec<(i32, f64)> {
    let documents = book.values.range((streaks.clone(), 0)..=(streaks.clone(), u32::MAX));
    let entries = documents.flat_map(|((_, month), values)| values.each(*month));
    let begun = entries.filter_map(|(_, key, length)| match Period::parse(key)? {
        Period::From(day) if (first..=last).contains(&i64::from(day)) => Some((day, length)),
        _ => None,
    });
    begun.collect()
}

fn start(day: i64, zone: Tz) -> Option<Timestamp> {
    start_of(Period::From(i32::try_from(day).ok()?), zone)
}

/// The days with runs, as far as they have been read.
struct Calendar<'a> {
    book: &'a Book,
    zone: Tz,
    runs: VariableName,
    days: BTreeSet<i64>,
}

impl<'a> Calendar<'a> {
    fn new(book: &'a Book, zone: Tz, runs: VariableName) -> Self {
        let mut sums: BTreeMap<i64, f64> = BTreeMap::new();
        for ((_, month), values) in book.values.range((runs.clone(), 0)..=(runs.clone(), u32::MAX)) {
            for (at, _, by) in values.each(*month) {
                *sums.entry(day_number(at, zone)).or_default() += by;
            }
        }
        let days = sums.into_iter().filter(|(_, sum)| *sum > 0.0).map(|(day, _)| day).collect();
        Self { book, zone, runs, days }
    }

    /// The last day of those with runs that adjoin `day` in this direction; itself if none does. `None`, and what is lacking
    /// is noted, if it cannot be known yet.
    fn end(&self, day: i64, step: i64, lacks: &mut Lacks) -> Option<i64> {
        let mut end = day;
        loop {
            let next = end + step;
            if !self.is_known(next) {
                self.ask(next, step, lacks);
                return None;
            }
            if !self.days.contains(&next) {
                return Some(end);
            }
            end = next;
        }
    }

    /// Whether all that there is of this day has been read. It may lie in two months of UTC.
    fn is_known(&self, day: i64) -> bool {
        let ends = [start(day, self.zone), start(day + 1, self.zone)];
        ends.into_iter().flatten().all(|at| {
            let mut lacks = Lacks::default();
            self.book.ask_for_month(&self.runs, self.book.month_for(&self.runs, at), &mut lacks);
            lacks.is_empty()
        })
    }

    fn ask(&self, day: i64, step: i64, lacks: &mut Lacks) {
        let Some(months) = self.book.months.get(&self.runs) else { return };
        let (Some(from), Some(until)) = (start(day, self.zone), start(day + 1, self.zone)) else { return };
        let (from, until) = (self.book.month_for(&self.runs, from), self.book.month_for(&self.runs, until));
        let wanted: Vec<u32> = if step < 0 {
            months.range(..=until).rev().take(MONTHS_AT_ONCE).copied().collect()
        } else {
            months.range(from..).take(MONTHS_AT_ONCE).copied().collect()
        };
        wanted.into_iter().for_each(|month| self.book.ask_for_month(&self.runs, month, lacks));
    }

    /// The streaks between two days, by their first days.
    fn streaks(&self, first: i64, last: i64) -> BTreeMap<i32, f64> {
        let mut streaks = BTreeMap::new();
        let mut current: Option<(i32, i64)> = None;
        for &day in self.days.range(first..=last) {
            let begun = match current {
                Some((begun, before)) if before + 1 == day => begun,
                _ => i32::try_from(day).unwrap_or_default(),
            };
            current = Some((begun, day));
            *streaks.entry(begun).or_default() += 1.0;
        }
        streaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::achievement::book::month_of;

    const ZONE: Tz = Tz::Europe__Helsinki;

    fn change(variable: &str, key: &str, by: f64, at: &str) -> Move {
        let (variable, at) = (VariableName::parse(variable).unwrap(), Timestamp::parse(at).unwrap());
        Move { variable, key: key.to_owned(), by, at }
    }

    /// Puts a value, with its document.
    fn put(book: &mut Book, change: &Move) {
        let month = book.month_for(&change.variable, change.at);
        book.values.entry((change.variable.clone(), month)).or_default();
        book.put(change).unwrap();
    }

    /// Takes a run away or adds one, as the engine does, and says which streaks there are.
    fn taken(book: &mut Book, by: f64, at: &str) -> Vec<String> {
        let run = change(RUNS, at, by, at);
        put(book, &run);
        let moves = follow(book, ZONE, &[day_number(run.at, ZONE)].into()).unwrap();
        moves.iter().for_each(|change| put(book, change));
        let mut streaks: BTreeMap<String, f64> = BTreeMap::new();
        for ((variable, month), values) in &book.values {
            let entries = values.each(*month).filter(|_| variable.as_str() == STREAK_DAYS);
            entries.for_each(|(_, key, by)| *streaks.entry(key.to_owned()).or_default() += by);
        }
        streaks.into_iter().map(|(key, days)| format!("{key}: {days}")).collect()
    }

    #[test]
    fn streaks_grow_join_shorten_and_split() {
        let mut book = Book::default();
        for (by, at, expected) in [
            (1.0, "2026-10-30T10:00:00Z", &["2026-10-30: 1"][..]),
            (1.0, "2026-10-30T20:00:00Z", &["2026-10-30: 1"]),
            (1.0, "2026-10-31T10:00:00Z", &["2026-10-30: 2"]),
            (1.0, "2026-11-02T10:00:00Z", &["2026-10-30: 2", "2026-11-02: 1"]),
            // Late, and it joins the two; 23:30 UTC is the next day in Helsinki.
            (1.0, "2026-10-31T23:30:00Z", &["2026-10-30: 4"]),
            (1.0, "2026-10-29T10:00:00Z", &["2026-10-29: 5"]),
            // One of two runs of that day.
            (-1.0, "2026-10-30T10:00:00Z", &["2026-10-29: 5"]),
            (-1.0, "2026-10-31T10:00:00Z", &["2026-10-29: 2", "2026-11-01: 2"]),
            (-1.0, "2026-10-29T10:00:00Z", &["2026-10-30: 1", "2026-11-01: 2"]),
            (-1.0, "2026-11-02T10:00:00Z", &["2026-10-30: 1", "2026-11-01: 1"]),
        ] {
            assert_eq!(taken(&mut book, by, at), expected, "{by} {at}");
        }
    }

    #[test]
    fn a_streak_goes_on_over_months_that_are_read_when_needed() {
        let mut whole = Book::default();
        let first = Timestamp::parse("2025-08-20T10:00:00Z").unwrap();
        for day in 0..460 {
            let at = first.plus_millis(day * 24 * 60 * 60 * 1000).to_string();
            put(&mut whole, &change(RUNS, "", 1.0, &at));
        }
        let days: BTreeSet<i64> = [day_number(first, ZONE)].into();
        let moves = follow(&whole, ZONE, &days).unwrap();
        moves.iter().for_each(|change| put(&mut whole, change));
        assert_eq!(
            moves.iter().map(|change| (change.key.as_str(), change.by)).collect::<Vec<_>>(),
            [("2025-08-20", 460.0)]
        );
        // Another one at its end, from a book of which only that month was read.
        let run = change(RUNS, "", 1.0, "2026-11-23T10:00:00Z");
        let mut book = Book { months: whole.months.clone(), ..Book::default() };
        let runs = VariableName::parse(RUNS).unwrap();
        let name = (runs, month_of(run.at));
        book.values.insert(name.clone(), whole.values[&name].clone());
        put(&mut book, &run);
        let mut rounds = 0;
        let moves = loop {
            match follow(&book, ZONE, &[day_number(run.at, ZONE)].into()) {
                Ok(moves) => break moves,
                Err(Unable::Lacks(lacks)) => {
                    assert!(lacks.measures.is_empty() && !lacks.is_empty());
                    let read = lacks.values.into_iter().map(|name| (name.clone(), whole.values[&name].clone()));
                    book.values.extend(read.collect::<Vec<_>>());
                }
                Err(other) => panic!("{other}"),
            }
            rounds += 1;
            assert!(rounds < 4);
        };
        assert_eq!(
            moves.iter().map(|change| (change.key.as_str(), change.by)).collect::<Vec<_>>(),
            [("2025-08-20", 1.0)]
        );
    }
}
