//! How far somebody has come, and what a level gives.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::app::documents::UserName;

use super::{AchievedDocument, OperatorName, Translations, ViewName};

/// What a level gives, as the Ion document and gengine have it: rewards by the number of their assignment, properties by theirs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct GainsDocument {
    pub rewards: BTreeMap<u64, GainedReward>,
    pub properties: BTreeMap<u64, GainedProperty>,
    /// Left out where one level is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct GainedReward {
    /// Of its assignment to the achievement.
    pub id: u64,
    pub reward_id: u64,
    pub name: String,
    pub value: Option<ValueDocument>,
    pub value_translated: Option<Translations>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct GainedProperty {
    pub property_id: u64,
    pub name: String,
    pub is_variable: bool,
    pub value: Option<ValueDocument>,
    pub value_translated: Option<Translations>,
}

/// What a formula or a text with formulas in it came to: `100`, `2.5` or `"100 m"`.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum ValueDocument {
    Whole(i64),
    Fraction(f64),
    Text(String),
}

/// How far a user has come with one achievement, in one period of it if it recurs.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct ProgressDocument {
    pub achievement: AchievedDocument,
    pub description: Translations,
    pub priority: i32,
    pub view: ViewName,
    /// When each level was reached: RFC 3339, by level.
    pub levels_achieved: BTreeMap<u32, String>,
    /// Towards the next level; towards the highest when that is reached.
    pub goals: Vec<GoalProgressDocument>,
    /// What each level asks for and gives. Shown if it is asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<u32, LevelDocument>,
    /// Why it cannot be evaluated, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct GoalProgressDocument {
    pub id: u64,
    pub name: Translations,
    /// null: there is none to be reached, but its board.
    pub goal: Option<f64>,
    pub operator: OperatorName,
    /// null: nothing has counted yet.
    pub value: Option<f64>,
    pub achieved: bool,
    pub priority: i32,
    pub properties: BTreeMap<u64, GainedProperty>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct LevelDocument {
    pub level: u32,
    pub goals: Vec<LevelGoalDocument>,
    pub rewards: BTreeMap<u64, GainedReward>,
    pub properties: BTreeMap<u64, GainedProperty>,
}

/// What a goal asks for at one level.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct LevelGoalDocument {
    pub id: u64,
    pub name: Translations,
    pub goal: Option<f64>,
    pub priority: i32,
    pub properties: BTreeMap<u64, GainedProperty>,
}

/// What an achievement would have unlocked, had it been there for some days.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DryRunDocument {
    /// How many users have had values in these days.
    pub looked_at: usize,
    /// How many of them would have reached a level.
    pub users: usize,
    /// How many levels, and how many of each.
    pub unlocks: usize,
    pub levels: BTreeMap<u32, usize>,
    /// The first of them.
    pub sample: Vec<DryUnlockDocument>,
    /// Why it could not be evaluated.
    pub errors: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct DryUnlockDocument {
    pub user: UserName,
    pub level: u32,
    /// RFC 3339, to a quarter of an hour.
    pub at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_were() {
        for (value, json) in [
            (ValueDocument::Whole(100), "100"),
            (ValueDocument::Fraction(2.5), "2.5"),
            (ValueDocument::Text("100 m".to_owned()), r#""100 m""#),
        ] {
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            assert_eq!(serde_json::from_str::<ValueDocument>(json).unwrap(), value);
        }
    }
}
