//! A task as a client sends it in the document's shape. What is not there has the original's default; what cannot be is refused.

use std::collections::BTreeSet;

use super::{Item, Reminder, Task, TaskId, TaskKind, WEEKDAYS};
use crate::domain::habit::bounds::{DATE_BYTES_MAX, ID_BYTES_MAX, STREAK_MAX};
use crate::domain::habit::error::HabitError;
use crate::domain::habit::numbers::{Priority, within};
use crate::domain::habit::rule::Rule;
use crate::domain::habit::tree::{Node, Scalar, Tree};
use crate::domain::time::Timestamp;

/// Members that the server says itself.
const OURS: [&str; 6] = ["history", "dateCompleted", "dateCreated", "createdAt", "userId", "_id"];

impl Task {
    /// `sent` in the document's shape: `id` and `type`, and whatever else. It stands nowhere yet.
    ///
    /// # Errors
    /// Without an id or type, with a member of another shape, or larger than a task may be.
    pub fn read(mut sent: Tree, now: Timestamp) -> Result<Self, HabitError> {
        let id = sent.take("id").as_ref().and_then(|node| TaskId::parse(text_of(node)?));
        let id = id.ok_or(HabitError::TaskId)?;
        let kind = sent.take("type").as_ref().and_then(|node| TaskKind::parse(text_of(node)?));
        let kind = kind.ok_or(HabitError::TaskKind)?;
        let mut task = Self::new(id, kind, now);
        for name in OURS {
            sent.take(name);
        }
        task.text = text(sent.take("text"), "text")?;
        task.notes = text(sent.take("notes"), "notes")?;
        task.value = number(sent.take("value"), "value")?;
        let priority = sent.take("priority");
        task.priority = priority.as_ref().and_then(text_of).and_then(Priority::parse).unwrap_or_default();
        task.tags = tags(sent.take("tags"))?;
        task.up = yes(sent.take("up"), true, "up")?;
        task.down = yes(sent.take("down"), true, "down")?;
        task.completed = yes(sent.take("completed"), false, "completed")? && kind.has_tick();
        task.completed_at = task.completed.then_some(now);
        task.repeat = repeat(sent.take("repeat"))?;
        task.streak = streak(number(sent.take("streak"), "streak")?);
        task.date = date(sent.take("date"))?;
        task.checklist = members(sent.take("checklist"), "checklist", item)?;
        task.reminders = members(sent.take("reminders"), "reminders", reminder)?;
        task.rule = sent.take("rule").map(|node| rule(&node)).transpose()?.flatten();
        sent.check()?;
        task.other = sent;
        task.check()?;
        Ok(task)
    }
}

fn text_of(node: &Node) -> Option<&str> {
    node.as_scalar().and_then(Scalar::as_text)
}

fn text(node: Option<Node>, name: &'static str) -> Result<String, HabitError> {
    match node {
        None | Some(Node::Scalar(Scalar::Null)) => Ok(String::new()),
        Some(Node::Scalar(Scalar::Text(text))) => Ok(text),
        Some(Node::Scalar(scalar)) => Ok(scalar.to_string()),
        Some(_) => Err(HabitError::Member(name)),
    }
}

/// Fields of forms send numbers as text.
fn number(node: Option<Node>, name: &'static str) -> Result<f64, HabitError> {
    match node {
        None | Some(Node::Scalar(Scalar::Null | Scalar::Bool(_))) => Ok(0.0),
        Some(Node::Scalar(Scalar::Number(number))) => Ok(within(number)),
        Some(Node::Scalar(Scalar::Text(text))) => Ok(within(text.trim().parse().unwrap_or_default())),
        Some(_) => Err(HabitError::Member(name)),
    }
}

fn yes(node: Option<Node>, default: bool, name: &'static str) -> Result<bool, HabitError> {
    match node {
        None | Some(Node::Scalar(Scalar::Null)) => Ok(default),
        Some(Node::Scalar(scalar)) => Ok(scalar.is_truthy()),
        Some(_) => Err(HabitError::Member(name)),
    }
}

/// As the document has them, `{"<tag>": true}`, or as a list of ids.
fn tags(node: Option<Node>) -> Result<BTreeSet<String>, HabitError> {
    match node {
        None | Some(Node::Scalar(Scalar::Null)) => Ok(BTreeSet::new()),
        Some(Node::Tree(tree)) => {
            let is_on = |node: &Node| node.as_scalar().is_some_and(Scalar::is_truthy);
            Ok(tree.0.into_iter().filter(|(_, node)| is_on(node)).map(|(id, _)| id).collect())
        }
        Some(Node::List(nodes)) => {
            let ids = nodes.iter().map(|node| text_of(node).map(str::to_owned));
            ids.collect::<Option<_>>().ok_or(HabitError::Member("tags"))
        }
        Some(Node::Scalar(_)) => Err(HabitError::Member("tags")),
    }
}

/// A weekday that is left out is one on which it need not be done; without any of it, all are.
fn repeat(node: Option<Node>) -> Result<[bool; 7], HabitError> {
    match node {
        None | Some(Node::Scalar(Scalar::Null)) => Ok([true; 7]),
        Some(Node::Tree(tree)) => {
            let is_on = |name: &str| tree.get(name).and_then(Node::as_scalar).is_some_and(Scalar::is_truthy);
            Ok(WEEKDAYS.map(is_on))
        }
        Some(_) => Err(HabitError::Member("repeat")),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within the bounds of a streak
pub(super) fn streak(number: f64) -> u32 {
    number.clamp(0.0, f64::from(STREAK_MAX)) as u32
}

fn date(node: Option<Node>) -> Result<Option<Scalar>, HabitError> {
    match node {
        None | Some(Node::Scalar(Scalar::Null)) => Ok(None),
        Some(Node::Scalar(Scalar::Text(text))) if text.is_empty() => Ok(None),
        Some(Node::Scalar(date)) if is_date(&date) => Ok(Some(date)),
        Some(_) => Err(HabitError::Member("date")),
    }
}

pub(super) fn is_date(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Text(text) => text.len() <= DATE_BYTES_MAX,
        Scalar::Number(_) => scalar.as_number().is_some(),
        _ => false,
    }
}

fn members<T>(
    node: Option<Node>,
    name: &'static str,
    read: impl Fn(usize, Tree) -> Result<T, HabitError>,
) -> Result<Vec<T>, HabitError> {
    let nodes = match node {
        None | Some(Node::Scalar(Scalar::Null)) => Vec::new(),
        Some(Node::List(nodes)) => nodes,
        Some(_) => return Err(HabitError::Member(name)),
    };
    let read = |(index, node)| match node {
        Node::Tree(tree) => read(index, tree),
        _ => Err(HabitError::Member(name)),
    };
    nodes.into_iter().enumerate().map(read).collect()
}

/// One without an id is named by its place.
fn id_of(tree: &mut Tree, index: usize, name: &'static str) -> Result<String, HabitError> {
    let id = text(tree.take("id"), name)?;
    if id.len() > ID_BYTES_MAX {
        return Err(HabitError::TooLong { member: name, bytes_max: ID_BYTES_MAX });
    }
    Ok(if id.is_empty() { index.to_string() } else { id })
}

fn item(index: usize, mut tree: Tree) -> Result<Item, HabitError> {
    Ok(Item {
        id: id_of(&mut tree, index, "checklist")?,
        text: text(tree.take("text"), "checklist")?,
        is_completed: yes(tree.take("completed"), false, "checklist")?,
    })
}

fn reminder(index: usize, mut tree: Tree) -> Result<Reminder, HabitError> {
    let start = text(tree.take("startDate").or_else(|| tree.take("start")), "reminders")?;
    Ok(Reminder {
        id: id_of(&mut tree, index, "reminders")?,
        start: (!start.is_empty()).then_some(start),
        time: text(tree.take("time"), "reminders")?,
    })
}

fn rule(node: &Node) -> Result<Option<Rule>, HabitError> {
    let tree = match node {
        Node::Scalar(Scalar::Null) => return Ok(None),
        node => node.as_tree().ok_or(HabitError::Member("rule"))?,
    };
    let variable = tree.get("variable").and_then(text_of).ok_or(HabitError::Member("rule"))?;
    let bound = |name| match tree.get(name) {
        None | Some(Node::Scalar(Scalar::Null)) => Ok(None),
        Some(node) => {
            let number = node.as_scalar().and_then(Scalar::as_number);
            number.map(Some).ok_or(HabitError::Member("rule"))
        }
    };
    let rule = Rule::new(variable, bound("at_least")?, bound("at_most")?);
    rule.map(Some).ok_or(HabitError::Member("rule"))
}

#[cfg(test)]
mod tests;
