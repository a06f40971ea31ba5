//! A change of the user in one go: numbers that are a client's to write, and preferences.

use std::collections::BTreeMap;

use super::{Hero, Set};
use crate::domain::habit::bounds::{LEVEL_MAX, PROPERTY_BYTES_MAX};
use crate::domain::habit::day::OFFSET_MIN_MAX;
use crate::domain::habit::error::HabitError;
use crate::domain::habit::numbers::NUMBER_MAX;
use crate::domain::habit::tree::{Node, Scalar};

/// What is `None` or not named stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeroChange {
    pub gp: Option<f64>,
    pub exp: Option<f64>,
    pub lvl: Option<u32>,
    pub hp: Option<f64>,
    /// The hour at which the user's day begins: 0 to 23.
    pub day_start: Option<u8>,
    /// Minutes west of Greenwich, as JavaScript has it.
    pub timezone_offset_min: Option<f64>,
    /// At the inn.
    pub rest: Option<bool>,
    /// Of the preferences that nothing here reads, those that are there.
    pub preferences: BTreeMap<String, Scalar>,
}

impl HeroChange {
    /// All of it or nothing. Gives the properties that are others now, by path, save stats.
    ///
    /// # Errors
    /// For what is out of bounds, and for preferences that are not there or of another type.
    pub(in crate::domain::habit) fn apply(&self, hero: &mut Hero) -> Result<Vec<(String, Scalar, Set)>, HabitError> {
        self.check(hero)?;
        let number = |number: f64| Scalar::Number(number);
        let stats = [("gp", self.gp), ("exp", self.exp), ("lvl", self.lvl.map(f64::from)), ("hp", self.hp)];
        for (name, value) in stats.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            hero.set(&["stats", name], &number(value))?;
        }
        let own = [
            (["preferences", "dayStart"], self.day_start.map(|hour| number(hour.into()))),
            (["preferences", "timezoneOffset"], self.timezone_offset_min.map(number)),
            (["flags", "rest"], self.rest.map(Scalar::Bool)),
        ];
        let own = own.into_iter().filter_map(|(path, value)| Some((path, value?)));
        let others = self.preferences.iter().map(|(name, value)| (["preferences", name.as_str()], value.clone()));
        let mut changed = Vec::new();
        for (path, value) in own.chain(others) {
            let set = hero.set(&path, &value)?;
            if set != Set::Nothing {
                changed.push((path.join("."), value, set));
            }
        }
        Ok(changed)
    }

    fn check(&self, hero: &Hero) -> Result<(), HabitError> {
        let is_kept = |number: Option<f64>| number.is_none_or(|number| number.abs() <= NUMBER_MAX);
        let offset = self.timezone_offset_min;
        let members = [
            ("stats.gp", is_kept(self.gp)),
            ("stats.exp", is_kept(self.exp)),
            ("stats.lvl", self.lvl.is_none_or(|lvl| (1..=LEVEL_MAX).contains(&lvl))),
            ("stats.hp", is_kept(self.hp)),
            ("preferences.day_start", self.day_start.is_none_or(|hour| hour <= 23)),
            ("preferences.timezone_offset_min", offset.is_none_or(|minutes| minutes.abs() <= OFFSET_MIN_MAX)),
        ];
        if let Some((member, _)) = members.into_iter().find(|(_, may_be)| !may_be) {
            return Err(HabitError::Member(member));
        }
        let known = hero.other.get("preferences").and_then(Node::as_tree);
        for (name, value) in &self.preferences {
            let old = known.and_then(|known| known.get(name)).and_then(Node::as_scalar);
            if !old.is_some_and(|old| old.takes(value)) {
                return Err(HabitError::Member("preferences.other"));
            }
            if value.as_text().is_some_and(|text| text.len() > PROPERTY_BYTES_MAX) {
                return Err(HabitError::TooLong { member: "preferences.other", bytes_max: PROPERTY_BYTES_MAX });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::habit::newcomer;
    use crate::domain::time::Timestamp;

    #[test]
    fn is_whole_or_nothing() {
        let board = newcomer::board(1, 2, Timestamp::from_millis(0));
        let change = HeroChange {
            gp: Some(7.5),
            lvl: Some(3),
            day_start: Some(4),
            rest: Some(true),
            preferences: BTreeMap::from([("hair".to_owned(), Scalar::Text("black".to_owned()))]),
            ..HeroChange::default()
        };
        let mut hero = board.hero.clone();
        let changed = change.apply(&mut hero).unwrap();
        let paths: Vec<&str> = changed.iter().map(|(path, ..)| path.as_str()).collect();
        assert_eq!(paths, ["preferences.dayStart", "flags.rest", "preferences.hair"]);
        assert_eq!((hero.stats.gp, hero.stats.lvl, hero.preferences.day_start, hero.flags.rest), (7.5, 3, 4, true));
        assert_eq!(change.apply(&mut hero).unwrap(), []);
        let named = |name: &str, value| BTreeMap::from([(name.to_owned(), value)]);
        let new = HeroChange { gp: Some(1.0), ..HeroChange::default() };
        for bad in [
            HeroChange { hp: Some(f64::NAN), ..new.clone() },
            HeroChange { exp: Some(1e300), ..new.clone() },
            HeroChange { lvl: Some(0), ..new.clone() },
            HeroChange { lvl: Some(LEVEL_MAX + 1), ..new.clone() },
            HeroChange { day_start: Some(24), ..new.clone() },
            HeroChange { timezone_offset_min: Some(1_081.0), ..new.clone() },
            HeroChange { preferences: named("tea", Scalar::Text(String::new())), ..new.clone() },
            HeroChange { preferences: named("hair", Scalar::Bool(true)), ..new.clone() },
            HeroChange { preferences: named("hair", Scalar::Text("x".repeat(PROPERTY_BYTES_MAX + 1))), ..new },
        ] {
            let mut after = hero.clone();
            assert!(bad.apply(&mut after).is_err(), "{bad:?}");
            assert_eq!(after, hero);
        }
    }
}
