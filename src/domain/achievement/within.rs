//! What somebody's stored values come to between two moments, counted anew each time: for challenges, which have a beginning of their
//! own. However often it is asked, what is stored is the answer; so what is withheld, deleted or told twice needs no care.
//!
//! Values are kept by quarters of an hour. What stood in the quarter of the beginning when it began is remembered by who
//! asks ([`Before`]), and taken off.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::advance::Move;
use super::book::{Book, Lacks, Unable};
use super::definitions::{Goal, Grouping};
use super::ids::{MeasureId, VariableName};
use super::measure::{Group, Measure, Periods, Pick};
use super::number::rounded;
use super::period::{Evaluation, Period, period_of, start_of};
use super::rules::Rules;
use super::term::Term;
use crate::domain::time::Timestamp;

const QUARTER_MILLIS: i64 = 15 * 60 * 1000;
/// Keys of which it is remembered what stood there: nobody has so many of one thing in a quarter of an hour.
const BEFORE_LEN_MAX: usize = 32;

/// Which values count, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    pub term: Term,
    pub group: Group,
    pub pick: Pick,
}

/// From a moment on, and before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// What stood where a window begins before it had begun.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Before {
    Sums(BTreeMap<(VariableName, String), f64>),
    /// All of it, whatever comes to it.
    #[default]
    Everything,
}

impl Counted {
    pub fn of(goal: &Goal) -> Self {
        let (group, pick) = match goal.pick {
            Pick::Sum => (Group::None, Pick::Sum),
            pick => (goal.group.clone(), pick),
        };
        Self { term: goal.term.clone(), group, pick }
    }

    fn measure(&self) -> Measure {
        Measure {
            id: MeasureId::new(0),
            term: self.term.clone(),
            evaluation: Evaluation::Immediately,
            zone: None,
            valid: (None, None),
            timespan_days: None,
            group: self.group.clone(),
            pick: if self.group == Group::None { Pick::Sum } else { self.pick },
        }
    }
}

/// What stands now where a window that begins at `from` begins.
pub fn before(book: &Book, rules: &Rules, counted: &Counted, zone: Tz, from: Timestamp) -> Result<Before, Unable> {
    ready(book, rules, counted, zone, from)?;
    let mut sums = BTreeMap::new();
    for variable in counted.term.variables() {
        let first = first_moment(rules, &variable, zone, from);
        for (at, key, by) in stored(book, &variable) {
            if at >= first && at <= from && counted.term.matches(&variable, key) {
                *sums.entry((variable.clone(), key.to_owned())).or_default() += by;
            }
        }
    }
    Ok(if sums.len() > BEFORE_LEN_MAX { Before::Everything } else { Before::Sums(sums) })
}

/// What counts in the window; `None` when nothing does.
pub fn within(
    book: &Book,
    rules: &Rules,
    counted: &Counted,
    zone: Tz,
    window: Window,
    before: &Before,
) -> Result<Option<f64>, Unable> {
    ready(book, rules, counted, zone, window.from)?;
    let (measure, mut periods) = (counted.measure(), Periods::new());
    for variable in counted.term.variables() {
        let first = first_moment(rules, &variable, zone, window.from);
        let mut beginning = BTreeMap::<&str, f64>::new();
        let mut take = |key: &str, by: f64, at: Timestamp| {
            let value = Move { variable: variable.clone(), key: key.to_owned(), by, at };
            let taken = measure.take(&mut periods, &value, zone, window.until);
            taken.map(|_| ()).map_err(|_| Unable::Beyond(variable.clone()))
        };
        for (at, key, by) in stored(book, &variable).filter(|(at, ..)| *at >= first && *at < window.until) {
            if at > window.from {
                take(key, by, at)?;
            } else {
                *beginning.entry(key).or_default() += by;
            }
        }
        let Before::Sums(sums) = before else { continue };
        for (key, by) in beginning {
            let stood = sums.get(&(variable.clone(), key.to_owned())).copied().unwrap_or_default();
            take(key, since(stood, by), window.from)?;
        }
    }
    Ok(measure.value(&periods, Period::All, window.until, zone))
}

/// What has come since to something that stood at this; what was taken back of it was from before.
fn since(stood: f64, now: f64) -> f64 {
    let since = rounded(now - stood);
    if stood != 0.0 && since.signum() != stood.signum() { 0.0 } else { since }
}

fn ready(book: &Book, rules: &Rules, counted: &Counted, zone: Tz, from: Timestamp) -> Result<(), Unable> {
    let mut lacks = Lacks::default();
    for variable in counted.term.variables() {
        book.ask_for_months(&variable, Some(first_moment(rules, &variable, zone, from)), &mut lacks);
    }
    lacks.settled()
}

fn stored<'a>(book: &'a Book, variable: &VariableName) -> impl Iterator<Item = (Timestamp, &'a str, f64)> {
    let months = (variable.clone(), 0)..=(variable.clone(), u32::MAX);
    book.values.range(months).flat_map(|((_, month), values)| values.each(*month))
}

/// To which moment a value is put that comes with the window's beginning.
fn first_moment(rules: &Rules, variable: &VariableName, zone: Tz, from: Timestamp) -> Timestamp {
    let quarter = Timestamp::from_millis(from.as_millis().div_euclid(QUARTER_MILLIS) * QUARTER_MILLIS);
    let evaluation = match rules.variable(variable.as_str()).map(|it| it.group).unwrap_or_default() {
        Grouping::None | Grouping::Timeslot => return quarter,
        Grouping::Day => Evaluation::Daily,
        Grouping::Week => Evaluation::Weekly,
        Grouping::Month => Evaluation::Monthly,
        Grouping::Year => Evaluation::Yearly,
    };
    start_of(period_of(from, evaluation, zone), zone).map_or(quarter, |start| start.min(quarter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::achievement::{Definitions, Keys, Permission, Values, Variable, month_of};

    const UTC: Tz = Tz::UTC;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-11-{text}Z")).unwrap()
    }

    fn name(text: &str) -> VariableName {
        VariableName::parse(text).unwrap()
    }

    fn counted(variable: &str, pick: Pick) -> Counted {
        let term = Term::Literal { variable: name(variable), keys: Keys::Every };
        let group = if pick == Pick::Sum { Group::None } else { Group::Key };
        Counted { term, group, pick }
    }

    fn book(variable: &str, values: &[(&str, &str, f64)]) -> Book {
        let mut book = Book::default();
        for (moment, key, by) in values {
            let month = month_of(at(moment));
            book.months.entry(name(variable)).or_default().insert(month);
            let month_values = book.values.entry((name(variable), month)).or_insert_with(Values::default);
            month_values.add(month, at(moment), key, *by).unwrap();
        }
        book
    }

    const WINDOW: (&str, &str) = ("10T10:07:00", "12T10:00:00");

    fn value(book: &Book, rules: &Rules, counted: &Counted, before: &Before) -> Option<f64> {
        let window = Window { from: at(WINDOW.0), until: at(WINDOW.1) };
        within(book, rules, counted, UTC, window, before).unwrap()
    }

    #[test]
    fn what_came_before_does_not_count() {
        let (rules, counted) = (Rules::default(), counted("laps", Pick::Sum));
        let mut stored = vec![("10T09:50:00", "", 100.0), ("10T10:03:00", "", 3.0)];
        let before = before(&book("laps", &stored), &rules, &counted, UTC, at(WINDOW.0)).unwrap();
        assert_eq!(value(&book("laps", &stored), &rules, &counted, &before), None);
        stored.push(("10T10:08:00", "", 5.0));
        stored.push(("12T09:59:00", "", 7.0));
        stored.push(("12T10:00:00", "", 1_000.0));
        assert_eq!(value(&book("laps", &stored), &rules, &counted, &before), Some(12.0));
        assert_eq!(value(&book("laps", &stored), &rules, &counted, &Before::Everything), Some(7.0));
        // What was taken back of what came before takes nothing from what came since.
        let withheld = [("10T10:03:00", "", 2.0), ("12T09:59:00", "", 7.0)];
        assert_eq!(value(&book("laps", &withheld), &rules, &counted, &before), Some(7.0));
    }

    #[test]
    fn the_best_is_that_of_the_window() {
        let (rules, counted) = (Rules::default(), counted("best_5km_s", Pick::Min));
        let stored = [("10T09:50:00", "a", 1_400.0), ("10T10:03:00", "b", 1_450.0)];
        let before = before(&book("best_5km_s", &stored), &rules, &counted, UTC, at(WINDOW.0)).unwrap();
        let stored = [stored.as_slice(), &[("11T07:00:00", "c", 1_520.0), ("11T19:00:00", "d", 1_510.0)]].concat();
        assert_eq!(value(&book("best_5km_s", &stored), &rules, &counted, &before), Some(1_510.0));
    }

    #[test]
    fn values_that_are_put_to_their_day_count_from_the_beginning_on() {
        let variable = Variable {
            name: name("steps"),
            group: Grouping::Day,
            increase: Permission::Own,
            leaderboard: false,
            built_in: false,
        };
        let definitions = Definitions { variables: vec![variable], next_measure: 1, ..Definitions::default() };
        let rules = Rules::compile(definitions).0;
        let counted = counted("steps", Pick::Sum);
        let before =
            before(&book("steps", &[("10T00:00:00", "", 800.0)]), &rules, &counted, UTC, at(WINDOW.0)).unwrap();
        let stored = [("09T00:00:00", "", 50.0), ("10T00:00:00", "", 900.0), ("11T00:00:00", "", 20.0)];
        assert_eq!(value(&book("steps", &stored), &rules, &counted, &before), Some(120.0));
    }

    #[test]
    fn what_was_not_read_is_asked_for() {
        let mut book = Book::default();
        book.months.insert(name("laps"), [202_610, 202_611].into());
        let counted = counted("laps", Pick::Sum);
        let Err(Unable::Lacks(lacks)) = before(&book, &Rules::default(), &counted, UTC, at(WINDOW.0)) else {
            panic!("it cannot know");
        };
        assert_eq!(lacks.values.into_iter().collect::<Vec<_>>(), [(name("laps"), 202_611)]);
    }
}
