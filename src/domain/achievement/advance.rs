//! The engine: what a user's moves reach. Pure, so that a commit, its repetition, a dry run and a test decide the same.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::book::{Book, Unable};
use super::definitions::Translated;
use super::gains::LevelGains;
use super::ids::{AchievementId, MeasureId, StepId, VariableName};
use super::period::Period;
use super::rules::Rules;
use crate::domain::geo::Place;
use crate::domain::time::Timestamp;

/// One change of one variable's value, under one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    pub variable: VariableName,
    pub key: String,
    pub by: f64,
    pub at: Timestamp,
}

/// Whose values they are.
#[derive(Clone, Debug)]
pub struct Who<'a> {
    pub zone: Tz,
    /// Where the user says to be.
    pub place: Option<Place>,
    /// Achievements by whose place the run came that is being counted.
    pub visited: &'a BTreeSet<AchievementId>,
    pub created: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only achievements that the moves concern.
    Moved,
    /// Every achievement of today, as when gengine evaluates a user.
    All,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advance {
    pub unlocked: Vec<Unlocked>,
    pub messages: Vec<Announced>,
    /// Values by which leaderboards stand, as they are now; `None` takes the user off.
    pub boards: Vec<(MeasureId, Period, Option<f64>)>,
    /// Achievements that cannot be evaluated, and why, in one sentence. All others are.
    pub errors: BTreeMap<AchievementId, String>,
}

/// The new levels of one achievement in one period.
#[derive(Clone, Debug, PartialEq)]
pub struct Unlocked {
    pub achievement: AchievementId,
    pub period: Period,
    /// The highest.
    pub level: u32,
    pub reached_at: Timestamp,
    /// All that have ever been reached in the period.
    pub levels_reached: BTreeMap<u32, Timestamp>,
    pub new_levels: BTreeMap<u32, LevelGains>,
}

/// A step of a trigger has been reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Announced {
    pub achievement: AchievementId,
    pub step: StepId,
    pub text: Translated,
}

/// Takes the moves into the book and decides what they reach. After an error the book is to be thrown away.
pub fn advance(
    _book: &mut Book,
    _rules: &Rules,
    _who: &Who,
    _moves: &[Move],
    _scope: Scope,
    _now: Timestamp,
) -> Result<Advance, Unable> {
    Ok(Advance::default())
}
