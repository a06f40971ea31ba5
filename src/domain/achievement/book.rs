//! What is known of one user's values while something is decided, and what of it has to be written back. How it is stored is not
//! known here.

mod values;

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use thiserror::Error;

use super::advance::Move;
use super::bounds::MONTHS_LEN_MAX;
use super::ids::{AchievementId, MeasureId, StepId, VariableName};
use super::measure::{Measure, Periods};
use super::number::rounded;
use super::period::Period;
use crate::domain::time::Timestamp;
pub use values::{Values, month_of};

/// When the levels 1, 2, … were reached.
pub type Levels = BTreeMap<AchievementId, BTreeMap<Period, Vec<Timestamp>>>;

/// The steps of triggers that have been reached on the way to the level that comes next.
pub type Fired = BTreeMap<AchievementId, BTreeMap<Period, BTreeSet<StepId>>>;

/// The documents of one user. Of `measures` and `values` only those that were read: an absent document is read as an empty one, and
/// what was not read and is needed is asked for by [`Lacks`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    pub levels: Levels,
    pub fired: Fired,
    /// The months that have values, as `yyyymm` in UTC; 0 is all that came before the others.
    pub months: BTreeMap<VariableName, BTreeSet<u32>>,
    /// By the variable at which the measure stands: the first in the alphabet.
    pub measures: BTreeMap<VariableName, Measures>,
    pub values: BTreeMap<(VariableName, u32), Values>,
    pub changed: Changed,
}

/// What has been counted by the measures that stand at one variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures {
    /// The user's zone in which it was counted. In another zone it is counted anew.
    pub zone: Option<Tz>,
    pub states: BTreeMap<MeasureId, Periods>,
}

/// What has to be written back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changed {
    /// Levels, fired steps or months.
    pub head: bool,
    pub measures: BTreeSet<VariableName>,
    pub values: BTreeSet<(VariableName, u32)>,
    /// Documents of values that are no more: they have gone into month 0.
    pub gone: BTreeSet<(VariableName, u32)>,
}

/// Documents that have to be read before anything can be decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lacks {
    pub measures: BTreeSet<VariableName>,
    pub values: BTreeSet<(VariableName, u32)>,
}

/// Why nothing was decided. The book is to be thrown away then.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Unable {
    #[error("documents have to be read first")]
    Lacks(Lacks),
    #[error("a sum of {0} would be beyond 2^53")]
    Beyond(VariableName),
}

impl Lacks {
    pub fn is_empty(&self) -> bool {
        self.measures.is_empty() && self.values.is_empty()
    }

    pub(super) fn add(&mut self, more: Self) {
        self.measures.extend(more.measures);
        self.values.extend(more.values);
    }

    /// `Err` with what is lacking, if something is.
    pub(super) fn settled(self) -> Result<(), Unable> {
        if self.is_empty() { Ok(()) } else { Err(Unable::Lacks(self)) }
    }
}

impl Book {
    pub(super) fn has_values(&self, variable: &VariableName) -> bool {
        self.months.get(variable).is_some_and(|months| !months.is_empty())
    }

    /// The month's document in which a value of this moment stands, or would.
    pub(super) fn month_for(&self, variable: &VariableName, at: Timestamp) -> u32 {
        let month = month_of(at);
        let Some(months) = self.months.get(variable) else { return month };
        let oldest = months.range(1..).next().copied().unwrap_or(month);
        if months.contains(&0) && month < oldest { 0 } else { month }
    }

    /// Notes the month's document as lacking if there is one that was not read.
    pub(super) fn ask_for_month(&self, variable: &VariableName, month: u32, lacks: &mut Lacks) {
        let exists = self.months.get(variable).is_some_and(|months| months.contains(&month));
        let name = (variable.clone(), month);
        if exists && !self.values.contains_key(&name) {
            lacks.values.insert(name);
        }
    }

    /// Notes what is lacking of the months from the one of `from` on.
    pub(super) fn ask_for_months(&self, variable: &VariableName, from: Option<Timestamp>, lacks: &mut Lacks) {
        for &month in
            self.months.get(variable).into_iter().flat_map(|months| months.range(self.first_month(variable, from)..))
        {
            self.ask_for_month(variable, month, lacks);
        }
    }

    /// Notes what has to be read for a value of this moment to be put: every document that is written then, whether there
    /// is one or not.
    pub(super) fn ask_for_put(&self, variable: &VariableName, at: Timestamp, lacks: &mut Lacks) {
        let month = self.month_for(variable, at);
        let mut written = vec![month];
        let months = self.months.get(variable).filter(|months| !months.contains(&month));
        if let Some(months) = months.filter(|months| months.range(1..).count() >= MONTHS_LEN_MAX) {
            // The oldest goes to what came before it; that may be this one.
            written.extend(months.range(1..).next());
            written.push(0);
        }
        let names = written.into_iter().map(|month| (variable.clone(), month));
        lacks.values.extend(names.filter(|name| !self.values.contains_key(name)));
    }

    /// Adds to a value. What is needed for it has been asked for.
    pub(super) fn put(&mut self, change: &Move) -> Result<(), Unable> {
        let mut lacks = Lacks::default();
        self.ask_for_put(&change.variable, change.at, &mut lacks);
        lacks.settled()?;
        let month = self.month_for(&change.variable, change.at);
        if self.months.entry(change.variable.clone()).or_default().insert(month) {
            self.changed.head = true;
        }
        let name = (change.variable.clone(), month);
        let values = self.values.entry(name.clone()).or_default();
        values.add(month, change.at, &change.key, change.by).map_err(|_| Unable::Beyond(change.variable.clone()))?;
        self.changed.values.insert(name);
        self.fold(&change.variable)
    }

    /// Puts the oldest month to what came before it, when there are too many.
    fn fold(&mut self, variable: &VariableName) -> Result<(), Unable> {
        let Some(months) = self.months.get_mut(variable) else { return Ok(()) };
        let mut kept = months.range(1..).copied();
        let (Some(oldest), true) = (kept.next(), kept.count() >= MONTHS_LEN_MAX) else { return Ok(()) };
        months.remove(&oldest);
        months.insert(0);
        let name = (variable.clone(), oldest);
        let old = self.values.remove(&name).unwrap_or_default();
        let before = self.values.entry((variable.clone(), 0)).or_default();
        before.take_month(oldest, &old).map_err(|_| Unable::Beyond(variable.clone()))?;
        self.changed.values.remove(&name);
        self.changed.values.insert((variable.clone(), 0));
        self.changed.gone.insert(name);
        self.changed.head = true;
        Ok(())
    }

    /// Counts a measure from the values that are kept, all of which have been read.
    pub(super) fn counted(&self, measure: &Measure, zone: Tz, now: Timestamp) -> Result<Periods, Unable> {
        let mut periods = Periods::new();
        let from = measure.counts_from(zone, now);
        for variable in measure.term.variables() {
            let first = self.first_month(&variable, from);
            for ((_, month), values) in self.values.range((variable.clone(), first)..=(variable.clone(), u32::MAX)) {
                for (at, key, by) in values.each(*month) {
                    let value = Move { variable: variable.clone(), key: key.to_owned(), by, at };
                    measure.take(&mut periods, &value, zone, now).map_err(|_| Unable::Beyond(variable.clone()))?;
                }
            }
        }
        Ok(periods)
    }

    /// What the values of a variable since then come to, whatever their keys; to a quarter of an hour.
    pub fn sum_since(&self, variable: &VariableName, from: Timestamp) -> Result<f64, Unable> {
        let mut lacks = Lacks::default();
        self.ask_for_months(variable, Some(from), &mut lacks);
        lacks.settled()?;
        let months = (variable.clone(), self.month_for(variable, from))..=(variable.clone(), u32::MAX);
        let values = self.values.range(months).flat_map(|((_, month), values)| values.each(*month));
        Ok(rounded(values.filter(|(at, ..)| *at >= from).map(|(.., by)| by).sum()))
    }

    /// The month's document in which values from `from` on begin.
    fn first_month(&self, variable: &VariableName, from: Option<Timestamp>) -> u32 {
        from.map_or(0, |from| self.month_for(variable, from))
    }
}
