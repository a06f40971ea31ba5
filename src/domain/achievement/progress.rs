//! How far a user is with an achievement.

use std::collections::BTreeMap;

use super::advance::Who;
use super::book::{Book, Unable};
use super::gains::GainedProperty;
use super::ids::{AchievementId, GoalId, MeasureId};
use super::period::Period;
use super::rules::Rules;
use crate::domain::time::Timestamp;

/// One achievement in one period.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub achievement: AchievementId,
    pub period: Period,
    /// The highest level reached; 0 for none.
    pub level: u32,
    pub levels_reached: BTreeMap<u32, Timestamp>,
    /// Towards the next level, or at the last one when that is reached.
    pub goals: Vec<GoalProgress>,
    /// Why it cannot be evaluated.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GoalProgress {
    pub goal: GoalId,
    pub measure: MeasureId,
    pub reached: bool,
    /// Not beyond the target once that is reached; `None` when nothing counts yet.
    pub value: Option<f64>,
    /// `None`: there is only a board.
    pub target: Option<f64>,
    pub properties: Vec<GainedProperty>,
}

/// An achievement in its newest `history` periods, the newest first; one that does not recur has one. Older ones than the newest
/// two have their levels and no goals. Empty for an achievement that there is not.
pub fn progress(
    _book: &Book,
    _rules: &Rules,
    _who: &Who,
    _id: AchievementId,
    _history: usize,
    _now: Timestamp,
) -> Result<Vec<Progress>, Unable> {
    Ok(Vec::new())
}
