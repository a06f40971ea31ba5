//! A catalogue, compiled: which achievements and measures a move concerns is looked up, not searched.

mod check;
mod compile;
mod cycles;
#[cfg(test)]
pub(super) mod made_up;
mod nearby;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::definitions::{Achievement, Definitions, Goal, Operator, Reward, Variable};
use super::formula::{Formula, FormulaError};
use super::ids::{AchievementId, GoalId, MeasureId, RewardId, VariableName};
use super::measure::{Measure, Pick};
use super::number::rounded;
use super::period::Evaluation;
use crate::domain::geo::Place;
#[cfg(test)]
pub(super) use compile::number as number_all;
pub(super) use compile::variables_moved_by;
use nearby::Nearby;

/// Measures that had no number, with the numbers they have got.
pub type NewMeasures = BTreeMap<String, MeasureId>;

/// What is wrong with a definition, and where: `goals[0].condition.term.terms[1].variable`, beginning with
/// `achievements[3].` or `variables[0].` as it stands in the definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub at: String,
    pub problem: String,
}

/// In which order achievements are evaluated: by priority, the highest first, then by id.
pub(super) type Turn = (Reverse<i32>, AchievementId);

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    pub revision: u64,
    variables: BTreeMap<VariableName, Variable>,
    rewards: BTreeMap<RewardId, Reward>,
    achievements: BTreeMap<AchievementId, Compiled>,
    order: Vec<AchievementId>,
    formulas: BTreeMap<GoalId, Formula>,
    measures: BTreeMap<MeasureId, Counted>,
    /// What a move of a variable concerns.
    concerns: BTreeMap<VariableName, Concerns>,
    /// By achievement, those that require it.
    requiring: BTreeMap<AchievementId, Vec<AchievementId>>,
    variable_boards: BTreeMap<(VariableName, Evaluation), MeasureId>,
    nearby: Nearby,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compiled {
    pub achievement: Achievement,
    /// The measure of each goal, in the order of the goals' priorities; none when it is faulty.
    pub goals: Vec<(usize, MeasureId)>,
    /// Why it cannot be evaluated.
    pub fault: Option<String>,
}

impl Compiled {
    pub fn turn(&self) -> Turn {
        (Reverse(self.achievement.priority), self.achievement.id)
    }

    /// The goals with their measures, the first one first.
    pub fn goals(&self) -> impl Iterator<Item = (&Goal, MeasureId)> {
        self.goals.iter().filter_map(|(index, measure)| Some((self.achievement.goals.get(*index)?, *measure)))
    }
}

/// A measure, and what hangs on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counted {
    pub measure: Measure,
    /// The variable at whose document it stands.
    pub stands_at: VariableName,
    pub variables: BTreeSet<VariableName>,
    pub achievements: Vec<AchievementId>,
    /// Whether a leaderboard stands by it.
    pub is_board: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Concerns {
    achievements: Vec<AchievementId>,
    pub measures: Vec<MeasureId>,
    documents: Vec<VariableName>,
    /// Those of the achievements that cannot be evaluated.
    pub faulty: Vec<AchievementId>,
}

impl Rules {
    /// What has been checked before. An achievement that is wrong all the same stays in, and answers its fault when it is
    /// evaluated.
    pub fn compile(definitions: Definitions) -> (Self, Vec<Fault>) {
        compile::compile(definitions)
    }

    /// What somebody has written: all of it or nothing. New measures get their numbers here.
    pub fn check(mut definitions: Definitions) -> Result<(Self, NewMeasures), Vec<Fault>> {
        let new = compile::number(&mut definitions);
        let (rules, faults) = compile::compile(definitions);
        if faults.is_empty() { Ok((rules, new)) } else { Err(faults) }
    }

    pub fn achievement(&self, id: AchievementId) -> Option<&Achievement> {
        self.achievements.get(&id).map(|compiled| &compiled.achievement)
    }

    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    pub fn reward(&self, id: RewardId) -> Option<&Reward> {
        self.rewards.get(&id)
    }

    /// Those whose goals count values of this variable; the first to be evaluated first.
    pub fn moved_by(&self, variable: &VariableName) -> &[AchievementId] {
        self.concerns.get(variable).map_or(&[], |concerns| &concerns.achievements)
    }

    /// The variables at which the measures stand that a move of this one may change or ask for, through properties too.
    pub fn documents_of(&self, variable: &VariableName) -> &[VariableName] {
        self.concerns.get(variable).map_or(&[], |concerns| &concerns.documents)
    }

    /// The achievements whose places lie on the straight way from one place to the other, or around where it ends.
    pub fn passed(&self, from: Place, to: Place) -> Vec<AchievementId> {
        self.nearby.passed(from, to)
    }

    /// All achievements, the first to be evaluated first.
    pub fn all(&self) -> impl Iterator<Item = &Achievement> {
        self.order.iter().filter_map(|id| self.achievement(*id))
    }

    /// All variables, built-in ones too, by name.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.variables.values()
    }

    /// All rewards, by id.
    pub fn rewards(&self) -> impl Iterator<Item = &Reward> {
        self.rewards.values()
    }

    pub fn measure(&self, id: MeasureId) -> Option<&Measure> {
        self.measures.get(&id).map(|counted| &counted.measure)
    }

    /// The measure by which an achievement's board stands: that of its first goal. `None` if it compares nobody.
    pub fn board_of(&self, id: AchievementId) -> Option<&Measure> {
        let compiled = self.achievements.get(&id).filter(|it| it.achievement.compares())?;
        let (_, first) = *compiled.goals.first()?;
        self.measures.get(&first).filter(|counted| counted.is_board).map(|counted| &counted.measure)
    }

    /// The measure of a variable's own board; `None` if it has none of this evaluation (`Immediately`, `Weekly`, `Monthly`).
    pub fn board_of_variable(&self, variable: &str, evaluation: Evaluation) -> Option<&Measure> {
        let name = self.variables.get(variable)?.name.clone();
        self.measure(*self.variable_boards.get(&(name, evaluation))?)
    }

    /// Whether a leaderboard stands by this measure.
    pub fn is_board(&self, id: MeasureId) -> bool {
        self.measures.get(&id).is_some_and(|counted| counted.is_board)
    }

    /// All measures by which leaderboards stand.
    pub fn boards(&self) -> impl Iterator<Item = &Measure> {
        self.measures.values().filter(|counted| counted.is_board).map(|counted| &counted.measure)
    }

    /// Whether the lowest value stands first on an achievement's board: where its first goal is to be no more than something, or
    /// counts the smallest, as best times do.
    pub fn lowest_first(&self, id: AchievementId) -> bool {
        let first = self.achievements.get(&id).and_then(|compiled| compiled.goals().next());
        first.is_some_and(|(goal, _)| goal.operator == Operator::Leq || goal.pick == Pick::Min)
    }

    /// The achievements whose boards stand by this measure.
    pub fn achievements_by(&self, id: MeasureId) -> impl Iterator<Item = AchievementId> {
        let known = self.measures.get(&id).map_or(&[][..], |counted| &counted.achievements);
        known.iter().copied().filter(move |it| self.board_of(*it).is_some_and(|measure| measure.id == id))
    }

    /// The variable whose board of all times stands by this measure.
    pub fn variable_by(&self, id: MeasureId) -> Option<&VariableName> {
        let counted = self.measures.get(&id)?;
        let boards = counted.variables.iter().map(|name| (name.clone(), Evaluation::Immediately));
        let name = boards.filter(|board| self.variable_boards.get(board) == Some(&id)).map(|(name, _)| name).next()?;
        self.variables.get(&name).map(|variable| &variable.name)
    }

    /// The variable at whose document a measure stands.
    pub fn stands_at(&self, id: MeasureId) -> Option<&VariableName> {
        self.measures.get(&id).map(|counted| &counted.stands_at)
    }

    /// What has to be reached for a level; `None` for a goal that is only a board.
    pub fn target(&self, goal: &Goal, level: u32) -> Result<Option<f64>, FormulaError> {
        let Some(text) = &goal.goal else { return Ok(None) };
        let level = [f64::from(level)];
        let value = match self.formulas.get(&goal.id) {
            Some(formula) => formula.value(&level),
            None => Formula::parse(text, &["level"]).and_then(|formula| formula.value(&level)),
        };
        value.map(|value| Some(rounded(value)))
    }

    pub(super) fn compiled(&self, id: AchievementId) -> Option<&Compiled> {
        self.achievements.get(&id)
    }

    pub(super) fn counted(&self, id: MeasureId) -> Option<&Counted> {
        self.measures.get(&id)
    }

    pub(super) fn concerns(&self, variable: &VariableName) -> Option<&Concerns> {
        self.concerns.get(variable)
    }

    pub(super) fn requiring(&self, id: AchievementId) -> &[AchievementId] {
        self.requiring.get(&id).map_or(&[], Vec::as_slice)
    }
}
