//! A catalogue as it is written down: variables, rewards, achievements with their goals. What they mean is in `rules` and `advance`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::ids::{
    AchievementId, AssignmentId, GoalId, MeasureId, PropertyId, RewardId, StepId, TriggerId, VariableName,
};
use super::measure::{Group, Pick};
use super::period::{Evaluation, Period, day_of, start_of};
use super::term::Term;
use crate::domain::geo::Circle;
use crate::domain::time::Timestamp;

/// Text by language tag.
pub type Translated = BTreeMap<String, String>;

/// A whole catalogue. The built-in variables are part of every one and do not stand in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Definitions {
    pub revision: u64,
    pub variables: Vec<Variable>,
    pub rewards: Vec<Reward>,
    pub achievements: Vec<Achievement>,
    /// The numbers that have been given, by the canonical text of the measure.
    pub measures: BTreeMap<String, MeasureId>,
    /// The number that the next new measure gets.
    pub next_measure: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    pub name: VariableName,
    pub group: Grouping,
    pub increase: Permission,
    /// Whether it has leaderboards of its own.
    pub leaderboard: bool,
    pub built_in: bool,
}

/// To which moment a value of a variable is put: that of its move, or the start of the user's day, week, month or year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Grouping {
    #[default]
    None,
    /// gengine declares it and does nothing with it; here it is as `None`.
    Timeslot,
    Day,
    Week,
    Month,
    Year,
}

/// Who may increase a variable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Users their own, admins anybody's.
    Own,
    #[default]
    Admin,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Reward {
    pub id: RewardId,
    pub name: String,
}

/// Formulas and templates are text here, so that a wrong one can be kept, shown and mended.
#[derive(Clone, Debug, PartialEq)]
pub struct Achievement {
    pub id: AchievementId,
    pub name: String,
    pub category: String,
    /// From 1.
    pub maxlevel: u32,
    /// Not listed before its first level is reached.
    pub hidden: bool,
    /// The first day on which values count.
    pub valid_start: Option<NaiveDate>,
    /// The last one.
    pub valid_end: Option<NaiveDate>,
    /// Only for those who are, or come by, within.
    pub place: Option<Circle>,
    /// The higher one is evaluated first.
    pub priority: i32,
    pub evaluation: Evaluation,
    /// Where its days and weeks turn. `None`: where the user is.
    pub zone: Option<Tz>,
    pub relevance: Relevance,
    pub view: View,
    pub goals: Vec<Goal>,
    pub properties: Vec<Property>,
    pub rewards: Vec<Assignment>,
    /// Those of which a level must have been reached before.
    pub requires: Vec<AchievementId>,
    /// Those of which none may have been reached.
    pub denies: Vec<AchievementId>,
    pub title: Translated,
    pub description: Translated,
}

impl Achievement {
    /// Whether there is a leaderboard of it: not where nobody is to see how far others are.
    pub fn compares(&self) -> bool {
        self.relevance != Relevance::Own && self.view == View::Everyone
    }

    /// When its last day is over, if levels are given then: first and last on earth, where users' own days count.
    pub fn ends(&self) -> Option<(Timestamp, Timestamp)> {
        const HOUR_MILLIS: i64 = 60 * 60 * 1000;
        let last_day = self.valid_end.filter(|_| self.evaluation == Evaluation::End)?;
        let next = Period::From(day_of(last_day.succ_opt()?));
        match self.zone {
            Some(zone) => start_of(next, zone).map(|end| (end, end)),
            // Clocks are up to 14 hours before those of UTC, and up to 12 behind.
            None => {
                let end = start_of(next, Tz::UTC)?;
                Some((end.plus_millis(-14 * HOUR_MILLIS), end.plus_millis(12 * HOUR_MILLIS)))
            }
        }
    }
}

/// With whom a user's value is compared. Whose values count is not its matter: those are always the user's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Relevance {
    Own,
    #[default]
    Friends,
    City,
    Group,
    Global,
}

/// Who may see that somebody has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    #[default]
    Everyone,
    Own,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    pub id: GoalId,
    pub name: Translated,
    pub term: Term,
    /// A formula in `level`. `None`: there is nothing to reach, only a board.
    pub goal: Option<String>,
    pub operator: Operator,
    /// How many of the last days count, today among them. `None`: all.
    pub timespan_days: Option<u32>,
    pub group: Group,
    pub pick: Pick,
    pub priority: i32,
    pub properties: Vec<Property>,
    pub triggers: Vec<Trigger>,
}

/// How a value reaches a goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Operator {
    /// By being no less.
    #[default]
    Geq,
    /// By being no more.
    Leq,
}

/// Tells the user how far a goal is. Of its steps that are reached at once, the furthest speaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    pub id: TriggerId,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub id: StepId,
    /// From 1 to 100, of the goal of the level that comes next.
    pub percentage: u32,
    pub text: Translated,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    pub id: PropertyId,
    pub name: String,
    /// Reaching a level moves the variable of this name by the value.
    pub is_variable: bool,
    /// A formula in `level`, or a text with such formulas in `${…}`.
    pub value: Option<String>,
    pub translations: Translated,
    pub from_level: u32,
}

/// A reward as one achievement gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    pub id: AssignmentId,
    pub reward: RewardId,
    /// A text with formulas in `level` in `${…}`.
    pub value: Option<String>,
    pub translations: Translated,
    pub from_level: u32,
}
