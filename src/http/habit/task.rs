//! A task in the document's shape, with its history. Members that its type does not have are left out.

use serde::{Serialize, Serializer};

use super::json::{Members, Number, WrittenScalar};
use crate::domain::habit::history::{Entry, History};
use crate::domain::habit::rule::Rule;
use crate::domain::habit::task::{Item, Reminder, Task, TaskKind, WEEKDAYS};

#[derive(Serialize)]
pub struct TaskShape<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    text: &'a str,
    notes: &'a str,
    /// Of a reward its price.
    value: Number,
    priority: &'static str,
    tags: Tags<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    up: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    down: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat: Option<Repeat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    streak: Option<u32>,
    /// Until when it is to be done, as a device wrote it; `null` while that is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Option<WrittenScalar<'a>>>,
    #[serde(rename = "dateCreated")]
    created_at: String,
    #[serde(rename = "dateCompleted", skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checklist: Vec<ItemShape<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reminders: Vec<ReminderShape<'a>>,
    /// Of a daily or habit that finished runs score: ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<HistoryShape<'a>>,
    /// What else devices have put there.
    #[serde(flatten)]
    other: Members<'a>,
}

/// `[{"date": …, "value": …}]`, in the order of days.
pub struct HistoryShape<'a>(pub Option<&'a History>);

#[derive(Serialize)]
struct EntryShape {
    /// Milliseconds since 1970.
    date: i64,
    value: Number,
    /// The run that scored it: ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

/// `{"<id>": true}`
struct Tags<'a>(&'a Task);

/// By weekday.
struct Repeat([bool; 7]);

#[derive(Serialize)]
struct ItemShape<'a> {
    id: &'a str,
    text: &'a str,
    completed: bool,
}

#[derive(Serialize)]
struct ReminderShape<'a> {
    id: &'a str,
    #[serde(rename = "startDate", skip_serializing_if = "Option::is_none")]
    start: Option<&'a str>,
    time: &'a str,
}

#[derive(Serialize)]
struct RuleShape<'a> {
    variable: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<Number>,
}

impl<'a> TaskShape<'a> {
    pub fn of(task: &'a Task, history: Option<&'a History>) -> Self {
        let is_habit = task.kind == TaskKind::Habit;
        let is_daily = task.kind == TaskKind::Daily;
        let is_todo = task.kind == TaskKind::Todo;
        Self {
            id: task.id.as_str(),
            kind: task.kind.as_str(),
            text: &task.text,
            notes: &task.notes,
            value: Number(task.value),
            priority: task.priority.as_str(),
            tags: Tags(task),
            up: is_habit.then_some(task.up),
            down: is_habit.then_some(task.down),
            completed: task.kind.has_tick().then_some(task.completed),
            repeat: is_daily.then_some(Repeat(task.repeat)),
            streak: is_daily.then_some(task.streak),
            date: is_todo.then(|| task.date.as_ref().map(WrittenScalar)),
            created_at: task.created_at.to_string(),
            completed_at: task.completed_at.filter(|_| is_todo).map(|at| at.to_string()),
            checklist: task.checklist.iter().map(ItemShape::of).collect(),
            reminders: task.reminders.iter().map(ReminderShape::of).collect(),
            rule: task.rule.as_ref().map(RuleShape::of),
            history: (is_habit || is_daily).then_some(HistoryShape(history)),
            other: Members::of(&task.other),
        }
    }
}

impl<'a> ItemShape<'a> {
    fn of(item: &'a Item) -> Self {
        Self { id: &item.id, text: &item.text, completed: item.is_completed }
    }
}

impl<'a> ReminderShape<'a> {
    fn of(reminder: &'a Reminder) -> Self {
        Self { id: &reminder.id, start: reminder.start.as_deref(), time: &reminder.time }
    }
}

impl<'a> RuleShape<'a> {
    fn of(rule: &'a Rule) -> Self {
        Self { variable: rule.variable(), at_least: rule.at_least().map(Number), at_most: rule.at_most().map(Number) }
    }
}

impl EntryShape {
    fn of(entry: &Entry) -> Self {
        let run = entry.run.map(|run| run.to_string());
        Self { date: entry.at.as_millis(), value: Number(entry.value), run }
    }
}

impl Serialize for HistoryShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.into_iter().flat_map(History::entries).map(EntryShape::of))
    }
}

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.tags.iter().map(|id| (id, true)))
    }
}

impl Serialize for Repeat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(WEEKDAYS.into_iter().zip(self.0))
    }
}
