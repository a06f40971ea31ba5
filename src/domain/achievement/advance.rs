//! The engine: what a user's moves reach. Pure, so that a commit, its repetition, a dry run and a test decide the same.
//!
//! First everything that may be asked is made ready (`ready`): what has not been read is asked for, what was never counted is counted.
//! Then the moves are taken, and the achievements that they touch are evaluated in their turn (`levels`), which may cause more moves
//! and touch more achievements, until nothing is left.

pub(super) mod levels;
pub(super) mod ready;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::book::{Book, Unable};
use super::built_in::RUNS;
use super::definitions::{Grouping, Translated};
use super::gains::LevelGains;
use super::ids::{AchievementId, MeasureId, StepId, VariableName};
use super::period::{Evaluation, Period, day_number, period_of, start_of};
use super::rules::{Rules, Turn};
use super::streaks;
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
    /// This one, which may have come to its end.
    One(AchievementId),
    /// None: only how the user stands on all leaderboards is told.
    Boards,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advance {
    /// One for each achievement and period, the first to be evaluated first.
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
    book: &mut Book,
    rules: &Rules,
    who: &Who,
    moves: &[Move],
    scope: Scope,
    now: Timestamp,
) -> Result<Advance, Unable> {
    let mut engine = Engine {
        book,
        rules,
        who,
        now,
        ready: BTreeSet::new(),
        touched: BTreeMap::new(),
        moves_caused: 0,
        boards: BTreeSet::new(),
        unlocked: BTreeMap::new(),
        messages: Vec::new(),
        errors: BTreeMap::new(),
    };
    let moves: Vec<Move> = moves.iter().map(|change| engine.bucketed(change)).collect();
    let mut asked: BTreeSet<AchievementId> = BTreeSet::new();
    // Where somebody comes by, what was lacking may have been the place alone.
    let came_by: Vec<AchievementId> = who.visited.iter().filter_map(|id| rules.compiled(*id).map(|_| *id)).collect();
    match scope {
        Scope::All => asked.extend(rules.all().map(|achievement| achievement.id)),
        Scope::One(id) => asked.extend(rules.compiled(id).map(|_| id)),
        Scope::Moved => {
            asked.extend(moves.iter().flat_map(|change| rules.moved_by(&change.variable)));
            asked.extend(&came_by);
        }
        Scope::Boards => {}
    }
    engine.make_ready(&asked, &moves)?;
    moves.iter().try_for_each(|change| engine.take(change, 0))?;
    engine.take_streaks(&moves)?;
    match scope {
        Scope::All | Scope::One(_) => asked.into_iter().for_each(|id| engine.touch(id, 0)),
        Scope::Boards => engine.tell_boards()?,
        Scope::Moved => came_by.into_iter().for_each(|id| engine.touch(id, 0)),
    }
    while let Some(((_, id), depth)) = engine.touched.pop_first() {
        engine.evaluate(id, depth)?;
    }
    Ok(engine.told())
}

struct Engine<'a> {
    book: &'a mut Book,
    rules: &'a Rules,
    who: &'a Who<'a>,
    now: Timestamp,
    /// Measures that can be asked and moved.
    ready: BTreeSet<MeasureId>,
    /// What is still to be evaluated, and through how many properties it was reached.
    touched: BTreeMap<Turn, u32>,
    moves_caused: usize,
    boards: BTreeSet<(MeasureId, Period)>,
    unlocked: BTreeMap<(Turn, Period), Unlocked>,
    messages: Vec<Announced>,
    errors: BTreeMap<AchievementId, String>,
}

impl Engine<'_> {
    /// The move, put to the start of its variable's day, week, month or year.
    fn bucketed(&self, change: &Move) -> Move {
        let grouping = self.rules.variable(change.variable.as_str()).map(|variable| variable.group).unwrap_or_default();
        let evaluation = match grouping {
            Grouping::None | Grouping::Timeslot => return change.clone(),
            Grouping::Day => Evaluation::Daily,
            Grouping::Week => Evaluation::Weekly,
            Grouping::Month => Evaluation::Monthly,
            Grouping::Year => Evaluation::Yearly,
        };
        let start = start_of(period_of(change.at, evaluation, self.who.zone), self.who.zone);
        Move { at: start.unwrap_or(change.at), ..change.clone() }
    }

    fn touch(&mut self, id: AchievementId, depth: u32) {
        if let Some(compiled) = self.rules.compiled(id) {
            let touched = self.touched.entry(compiled.turn()).or_insert(depth);
            *touched = (*touched).max(depth);
        }
    }

    /// Takes a move, for which everything is ready.
    fn take(&mut self, change: &Move, depth: u32) -> Result<(), Unable> {
        if change.by == 0.0 {
            return Ok(());
        }
        self.book.put(change)?;
        let Some(concerns) = self.rules.concerns(&change.variable) else { return Ok(()) };
        for counted in concerns.measures.iter().filter_map(|id| self.rules.counted(*id)) {
            let id = counted.measure.id;
            let periods =
                self.book.measures.entry(counted.stands_at.clone()).or_default().states.entry(id).or_default();
            let taken = counted.measure.take(periods, change, self.who.zone, self.now);
            let Some(period) = taken.map_err(|_| Unable::Beyond(change.variable.clone()))? else { continue };
            self.book.changed.measures.insert(counted.stands_at.clone());
            if counted.is_board {
                self.boards.insert((id, period));
            }
            counted.achievements.iter().for_each(|id| self.touch(*id, depth));
        }
        concerns.faulty.iter().for_each(|id| self.touch(*id, depth));
        Ok(())
    }

    /// Days in a row follow from the days that have runs.
    fn take_streaks(&mut self, moves: &[Move]) -> Result<(), Unable> {
        let runs = moves.iter().filter(|change| change.variable.as_str() == RUNS && change.by != 0.0);
        let days: BTreeSet<i64> = runs.map(|change| day_number(change.at, self.who.zone)).collect();
        if days.is_empty() {
            return Ok(());
        }
        let follow = streaks::follow(self.book, self.who.zone, &days)?;
        let asked = follow.iter().flat_map(|change| self.rules.moved_by(&change.variable)).copied().collect();
        self.make_ready(&asked, &follow)?;
        follow.iter().try_for_each(|change| self.take(change, 0))
    }

    fn told(self) -> Advance {
        let value = |(id, period): (MeasureId, Period)| {
            let counted = self.rules.counted(id)?;
            let measures = self.book.measures.get(&counted.stands_at);
            let periods = measures.and_then(|measures| measures.states.get(&id));
            let value = periods.and_then(|periods| counted.measure.value(periods, period, self.now, self.who.zone));
            Some((id, period, value))
        };
        Advance {
            boards: self.boards.iter().copied().filter_map(value).collect(),
            unlocked: self.unlocked.into_values().collect(),
            messages: self.messages,
            errors: self.errors,
        }
    }
}
