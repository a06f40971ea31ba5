//! What a level gives: rewards and properties, with their formulas and texts filled in.

pub(super) mod worth;

use super::definitions::{Achievement, Property, Translated};
use super::formula::FormulaError;
use super::ids::{AssignmentId, PropertyId, RewardId};
use super::rules::Rules;
use super::template::Template;
pub use worth::Worth;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LevelGains {
    /// Those that this level gives and the one before did not, or with another value.
    pub rewards: Vec<GainedReward>,
    /// All that hold at this level.
    pub properties: Vec<GainedProperty>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GainedReward {
    pub id: AssignmentId,
    pub reward: RewardId,
    pub name: String,
    pub value: Worth,
    /// Empty when there are none.
    pub translated: Translated,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GainedProperty {
    pub property: PropertyId,
    pub name: String,
    pub is_variable: bool,
    pub value: Worth,
    /// Empty when there are none.
    pub translated: Translated,
}

/// What a level of an achievement gives. Level 0 gives nothing, nor does one above `maxlevel`.
pub fn gains(rules: &Rules, achievement: &Achievement, level: u32) -> Result<LevelGains, FormulaError> {
    if !(1..=achievement.maxlevel).contains(&level) {
        return Ok(LevelGains::default());
    }
    let rewards = rewards(rules, achievement, level)?;
    Ok(LevelGains { rewards, properties: properties(&achievement.properties, level)? })
}

fn rewards(rules: &Rules, achievement: &Achievement, level: u32) -> Result<Vec<GainedReward>, FormulaError> {
    let mut rewards = Vec::new();
    for given in achievement.rewards.iter().filter(|given| given.from_level <= level) {
        let gained = |level: u32| Ok((worth::of_reward(given, level)?, filled(&given.translations, level)?));
        let (value, translated) = gained(level)?;
        let is_new = given.from_level.max(1) == level;
        if is_new || gained(level - 1)? != (value.clone(), translated.clone()) {
            let name = rules.reward(given.reward).map(|reward| reward.name.clone()).unwrap_or_default();
            rewards.push(GainedReward { id: given.id, reward: given.reward, name, value, translated });
        }
    }
    Ok(rewards)
}

/// Properties of an achievement or a goal, as they are at this level.
pub(super) fn properties(properties: &[Property], level: u32) -> Result<Vec<GainedProperty>, FormulaError> {
    let held = properties.iter().filter(|property| property.from_level <= level);
    let gained = held.map(|property| {
        Ok(GainedProperty {
            property: property.id,
            name: property.name.clone(),
            is_variable: property.is_variable,
            value: worth::of_property(property, level)?,
            translated: filled(&property.translations, level)?,
        })
    });
    gained.collect()
}

/// The texts as they are at this level.
pub(super) fn filled(texts: &Translated, level: u32) -> Result<Translated, FormulaError> {
    let filled = texts.iter().map(|(language, text)| Ok((language.clone(), Template::parse(text)?.fill(level)?)));
    filled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::achievement::number::Number;
    use crate::domain::achievement::rules::made_up;

    fn reward(id: u64, value: &str, from_level: u32) -> crate::domain::achievement::Assignment {
        crate::domain::achievement::Assignment {
            id: AssignmentId::new(id).unwrap(),
            reward: RewardId::new(1).unwrap(),
            value: Some(value.to_owned()),
            translations: Translated::new(),
            from_level,
        }
    }

    #[test]
    fn rewards_are_those_that_differ_from_the_level_before() {
        let mut achievement = made_up::achievement(1, "a", vec![made_up::goal("runs", "level")]);
        achievement.maxlevel = 4;
        achievement.rewards = vec![reward(1, "badge", 1), reward(2, "${100*floor(level/2)}", 1), reward(3, "late", 3)];
        let ids = |level| -> Vec<u64> {
            let gains = gains(&Rules::default(), &achievement, level).unwrap();
            gains.rewards.iter().map(|reward| reward.id.number()).collect()
        };
        assert_eq!(ids(0), [] as [u64; 0]);
        assert_eq!(ids(1), [1, 2]);
        assert_eq!(ids(2), [2]);
        assert_eq!(ids(3), [3]);
        assert_eq!(ids(4), [2]);
        assert_eq!(ids(5), [] as [u64; 0]);
        let gains = gains(&Rules::default(), &achievement, 2).unwrap();
        assert_eq!(gains.rewards.first().unwrap().value, Worth::Number(Number::Whole(100)));
    }

    #[test]
    fn properties_are_all_that_hold_at_the_level() {
        let mut achievement = made_up::achievement(1, "a", vec![made_up::goal("runs", "level")]);
        achievement.maxlevel = 3;
        achievement.properties =
            vec![made_up::property(1, "xp", true, "10*level"), made_up::property(2, "text", false, "go")];
        achievement.properties[1].from_level = 2;
        achievement.properties[1].translations = Translated::from([("en".to_owned(), "Level ${level}!".to_owned())]);
        let of = |level| gains(&Rules::default(), &achievement, level).unwrap().properties;
        assert_eq!(of(1).len(), 1);
        let properties = of(3);
        assert_eq!(properties[0].value, Worth::Number(Number::Whole(30)));
        assert_eq!(properties[1].value, Worth::Text("go".to_owned()));
        assert_eq!(properties[1].translated["en"], "Level 3!");
    }
}
