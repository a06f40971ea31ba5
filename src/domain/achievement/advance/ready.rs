//! What has to be read before a measure can be asked, and how one is counted that never was: its rule is new, or its user has moved
//! to another time zone.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use super::{Engine, Move};
use crate::domain::achievement::book::{Book, Lacks, Unable};
use crate::domain::achievement::ids::{AchievementId, MeasureId, VariableName};
use crate::domain::achievement::measure::Periods;
use crate::domain::achievement::rules::{Counted, variables_moved_by};
use crate::domain::time::Timestamp;

/// What a measure has counted, counted now if need be; the book stays as it is. Notes what is lacking.
pub fn periods_of(
    book: &Book,
    counted: &Counted,
    zone: Tz,
    now: Timestamp,
    lacks: &mut Lacks,
) -> Result<Periods, Unable> {
    let lacks_len = (lacks.measures.len(), lacks.values.len());
    ask(book, counted, zone, now, lacks);
    if lacks_len != (lacks.measures.len(), lacks.values.len()) || !has_values(book, counted) {
        return Ok(Periods::new());
    }
    match state(book, counted, zone) {
        Some(periods) => Ok(periods.clone()),
        None => book.counted(&counted.measure, zone, now),
    }
}

/// Notes what is lacking to know the values of a measure.
fn ask(book: &Book, counted: &Counted, zone: Tz, now: Timestamp, lacks: &mut Lacks) {
    if !has_values(book, counted) {
        return;
    }
    if !book.measures.contains_key(&counted.stands_at) {
        lacks.measures.insert(counted.stands_at.clone());
    } else if state(book, counted, zone).is_none() {
        let from = counted.measure.counts_from(zone, now);
        counted.variables.iter().for_each(|variable| book.ask_for_months(variable, from, lacks));
    }
}

/// Whoever has no values has none that count.
fn has_values(book: &Book, counted: &Counted) -> bool {
    counted.variables.iter().any(|variable| book.has_values(variable))
}

/// What has been counted in this zone.
fn state<'a>(book: &'a Book, counted: &Counted, zone: Tz) -> Option<&'a Periods> {
    let measures = book.measures.get(&counted.stands_at)?;
    let holds = measures.zone == Some(zone) || !counted.measure.follows_user();
    measures.states.get(&counted.measure.id).filter(|_| holds)
}

impl Engine<'_> {
    /// Makes ready what these achievements ask and these moves change.
    pub(super) fn make_ready(&mut self, asked: &BTreeSet<AchievementId>, moves: &[Move]) -> Result<(), Unable> {
        let asked = asked.iter().filter_map(|id| self.rules.compiled(*id));
        let wanted = asked.flat_map(|compiled| compiled.goals()).map(|(_, measure)| measure).collect();
        self.make_measures_ready(wanted, moves)
    }

    /// Tells the values of all leaderboards, counted now if need be.
    pub(super) fn tell_boards(&mut self) -> Result<(), Unable> {
        let boards: BTreeSet<MeasureId> = self.rules.boards().map(|measure| measure.id).collect();
        self.make_measures_ready(boards.clone(), &[])?;
        for counted in boards.iter().filter_map(|id| self.rules.counted(*id)) {
            let id = counted.measure.id;
            let periods = state(self.book, counted, self.who.zone).into_iter().flat_map(Periods::keys);
            self.boards.extend(periods.map(|period| (id, *period)));
        }
        Ok(())
    }

    fn make_measures_ready(&mut self, mut wanted: BTreeSet<MeasureId>, moves: &[Move]) -> Result<(), Unable> {
        let mut lacks = Lacks::default();
        let mut moved: BTreeSet<MeasureId> = BTreeSet::new();
        for change in moves {
            self.book.ask_for_put(&change.variable, change.at, &mut lacks);
            let concerns = self.rules.concerns(&change.variable);
            moved.extend(concerns.into_iter().flat_map(|concerns| &concerns.measures));
        }
        wanted.extend(&moved);
        wanted.retain(|id| !self.ready.contains(id));
        for counted in wanted.iter().filter_map(|id| self.rules.counted(*id)) {
            ask(self.book, counted, self.who.zone, self.now, &mut lacks);
        }
        for counted in moved.iter().filter_map(|id| self.rules.counted(*id)) {
            // Whatever else stands in a document that is written must have been read.
            if !self.book.measures.contains_key(&counted.stands_at) {
                lacks.measures.insert(counted.stands_at.clone());
            }
        }
        lacks.settled()?;
        for counted in wanted.iter().filter_map(|id| self.rules.counted(*id)) {
            let is_counted = state(self.book, counted, self.who.zone).is_some();
            if !is_counted && has_values(self.book, counted) {
                self.count(counted)?;
            }
        }
        for counted in moved.iter().filter_map(|id| self.rules.counted(*id)) {
            self.turn_to_zone(&counted.stands_at);
        }
        self.ready.extend(wanted);
        Ok(())
    }

    /// What follows when a level of this achievement is reached, however far.
    pub(super) fn make_followers_ready(&mut self, id: AchievementId) -> Result<(), Unable> {
        let mut variables: BTreeSet<VariableName> = BTreeSet::new();
        let mut followers: BTreeSet<AchievementId> = BTreeSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let mut next: Vec<AchievementId> = self.rules.requiring(id).to_vec();
            for variable in self.rules.achievement(id).into_iter().flat_map(variables_moved_by) {
                next.extend(self.rules.moved_by(&variable));
                variables.insert(variable);
            }
            open.extend(next.into_iter().filter(|next| followers.insert(*next)));
        }
        let moved = |variable| Move { variable, key: String::new(), by: 0.0, at: self.now };
        let moves: Vec<Move> = variables.into_iter().map(moved).map(|change| self.bucketed(&change)).collect();
        self.make_ready(&followers, &moves)
    }

    fn count(&mut self, counted: &Counted) -> Result<(), Unable> {
        let periods = self.book.counted(&counted.measure, self.who.zone, self.now)?;
        self.turn_to_zone(&counted.stands_at);
        let id = counted.measure.id;
        if counted.is_board {
            self.boards.extend(periods.keys().map(|period| (id, *period)));
        }
        let rules = self.rules;
        let measures = self.book.measures.entry(counted.stands_at.clone()).or_default();
        // Rules that are gone leave nothing behind.
        measures.states.retain(|id, _| rules.counted(*id).is_some());
        measures.states.insert(id, periods);
        self.book.changed.measures.insert(counted.stands_at.clone());
        Ok(())
    }

    /// Forgets what was counted in another zone, and would be another number in this one.
    fn turn_to_zone(&mut self, stands_at: &VariableName) {
        let (rules, zone) = (self.rules, self.who.zone);
        let measures = self.book.measures.entry(stands_at.clone()).or_default();
        if measures.zone != Some(zone) {
            measures.zone = Some(zone);
            measures.states.retain(|id, _| rules.measure(*id).is_some_and(|measure| !measure.follows_user()));
            self.book.changed.measures.insert(stands_at.clone());
        }
    }
}
