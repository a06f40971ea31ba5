//! A task: a habit, a daily, a to-do or a reward.
//!
//! What a click on it is worth, and where it stands among others, is not known here; nor its history.

mod change;
mod read;
mod set;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::bounds::TASK_ID_BYTES_MAX;
use super::numbers::Priority;
use super::rule::Rule;
use super::tree::{Scalar, Tree};
use crate::domain::ids::RunId;
use crate::domain::time::Timestamp;
pub use change::TaskChange;
pub(super) use set::check_len;

/// 1 to 100 bytes that can be seen, without a dot (paths are split there) or a slash; made by the client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(Arc<str>);

impl TaskId {
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=TASK_ID_BYTES_MAX).contains(&text.len());
        let is_odd = |letter: char| letter.is_control() || letter.is_whitespace() || matches!(letter, '.' | '/');
        (fits && !text.contains(is_odd) && text != "__proto__").then(|| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskKind {
    Habit,
    Daily,
    Todo,
    Reward,
}

impl TaskKind {
    pub const ALL: [Self; 4] = [Self::Habit, Self::Daily, Self::Todo, Self::Reward];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Habit => "habit",
            Self::Daily => "daily",
            Self::Todo => "todo",
            Self::Reward => "reward",
        }
    }

    /// Whether it is done by a tick, and undone by taking the tick away.
    pub const fn has_tick(self) -> bool {
        matches!(self, Self::Daily | Self::Todo)
    }
}

/// A step of a task. Its tick brings nothing; it is taken away when a daily's day turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: String,
    pub text: String,
    pub is_completed: bool,
}

/// When a device is to remind of a task: kept for the devices, as they write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    pub id: String,
    /// The first day of it.
    pub start: Option<String>,
    pub time: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub id: TaskId,
    pub kind: TaskKind,
    /// Its place in the list of its kind: the least stands first. No two of a list have the same.
    pub rank: i64,
    pub text: String,
    pub notes: String,
    /// How it goes; of a reward its price in gold.
    pub value: f64,
    pub priority: Priority,
    /// Ids of the tags it has.
    pub tags: BTreeSet<String>,
    /// Of a habit: whether it has this button.
    pub up: bool,
    pub down: bool,
    /// Of a daily (today) and a to-do.
    pub completed: bool,
    /// Of a daily: on which weekdays it is to be done, from Sunday on.
    pub repeat: [bool; 7],
    /// Of a daily: days in a row. Clients may write it.
    pub streak: u32,
    /// The same as it was earned: no client writes it.
    pub earned_streak: u32,
    /// Of a to-do: until when it is to be done, as the client wrote it: text, or a number of milliseconds.
    pub date: Option<Scalar>,
    pub completed_at: Option<Timestamp>,
    /// The run that ticked it.
    pub completed_by: Option<RunId>,
    pub checklist: Vec<Item>,
    pub reminders: Vec<Reminder>,
    /// Of a daily or habit: what a finished run has to come to, to score it.
    pub rule: Option<Rule>,
    pub created_at: Timestamp,
    /// What else clients have put there.
    pub other: Tree,
}

impl Task {
    /// An empty one, that stands nowhere yet.
    pub fn new(id: TaskId, kind: TaskKind, now: Timestamp) -> Self {
        Self {
            id,
            kind,
            rank: 0,
            text: String::new(),
            notes: String::new(),
            value: 0.0,
            priority: Priority::Easy,
            tags: BTreeSet::new(),
            up: true,
            down: true,
            completed: false,
            repeat: [true; 7],
            streak: 0,
            earned_streak: 0,
            date: None,
            completed_at: None,
            completed_by: None,
            checklist: Vec::new(),
            reminders: Vec::new(),
            rule: None,
            created_at: now,
            other: Tree::default(),
        }
    }

    /// Of its texts.
    pub(super) fn bytes(&self) -> usize {
        let items = self.checklist.iter().map(|item| item.id.len() + item.text.len());
        let reminders = self.reminders.iter().map(|it| it.id.len() + it.time.len());
        let tags = self.tags.iter().map(String::len);
        let beside: usize = items.chain(reminders).chain(tags).sum();
        self.text.len() + self.notes.len() + beside + self.other.bytes()
    }

    /// Whether it may carry a rule on runs.
    pub const fn may_have_rule(kind: TaskKind) -> bool {
        matches!(kind, TaskKind::Habit | TaskKind::Daily)
    }
}

/// A part of a task that is another now: what a second device has to be told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Text,
    Notes,
    Value,
    Priority,
    Tags,
    Up,
    Down,
    Completed,
    Repeat,
    Streak,
    Date,
    /// And by which run.
    CompletedAt,
    Checklist,
    Reminders,
    Rule,
    /// A member of [`Task::other`], by its first name.
    Other(String),
}

/// Names of weekdays, from Sunday on.
pub const WEEKDAYS: [&str; 7] = ["su", "m", "t", "w", "th", "f", "s"];
