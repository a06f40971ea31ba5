//! What a goal's value is counted by. Goals that count alike share a measure, so that a value is added once for all of them.

mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::advance::Move;
use super::bounds::FOLDED_KEY;
use super::definitions::{Achievement, Goal};
use super::ids::MeasureId;
use super::period::{Evaluation, Period, date_key, day_number, day_of, period_before, period_of};
use super::term::Term;
use crate::domain::time::Timestamp;
pub use state::State;
pub(super) use state::sum_of;

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

/// What is counted in each period. Only the current one and the one before are kept.
pub type Periods = BTreeMap<Period, State>;

/// A sum would be beyond 2⁵³.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond;

impl Measure {
    /// By what a goal's values are counted; still without its number.
    pub(super) fn of(achievement: &Achievement, goal: &Goal) -> Self {
        // Without groups there is one sum, which is the largest and the smallest; the sum of all groups is that of all values.
        let grouped = goal.group != Group::None && goal.pick != Pick::Sum;
        Self {
            id: MeasureId::new(0),
            term: goal.term.clone(),
            // It is counted alike; only when levels are given is another matter.
            evaluation: match achievement.evaluation {
                Evaluation::End => Evaluation::Immediately,
                other => other,
            },
            zone: achievement.zone,
            valid: (achievement.valid_start, achievement.valid_end),
            timespan_days: goal.timespan_days,
            group: if grouped { goal.group.clone() } else { Group::None },
            pick: if grouped { goal.pick } else { Pick::Sum },
        }
    }

    /// One text for all that count alike.
    pub(super) fn canonical(&self) -> String {
        let mut text = format!("{}; {:?}", self.term.canonical(), self.evaluation);
        if let Some(days) = self.timespan_days {
            text += &format!("; of {days} days");
        }
        if let (Some(_), _) | (_, Some(_)) = self.valid {
            let written = |date: Option<NaiveDate>| date.map_or_else(String::new, |date| date.to_string());
            text += &format!("; from {} until {}", written(self.valid.0), written(self.valid.1));
        }
        if self.group != Group::None {
            text += &format!("; {:?} by {:?}", self.pick, self.group);
        }
        if self.has_days() {
            text += &format!("; in {}", self.zone.map_or("the user's zone", |zone| zone.name()));
        }
        text
    }

    /// Whether it counts otherwise for a user who is in another zone.
    pub(super) fn follows_user(&self) -> bool {
        self.zone.is_none() && self.has_days()
    }

    /// Whether it matters when days turn.
    fn has_days(&self) -> bool {
        self.evaluation != Evaluation::Immediately
            || self.timespan_days.is_some()
            || self.valid != (None, None)
            || matches!(self.group, Group::Date(_))
    }

    /// Counts a move, if it is one that counts, and says in which period. `user_zone` is where the user is. What belongs to a
    /// time that is over for good is not counted any more.
    pub fn take(
        &self,
        periods: &mut Periods,
        change: &Move,
        user_zone: Tz,
        now: Timestamp,
    ) -> Result<Option<Period>, Beyond> {
        if change.by == 0.0 || !self.term.matches(&change.variable, &change.key) {
            return Ok(None);
        }
        let zone = self.zone.unwrap_or(user_zone);
        let day = day_number(change.at, zone);
        let (period, oldest) = (period_of(change.at, self.evaluation, zone), period_before(now, self.evaluation, zone));
        let group = match &self.group {
            Group::None => None,
            Group::Key if change.key == FOLDED_KEY => return Ok(None),
            Group::Key => Some(change.key.clone()),
            Group::Date(format) => Some(date_key(change.at, zone, format)),
        };
        if !self.is_valid_on(day) || period < oldest || day < self.first_day(now, zone) {
            return Ok(None);
        }
        while periods.first_key_value().is_some_and(|(kept, _)| *kept < oldest) {
            periods.pop_first();
        }
        let state =
            periods.entry(period).or_insert_with(|| State::empty(self.timespan_days.is_some(), group.is_some()));
        state.add(day, group, change.by, self.pick)?;
        state.forget_before(self.first_day(now, zone));
        Ok(Some(period))
    }

    /// The value of a period; `None` when nothing counts in it.
    pub fn value(&self, periods: &Periods, period: Period, now: Timestamp, user_zone: Tz) -> Option<f64> {
        let first_day = self.first_day(now, self.zone.unwrap_or(user_zone));
        periods.get(&period).and_then(|state| state.value(first_day, self.pick))
    }

    /// The first moment whose values are needed to count it anew, give or take a day; `None` if all are.
    pub(super) fn counts_from(&self, user_zone: Tz, now: Timestamp) -> Option<Timestamp> {
        let zone = self.zone.unwrap_or(user_zone);
        let spans = self.timespan_days.map(|_| self.first_day(now, zone));
        let valid = self.valid.0.map(|date| i64::from(day_of(date)));
        let period = match period_before(now, self.evaluation, zone) {
            Period::All => None,
            Period::From(day) => Some(i64::from(day)),
        };
        const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
        let day = [spans, valid, period].into_iter().flatten().max()?;
        Some(Timestamp::from_millis(day.saturating_sub(1).saturating_mul(DAY_MILLIS)))
    }

    fn is_valid_on(&self, day: i64) -> bool {
        let (start, end) = self.valid;
        start.is_none_or(|start| i64::from(day_of(start)) <= day) && end.is_none_or(|end| day <= i64::from(day_of(end)))
    }

    /// The first day that a timespan still reaches; of no importance without one.
    fn first_day(&self, now: Timestamp, zone: Tz) -> i64 {
        match self.timespan_days {
            None => i64::MIN,
            Some(days) => day_number(now, zone) - i64::from(days) + 1,
        }
    }
}
