//! What is found while scoring: eggs and potions to hatch them. Chance comes from a seed and a count, so the same clicks find the
//! same things, on whichever instance.
//!
//! Where the seed comes from is not known here.

use super::bounds::{DROPS_A_DAY_MAX, FOUND_MAX};
use crate::domain::time::Timestamp;

/// Sorts of eggs and of potions. As numbers of their own: an optimised build cannot take them from the lists for the types that need
/// them, because the lists are made by a function of this crate.
pub const EGGS_LEN: usize = 9;
pub const POTIONS_LEN: usize = 10;
/// Of the original's animals, by the names that its apps know.
pub const EGGS: [Sort; EGGS_LEN] = [
    Sort::new("Wolf", "Wolf", 3),
    Sort::new("TigerCub", "Tiger Cub", 3),
    Sort::new("PandaCub", "Panda Cub", 3),
    Sort::new("LionCub", "Lion Cub", 3),
    Sort::new("Fox", "Fox", 3),
    Sort::new("FlyingPig", "Flying Pig", 3),
    Sort::new("Dragon", "Dragon", 3),
    Sort::new("Cactus", "Cactus", 3),
    Sort::new("BearCub", "Bear Cub", 3),
];
/// Its potions, the common ones first.
pub const POTIONS: [Sort; POTIONS_LEN] = [
    Sort::new("Base", "Base", 1),
    Sort::new("White", "White", 2),
    Sort::new("Desert", "Desert", 2),
    Sort::new("Red", "Red", 3),
    Sort::new("Shade", "Shade", 3),
    Sort::new("Skeleton", "Skeleton", 3),
    Sort::new("Zombie", "Zombie", 4),
    Sort::new("CottonCandyPink", "Cotton Candy Pink", 4),
    Sort::new("CottonCandyBlue", "Cotton Candy Blue", 4),
    Sort::new("Golden", "Golden", 5),
];
/// Below a number of chance: how many of [`POTIONS`] may be found. The rarer the draw, the more there are to choose from.
const POTIONS_BELOW: [(f64, usize); 4] = [(0.1, 10), (0.2, 9), (0.3, 6), (0.5, 3)];
/// The chance for a delta of 1 at the least priority.
const CHANCE: f64 = 0.05;

/// A sort of egg or potion: the name that apps know, the name that people read, and its worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub name: &'static str,
    pub text: &'static str,
    pub worth: u8,
}

impl Sort {
    const fn new(name: &'static str, text: &'static str, worth: u8) -> Self {
        Self { name, text, worth }
    }
}

/// What is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    Egg(Sort),
    Potion(Sort),
}

impl Drop {
    pub const fn sort(self) -> Sort {
        match self {
            Self::Egg(sort) | Self::Potion(sort) => sort,
        }
    }
}

/// How many of each sort somebody has, in the order of [`EGGS`] and [`POTIONS`], and when the last was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub eggs: [u32; EGGS_LEN],
    pub potions: [u32; POTIONS_LEN],
    pub last: Option<LastDrop>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastDrop {
    pub at: Timestamp,
    /// The user's day, counted from 1970-01-01.
    pub day: i32,
    /// How many on that day.
    pub count: u32,
}

impl Found {
    /// How many of this sort.
    pub fn count(&self, drop: Drop) -> u32 {
        let (sorts, counts): (&[Sort], &[u32]) = match drop {
            Drop::Egg(_) => (&EGGS, &self.eggs),
            Drop::Potion(_) => (&POTIONS, &self.potions),
        };
        let place = sorts.iter().position(|sort| *sort == drop.sort());
        place.and_then(|place| counts.get(place)).copied().unwrap_or_default()
    }

    /// How many more may be found on this day.
    fn left(&self, day: i32) -> u32 {
        let today = self.last.filter(|last| last.day == day).map_or(0, |last| last.count);
        DROPS_A_DAY_MAX.saturating_sub(today)
    }

    /// A click of this worth (the size of its delta times its priority, and the streak) may find something, which is put by.
    pub fn look(&mut self, worth: f64, chance: &mut Chance, at: Timestamp, day: i32) -> Option<Drop> {
        if self.left(day) == 0 || chance.part() >= CHANCE * worth {
            return None;
        }
        let drop = draw(chance)?;
        let (sorts, counts): (&[Sort], &mut [u32]) = match drop {
            Drop::Egg(_) => (&EGGS, &mut self.eggs),
            Drop::Potion(_) => (&POTIONS, &mut self.potions),
        };
        let place = sorts.iter().position(|sort| *sort == drop.sort())?;
        let count = counts.get_mut(place)?;
        *count = count.saturating_add(1).min(FOUND_MAX);
        let before = self.last.filter(|last| last.day == day).map_or(0, |last| last.count);
        self.last = Some(LastDrop { at, day, count: before + 1 });
        Some(drop)
    }
}

fn draw(chance: &mut Chance) -> Option<Drop> {
    let rarity = chance.part();
    let potions = POTIONS_BELOW.iter().find(|(below, _)| rarity < *below).map(|(_, len)| *len);
    match potions {
        Some(len) => chance.one_of(POTIONS.get(..len)?).map(Drop::Potion),
        None => chance.one_of(&EGGS).map(Drop::Egg),
    }
}

/// Numbers of chance (SplitMix64) that follow from a seed and a count.
#[derive(Clone, Copy, Debug)]
pub struct Chance(u64);

impl Chance {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    pub const fn new(seed: u64, count: u64) -> Self {
        // Each count begins far from the next, so that what they draw has nothing in common.
        Self(mixed(seed ^ mixed(count.wrapping_add(1).wrapping_mul(Self::STEP))))
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::STEP);
        mixed(self.0)
    }

    /// From 0 to 1, without 1.
    #[allow(clippy::cast_precision_loss)] // 53 bits
    pub const fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A UUIDv4.
    pub fn uuid(&mut self) -> String {
        let bits = u128::from(self.next()) << 64 | u128::from(self.next());
        let bits = bits & !(0xf << 76 | 0b11 << 62) | 4 << 76 | 0b10 << 62;
        let part = |shift: u32, digits: u32| bits >> shift & ((1 << (digits * 4)) - 1);
        let (first, second, third) = (part(96, 8), part(80, 4), part(64, 4));
        format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", part(48, 4), part(0, 12))
    }

    /// Each with the same chance; `None` of none.
    pub fn one_of<T: Copy>(&mut self, things: &[T]) -> Option<T> {
        let len = u64::try_from(things.len()).ok().filter(|len| *len > 0)?;
        things.get(usize::try_from(self.next() % len).ok()?).copied()
    }
}

const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    #[test]
    fn chance_is_that_of_splitmix() {
        let mut chance = Chance(1_234_567);
        let first = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423_u64];
        assert_eq!([chance.next(), chance.next(), chance.next()], first);
    }

    #[test]
    fn the_same_seed_and_count_find_the_same() {
        let finds = |seed: u64| -> Vec<Option<Drop>> {
            let look = |count| Found::default().look(10.0, &mut Chance::new(seed, count), NOW, 0);
            (0..50).map(look).collect()
        };
        assert_eq!(finds(7), finds(7));
        assert_ne!(finds(7), finds(8));
    }

    #[test]
    fn two_are_found_in_a_day_and_two_more_in_the_next() {
        let mut found = Found::default();
        let mut look = |day| (0..200).filter(|n| found.look(20.0, &mut Chance::new(1, *n), NOW, day).is_some()).count();
        assert_eq!([look(5), look(5), look(6), look(7)], [2, 0, 2, 2]);
        assert_eq!(found.eggs.iter().chain(&found.potions).sum::<u32>(), 6);
        assert_eq!(found.last.map(|last| (last.day, last.count)), Some((7, 2)));
    }

    #[test]
    fn finds_are_as_frequent_and_as_rare_as_the_originals() {
        let looks = 100_000;
        let look = |count| Found::default().look(2.0, &mut Chance::new(42, count), NOW, 0);
        let drops: Vec<Drop> = (0..looks).filter_map(look).collect();
        // A tenth of them find something: ± 4 deviations.
        assert!((9_600..=10_400).contains(&drops.len()), "{}", drops.len());
        let count = |is_it: &dyn Fn(&Drop) -> bool| drops.iter().filter(|drop| is_it(drop)).count();
        let eggs = count(&|drop| matches!(drop, Drop::Egg(_)));
        assert!((4_700..=5_300).contains(&eggs), "{eggs}");
        // One draw in ten, and there one in ten.
        let golden = count(&|drop| drop.sort().name == "Golden");
        assert!((60..=140).contains(&golden), "{golden}");
        // Only in the rarest fifth of them: .1 / 10 + .1 / 9.
        let zombies = count(&|drop| drop.sort().name == "Zombie");
        assert!((155..=270).contains(&zombies), "{zombies}");
        let base = count(&|drop| drop.sort().name == "Base");
        // .1 / 10 + .1 / 9 + .1 / 6 + .2 / 3
        assert!((930..=1_180).contains(&base), "{base}");
    }

    #[test]
    fn nothing_is_found_for_nothing() {
        assert!((0..1_000).all(|count| Found::default().look(0.0, &mut Chance::new(3, count), NOW, 0).is_none()));
        assert_eq!(Chance::new(0, 0).one_of::<u8>(&[]), None);
    }
}
