//! Tasks and heroes as our own API takes them: member by member, strictly.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::HabitListedDocument;
use crate::app::AppError;
use crate::app::documents::{Edit, Object};
use crate::app::habits::RUN_VARIABLES;
use crate::domain::habit::hero::HeroChange;
use crate::domain::habit::numbers::Priority;
use crate::domain::habit::rule::Rule;
use crate::domain::habit::task::{Item, Reminder, TaskChange, TaskId, TaskKind, WEEKDAYS};
use crate::domain::habit::tree::Scalar;

/// A task, new or changed. What the server says itself may be sent along as it is, so that what was read can be sent back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HabitTaskEdit {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    notes: Option<String>,
    value: Option<f64>,
    priority: Option<String>,
    tags: Option<Vec<String>>,
    up: Option<bool>,
    down: Option<bool>,
    repeat: Option<BTreeMap<String, bool>>,
    streak: Option<u32>,
    #[serde(default)]
    date: Edit<Value>,
    checklist: Option<Vec<Object<HabitItemEdit>>>,
    reminders: Option<Vec<Object<ReminderEdit>>>,
    #[serde(default)]
    rule: Edit<Object<RuleEdit>>,
    index: Option<Value>,
    completed: Option<Value>,
    completed_at: Option<Value>,
    completed_by: Option<Value>,
    created_at: Option<Value>,
    other: Option<Value>,
}

/// An item of a checklist. One of a whole list that has no id is called by its place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HabitItemEdit {
    pub id: Option<String>,
    pub text: String,
    pub completed: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReminderEdit {
    id: Option<String>,
    start: Option<String>,
    time: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEdit {
    variable: String,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

/// What of the hero a client may write, in the shape in which it is shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HabitHeroEdit {
    stats: Option<Object<StatsEdit>>,
    flags: Option<Object<FlagsEdit>>,
    preferences: Option<Object<PreferencesEdit>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatsEdit {
    gp: Option<f64>,
    exp: Option<f64>,
    lvl: Option<u32>,
    hp: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlagsEdit {
    rest: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreferencesEdit {
    day_start: Option<u8>,
    timezone_offset_min: Option<f64>,
    #[serde(default)]
    other: BTreeMap<String, Value>,
}

impl HabitTaskEdit {
    /// As a new one → its id if it has one, its type, and the rest.
    pub fn read_new(self) -> Result<(Option<TaskId>, TaskKind, TaskChange), AppError> {
        let ours = [
            ("index", &self.index),
            ("completed", &self.completed),
            ("completed_at", &self.completed_at),
            ("completed_by", &self.completed_by),
            ("created_at", &self.created_at),
            ("other", &self.other),
        ];
        if let Some((field, _)) = ours.into_iter().find(|(_, said)| said.is_some()) {
            return Err(AppError::invalid(field, "is said by the server"));
        }
        let problem = "must be 1 to 100 bytes, none of them a space, a dot or a slash";
        let id = self.id.as_deref().map(|id| TaskId::parse(id).ok_or_else(|| AppError::invalid("id", problem)));
        let kind = self.kind.as_deref().ok_or_else(|| AppError::invalid("type", "is missing"))?;
        let problem = "must be one of habit, daily, todo and reward";
        let kind = TaskKind::parse(kind).ok_or_else(|| AppError::invalid("type", problem))?;
        self.has_text()?;
        Ok((id.transpose()?, kind, self.change()?))
    }

    /// Whether there is anything that is the server's to say.
    pub fn has_ours(&self) -> bool {
        let ticked = [&self.completed, &self.completed_at, &self.completed_by];
        let ours = [&self.index, &self.created_at, &self.other].into_iter().chain(ticked);
        self.id.is_some() || self.kind.is_some() || ours.into_iter().any(Option::is_some)
    }

    /// What the server says itself is as it is, if it is there at all.
    pub fn keeps(&self, task: &HabitListedDocument) -> Result<(), AppError> {
        let shown = serde_json::to_value(task).map_err(|_| AppError::Internal)?;
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let fixed = [
            ("id", text(&self.id), "cannot be changed"),
            ("type", text(&self.kind), "cannot be changed"),
            ("index", self.index.clone(), "is changed by sort"),
            ("completed", self.completed.clone(), "is changed by score"),
            ("completed_at", self.completed_at.clone(), "is changed by score"),
            ("completed_by", self.completed_by.clone(), "is changed by score"),
            ("created_at", self.created_at.clone(), "cannot be changed"),
            ("other", self.other.clone(), "cannot be changed"),
        ];
        let is_another = |name: &str, said: &Option<Value>| {
            said.as_ref().is_some_and(|said| shown.get(name).unwrap_or(&Value::Null) != said)
        };
        match fixed.iter().find(|(name, said, _)| is_another(name, said)) {
            Some((field, _, problem)) => Err(AppError::invalid(*field, *problem)),
            None => Ok(()),
        }
    }

    /// A complete task has one.
    pub fn has_text(&self) -> Result<(), AppError> {
        self.text.as_ref().map(|_| ()).ok_or_else(|| AppError::invalid("text", "is missing"))
    }

    /// What is to be another.
    pub fn change(self) -> Result<TaskChange, AppError> {
        let priority = self.priority.as_deref().map(|priority| {
            let problem = "must be one of !, !! and !!!";
            Priority::parse(priority).ok_or_else(|| AppError::invalid("priority", problem))
        });
        Ok(TaskChange {
            text: self.text,
            notes: self.notes,
            value: self.value,
            priority: priority.transpose()?,
            tags: self.tags.map(BTreeSet::from_iter),
            up: self.up,
            down: self.down,
            repeat: self.repeat.as_ref().map(repeat).transpose()?,
            streak: self.streak,
            date: self.date.checked(date)?,
            checklist: self.checklist.map(|items| items.into_iter().enumerate().map(item).collect()),
            reminders: self.reminders.map(|them| them.into_iter().enumerate().map(reminder).collect()),
            rule: self.rule.checked(|Object(it)| rule(&it))?,
        })
    }
}

/// A weekday that is left out is one on which it need not be done.
fn repeat(days: &BTreeMap<String, bool>) -> Result<[bool; 7], AppError> {
    if days.keys().any(|day| !WEEKDAYS.contains(&day.as_str())) {
        return Err(AppError::invalid("repeat", format!("may have {}", WEEKDAYS.join(", "))));
    }
    Ok(WEEKDAYS.map(|day| days.get(day).copied().unwrap_or_default()))
}

fn date(value: Value) -> Result<Scalar, AppError> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(Scalar::Text(text)),
        Value::Number(number) if number.as_f64().is_some() => Ok(Scalar::Number(number.as_f64().unwrap_or_default())),
        _ => Err(AppError::invalid("date", "must be text, a number of milliseconds, or null")),
    }
}

fn item((index, Object(item)): (usize, Object<HabitItemEdit>)) -> Item {
    let HabitItemEdit { id, text, completed } = item;
    Item { id: id.unwrap_or_else(|| index.to_string()), text, is_completed: completed.unwrap_or_default() }
}

fn reminder((index, Object(reminder)): (usize, Object<ReminderEdit>)) -> Reminder {
    let ReminderEdit { id, start, time } = reminder;
    Reminder { id: id.unwrap_or_else(|| index.to_string()), start, time }
}

/// On what runs come to: another variable would wait for ever.
fn rule(edit: &RuleEdit) -> Result<Rule, AppError> {
    if !RUN_VARIABLES.contains(&edit.variable.as_str()) {
        return Err(AppError::invalid("rule.variable", format!("must be one of {}", RUN_VARIABLES.join(", "))));
    }
    let (at_least, at_most) = (edit.at_least, edit.at_most);
    if at_least.zip(at_most).is_some_and(|(least, most)| least > most) {
        return Err(AppError::invalid("rule.at_most", "is less than at_least"));
    }
    let problem = "must have at_least or at_most, each up to 2^53";
    Rule::new(&edit.variable, at_least, at_most).ok_or_else(|| AppError::invalid("rule", problem))
}

impl HabitHeroEdit {
    pub fn read(self) -> Result<HeroChange, AppError> {
        let Object(stats) = self.stats.unwrap_or(Object(StatsEdit::default()));
        let Object(flags) = self.flags.unwrap_or(Object(FlagsEdit::default()));
        let Object(preferences) = self.preferences.unwrap_or(Object(PreferencesEdit::default()));
        let others = preferences.other.into_iter().map(|(name, value)| match value {
            Value::String(text) => Ok((name, Scalar::Text(text))),
            Value::Bool(yes) => Ok((name, Scalar::Bool(yes))),
            Value::Number(number) => Ok((name, Scalar::Number(number.as_f64().unwrap_or_default()))),
            _ => Err(AppError::invalid("preferences.other", "holds text, numbers, true and false")),
        });
        Ok(HeroChange {
            gp: stats.gp,
            exp: stats.exp,
            lvl: stats.lvl,
            hp: stats.hp,
            day_start: preferences.day_start,
            timezone_offset_min: preferences.timezone_offset_min,
            rest: flags.rest,
            preferences: others.collect::<Result<_, _>>()?,
        })
    }
}
