//! What is asked of a board: tasks where they stand, the hero, histories, what a score has done, what the next turn will do.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{HabitStatsDocument, HabitTaskDocument};
use crate::app::habits::{Outcome, value_of};
use crate::domain::habit::cron::Turned;
use crate::domain::habit::day::date_text;
use crate::domain::habit::drops::{Drop, EGGS, POTIONS, Sort};
use crate::domain::habit::gear::Slot;
use crate::domain::habit::hero::{Hero, LastTurn};
use crate::domain::habit::history::Entry;
use crate::domain::habit::numbers::{HP_MAX, to_next_level};
use crate::domain::habit::stats::Moved;
use crate::domain::habit::task::{Task, TaskId, TaskKind};
use crate::domain::habit::tree::Node;
use crate::domain::habit::{Board, HabitError};
use crate::domain::time::Timestamp;

/// A task where it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitListedDocument {
    #[serde(flatten)]
    pub task: HabitTaskDocument,
    /// From 0, in the list of its type.
    pub index: usize,
}

/// A day of a history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitEntryDocument {
    /// The user's day, `yyyy-mm-dd`.
    pub day: String,
    /// Of the last score of that day, or of its turn.
    pub at: String,
    pub value: f64,
    /// The run that scored it.
    pub run: Option<String>,
}

/// The user as the game knows them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitHeroDocument {
    /// The board's version.
    pub v: u64,
    pub stats: HabitStatsDocument,
    /// Experience that the next level takes; nothing at the last one.
    pub exp_to_next: f64,
    pub hp_max: f64,
    /// What is worn: of each slot the number of the piece, from 0.
    pub gear: BTreeMap<&'static str, u8>,
    /// What was found, how many of each.
    pub eggs: BTreeMap<&'static str, u32>,
    pub potions: BTreeMap<&'static str, u32>,
    pub flags: HabitFlagsDocument,
    pub preferences: HabitPreferencesDocument,
    pub last_turn_at: Option<String>,
    pub next_turn_at: Option<String>,
}

/// What has been unlocked, and whether the user rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HabitFlagsDocument {
    pub customizations: bool,
    pub items: bool,
    pub party: bool,
    pub drops: bool,
    pub rest: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitPreferencesDocument {
    /// The hour at which the user's day begins.
    pub day_start: u8,
    /// Minutes west of Greenwich; where the profile has a time zone, that one counts.
    pub timezone_offset_min: Option<f64>,
    /// Those that the server keeps for apps.
    pub other: Value,
}

/// What a score has done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitScoredDocument {
    /// The task's id.
    pub task: String,
    /// `false`: nothing has moved: the tick was so already, or it has come before, or it was refused.
    pub counted: bool,
    /// It had come before, by its operation's id.
    pub repeated: bool,
    /// How far the task's value has moved; of a reward how far it would have.
    pub delta: f64,
    pub by: HabitStatsDocument,
    pub died: bool,
    pub unlocked: Vec<&'static str>,
    pub drop: Option<HabitDropDocument>,
    /// Why it was refused.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HabitDropDocument {
    /// `egg` or `potion`.
    pub kind: &'static str,
    pub name: &'static str,
}

/// What has come of one score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitScoreDocument {
    /// The board's version.
    pub v: u64,
    pub result: HabitScoredDocument,
    /// As they are now.
    pub stats: HabitStatsDocument,
    /// As it is now; `null` if it has gone since it was scored.
    pub task: Option<HabitListedDocument>,
}

/// What has come of several.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitScoresDocument {
    pub v: u64,
    /// In the order in which they were sent.
    pub results: Vec<HabitScoredDocument>,
    pub stats: HabitStatsDocument,
}

/// To-dos that were done and are gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HabitClearedDocument {
    pub v: u64,
    /// Ids.
    pub removed: Vec<String>,
}

/// What the next turn of the day will do if nothing is done until then.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitForecastDocument {
    pub at: String,
    /// The day that begins, `yyyy-mm-dd`.
    pub day: String,
    pub days: u32,
    pub rested: bool,
    pub hp_lost: f64,
    pub died: bool,
    pub before: HabitStatsDocument,
    pub after: HabitStatsDocument,
    /// Those that will be others, in the order of their lists.
    pub tasks: Vec<HabitForetoldDocument>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HabitForetoldDocument {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// On how many days it was not done.
    pub missed: u32,
    /// It is to be done again.
    pub unticked: bool,
    pub value_before: f64,
    pub value: f64,
    /// Of a daily.
    pub streak: Option<u32>,
}

impl HabitListedDocument {
    pub fn of(board: &Board, task: &Task) -> Self {
        Self { task: HabitTaskDocument::of(task), index: board.index_of(&task.id).unwrap_or_default() }
    }
}

impl HabitEntryDocument {
    pub fn of(entry: &Entry) -> Self {
        let run = entry.run.map(|run| run.to_string());
        Self { day: date_text(entry.day), at: entry.at.to_string(), value: entry.value, run }
    }
}

impl HabitHeroDocument {
    pub fn of(hero: &Hero, next_turn: Option<Timestamp>) -> Self {
        fn found(sorts: &[Sort], counts: &[u32]) -> BTreeMap<&'static str, u32> {
            sorts.iter().map(|sort| sort.name).zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect()
        }
        let flags = &hero.flags;
        Self {
            v: hero.version,
            stats: HabitStatsDocument::of(&hero.stats),
            exp_to_next: to_next_level(hero.stats.lvl),
            hp_max: HP_MAX,
            gear: Slot::ALL.into_iter().map(|slot| (slot.as_str(), hero.gear.piece(slot))).collect(),
            eggs: found(&EGGS, &hero.found.eggs),
            potions: found(&POTIONS, &hero.found.potions),
            flags: HabitFlagsDocument {
                customizations: flags.customizations,
                items: flags.items,
                party: flags.party,
                drops: flags.drops,
                rest: flags.rest,
            },
            preferences: HabitPreferencesDocument {
                day_start: hero.preferences.day_start,
                timezone_offset_min: hero.preferences.timezone_offset_min,
                other: match hero.other.get("preferences").and_then(Node::as_tree) {
                    Some(tree) => value_of(tree),
                    None => Value::Object(serde_json::Map::new()),
                },
            },
            last_turn_at: match hero.last_turn {
                LastTurn::Never => None,
                LastTurn::At { at, .. } => Some(at.to_string()),
            },
            next_turn_at: next_turn.map(|at| at.to_string()),
        }
    }
}

impl HabitScoredDocument {
    pub fn of(task: &TaskId, outcome: &Outcome) -> Self {
        let scored = match outcome {
            Outcome::Done { scored, .. } => scored.as_ref(),
            _ => None,
        };
        let Moved { gp, exp, lvl, hp } = scored.map(|it| it.moved).unwrap_or_default();
        Self {
            task: task.to_string(),
            counted: scored.is_some(),
            repeated: *outcome == Outcome::Known,
            delta: scored.map_or(0.0, |it| it.delta),
            by: HabitStatsDocument { gp, exp, lvl, hp },
            died: scored.is_some_and(|it| it.died),
            unlocked: scored.map_or_else(Vec::new, |it| it.unlocked.iter().map(|flag| flag.as_str()).collect()),
            drop: scored.and_then(|it| it.drop).map(HabitDropDocument::of),
            error: match outcome {
                Outcome::Refused(error) => Some(HabitError::to_string(error)),
                _ => None,
            },
        }
    }
}

impl HabitDropDocument {
    fn of(drop: Drop) -> Self {
        let kind = match drop {
            Drop::Egg(_) => "egg",
            Drop::Potion(_) => "potion",
        };
        Self { kind, name: drop.sort().name }
    }
}

impl HabitForecastDocument {
    /// The board as it is, and as it would be.
    pub fn of(at: Timestamp, turned: &Turned, before: &Board, after: &Board) -> Self {
        let tasks = TaskKind::ALL.into_iter().flat_map(|kind| before.tasks(kind));
        let foretold = tasks.filter_map(|task| {
            let then = after.task(&task.id)?;
            let missed = turned.missed.iter().find(|(id, _)| *id == task.id).map_or(0, |(_, days)| *days);
            let unticked = turned.unticked.contains(&task.id);
            (missed > 0 || unticked || turned.faded.contains(&task.id)).then(|| HabitForetoldDocument {
                id: task.id.to_string(),
                kind: task.kind.as_str(),
                missed,
                unticked,
                value_before: task.value,
                value: then.value,
                streak: (task.kind == TaskKind::Daily).then_some(then.streak),
            })
        });
        Self {
            at: at.to_string(),
            day: date_text(turned.day),
            days: turned.days,
            rested: turned.rested,
            hp_lost: turned.hp_lost,
            died: turned.died,
            before: HabitStatsDocument::of(&before.hero.stats),
            after: HabitStatsDocument::of(&after.hero.stats),
            tasks: foretold.collect(),
        }
    }
}
