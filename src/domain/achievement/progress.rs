//! How far a user is with an achievement.

use std::collections::{BTreeMap, BTreeSet};

use super::advance::levels::Standing;
use super::advance::{Who, ready::periods_of};
use super::book::{Book, Lacks, Unable};
use super::definitions::Goal;
use super::formula::FormulaError;
use super::gains::{GainedProperty, properties};
use super::ids::{AchievementId, GoalId, MeasureId};
use super::measure::Periods;
use super::period::{Period, period_before, period_of};
use super::rules::{Compiled, Rules};
use crate::domain::time::Timestamp;

/// One achievement in one period.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub achievement: AchievementId,
    pub period: Period,
    /// The highest level reached; 0 for none.
    pub level: u32,
    pub levels_reached: BTreeMap<u32, Timestamp>,
    /// Towards the next level, or at the last one when that is reached. By priority, the highest first.
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

/// An achievement in its newest `history` periods, the newest first; one that does not recur has one. Periods before the newest
/// two stand there when a level was reached in them, without goals. Empty for an achievement that there is not.
pub fn progress(
    book: &Book,
    rules: &Rules,
    who: &Who,
    id: AchievementId,
    history: usize,
    now: Timestamp,
) -> Result<Vec<Progress>, Unable> {
    let Some(compiled) = rules.compiled(id) else { return Ok(Vec::new()) };
    let mut lacks = Lacks::default();
    let mut counted: Vec<(&Goal, MeasureId, Periods)> = Vec::new();
    for (goal, measure) in compiled.goals() {
        let Some(by) = rules.counted(measure) else { continue };
        counted.push((goal, measure, periods_of(book, by, who.zone, now, &mut lacks)?));
    }
    lacks.settled()?;
    let (zone, evaluation) = (compiled.achievement.zone.unwrap_or(who.zone), compiled.achievement.evaluation);
    let newest: BTreeSet<Period> =
        [period_before(now, evaluation, zone), period_of(now, evaluation, zone)].into_iter().collect();
    let reached = book.levels.get(&id);
    // What was reached before an achievement began to recur, or stopped to, is of another kind of period.
    let recurs = !newest.contains(&Period::All);
    let older = reached.into_iter().flat_map(BTreeMap::keys).filter(|period| (**period != Period::All) == recurs);
    let periods: BTreeSet<Period> = newest.iter().chain(older).copied().collect();
    let told = periods.into_iter().rev().take(history.max(1)).map(|period| {
        let reached = reached.and_then(|periods| periods.get(&period));
        let levels_reached: BTreeMap<u32, Timestamp> = (1..).zip(reached.into_iter().flatten().copied()).collect();
        let level = levels_reached.last_key_value().map_or(0, |(level, _)| *level);
        let mut told = Progress {
            achievement: id,
            period,
            level,
            levels_reached,
            goals: Vec::new(),
            error: compiled.fault.clone(),
        };
        if newest.contains(&period) {
            match goals(compiled, rules, who, &counted, &told, now) {
                Ok(goals) => told.goals = goals,
                Err(error) => told.error = Some(error.to_string()),
            }
        }
        told
    });
    Ok(told.collect())
}

/// Several, one after the other: what any of them lacks is asked for together.
pub fn progress_of_all(
    book: &Book,
    rules: &Rules,
    who: &Who,
    ids: &[AchievementId],
    history: usize,
    now: Timestamp,
) -> Result<Vec<Progress>, Unable> {
    let (mut told, mut lacking) = (Vec::new(), Lacks::default());
    for id in ids {
        match progress(book, rules, who, *id, history, now) {
            Ok(more) => told.extend(more),
            Err(Unable::Lacks(lacks)) => lacking.add(lacks),
            Err(other) => return Err(other),
        }
    }
    lacking.settled()?;
    Ok(told)
}

fn goals(
    compiled: &Compiled,
    rules: &Rules,
    who: &Who,
    counted: &[(&Goal, MeasureId, Periods)],
    told: &Progress,
    now: Timestamp,
) -> Result<Vec<GoalProgress>, FormulaError> {
    let level = told.level.saturating_add(1).min(compiled.achievement.maxlevel);
    let goals = counted.iter().map(|(goal, measure, periods)| {
        let target = rules.target(goal, level)?;
        let value = rules.measure(*measure).and_then(|it| it.value(periods, told.period, now, who.zone));
        // What was reached once stays so, whatever the value has become.
        let is_reached = told.level >= level || Standing { value, target }.is_reached(goal.operator);
        Ok(GoalProgress {
            goal: goal.id,
            measure: *measure,
            reached: is_reached,
            value: if is_reached { target.or(value) } else { value },
            target,
            properties: properties(&goal.properties, level)?,
        })
    });
    goals.collect()
}
