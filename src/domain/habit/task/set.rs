//! `set` by path on a task: what is there, and of its kind. All else is left alone in silence, as the document says.

use super::read::{is_date, streak};
use super::{Part, Task, TaskKind, WEEKDAYS};
use crate::domain::habit::bounds::{ITEM_BYTES_MAX, PROPERTY_BYTES_MAX, STREAK_MAX, TEXT_BYTES_MAX};
use crate::domain::habit::error::HabitError;
use crate::domain::habit::numbers::Priority;
use crate::domain::habit::tree::{Scalar, index};
use crate::domain::time::Timestamp;

impl Task {
    /// What is another now; `None` when nothing is. `is_tag` says whether the user has such a tag.
    ///
    /// # Errors
    /// Only [`HabitError::TooLong`].
    pub fn set(
        &mut self,
        path: &[&str],
        value: &Scalar,
        now: Timestamp,
        is_tag: impl Fn(&str) -> bool,
    ) -> Result<Option<Part>, HabitError> {
        let is_another = match (path, self.kind) {
            (["text"], _) => put_text(&mut self.text, value, "text", TEXT_BYTES_MAX)?.then_some(Part::Text),
            (["notes"], _) => put_text(&mut self.notes, value, "notes", TEXT_BYTES_MAX)?.then_some(Part::Notes),
            (["value"], _) => put(&mut self.value, value.as_number()).then_some(Part::Value),
            (["priority"], _) => {
                let priority = value.as_text().and_then(Priority::parse);
                put(&mut self.priority, priority).then_some(Part::Priority)
            }
            (["tags", id], _) => self.set_tag(id, value, is_tag).then_some(Part::Tags),
            (["up"], TaskKind::Habit) => put(&mut self.up, value.as_bool()).then_some(Part::Up),
            (["down"], TaskKind::Habit) => put(&mut self.down, value.as_bool()).then_some(Part::Down),
            (["completed"], kind) if kind.has_tick() => self.set_completed(value, now).then_some(Part::Completed),
            (["repeat", name], TaskKind::Daily) => self.set_repeat(name, value).then_some(Part::Repeat),
            (["streak"], TaskKind::Daily) => put(&mut self.streak, whole_streak(value)).then_some(Part::Streak),
            (["date"], TaskKind::Todo) => {
                // A to-do has a date, also while there is none.
                put(&mut self.date, is_date(value).then(|| Some(value.clone()))).then_some(Part::Date)
            }
            (["checklist", at, member], _) => self.set_item(at, member, value)?.then_some(Part::Checklist),
            ([first, ..], _) => {
                check_len(value, "property", PROPERTY_BYTES_MAX)?;
                self.other.set(path, value).then(|| Part::Other((*first).to_owned()))
            }
            ([], _) => None,
        };
        Ok(is_another)
    }

    fn set_tag(&mut self, id: &str, value: &Scalar, is_tag: impl Fn(&str) -> bool) -> bool {
        match value.as_bool() {
            Some(true) if is_tag(id) => self.tags.insert(id.to_owned()),
            Some(false) => self.tags.remove(id),
            _ => false,
        }
    }

    /// A tick alone: it brings nothing.
    fn set_completed(&mut self, value: &Scalar, now: Timestamp) -> bool {
        let is_another = put(&mut self.completed, value.as_bool());
        if is_another {
            (self.completed_at, self.completed_by) = (self.completed.then_some(now), None);
            // Else it could be ticked again and again.
            self.earned_streak = self.earned_streak.saturating_sub(u32::from(!self.completed));
        }
        is_another
    }

    fn set_repeat(&mut self, name: &str, value: &Scalar) -> bool {
        let weekday = WEEKDAYS.iter().position(|weekday| *weekday == name);
        weekday.and_then(|at| self.repeat.get_mut(at)).is_some_and(|day| put(day, value.as_bool()))
    }

    fn set_item(&mut self, at: &str, member: &str, value: &Scalar) -> Result<bool, HabitError> {
        let Some(item) = index(at).and_then(|at| self.checklist.get_mut(at)) else { return Ok(false) };
        match member {
            "text" => put_text(&mut item.text, value, "checklist", ITEM_BYTES_MAX),
            "completed" => Ok(put(&mut item.is_completed, value.as_bool())),
            _ => Ok(false),
        }
    }
}

/// Whole, and not below nought.
fn whole_streak(value: &Scalar) -> Option<u32> {
    let number = value.as_number()?;
    ((0.0..=f64::from(STREAK_MAX)).contains(&number) && number.fract() == 0.0).then(|| streak(number))
}

fn put<T: PartialEq>(old: &mut T, new: Option<T>) -> bool {
    match new {
        Some(new) if new != *old => {
            *old = new;
            true
        }
        _ => false,
    }
}

/// A number is written out: the property is text, and the document lets numbers be put there.
fn put_text(old: &mut String, new: &Scalar, name: &'static str, bytes_max: usize) -> Result<bool, HabitError> {
    check_len(new, name, bytes_max)?;
    let new = match new {
        Scalar::Text(text) => Some(text.clone()),
        Scalar::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(put(old, new))
}

pub(in crate::domain::habit) fn check_len(
    value: &Scalar,
    member: &'static str,
    bytes_max: usize,
) -> Result<(), HabitError> {
    match value {
        Scalar::Text(text) if text.len() > bytes_max => Err(HabitError::TooLong { member, bytes_max }),
        _ => Ok(()),
    }
}
