//! A catalogue, compiled: which achievements and measures a move concerns is looked up, not searched.

use std::collections::BTreeMap;

use super::definitions::{Achievement, Definitions, Goal, Reward, Variable};
use super::formula::FormulaError;
use super::ids::{AchievementId, MeasureId, RewardId, VariableName};
use super::measure::Measure;
use super::period::Evaluation;
use crate::domain::geo::Place;

/// Measures that had no number, with the numbers they have got.
pub type NewMeasures = BTreeMap<String, MeasureId>;

/// What is wrong with a definition, and where: `goals[0].condition.term.terms[1].variable`, beginning with
/// `achievements[3].` or `variables[0].` as it stands in the definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub at: String,
    pub problem: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    pub revision: u64,
    variables: BTreeMap<VariableName, Variable>,
    rewards: BTreeMap<RewardId, Reward>,
    achievements: BTreeMap<AchievementId, Achievement>,
}

impl Rules {
    /// What has been checked before. An achievement that is wrong all the same stays in, and answers its fault when it is
    /// evaluated.
    pub fn compile(definitions: Definitions) -> (Self, Vec<Fault>) {
        let rules = Self { revision: definitions.revision, ..Self::default() };
        (rules, Vec::new())
    }

    /// What somebody has written: all of it or nothing. New measures get their numbers here.
    pub fn check(definitions: Definitions) -> Result<(Self, NewMeasures), Vec<Fault>> {
        Ok((Self::compile(definitions).0, NewMeasures::new()))
    }

    pub fn achievement(&self, id: AchievementId) -> Option<&Achievement> {
        self.achievements.get(&id)
    }

    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    pub fn reward(&self, id: RewardId) -> Option<&Reward> {
        self.rewards.get(&id)
    }

    /// Those whose goals count values of this variable; the first to be evaluated first.
    pub fn moved_by(&self, _variable: &VariableName) -> &[AchievementId] {
        &[]
    }

    /// The variables at which the measures stand that a move of this one may change or ask for, through properties too.
    pub fn documents_of(&self, _variable: &VariableName) -> &[VariableName] {
        &[]
    }

    /// The achievements whose place this is within.
    pub fn near(&self, _place: Place) -> Vec<AchievementId> {
        Vec::new()
    }

    /// All achievements, the first to be evaluated first.
    pub fn all(&self) -> impl Iterator<Item = &Achievement> {
        self.achievements.values()
    }

    /// All variables, built-in ones too, by name.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.variables.values()
    }

    pub fn measure(&self, _id: MeasureId) -> Option<&Measure> {
        None
    }

    /// The measure by which an achievement's board stands: that of its first goal.
    pub fn board_of(&self, _id: AchievementId) -> Option<&Measure> {
        None
    }

    /// The measure of a variable's own board; `None` if it has none of this evaluation (`Immediately`, `Weekly`, `Monthly`).
    pub fn board_of_variable(&self, _variable: &str, _evaluation: Evaluation) -> Option<&Measure> {
        None
    }

    /// What has to be reached for a level; `None` for a goal that is only a board.
    pub fn target(&self, _goal: &Goal, _level: u32) -> Result<Option<f64>, FormulaError> {
        Ok(None)
    }
}
