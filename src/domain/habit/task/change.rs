//! A change of a task in one go, and what a task may hold at all. Ticks are not among it: they score.

use std::collections::BTreeSet;

use super::read::is_date;
use super::{Item, Part, Reminder, Task, TaskKind};
use crate::domain::edit::Edit;
use crate::domain::habit::bounds::{
    CHECKLIST_LEN_MAX, DATE_BYTES_MAX, ID_BYTES_MAX, ITEM_BYTES_MAX, REMINDERS_LEN_MAX, STREAK_MAX, TAGS_LEN_MAX,
    TEXT_BYTES_MAX,
};
use crate::domain::habit::error::HabitError;
use crate::domain::habit::numbers::{NUMBER_MAX, Priority};
use crate::domain::habit::rule::Rule;
use crate::domain::habit::tree::Scalar;

/// What is `None` or [`Edit::Keep`] stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskChange {
    pub text: Option<String>,
    pub notes: Option<String>,
    pub value: Option<f64>,
    pub priority: Option<Priority>,
    pub tags: Option<BTreeSet<String>>,
    pub up: Option<bool>,
    pub down: Option<bool>,
    pub repeat: Option<[bool; 7]>,
    /// Days in a row; what was earned of it stays.
    pub streak: Option<u32>,
    pub date: Edit<Scalar>,
    pub checklist: Option<Vec<Item>>,
    pub reminders: Option<Vec<Reminder>>,
    pub rule: Edit<Rule>,
}

impl TaskChange {
    /// As a complete replacement: what is left out is as in a task that was just made. Its value and streak stay, which are
    /// earned, save a reward's price, which is not.
    pub fn replacing(self, kind: TaskKind) -> Self {
        let price = (kind == TaskKind::Reward).then_some(0.0);
        Self {
            text: Some(self.text.unwrap_or_default()),
            notes: Some(self.notes.unwrap_or_default()),
            value: self.value.or(price),
            priority: Some(self.priority.unwrap_or_default()),
            tags: Some(self.tags.unwrap_or_default()),
            up: self.up.or((kind == TaskKind::Habit).then_some(true)),
            down: self.down.or((kind == TaskKind::Habit).then_some(true)),
            repeat: self.repeat.or((kind == TaskKind::Daily).then_some([true; 7])),
            streak: self.streak,
            date: if kind == TaskKind::Todo { self.date.replacing() } else { self.date },
            checklist: self.checklist.or(kind.has_tick().then(Vec::new)),
            reminders: self.reminders.or(kind.has_tick().then(Vec::new)),
            rule: if Task::may_have_rule(kind) { self.rule.replacing() } else { self.rule },
        }
    }

    fn check_kind(&self, kind: TaskKind) -> Result<(), HabitError> {
        let is_habit = kind == TaskKind::Habit;
        let members = [
            ("up", self.up.is_some(), is_habit),
            ("down", self.down.is_some(), is_habit),
            ("repeat", self.repeat.is_some(), kind == TaskKind::Daily),
            ("streak", self.streak.is_some(), kind == TaskKind::Daily),
            ("date", self.date != Edit::Keep, kind == TaskKind::Todo),
            ("checklist", self.checklist.is_some(), kind.has_tick()),
            ("reminders", self.reminders.is_some(), kind.has_tick()),
            ("rule", self.rule != Edit::Keep, Task::may_have_rule(kind)),
        ];
        match members.into_iter().find(|(_, is_there, may_be)| *is_there && !may_be) {
            Some((member, ..)) => Err(HabitError::Member(member)),
            None => Ok(()),
        }
    }
}

impl Task {
    /// All of it or nothing. Gives what is another now.
    ///
    /// # Errors
    /// For members that such tasks do not have, and for what is longer than may be.
    pub fn change(&mut self, change: TaskChange) -> Result<Vec<Part>, HabitError> {
        change.check_kind(self.kind)?;
        let mut after = self.clone();
        let put = [
            (put(&mut after.text, change.text), Part::Text),
            (put(&mut after.notes, change.notes), Part::Notes),
            (put(&mut after.value, change.value), Part::Value),
            (put(&mut after.priority, change.priority), Part::Priority),
            (put(&mut after.tags, change.tags), Part::Tags),
            (put(&mut after.up, change.up), Part::Up),
            (put(&mut after.down, change.down), Part::Down),
            (put(&mut after.repeat, change.repeat), Part::Repeat),
            (put(&mut after.streak, change.streak), Part::Streak),
            (edit(&mut after.date, change.date), Part::Date),
            (put(&mut after.checklist, change.checklist), Part::Checklist),
            (put(&mut after.reminders, change.reminders), Part::Reminders),
            (edit(&mut after.rule, change.rule), Part::Rule),
        ];
        after.check()?;
        *self = after;
        Ok(put.into_iter().filter_map(|(is_another, part)| is_another.then_some(part)).collect())
    }

    /// Whether it is no larger than a task may be.
    pub(super) fn check(&self) -> Result<(), HabitError> {
        check_len(&self.text, "text", TEXT_BYTES_MAX)?;
        check_len(&self.notes, "notes", TEXT_BYTES_MAX)?;
        if self.value.is_nan() || self.value.abs() > NUMBER_MAX {
            return Err(HabitError::Member("value"));
        }
        if self.streak > STREAK_MAX {
            return Err(HabitError::Member("streak"));
        }
        check_count(self.tags.len(), "tags", TAGS_LEN_MAX)?;
        self.tags.iter().try_for_each(|id| check_len(id, "tags", ID_BYTES_MAX))?;
        if self.date.as_ref().is_some_and(|date| !is_date(date)) {
            return Err(HabitError::TooLong { member: "date", bytes_max: DATE_BYTES_MAX });
        }
        check_count(self.checklist.len(), "items of a checklist", CHECKLIST_LEN_MAX)?;
        for item in &self.checklist {
            check_len(&item.id, "checklist", ID_BYTES_MAX)?;
            check_len(&item.text, "checklist", ITEM_BYTES_MAX)?;
        }
        check_ids(self.checklist.iter().map(|item| &item.id), "checklist")?;
        check_count(self.reminders.len(), "reminders", REMINDERS_LEN_MAX)?;
        for reminder in &self.reminders {
            check_len(&reminder.id, "reminders", ID_BYTES_MAX)?;
            check_len(&reminder.time, "reminders", DATE_BYTES_MAX)?;
            check_len(reminder.start.as_deref().unwrap_or_default(), "reminders", DATE_BYTES_MAX)?;
        }
        check_ids(self.reminders.iter().map(|reminder| &reminder.id), "reminders")?;
        let may_have_rule = self.rule.is_none() || Self::may_have_rule(self.kind);
        may_have_rule.then_some(()).ok_or(HabitError::Member("rule"))
    }
}

fn put<T: PartialEq>(old: &mut T, new: Option<T>) -> bool {
    let is_another = new.as_ref().is_some_and(|new| new != old);
    if let Some(new) = new {
        *old = new;
    }
    is_another
}

fn edit<T: PartialEq + Clone>(old: &mut Option<T>, edit: Edit<T>) -> bool {
    let before = old.clone();
    edit.apply(old);
    *old != before
}

fn check_len(text: &str, member: &'static str, bytes_max: usize) -> Result<(), HabitError> {
    if text.len() > bytes_max { Err(HabitError::TooLong { member, bytes_max }) } else { Ok(()) }
}

fn check_count(len: usize, what: &'static str, len_max: usize) -> Result<(), HabitError> {
    if len > len_max { Err(HabitError::TooMany { what, len_max }) } else { Ok(()) }
}

/// Each names one.
fn check_ids<'a>(ids: impl Iterator<Item = &'a String>, member: &'static str) -> Result<(), HabitError> {
    let mut seen = BTreeSet::new();
    let mut ids = ids;
    if ids.all(|id| !id.is_empty() && seen.insert(id)) { Ok(()) } else { Err(HabitError::Member(member)) }
}
