//! What a user's other devices hear of a batch, on the user's own channel, in the commit that carries it out.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::app::AppError;
use crate::app::documents::{HabitChange, HabitEffect, HabitStatsDocument, HabitTagDocument, HabitTaskDocument};
use crate::app::habits::trees;
use crate::app::transact::encode;
use crate::domain::habit::Board;
use crate::domain::habit::cron::Turned;
use crate::domain::habit::day::date_text;
use crate::domain::habit::drops::Drop;
use crate::domain::habit::effect::Effect;
use crate::domain::habit::hero::Hero;
use crate::domain::habit::task::{Part, Task, TaskId};
use crate::domain::time::Timestamp;
use crate::limits;

/// `None`: there is nothing to tell. What is too long to be told is said to be there. A new version is told in any case: who
/// hears of each and misses none has missed nothing. Only a new board is not, as nobody knows it yet.
pub fn change(board: &Board, v_before: u64, effects: &[Effect], now: Timestamp) -> Result<Option<Bytes>, AppError> {
    let (at, v) = (now.to_string(), board.hero.version);
    if effects.is_empty() && (v == v_before || v_before == 0) {
        return Ok(None);
    }
    let whole = encode(&HabitChange::Habits { at: at.clone(), v, changes: changes(board, effects), reload: false })?;
    if whole.len() <= limits::HABIT_CHANGE_BYTES_MAX {
        return Ok(Some(whole));
    }
    encode(&HabitChange::Habits { at, v, changes: Vec::new(), reload: true }).map(Some)
}

/// Each effect in its shape for devices, with what is on the board now.
pub fn changes(board: &Board, effects: &[Effect]) -> Vec<HabitEffect> {
    effects.iter().filter_map(|effect| told(board, effect)).collect()
}

fn told(board: &Board, effect: &Effect) -> Option<HabitEffect> {
    Some(match effect {
        Effect::TaskAdded { task, index } => {
            HabitEffect::TaskAdded { task: Box::new(HabitTaskDocument::of(task)), index: *index }
        }
        Effect::TaskChanged { id, parts, run } => HabitEffect::TaskChanged {
            id: id.to_string(),
            run: run.map(|run| run.to_string()),
            now: parts_of(board.task(id)?, parts.iter()),
        },
        Effect::TaskRemoved { id, kind } => {
            HabitEffect::TaskRemoved { id: id.to_string(), kind: kind.as_str().to_owned() }
        }
        Effect::TaskSorted { id, kind, from, to } => {
            HabitEffect::TaskSorted { id: id.to_string(), kind: kind.as_str().to_owned(), from: *from, to: *to }
        }
        Effect::Stats { by, now } => HabitEffect::Stats {
            by: HabitStatsDocument { gp: by.gp, exp: by.exp, lvl: by.lvl, hp: by.hp },
            now: HabitStatsDocument::of(now),
        },
        Effect::Levelled { from, to } => HabitEffect::Levelled { from: *from, to: *to },
        Effect::Unlocked(flag) => HabitEffect::Unlocked { flag: flag.as_str().to_owned() },
        Effect::Dropped(drop) => dropped(&board.hero, *drop)?,
        Effect::Died => HabitEffect::Died {},
        Effect::Revived { lost } => HabitEffect::Revived { lost: lost.map(|slot| slot.as_str().to_owned()) },
        Effect::Bought { slot, piece } => HabitEffect::Bought { slot: slot.as_str().to_owned(), piece: *piece },
        Effect::UserSet { path, value } => HabitEffect::UserSet { path: path.clone(), value: trees::scalar(value) },
        Effect::TagsChanged => {
            HabitEffect::TagsChanged { tags: board.hero.tags.iter().map(HabitTagDocument::of).collect() }
        }
        Effect::DayTurned(turned) => day_turned(board, turned),
    })
}

fn dropped(hero: &Hero, drop: Drop) -> Option<HabitEffect> {
    let last = hero.found.last?;
    Some(HabitEffect::Dropped {
        at: last.at.to_string(),
        kind: match drop {
            Drop::Egg(_) => "egg",
            Drop::Potion(_) => "potion",
        }
        .to_owned(),
        name: drop.sort().name.to_owned(),
        now: hero.found.count(drop),
        today: last.count,
    })
}

fn day_turned(board: &Board, turned: &Turned) -> HabitEffect {
    let missed = turned.missed.iter().map(|(id, _)| id);
    let ids: std::collections::BTreeSet<&TaskId> = missed.chain(&turned.unticked).chain(&turned.faded).collect();
    let parts = [Part::Value, Part::Streak, Part::Completed];
    let unticked = [Part::CompletedAt, Part::Checklist];
    let tasks = ids.into_iter().filter_map(|id| {
        let also = if turned.unticked.contains(id) { &unticked[..] } else { &[] };
        let mut now = parts_of(board.task(id)?, parts.iter().chain(also));
        now.insert("id".to_owned(), Value::from(id.as_str()));
        Some(now)
    });
    HabitEffect::DayTurned {
        at: turned.at.to_string(),
        day: date_text(turned.day),
        days: turned.days,
        rested: turned.rested,
        hp_lost: turned.hp_lost,
        died: turned.died,
        missed: turned.missed.iter().map(|(id, times)| (id.to_string(), *times)).collect(),
        unticked: turned.unticked.iter().map(TaskId::to_string).collect(),
        tasks: tasks.collect(),
    }
}

/// What these parts of a task are now; one that is taken away is `null`.
fn parts_of<'a>(task: &Task, parts: impl Iterator<Item = &'a Part>) -> Map<String, Value> {
    let mut whole = match serde_json::to_value(HabitTaskDocument::of(task)) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let mut told = Map::new();
    for part in parts {
        if *part == Part::CompletedAt {
            told.insert("completed_by".to_owned(), whole.remove("completed_by").unwrap_or_default());
        }
        let name = match part {
            Part::Text => "text",
            Part::Notes => "notes",
            Part::Value => "value",
            Part::Priority => "priority",
            Part::Tags => "tags",
            Part::Up => "up",
            Part::Down => "down",
            Part::Completed => "completed",
            Part::Repeat => "repeat",
            Part::Streak => "streak",
            Part::Date => "date",
            Part::CompletedAt => "completed_at",
            Part::Checklist => "checklist",
            Part::Reminders => "reminders",
            Part::Rule => "rule",
            Part::Other(_) => "other",
        };
        if let Some(value) = whole.remove(name) {
            told.insert(name.to_owned(), value);
        } else if matches!(part, Part::Date | Part::CompletedAt | Part::Rule | Part::Other(_))
            && !told.contains_key(name)
        {
            told.insert(name.to_owned(), Value::Null);
        }
    }
    told
}
