//! Boards of habits in the shape that our own REST API and the socket share.

mod board;
mod edits;
mod ops;
mod parts;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::habits::{scalar, value_of};
use crate::domain::habit::stats::Stats;
use crate::domain::habit::task::{Task, TaskKind, WEEKDAYS};

pub use board::{HabitBoardDocument, HabitTagDocument};
pub use edits::{HabitHeroEdit, HabitItemEdit, HabitTaskEdit};
pub use ops::{HabitBatch, HabitFaultDocument, HabitOps, HabitPlaces};
pub use parts::{
    HabitClearedDocument, HabitEntryDocument, HabitForecastDocument, HabitHeroDocument, HabitListedDocument,
    HabitScoreDocument, HabitScoredDocument, HabitScoresDocument,
};

/// What has come of a batch, for who keeps a board of their own: the changes alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitAppliedDocument {
    /// The board's version now.
    pub v: u64,
    /// The version that `changes` lead on from. Without it they lead nowhere: nothing has changed, or others came in between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    pub changes: Vec<HabitEffect>,
    pub errors: Vec<HabitFaultDocument>,
    /// Others had changed something since the version that was sent.
    pub was_modified: bool,
    /// The changes are too much to be told: the board is to be read anew.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reload: bool,
}

/// Gold, experience, level and health; of a move, by how much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HabitStatsDocument {
    pub gp: f64,
    pub exp: f64,
    pub lvl: i32,
    pub hp: f64,
}

/// A task without its history. Members that its type does not have are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitTaskDocument {
    pub id: String,
    /// `habit`, `daily`, `todo` or `reward`.
    #[serde(rename = "type")]
    pub kind: String,
    pub text: String,
    pub notes: String,
    /// How it goes; of a reward its price.
    pub value: f64,
    /// `!`, `!!` or `!!!`
    pub priority: String,
    /// Ids.
    pub tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<bool>,
    /// By weekday: `su`, `m`, `t`, `w`, `th`, `f`, `s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<BTreeMap<&'static str, bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streak: Option<u32>,
    /// As a device wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Value>,
    /// RFC 3339, as all moments here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<String>,
    /// The run that ticked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checklist: Option<Vec<HabitItemDocument>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminders: Option<Vec<HabitReminderDocument>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<HabitRuleDocument>,
    pub created_at: String,
    /// What else devices have put there.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub other: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HabitItemDocument {
    pub id: String,
    pub text: String,
    pub completed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HabitReminderDocument {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    pub time: String,
}

/// What a finished run has to come to, to score the task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitRuleDocument {
    pub variable: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

/// On a user's own channel: what one batch has done.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HabitChange {
    Habits {
        at: String,
        /// The board's version after it.
        v: u64,
        changes: Vec<HabitEffect>,
        /// It was too much to be told: the board is to be read anew.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        reload: bool,
    },
}

/// One thing that it has done.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum HabitEffect {
    TaskAdded {
        task: Box<HabitTaskDocument>,
        /// From 0, in the list of its type.
        index: usize,
    },
    TaskChanged {
        id: String,
        /// The run that has scored it.
        #[serde(skip_serializing_if = "Option::is_none")]
        run: Option<String>,
        /// The members that are others now.
        now: Map<String, Value>,
    },
    TaskRemoved {
        id: String,
        #[serde(rename = "type")]
        kind: String,
    },
    TaskSorted {
        id: String,
        #[serde(rename = "type")]
        kind: String,
        from: usize,
        to: usize,
    },
    Stats {
        by: HabitStatsDocument,
        now: HabitStatsDocument,
    },
    Levelled {
        from: u32,
        to: u32,
    },
    Unlocked {
        flag: String,
    },
    Dropped {
        /// When.
        at: String,
        /// `egg` or `potion`.
        kind: String,
        name: String,
        /// How many of it there are.
        now: u32,
        /// How many were found on that day.
        today: u32,
    },
    Died {},
    Revived {
        /// What of the gear was lost.
        lost: Option<String>,
    },
    Bought {
        slot: String,
        piece: u8,
    },
    UserSet {
        path: String,
        value: Value,
    },
    TagsChanged {
        /// All of them in their order.
        tags: Vec<HabitTagDocument>,
    },
    DayTurned {
        /// When.
        at: String,
        /// The day that has begun, `yyyy-mm-dd`.
        day: String,
        days: u32,
        rested: bool,
        hp_lost: f64,
        died: bool,
        /// Ids, and on how many days.
        missed: Vec<(String, u32)>,
        unticked: Vec<String>,
        /// What is another now of each task, with its id.
        tasks: Vec<Map<String, Value>>,
    },
}

impl HabitStatsDocument {
    pub fn of(stats: &Stats) -> Self {
        let Stats { gp, exp, lvl, hp } = *stats;
        Self { gp, exp, lvl: i32::try_from(lvl).unwrap_or(i32::MAX), hp }
    }
}

impl HabitTaskDocument {
    pub fn of(task: &Task) -> Self {
        let is_habit = task.kind == TaskKind::Habit;
        let is_daily = task.kind == TaskKind::Daily;
        let has_tick = task.kind.has_tick();
        let items = task.checklist.iter().map(|item| HabitItemDocument {
            id: item.id.clone(),
            text: item.text.clone(),
            completed: item.is_completed,
        });
        let reminders = task.reminders.iter().map(|it| HabitReminderDocument {
            id: it.id.clone(),
            start: it.start.clone(),
            time: it.time.clone(),
        });
        Self {
            id: task.id.to_string(),
            kind: task.kind.as_str().to_owned(),
            text: task.text.clone(),
            notes: task.notes.clone(),
            value: task.value,
            priority: task.priority.as_str().to_owned(),
            tags: task.tags.iter().cloned().collect(),
            up: is_habit.then_some(task.up),
            down: is_habit.then_some(task.down),
            completed: has_tick.then_some(task.completed),
            repeat: is_daily.then(|| WEEKDAYS.into_iter().zip(task.repeat).collect()),
            streak: is_daily.then_some(task.streak),
            date: task.date.as_ref().map(scalar),
            completed_at: task.completed_at.map(|at| at.to_string()),
            completed_by: task.completed_by.map(|run| run.to_string()),
            checklist: has_tick.then(|| items.collect()),
            reminders: has_tick.then(|| reminders.collect()),
            rule: task.rule.as_ref().map(|rule| HabitRuleDocument {
                variable: rule.variable().to_owned(),
                at_least: rule.at_least(),
                at_most: rule.at_most(),
            }),
            created_at: task.created_at.to_string(),
            other: if task.other.0.is_empty() { Value::Null } else { value_of(&task.other) },
        }
    }
}
