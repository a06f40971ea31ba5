//! Edits of a checklist and of the user's tags, item by item: those of two devices merge.

use std::collections::BTreeSet;

use crate::domain::habit::board::Board;
use crate::domain::habit::bounds::{ID_BYTES_MAX, ITEM_BYTES_MAX, TAG_NAME_BYTES_MAX, TAGS_LEN_MAX};
use crate::domain::habit::effect::Effect;
use crate::domain::habit::error::HabitError;
use crate::domain::habit::hero::Tag;
use crate::domain::habit::task::{Item, Part, Task, TaskChange, TaskId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChecklistEdit {
    /// At the end; in the place of one with this id.
    Put(Item),
    /// At the end, as a new one.
    Add(Item),
    /// What is `None` stays; the rest is to be so, however often it is said.
    Change { item: String, text: Option<String>, is_completed: Option<bool> },
    /// One that is not there is left alone.
    Remove { item: String },
    /// Read as an index of `splice`.
    Move { item: String, to: usize },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagEdit {
    /// At the end; one with this id has another name.
    Put(Tag),
    /// At the end, as a new one.
    Add(Tag),
    Rename {
        tag: String,
        name: String,
    },
    /// From all tasks too. One that is not there is left alone.
    Remove {
        tag: String,
    },
    Move {
        tag: String,
        to: usize,
    },
}

pub(super) fn edit_checklist(board: &mut Board, id: &TaskId, edit: &ChecklistEdit) -> Result<Vec<Effect>, HabitError> {
    let task = board.task(id).ok_or(HabitError::NoTask)?;
    let mut items = task.checklist.clone();
    match edit {
        ChecklistEdit::Put(item) => match items.iter_mut().find(|known| known.id == item.id) {
            Some(known) => known.clone_from(item),
            None => items.push(item.clone()),
        },
        ChecklistEdit::Add(item) => {
            if item.id.len() > ID_BYTES_MAX {
                return Err(HabitError::TooLong { member: "id", bytes_max: ID_BYTES_MAX });
            }
            check_text(&item.text)?;
            if items.iter().any(|known| known.id == item.id) {
                return Err(HabitError::ItemTaken);
            }
            items.push(item.clone());
        }
        ChecklistEdit::Change { item, text, is_completed } => {
            let known = items.iter_mut().find(|known| known.id == *item).ok_or(HabitError::NoItem)?;
            if let Some(text) = text {
                check_text(text)?;
                known.text.clone_from(text);
            }
            known.is_completed = is_completed.unwrap_or(known.is_completed);
        }
        ChecklistEdit::Remove { item } => items.retain(|known| known.id != *item),
        ChecklistEdit::Move { item, to } => {
            let from = items.iter().position(|known| known.id == *item).ok_or(HabitError::NoItem)?;
            let item = items.remove(from);
            items.insert((*to).min(items.len()), item);
        }
    }
    super::change_task(board, id, TaskChange { checklist: Some(items), ..TaskChange::default() })
}

pub(super) fn edit_tags(board: &mut Board, edit: &TagEdit) -> Result<Vec<Effect>, HabitError> {
    let tags = &mut board.hero.tags;
    let before = tags.clone();
    let mut effects = Vec::new();
    match edit {
        TagEdit::Put(tag) => put(tags, tag)?,
        TagEdit::Add(tag) if tags.iter().any(|known| known.id == tag.id) => return Err(HabitError::TagTaken),
        TagEdit::Add(tag) => put(tags, tag)?,
        TagEdit::Rename { tag, name } => {
            let known = tags.iter_mut().find(|known| known.id == *tag).ok_or(HabitError::NoTag)?;
            *known = Tag { id: known.id.clone(), name: checked(name)? };
        }
        TagEdit::Move { tag, to } => {
            let from = tags.iter().position(|known| known.id == *tag).ok_or(HabitError::NoTag)?;
            let tag = tags.remove(from);
            tags.insert((*to).min(tags.len()), tag);
        }
        TagEdit::Remove { tag } => {
            tags.retain(|known| known.id != *tag);
            effects = take_off(board, tag)?;
        }
    }
    if board.hero.tags != before {
        board.changed.tags = true;
        effects.insert(0, Effect::TagsChanged);
    }
    Ok(effects)
}

fn put(tags: &mut Vec<Tag>, tag: &Tag) -> Result<(), HabitError> {
    if tag.id.is_empty() || tag.id.len() > ID_BYTES_MAX || tag.id.contains('.') {
        return Err(HabitError::Member("id"));
    }
    let name = checked(&tag.name)?;
    if let Some(known) = tags.iter_mut().find(|known| known.id == tag.id) {
        known.name = name;
        return Ok(());
    }
    if tags.len() >= TAGS_LEN_MAX {
        return Err(HabitError::TooMany { what: "tags", len_max: TAGS_LEN_MAX });
    }
    tags.push(tag.clone());
    Ok(())
}

fn checked(name: &str) -> Result<String, HabitError> {
    if name.len() > TAG_NAME_BYTES_MAX {
        return Err(HabitError::TooLong { member: "name", bytes_max: TAG_NAME_BYTES_MAX });
    }
    Ok(name.to_owned())
}

fn check_text(text: &str) -> Result<(), HabitError> {
    if text.len() > ITEM_BYTES_MAX {
        return Err(HabitError::TooLong { member: "text", bytes_max: ITEM_BYTES_MAX });
    }
    Ok(())
}

fn take_off(board: &mut Board, tag: &str) -> Result<Vec<Effect>, HabitError> {
    let tagged: Vec<Task> =
        board.all_tasks().filter(|task| task.tags.contains(tag)).map(|task| Task::clone(task)).collect();
    let mut effects = Vec::new();
    for mut task in tagged {
        task.tags.remove(tag);
        effects.push(Effect::TaskChanged { id: task.id.clone(), parts: BTreeSet::from([Part::Tags]), run: None });
        board.replace(task)?;
    }
    Ok(effects)
}

#[cfg(test)]
mod tests;
