//! What a level gives: rewards and properties, with their formulas and texts filled in.

use super::definitions::{Achievement, Translated};
use super::formula::FormulaError;
use super::ids::{AssignmentId, PropertyId, RewardId};
use super::number::Number;
use super::rules::Rules;

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

/// What a formula or a template has come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Worth {
    Nothing,
    Number(Number),
    Text(String),
}

/// What a level of an achievement gives; from 1 to its `maxlevel`.
pub fn gains(_rules: &Rules, _achievement: &Achievement, _level: u32) -> Result<LevelGains, FormulaError> {
    Ok(LevelGains::default())
}
