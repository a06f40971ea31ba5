//! The user in the document's shape, tasks in the order of their lists. What is secret of an account never comes here but the key
//! that the caller has shown.

use serde::{Serialize, Serializer};

use super::json::{Members, Number};
use super::task::{HistoryShape, TaskShape};
use crate::app::documents::HabitFaultDocument;
use crate::app::habits::Whole;
use crate::domain::habit::drops::{Drop, EGGS, Found, POTIONS, Sort};
use crate::domain::habit::effect::Effect;
use crate::domain::habit::hero::{Hero, LastTurn};
use crate::domain::habit::history::Of;
use crate::domain::habit::task::TaskKind;

/// Members of the user that have a shape of their own here; all others are as they are kept.
const SHAPED: [&str; 3] = ["flags", "items", "preferences"];

#[derive(Serialize)]
pub struct UserShape<'a> {
    id: &'a str,
    #[serde(rename = "_id")]
    id_again: &'a str,
    #[serde(rename = "apiToken")]
    api_token: &'a str,
    auth: Auth<'a>,
    stats: Stats,
    items: Items<'a>,
    preferences: Preferences<'a>,
    flags: Flags<'a>,
    #[serde(rename = "lastCron")]
    last_cron: LastCron,
    /// Nothing is sold here.
    balance: u8,
    backer: Nothing,
    tags: Vec<Tag<'a>>,
    history: Histories<'a>,
    #[serde(rename = "_v")]
    version: u64,
    #[serde(rename = "wasModified")]
    was_modified: bool,
    #[serde(rename = "_tmp", skip_serializing_if = "Option::is_none")]
    found_now: Option<FoundNow>,
    /// What was not carried out, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<HabitFaultDocument>,
    habits: Vec<TaskShape<'a>>,
    dailys: Vec<TaskShape<'a>>,
    todos: Vec<TaskShape<'a>>,
    rewards: Vec<TaskShape<'a>>,
    #[serde(flatten)]
    other: Members<'a>,
}

#[derive(Serialize)]
struct Auth<'a> {
    local: Local<'a>,
    timestamps: Timestamps,
}

#[derive(Serialize)]
struct Local<'a> {
    username: &'a str,
    /// The account's name, if that is one.
    email: &'a str,
}

/// RFC 3339, as JavaScript writes dates.
#[derive(Serialize)]
struct Timestamps {
    created: String,
    /// When a day of theirs last began here.
    loggedin: String,
}

#[derive(Serialize)]
struct Stats {
    gp: Number,
    exp: Number,
    lvl: u32,
    hp: Number,
}

#[derive(Serialize)]
struct Items<'a> {
    weapon: u8,
    armor: u8,
    head: u8,
    shield: u8,
    /// Each egg that was found.
    eggs: Vec<SortShape>,
    /// The name of each potion that was found.
    #[serde(rename = "hatchingPotions")]
    potions: Vec<&'static str>,
    #[serde(rename = "lastDrop")]
    last_drop: LastDrop,
    #[serde(flatten)]
    other: Members<'a>,
}

#[derive(Serialize)]
struct SortShape {
    name: &'static str,
    text: &'static str,
    value: u8,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct LastDrop {
    /// Milliseconds since 1970; `null` before the first.
    date: Option<i64>,
    count: u32,
}

#[derive(Serialize)]
struct FoundNow {
    drop: SortShape,
}

#[derive(Serialize)]
struct Preferences<'a> {
    #[serde(rename = "dayStart")]
    day_start: u8,
    #[serde(rename = "timezoneOffset")]
    timezone_offset: Option<Number>,
    #[serde(flatten)]
    other: Members<'a>,
}

#[derive(Serialize)]
struct Flags<'a> {
    #[serde(rename = "customizationsNotification")]
    customizations: bool,
    #[serde(rename = "itemsEnabled")]
    items: bool,
    #[serde(rename = "partyEnabled")]
    party: bool,
    #[serde(rename = "dropsEnabled")]
    drops: bool,
    rest: bool,
    #[serde(flatten)]
    other: Members<'a>,
}

/// `"new"`, or milliseconds since 1970.
struct LastCron(LastTurn);

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Tag<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Histories<'a> {
    exp: HistoryShape<'a>,
    todos: HistoryShape<'a>,
}

/// What a reply needs besides the board.
pub struct Asked<'a> {
    pub user: &'a str,
    /// The key that was presented.
    pub key: &'a str,
    pub errors: Vec<HabitFaultDocument>,
}

impl<'a> UserShape<'a> {
    pub fn of(whole: &'a Whole, asked: Asked<'a>) -> Self {
        let Whole { applied, histories, owner } = whole;
        let (board, hero) = (&applied.board, &applied.board.hero);
        let tasks = |kind| {
            let tasks = board.tasks(kind);
            tasks.map(|task| TaskShape::of(task, histories.get(&Of::Task(task.id.clone())))).collect()
        };
        let begun = match hero.last_turn {
            LastTurn::At { at, .. } => at,
            LastTurn::Never => owner.created_at,
        };
        Self {
            id: asked.user,
            id_again: asked.user,
            api_token: asked.key,
            auth: Auth {
                local: Local { username: &owner.name, email: if owner.name.contains('@') { &owner.name } else { "" } },
                timestamps: Timestamps { created: owner.created_at.to_string(), loggedin: begun.to_string() },
            },
            stats: Stats::of(hero),
            items: Items::of(hero),
            preferences: Preferences::of(hero),
            flags: Flags::of(hero),
            last_cron: LastCron(hero.last_turn),
            balance: 0,
            backer: Nothing {},
            tags: hero.tags.iter().map(|tag| Tag { id: &tag.id, name: &tag.name }).collect(),
            history: Histories {
                exp: HistoryShape(histories.get(&Of::Exp)),
                todos: HistoryShape(histories.get(&Of::Todos)),
            },
            version: applied.v,
            was_modified: applied.was_modified,
            found_now: found(&applied.effects).map(|drop| FoundNow { drop: SortShape::of(drop) }),
            errors: asked.errors,
            habits: tasks(TaskKind::Habit),
            dailys: tasks(TaskKind::Daily),
            todos: tasks(TaskKind::Todo),
            rewards: tasks(TaskKind::Reward),
            other: Members { of: Some(&hero.other), but: &SHAPED },
        }
    }
}

/// The last thing that was found by these operations.
fn found(effects: &[Effect]) -> Option<Drop> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Dropped(drop) => Some(*drop),
        _ => None,
    })
}

impl Stats {
    fn of(hero: &Hero) -> Self {
        let stats = &hero.stats;
        Self { gp: Number(stats.gp), exp: Number(stats.exp), lvl: stats.lvl, hp: Number(stats.hp) }
    }
}

impl<'a> Items<'a> {
    fn of(hero: &'a Hero) -> Self {
        let Found { eggs, potions, last } = &hero.found;
        Self {
            weapon: hero.gear.weapon,
            armor: hero.gear.armor,
            head: hero.gear.head,
            shield: hero.gear.shield,
            eggs: each(&EGGS, eggs).map(|sort| SortShape::of(Drop::Egg(sort))).collect(),
            potions: each(&POTIONS, potions).map(|sort| sort.name).collect(),
            last_drop: LastDrop {
                date: last.map(|last| last.at.as_millis()),
                count: last.map_or(0, |last| last.count),
            },
            other: Members::under(&hero.other, "items"),
        }
    }
}

/// Every single one, of as many as there are of each sort.
fn each(sorts: &'static [Sort], counts: &[u32]) -> impl Iterator<Item = Sort> {
    let sorts = sorts.iter().zip(counts);
    sorts.flat_map(|(sort, count)| std::iter::repeat_n(*sort, usize::try_from(*count).unwrap_or_default()))
}

impl SortShape {
    fn of(drop: Drop) -> Self {
        let kind = match drop {
            Drop::Egg(_) => "Egg",
            Drop::Potion(_) => "HatchingPotion",
        };
        let Sort { name, text, worth } = drop.sort();
        Self { name, text, value: worth, kind }
    }
}

impl<'a> Preferences<'a> {
    fn of(hero: &'a Hero) -> Self {
        Self {
            day_start: hero.preferences.day_start,
            timezone_offset: hero.preferences.timezone_offset_min.map(Number),
            other: Members::under(&hero.other, "preferences"),
        }
    }
}

impl<'a> Flags<'a> {
    fn of(hero: &'a Hero) -> Self {
        let flags = hero.flags;
        Self {
            customizations: flags.customizations,
            items: flags.items,
            party: flags.party,
            drops: flags.drops,
            rest: flags.rest,
            other: Members::under(&hero.other, "flags"),
        }
    }
}

impl Serialize for LastCron {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            LastTurn::Never => serializer.serialize_str("new"),
            LastTurn::At { at, .. } => serializer.serialize_i64(at.as_millis()),
        }
    }
}
