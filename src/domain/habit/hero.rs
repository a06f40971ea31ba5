//! The user as the game knows them: all of the document's user that is no task. Names, credentials and money are not known here.

mod change;

use std::sync::Arc;

use chrono_tz::Tz;

use super::bounds::{LEVEL_MAX, PROPERTY_BYTES_MAX, TAG_NAME_BYTES_MAX};
use super::day::{Calendar, Zone, is_in_calendars};
use super::drops::{Chance, Found};
use super::error::HabitError;
use super::gear::{Gear, Slot};
use super::stats::Stats;
use super::tree::{Scalar, Tree, index};
use crate::domain::time::Timestamp;
pub use change::HeroChange;

#[derive(Clone, Debug, PartialEq)]
pub struct Hero {
    pub stats: Stats,
    pub earned: Earned,
    pub gear: Gear,
    pub found: Found,
    pub flags: Flags,
    pub preferences: Preferences,
    pub tags: Vec<Tag>,
    pub last_turn: LastTurn,
    /// `_v`: how many commits have changed something.
    pub version: u64,
    /// Where chance comes from. Never told.
    pub seed: u64,
    /// How often chance was asked.
    pub rolls: u64,
    /// What else the document's user has, in its shape, and nothing here reads.
    pub other: Arc<Tree>,
}

/// What was earned by scoring. `set` never touches it, so this is what achievements may count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Earned {
    pub lvl: u32,
    /// Towards the next level.
    pub exp: f64,
    pub lvl_max: u32,
    /// The longest of any daily.
    pub streak_max: u32,
    /// Clicks on habits, up or down.
    pub habits_scored: u64,
    /// Ticks that were not taken back.
    pub dailies_done: u64,
    pub todos_done: u64,
}

impl Earned {
    pub const NEW: Self =
        Self { lvl: 1, exp: 0.0, lvl_max: 1, streak_max: 0, habits_scored: 0, dailies_done: 0, todos_done: 0 };
}

/// What has been unlocked, and whether the user rests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub customizations: bool,
    pub items: bool,
    pub party: bool,
    pub drops: bool,
    /// At the inn: days turn, and nothing is lost.
    pub rest: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    Customizations,
    Items,
    Party,
    Drops,
}

impl Flag {
    /// As the document names them.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customizations => "customizationsNotification",
            Self::Items => "itemsEnabled",
            Self::Party => "partyEnabled",
            Self::Drops => "dropsEnabled",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Preferences {
    /// The hour at which the user's day begins: 0 to 23.
    pub day_start: u8,
    /// Minutes west of Greenwich, as JavaScript has it: an app's word on its device.
    pub timezone_offset_min: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub id: String,
    pub name: String,
}

/// When the day last turned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastTurn {
    /// `new`: the first is to come.
    #[default]
    Never,
    At {
        at: Timestamp,
        /// The day that began; not known where a client has written `lastCron`.
        day: Option<i32>,
    },
}

/// What of the user a `set` has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    Nothing,
    Stats,
    Head,
    Tags,
    Other,
}

impl Hero {
    /// With nothing yet.
    pub fn new(seed: u64) -> Self {
        Self {
            stats: Stats::NEW,
            earned: Earned::NEW,
            gear: Gear::default(),
            found: Found::default(),
            flags: Flags::default(),
            preferences: Preferences::default(),
            tags: Vec::new(),
            last_turn: LastTurn::Never,
            version: 0,
            seed,
            rolls: 0,
            other: Arc::default(),
        }
    }

    /// Where they are: by the profile, or else by their device.
    pub fn zone(&self, profile: Option<Tz>) -> Zone {
        Zone::of(profile, self.preferences.timezone_offset_min)
    }

    /// Their days, where the profile's zone or else their device says they are.
    pub fn calendar(&self, zone: Zone) -> Calendar {
        Calendar { zone, day_start: self.preferences.day_start }
    }

    pub(super) fn chance(&mut self) -> Chance {
        self.rolls = self.rolls.wrapping_add(1);
        Chance::new(self.seed, self.rolls)
    }

    pub fn has_tag(&self, id: &str) -> bool {
        self.tags.iter().any(|tag| tag.id == id)
    }

    /// What the level and the experience unlock, and was not unlocked yet.
    pub(super) fn unlock(&mut self) -> Vec<Flag> {
        let Stats { exp, lvl, .. } = self.stats;
        let flags = &mut self.flags;
        let reached = [
            (&mut flags.customizations, exp > 10.0 || lvl > 1, Flag::Customizations),
            (&mut flags.items, lvl >= 2, Flag::Items),
            (&mut flags.party, lvl >= 3, Flag::Party),
            (&mut flags.drops, lvl >= 4, Flag::Drops),
        ];
        let mut unlocked = Vec::new();
        for (flag, is_reached, name) in reached {
            if is_reached && !*flag {
                *flag = true;
                unlocked.push(name);
            }
        }
        unlocked
    }

    /// `set` by path: what is there, and of its kind. All else is left alone in silence.
    ///
    /// # Errors
    /// Only [`HabitError::TooLong`].
    pub fn set(&mut self, path: &[&str], value: &Scalar) -> Result<Set, HabitError> {
        super::task::check_len(value, "property", PROPERTY_BYTES_MAX)?;
        let (is_another, set) = match path {
            ["stats", name] => (self.set_stat(name, value), Set::Stats),
            ["items", name] if Slot::parse(name).is_some() => (self.set_gear(name, value), Set::Head),
            ["preferences", "dayStart"] => (put(&mut self.preferences.day_start, whole(value, 23)), Set::Head),
            ["preferences", "timezoneOffset"] => {
                let offset = value.as_number().map(Some);
                (put(&mut self.preferences.timezone_offset_min, offset), Set::Head)
            }
            ["flags", name] if self.flags.find_mut(name).is_some() => {
                let flag = self.flags.find_mut(name);
                (flag.is_some_and(|flag| put(flag, value.as_bool())), Set::Head)
            }
            ["lastCron"] => (put(&mut self.last_turn, last_turn(value)), Set::Head),
            ["tags", at, "name"] => {
                super::task::check_len(value, "tags", TAG_NAME_BYTES_MAX)?;
                let tag = index(at).and_then(|at| self.tags.get_mut(at));
                let name = value.as_text().map(str::to_owned);
                (tag.is_some_and(|tag| put(&mut tag.name, name)), Set::Tags)
            }
            _ => {
                // Looked at before it is copied: most paths that come here lead nowhere.
                let mut other = Tree::clone(&self.other);
                let is_another = other.set(path, value);
                if is_another {
                    self.other = Arc::new(other);
                }
                (is_another, Set::Other)
            }
        };
        Ok(if is_another { set } else { Set::Nothing })
    }

    fn set_stat(&mut self, name: &str, value: &Scalar) -> bool {
        match name {
            "gp" => put(&mut self.stats.gp, value.as_number()),
            "exp" => put(&mut self.stats.exp, value.as_number()),
            "hp" => put(&mut self.stats.hp, value.as_number()),
            "lvl" => put(&mut self.stats.lvl, whole(value, LEVEL_MAX).filter(|lvl| *lvl >= 1)),
            _ => false,
        }
    }

    fn set_gear(&mut self, name: &str, value: &Scalar) -> bool {
        let Some(slot) = Slot::parse(name) else { return false };
        let mut piece = self.gear.piece(slot);
        let is_another = put(&mut piece, whole(value, slot.best()));
        self.gear.put(slot, piece);
        is_another
    }
}

impl Flags {
    /// Each by the document's name.
    pub const fn named(&self) -> [(&'static str, bool); 5] {
        [
            (Flag::Customizations.as_str(), self.customizations),
            (Flag::Items.as_str(), self.items),
            (Flag::Party.as_str(), self.party),
            (Flag::Drops.as_str(), self.drops),
            ("rest", self.rest),
        ]
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut bool> {
        let flags = [
            (&mut self.customizations, Flag::Customizations.as_str()),
            (&mut self.items, Flag::Items.as_str()),
            (&mut self.party, Flag::Party.as_str()),
            (&mut self.drops, Flag::Drops.as_str()),
            (&mut self.rest, "rest"),
        ];
        flags.into_iter().find(|(_, its_name)| *its_name == name).map(|(flag, _)| flag)
    }
}

/// `new`, or a moment in milliseconds.
fn last_turn(value: &Scalar) -> Option<LastTurn> {
    if value.as_text() == Some("new") {
        return Some(LastTurn::Never);
    }
    #[allow(clippy::cast_possible_truncation)] // it is small enough to be exact
    let at = Timestamp::from_millis(value.as_number()?.trunc() as i64);
    is_in_calendars(at).then_some(LastTurn::At { at, day: None })
}

/// From 0 to `most`, without a fraction.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // from 0 to `most`
fn whole<T: TryFrom<u32> + Into<u32>>(value: &Scalar, most: T) -> Option<T> {
    let number = value.as_number()?;
    let fits = number.fract() == 0.0 && (0.0..=f64::from(most.into())).contains(&number);
    fits.then(|| T::try_from(number as u32).ok()).flatten()
}

fn put<T: PartialEq>(old: &mut T, new: Option<T>) -> bool {
    match new {
        Some(new) if new != *old => {
            *old = new;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
