//! The head of a board as it is stored: the hero in numbers. It holds no list that grows, so an operation writes little.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::AppError;
use crate::app::transact::Record;
use crate::domain::habit::drops::{EGGS, Found, LastDrop, POTIONS, Sort};
use crate::domain::habit::gear::Gear;
use crate::domain::habit::hero::{Earned, Flags, Hero, LastTurn, Preferences, Tag};
use crate::domain::habit::stats::Stats;
use crate::domain::habit::tree::Tree;
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HabitsRecord {
    pub made_ms: i64,
    /// Another one with each write: tells states of a board apart, those that were never stored too.
    pub stamp: u64,
    pub v: u64,
    /// When the day is to turn by the clock.
    pub turns_ms: Option<i64>,
    /// What days have come to that is not counted for achievements yet, by the user's day; of the newest, all of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub days: BTreeMap<i32, DayRecord>,
    /// When it is to be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts_ms: Option<i64>,
    stats: StatsRecord,
    earned: EarnedRecord,
    /// Weapon, armor, head, shield.
    gear: [u8; 4],
    #[serde(default, skip_serializing_if = "FoundRecord::is_nothing")]
    found: FoundRecord,
    /// Customizations, items, party, drops, rest.
    flags: [bool; 5],
    day_start: u8,
    offset_min: Option<f64>,
    /// When, and the day that began.
    last_turn: Option<(i64, Option<i32>)>,
    seed: u64,
    rolls: u64,
}

/// What one day has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRecord {
    /// The first of it: the moment to which all of it belongs.
    pub at_ms: i64,
    pub habits: i64,
    /// Below nought when more ticks were taken back than made.
    pub dailies: i64,
    pub todos: i64,
    /// The highest level and the longest streak up to this day.
    pub lvl: u32,
    pub streak: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct StatsRecord {
    gp: f64,
    exp: f64,
    lvl: u32,
    hp: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct EarnedRecord {
    lvl: u32,
    exp: f64,
    lvl_max: u32,
    streak_max: u32,
    habits: u64,
    dailies: u64,
    todos: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct FoundRecord {
    /// By their names.
    eggs: BTreeMap<String, u32>,
    potions: BTreeMap<String, u32>,
    /// When, on which day, and how many on it.
    last: Option<(i64, i32, u32)>,
}

impl Record for HabitsRecord {
    const KIND: &'static str = "user";
    const NAME: &'static str = "habits";
}

impl HabitsRecord {
    pub fn of(hero: &Hero, made_ms: i64, stamp: u64, turns_ms: Option<i64>) -> Self {
        let Stats { gp, exp, lvl, hp } = hero.stats;
        let Earned { habits_scored, dailies_done, todos_done, .. } = hero.earned;
        let Gear { weapon, armor, head, shield } = hero.gear;
        let Flags { customizations, items, party, drops, rest } = hero.flags;
        Self {
            made_ms,
            stamp,
            v: hero.version,
            turns_ms,
            days: BTreeMap::new(),
            counts_ms: None,
            stats: StatsRecord { gp, exp, lvl, hp },
            earned: EarnedRecord {
                lvl: hero.earned.lvl,
                exp: hero.earned.exp,
                lvl_max: hero.earned.lvl_max,
                streak_max: hero.earned.streak_max,
                habits: habits_scored,
                dailies: dailies_done,
                todos: todos_done,
            },
            gear: [weapon, armor, head, shield],
            found: FoundRecord::of(&hero.found),
            flags: [customizations, items, party, drops, rest],
            day_start: hero.preferences.day_start,
            offset_min: hero.preferences.timezone_offset_min,
            last_turn: match hero.last_turn {
                LastTurn::Never => None,
                LastTurn::At { at, day } => Some((at.as_millis(), day)),
            },
            seed: hero.seed,
            rolls: hero.rolls,
        }
    }

    /// With what stands beside.
    pub fn hero(&self, tags: Vec<Tag>, other: Arc<Tree>) -> Result<Hero, AppError> {
        let StatsRecord { gp, exp, lvl, hp } = self.stats;
        let [weapon, armor, head, shield] = self.gear;
        let [customizations, items, party, drops, rest] = self.flags;
        Ok(Hero {
            stats: Stats { gp, exp, lvl, hp },
            earned: Earned {
                lvl: self.earned.lvl,
                exp: self.earned.exp,
                lvl_max: self.earned.lvl_max,
                streak_max: self.earned.streak_max,
                habits_scored: self.earned.habits,
                dailies_done: self.earned.dailies,
                todos_done: self.earned.todos,
            },
            gear: Gear { weapon, armor, head, shield },
            found: self.found.read()?,
            flags: Flags { customizations, items, party, drops, rest },
            preferences: Preferences { day_start: self.day_start, timezone_offset_min: self.offset_min },
            tags,
            last_turn: self
                .last_turn
                .map_or(LastTurn::Never, |(at_ms, day)| LastTurn::At { at: Timestamp::from_millis(at_ms), day }),
            version: self.v,
            seed: self.seed,
            rolls: self.rolls,
            other,
        })
    }
}

impl FoundRecord {
    fn of(found: &Found) -> Self {
        Self {
            eggs: named(&EGGS, &found.eggs),
            potions: named(&POTIONS, &found.potions),
            last: found.last.map(|last| (last.at.as_millis(), last.day, last.count)),
        }
    }

    fn read(&self) -> Result<Found, AppError> {
        let mut found = Found::default();
        counted(&EGGS, &mut found.eggs, &self.eggs)?;
        counted(&POTIONS, &mut found.potions, &self.potions)?;
        found.last = self.last.map(|(at_ms, day, count)| LastDrop { at: Timestamp::from_millis(at_ms), day, count });
        Ok(found)
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

fn named(sorts: &[Sort], counts: &[u32]) -> BTreeMap<String, u32> {
    let some = sorts.iter().zip(counts).filter(|(_, count)| **count > 0);
    some.map(|(sort, count)| (sort.name.to_owned(), *count)).collect()
}

/// A sort that is not known here is of a newer version, and not to be lost by writing without it.
fn counted(sorts: &[Sort], counts: &mut [u32], named: &BTreeMap<String, u32>) -> Result<(), AppError> {
    for (name, count) in named {
        let place = sorts.iter().position(|sort| sort.name == name).and_then(|place| counts.get_mut(place));
        *place.ok_or(AppError::Internal)? = *count;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::transact::{decode, encode};
    use crate::domain::habit::newcomer;

    #[test]
    fn a_hero_comes_back_as_it_was_and_takes_little_room() {
        let mut hero = newcomer::board(7, 8, Timestamp::from_millis(1_800_000_000_000)).hero;
        hero.stats = Stats { gp: 1.1, exp: 149.3 / 7.0, lvl: 42, hp: 0.1 + 0.2 };
        hero.gear.head = 3;
        hero.found.eggs[2] = 4;
        hero.found.potions[9] = 1;
        hero.found.last = Some(LastDrop { at: Timestamp::from_millis(5), day: 20_000, count: 2 });
        hero.flags.rest = true;
        hero.last_turn = LastTurn::At { at: Timestamp::from_millis(9), day: Some(3) };
        hero.seed = u64::MAX;
        for offset in [None, Some(-330.0)] {
            hero.preferences = Preferences { day_start: 4, timezone_offset_min: offset };
            let stored = encode(&HabitsRecord::of(&hero, 1, u64::MAX, Some(2))).unwrap();
            assert!(stored.len() < 1_024, "{}", stored.len());
            let record: HabitsRecord = decode(&stored).unwrap();
            assert_eq!(record.hero(hero.tags.clone(), hero.other.clone()).unwrap(), hero);
        }
    }
}
