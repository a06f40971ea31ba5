//! What is known of one user's values while something is decided, and what of it has to be written back. How it is stored is not
//! known here.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use thiserror::Error;

use super::ids::{AchievementId, MeasureId, StepId, VariableName};
use super::measure::Periods;
use super::period::Period;
use crate::domain::time::Timestamp;

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

/// The values of one variable and month: by quarter of an hour since the month's first moment in UTC, and by key. A quarter lies
/// within one day in every time zone there is. In month 0 quarters count from 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    pub slots: BTreeMap<(u32, String), f64>,
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

/// The month of a moment, as `yyyymm` in UTC.
pub fn month_of(_at: Timestamp) -> u32 {
    0
}
