//! A task as it is stored, without its history; and the user's tags.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::app::AppError;
use crate::app::habits::trees;
use crate::domain::habit::hero::Tag;
use crate::domain::habit::numbers::Priority;
use crate::domain::habit::rule::Rule;
use crate::domain::habit::task::{Item, Reminder, Task, TaskId, TaskKind};
use crate::domain::habit::tree::Scalar;
use crate::domain::ids::RunId;
use crate::domain::time::Timestamp;

/// What is as in a task that was just made is left out.
#[derive(Debug, Serialize, Deserialize)]
pub struct TaskRecord {
    id: String,
    kind: String,
    rank: i64,
    text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    notes: String,
    value: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// Up and down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    buttons: Option<(bool, bool)>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    completed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeat: Option<[bool; 7]>,
    /// As it is shown, and as it was earned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    streak: Option<(u32, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<DateRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    completed_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    completed_by: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    checklist: Vec<(String, String, bool)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reminders: Vec<(String, Option<String>, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<(String, Option<f64>, Option<f64>)>,
    created_ms: i64,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    other: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DateRecord {
    Text(String),
    Number(f64),
}

/// In their order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TagsRecord(Vec<(String, String)>);

impl TagsRecord {
    pub fn of(tags: &[Tag]) -> Self {
        Self(tags.iter().map(|tag| (tag.id.clone(), tag.name.clone())).collect())
    }

    pub fn read(self) -> Vec<Tag> {
        self.0.into_iter().map(|(id, name)| Tag { id, name }).collect()
    }
}

const EVERY_DAY: [bool; 7] = [true; 7];

impl TaskRecord {
    pub fn of(task: &Task) -> Self {
        let date = task.date.as_ref().and_then(|date| match date {
            Scalar::Text(text) => Some(DateRecord::Text(text.clone())),
            Scalar::Number(number) => Some(DateRecord::Number(*number)),
            Scalar::Null | Scalar::Bool(_) => None,
        });
        let rule = task.rule.as_ref().map(|rule| (rule.variable().to_owned(), rule.at_least(), rule.at_most()));
        let items = task.checklist.iter().map(|item| (item.id.clone(), item.text.clone(), item.is_completed));
        let reminders = task.reminders.iter().map(|it| (it.id.clone(), it.start.clone(), it.time.clone()));
        let other = match trees::value_of(&task.other) {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        Self {
            id: task.id.to_string(),
            kind: task.kind.as_str().to_owned(),
            rank: task.rank,
            text: task.text.clone(),
            notes: task.notes.clone(),
            value: task.value,
            priority: (task.priority != Priority::Easy).then(|| task.priority.as_str().to_owned()),
            tags: task.tags.iter().cloned().collect(),
            buttons: Some((task.up, task.down)).filter(|buttons| *buttons != (true, true)),
            completed: task.completed,
            repeat: Some(task.repeat).filter(|repeat| *repeat != EVERY_DAY),
            streak: Some((task.streak, task.earned_streak)).filter(|streak| *streak != (0, 0)),
            date,
            completed_ms: task.completed_at.map(Timestamp::as_millis),
            completed_by: task.completed_by.map(|run| run.to_string()),
            checklist: items.collect(),
            reminders: reminders.collect(),
            rule,
            created_ms: task.created_at.as_millis(),
            other,
        }
    }

    pub fn read(self) -> Result<Task, AppError> {
        let id = TaskId::parse(&self.id).ok_or(AppError::Internal)?;
        let kind = TaskKind::parse(&self.kind).ok_or(AppError::Internal)?;
        let (up, down) = self.buttons.unwrap_or((true, true));
        let (streak, earned_streak) = self.streak.unwrap_or_default();
        let priority = self.priority.map_or(Ok(Priority::Easy), |it| Priority::parse(&it).ok_or(AppError::Internal))?;
        let rule = self.rule.map(|(variable, least, most)| Rule::new(&variable, least, most).ok_or(AppError::Internal));
        let completed_by = self.completed_by.map(|run| RunId::parse(&run).ok_or(AppError::Internal));
        Ok(Task {
            rank: self.rank,
            text: self.text,
            notes: self.notes,
            value: self.value,
            priority,
            tags: self.tags.into_iter().collect(),
            up,
            down,
            completed: self.completed,
            repeat: self.repeat.unwrap_or(EVERY_DAY),
            streak,
            earned_streak,
            date: self.date.map(|date| match date {
                DateRecord::Text(text) => Scalar::Text(text),
                DateRecord::Number(number) => Scalar::Number(number),
            }),
            completed_at: self.completed_ms.map(Timestamp::from_millis),
            completed_by: completed_by.transpose()?,
            checklist: self
                .checklist
                .into_iter()
                .map(|(id, text, is_completed)| Item { id, text, is_completed })
                .collect(),
            reminders: self.reminders.into_iter().map(|(id, start, time)| Reminder { id, start, time }).collect(),
            rule: rule.transpose()?,
            other: trees::tree(self.other),
            ..Task::new(id, kind, Timestamp::from_millis(self.created_ms))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::transact::{decode, encode};
    use crate::domain::habit::tree::{Node, Tree};

    fn again(task: &Task) -> Task {
        let stored = encode(&TaskRecord::of(task)).unwrap();
        decode::<TaskRecord>(&stored).unwrap().read().unwrap()
    }

    #[test]
    fn tasks_come_back_as_they_were() {
        let now = Timestamp::from_millis(1_800_000_000_123);
        for kind in TaskKind::ALL {
            let mut task = Task::new(TaskId::parse("a-1").unwrap(), kind, now);
            assert_eq!(again(&task), task);
            task.rank = i64::MIN;
            (task.text, task.notes) = ("<b>Hello\u{7}!</b>".to_owned(), "\"x\"".to_owned());
            task.value = -1.292_083_123_456_789;
            task.priority = Priority::Hard;
            task.tags.insert("t".to_owned());
            (task.up, task.completed, task.streak, task.earned_streak) = (false, true, 7, 6);
            task.repeat[3] = false;
            task.completed_at = Some(now);
            task.checklist.push(Item { id: "i".to_owned(), text: "step".to_owned(), is_completed: true });
            task.reminders.push(Reminder { id: "r".to_owned(), start: None, time: "09:00".to_owned() });
            task.rule = Rule::new("distance_m", Some(5_000.5), None);
            task.other = Tree::of([("x", Node::List(vec![Node::number(1.5), Node::null()]))]);
            for date in [Scalar::Text("2026-11-30".to_owned()), Scalar::Number(1e12)] {
                task.date = Some(date);
                assert_eq!(again(&task), task);
            }
        }
    }
}
