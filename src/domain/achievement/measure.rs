//! What a goal's value is counted by. Goals that count alike share a measure, so that a value is added once for all of them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::advance::Move;
use super::ids::MeasureId;
use super::period::{Evaluation, Period};
use super::term::Term;
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub id: MeasureId,
    pub term: Term,
    pub evaluation: Evaluation,
    /// `None`: the user's.
    pub zone: Option<Tz>,
    /// The first and the last day on which values count.
    pub valid: (Option<NaiveDate>, Option<NaiveDate>),
    pub timespan_days: Option<u32>,
    pub group: Group,
    pub pick: Pick,
}

/// What is added up by itself before one of the sums is picked.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    #[default]
    None,
    Key,
    /// The local time in this format; see [`super::date_key`].
    Date(String),
}

/// Which of the groups' sums is the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pick {
    /// Their sum.
    #[default]
    Sum,
    Max,
    Min,
}

/// What is counted in each period. Only the newest two are kept.
pub type Periods = BTreeMap<Period, State>;

/// What has been counted. What comes back to 0 is not kept: else a run that is deleted would be the best of all.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    Sum(f64),
    /// With a timespan: by local day.
    Days(BTreeMap<i64, f64>),
    /// With groups: by key or by formatted date.
    Groups(BTreeMap<String, f64>),
    /// With both.
    GroupsOfDays(BTreeMap<i64, BTreeMap<String, f64>>),
}

impl Measure {
    /// Counts a move, if it is one that counts. `user_zone` is where the user is.
    pub fn take(&self, _periods: &mut Periods, _change: &Move, _user_zone: Tz) {}

    /// The value of a period; `None` when nothing counts in it.
    pub fn value(&self, _periods: &Periods, _period: Period, _now: Timestamp, _user_zone: Tz) -> Option<f64> {
        None
    }
}
