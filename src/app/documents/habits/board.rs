//! A whole board at one version: what a device begins with, before it goes by the changes.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{HabitStatsDocument, HabitTaskDocument};
use crate::app::habits::{number, value_of};
use crate::domain::habit::Board;
use crate::domain::habit::drops::{EGGS, POTIONS, Sort};
use crate::domain::habit::gear::Slot;
use crate::domain::habit::hero::{Hero, LastTurn, Tag};
use crate::domain::habit::task::{Task, TaskKind};

/// Without histories.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitBoardDocument {
    pub v: u64,
    pub stats: HabitStatsDocument,
    /// What else the user has, where the paths of `set` find it: `flags`, `items`, `preferences`, `profile` and more.
    pub user: Map<String, Value>,
    /// In their order.
    pub tags: Vec<HabitTagDocument>,
    pub habits: Vec<HabitTaskDocument>,
    pub dailies: Vec<HabitTaskDocument>,
    pub todos: Vec<HabitTaskDocument>,
    pub rewards: Vec<HabitTaskDocument>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HabitTagDocument {
    pub id: String,
    pub name: String,
}

impl HabitBoardDocument {
    pub fn of(board: &Board) -> Self {
        let hero = &board.hero;
        let tasks = |kind| board.tasks(kind).map(|task: &Arc<Task>| HabitTaskDocument::of(task)).collect();
        Self {
            v: hero.version,
            stats: HabitStatsDocument::of(&hero.stats),
            user: user(hero),
            tags: hero.tags.iter().map(HabitTagDocument::of).collect(),
            habits: tasks(TaskKind::Habit),
            dailies: tasks(TaskKind::Daily),
            todos: tasks(TaskKind::Todo),
            rewards: tasks(TaskKind::Reward),
        }
    }
}

impl HabitTagDocument {
    pub fn of(tag: &Tag) -> Self {
        Self { id: tag.id.clone(), name: tag.name.clone() }
    }
}

fn user(hero: &Hero) -> Map<String, Value> {
    let mut user = match value_of(&hero.other) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let mut put = |group: &str, members: Map<String, Value>| {
        let known = user.entry(group).or_insert_with(|| json!({}));
        if let Value::Object(known) = known {
            known.extend(members);
        }
    };
    put("items", items(hero));
    let flags = hero.flags.named().into_iter();
    put("flags", flags.map(|(name, is_up)| (name.to_owned(), Value::Bool(is_up))).collect());
    let mut preferences = Map::from_iter([("dayStart".to_owned(), Value::from(hero.preferences.day_start))]);
    preferences.extend(hero.preferences.timezone_offset_min.map(|it| ("timezoneOffset".to_owned(), number(it))));
    put("preferences", preferences);
    user.insert(
        "lastCron".to_owned(),
        match hero.last_turn {
            LastTurn::Never => Value::from("new"),
            LastTurn::At { at, .. } => Value::from(at.as_millis()),
        },
    );
    user
}

fn items(hero: &Hero) -> Map<String, Value> {
    let found = |sorts: &[Sort], counts: &[u32]| {
        let some = sorts.iter().zip(counts).filter(|(_, count)| **count > 0);
        Value::Object(some.map(|(sort, count)| (sort.name.to_owned(), Value::from(*count))).collect())
    };
    let mut items: Map<String, Value> =
        Slot::ALL.into_iter().map(|slot| (slot.as_str().to_owned(), hero.gear.piece(slot).into())).collect();
    items.insert("eggs".to_owned(), found(&EGGS, &hero.found.eggs));
    items.insert("hatchingPotions".to_owned(), found(&POTIONS, &hero.found.potions));
    let last = hero.found.last.map(|last| json!({ "date": last.at.as_millis(), "count": last.count }));
    items.extend(last.map(|last| ("lastDrop".to_owned(), last)));
    items
}
