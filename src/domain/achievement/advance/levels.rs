//! Whether an achievement's next level is reached, and what is told on the way to it.

use std::collections::BTreeSet;

use super::{Announced, Engine, Move, Unlocked};
use crate::domain::achievement::book::Unable;
use crate::domain::achievement::bounds::{ADVANCE_DEPTH_MAX, ADVANCE_MOVES_MAX, PERIODS_LEN_MAX};
use crate::domain::achievement::definitions::{Achievement, Goal, Operator, Step};
use crate::domain::achievement::gains::{LevelGains, filled, gains, worth};
use crate::domain::achievement::ids::{AchievementId, MeasureId, VariableName};
use crate::domain::achievement::period::{Evaluation, Period, period_before, period_of};
use crate::domain::achievement::rules::Compiled;
use crate::domain::event::local;

/// How a goal stands towards a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    pub value: Option<f64>,
    pub target: Option<f64>,
}

impl Standing {
    /// Without a value nothing is reached, also not a goal of being no more than something.
    pub fn is_reached(self, operator: Operator) -> bool {
        match (self.value, self.target, operator) {
            (Some(value), Some(target), Operator::Geq) => value >= target,
            (Some(value), Some(target), Operator::Leq) => value <= target,
            _ => false,
        }
    }

    /// How much of the way is done, up to 100.
    pub fn percentage(self, operator: Operator) -> f64 {
        let (Some(value), Some(target)) = (self.value, self.target) else { return 0.0 };
        if self.is_reached(operator) {
            return 100.0;
        }
        let share = match operator {
            Operator::Geq if target > 0.0 => value / target,
            Operator::Leq if value > 0.0 => target / value,
            _ => 0.0,
        };
        (share * 100.0).clamp(0.0, 100.0)
    }
}

/// What a level would bring.
struct Next {
    gains: LevelGains,
    moves: Vec<Move>,
}

impl Engine<'_> {
    pub(super) fn evaluate(&mut self, id: AchievementId, depth: u32) -> Result<(), Unable> {
        let Some(compiled) = self.rules.compiled(id) else { return Ok(()) };
        let achievement = &compiled.achievement;
        if let Some(fault) = &compiled.fault {
            self.errors.insert(id, fault.clone());
            return Ok(());
        }
        if compiled.goals.is_empty() || !self.is_valid(achievement) || !self.is_there(achievement) {
            return Ok(());
        }
        let zone = achievement.zone.unwrap_or(self.who.zone);
        let evaluation = achievement.evaluation;
        let periods = [period_before(self.now, evaluation, zone), period_of(self.now, evaluation, zone)];
        for period in BTreeSet::from(periods) {
            while self.reach(compiled, period, depth)? {}
        }
        Ok(())
    }

    /// Whether today is one of its days; what is evaluated at the end, after the last.
    fn is_valid(&self, achievement: &Achievement) -> bool {
        let (today, _) = local(self.now, achievement.zone.unwrap_or(self.who.zone));
        let begun = achievement.valid_start.is_none_or(|start| start <= today);
        let over = achievement.valid_end.is_some_and(|end| end < today);
        begun && (over == (achievement.evaluation == Evaluation::End))
    }

    fn is_there(&self, achievement: &Achievement) -> bool {
        achievement.place.is_none_or(|circle| {
            let is_within = self.who.place.is_some_and(|place| circle.holds(place));
            is_within || self.who.visited.contains(&achievement.id)
        })
    }

    /// Gives the next level if it is reached, and says whether it was.
    fn reach(&mut self, compiled: &Compiled, period: Period, depth: u32) -> Result<bool, Unable> {
        let achievement = &compiled.achievement;
        let reached = self.book.levels.get(&achievement.id).and_then(|periods| periods.get(&period));
        let level = u32::try_from(reached.map_or(0, Vec::len)).unwrap_or(u32::MAX).saturating_add(1);
        if level > achievement.maxlevel || !self.is_allowed(achievement) {
            return Ok(false);
        }
        let next = self.standings(compiled, period, level).and_then(|standings| {
            let is_reached = standings.iter().all(|(goal, standing)| standing.is_reached(goal.operator));
            self.tell_steps(achievement, period, level, &standings, is_reached);
            if is_reached { self.next(achievement, level, depth).map(Some) } else { Ok(None) }
        });
        let next = match next {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(false),
            Err(error) => {
                self.errors.insert(achievement.id, error);
                return Ok(false);
            }
        };
        self.make_followers_ready(achievement.id)?;
        // An amount that would lead beyond all bounds is this rule's fault, not that of whoever moved something.
        let saved = (!next.moves.is_empty()).then(|| self.book.clone());
        match (next.moves.iter().try_for_each(|change| self.take(change, depth + 1)), saved) {
            (Ok(()), _) => {}
            (Err(Unable::Beyond(variable)), Some(saved)) => {
                *self.book = saved;
                self.errors
                    .insert(achievement.id, format!("Cannot evaluate: a sum of {variable} would be beyond 2^53"));
                return Ok(false);
            }
            (Err(other), _) => return Err(other),
        }
        self.moves_caused += next.moves.len();
        self.give(compiled, period, level, next.gains);
        self.rules.requiring(achievement.id).iter().for_each(|id| self.touch(*id, depth));
        Ok(true)
    }

    fn is_allowed(&self, achievement: &Achievement) -> bool {
        let has = |id: &AchievementId| {
            self.book.levels.get(id).is_some_and(|periods| periods.values().any(|it| !it.is_empty()))
        };
        achievement.requires.iter().all(has) && !achievement.denies.iter().any(has)
    }

    fn standings<'c>(
        &self,
        compiled: &'c Compiled,
        period: Period,
        level: u32,
    ) -> Result<Vec<(&'c Goal, Standing)>, String> {
        let standings = compiled.goals().map(|(goal, measure)| {
            let target = self.rules.target(goal, level).map_err(|error| error.to_string())?;
            Ok((goal, Standing { value: self.value(measure, period), target }))
        });
        standings.collect()
    }

    fn value(&self, measure: MeasureId, period: Period) -> Option<f64> {
        let counted = self.rules.counted(measure)?;
        let periods = self.book.measures.get(&counted.stands_at)?.states.get(&measure)?;
        counted.measure.value(periods, period, self.now, self.who.zone)
    }

    /// What the level brings, or why it cannot be given.
    fn next(&self, achievement: &Achievement, level: u32, depth: u32) -> Result<Next, String> {
        let gains = gains(self.rules, achievement, level).map_err(|error| error.to_string())?;
        let mut moves = Vec::new();
        for property in achievement.properties.iter().filter(|it| it.is_variable && it.from_level <= level) {
            let by = worth::amount(property, level).map_err(|error| error.to_string())?;
            let Some(variable) = VariableName::parse(&property.name) else { continue };
            moves.push(self.bucketed(&Move { variable, key: achievement.id.to_string(), by, at: self.now }));
        }
        let too_deep = !moves.is_empty() && depth >= ADVANCE_DEPTH_MAX;
        if too_deep || self.moves_caused + moves.len() > ADVANCE_MOVES_MAX {
            return Err("Cannot evaluate: achievements feed each other without an end".to_owned());
        }
        Ok(Next { gains, moves })
    }

    /// Tells of each trigger the furthest step that is new. When the level itself is told, only a step for that speaks too.
    fn tell_steps(
        &mut self,
        achievement: &Achievement,
        period: Period,
        level: u32,
        standings: &[(&Goal, Standing)],
        is_reached: bool,
    ) {
        for (goal, standing) in standings {
            let percentage = standing.percentage(goal.operator);
            for trigger in &goal.triggers {
                let fired = self.book.fired.get(&achievement.id).and_then(|periods| periods.get(&period));
                let is_new = |step: &&Step| {
                    f64::from(step.percentage) <= percentage && !fired.is_some_and(|fired| fired.contains(&step.id))
                };
                let new: Vec<&Step> = trigger.steps.iter().filter(is_new).collect();
                let Some(furthest) = new.iter().max_by_key(|step| step.percentage) else { continue };
                if !is_reached || furthest.percentage == 100 {
                    let text = filled(&furthest.text, level).unwrap_or_else(|_| furthest.text.clone());
                    self.messages.push(Announced { achievement: achievement.id, step: furthest.id, text });
                }
                let periods = self.book.fired.entry(achievement.id).or_default();
                periods.entry(period).or_default().extend(new.iter().map(|step| step.id));
                // Only the current period and the one before are evaluated.
                while periods.len() > 2 {
                    periods.pop_first();
                }
                self.book.changed.head = true;
            }
        }
    }

    fn give(&mut self, compiled: &Compiled, period: Period, level: u32, gains: LevelGains) {
        let id = compiled.achievement.id;
        let periods = self.book.levels.entry(id).or_default();
        let levels = periods.entry(period).or_default();
        levels.push(self.now);
        let levels_reached = (1..).zip(levels.iter().copied()).collect();
        while periods.len() > PERIODS_LEN_MAX {
            periods.pop_first();
        }
        // The way to the next level is a new one.
        if let Some(periods) = self.book.fired.get_mut(&id) {
            periods.remove(&period);
        }
        self.book.fired.retain(|_, periods| !periods.is_empty());
        self.book.changed.head = true;
        let unlocked = self.unlocked.entry((compiled.turn(), period)).or_insert_with(|| Unlocked {
            achievement: id,
            period,
            level,
            reached_at: self.now,
            levels_reached: Default::default(),
            new_levels: Default::default(),
        });
        unlocked.level = level;
        unlocked.levels_reached = levels_reached;
        unlocked.new_levels.insert(level, gains);
    }
}
