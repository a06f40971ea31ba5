//! Documents of what can be achieved: variables, achievements and rewards as REST shows and takes them, as a catalogue's file
//! holds them, and as they are stored. One form for all three.
//!
//! Here stands their shape alone. Whether a formula can be worked out, or a reference leads anywhere, is checked by
//! `app::achievements::authoring`. A file names what it refers to; REST shows numbers, and takes either.

mod boards;
mod happened;
mod progress;
mod recommended;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use boards::{LeaderboardDocument, StandingDocument, StandingsDocument};
pub use happened::{AchievedDocument, AchievementChange, AchievementName, MessageDocument, UnlockedDocument};
pub use progress::{
    DryRunDocument, DryUnlockDocument, GainedProperty, GainedReward, GainsDocument, GoalProgressDocument,
    LevelDocument, LevelGoalDocument, ProgressDocument, ValueDocument,
};
pub use recommended::{
    ReasonDocument, ReasonKind, RecommendationsDocument, RecommendedAchievement, RecommendedChallenge, RecommendedUser,
};

/// A text in several languages, by BCP 47 tag.
pub type Translations = BTreeMap<String, String>;

/// A whole catalogue, as its file has it. What is built in is not in it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct CatalogueDocument {
    /// 1
    pub version: u32,
    #[serde(default)]
    pub variables: Vec<VariableDocument>,
    #[serde(default)]
    pub rewards: Vec<RewardDocument>,
    #[serde(default)]
    pub achievements: Vec<AchievementDocument>,
}

/// What values are counted of.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct VariableDocument {
    /// `[a-z][a-z0-9_]{0,63}`
    pub name: String,
    /// How finely its values are kept in time.
    #[serde(default)]
    pub group: VariableGroup,
    #[serde(default)]
    pub increase_permission: IncreasePermission,
    /// Whether there is a board of its values.
    #[serde(default)]
    pub leaderboard: bool,
    /// It moves with what happens in the product and cannot be changed. Only ever shown.
    #[serde(default)]
    pub built_in: bool,
    #[serde(default)]
    pub description: String,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum VariableGroup {
    #[default]
    None,
    Timeslot,
    Day,
    Week,
    Month,
    Year,
}

/// Who may increase a variable: admins always may.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum IncreasePermission {
    /// Users, their own.
    Own,
    #[default]
    Admin,
}

/// Something that is given for a level.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RewardDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// No other reward has it.
    pub name: String,
    #[serde(default)]
    pub description: String,
}

/// An achievement. Numbers that are left out are given when it is kept.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct AchievementDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// gengine's `internal_name`. No other achievement has it.
    pub name: String,
    #[serde(default)]
    pub title: Translations,
    #[serde(default)]
    pub description: Translations,
    #[serde(default)]
    pub category: String,
    /// 1 to 100.
    #[serde(default = "one")]
    pub maxlevel: u32,
    /// It is not shown to those who have no level of it.
    #[serde(default)]
    pub hidden: bool,
    /// The first and the last day on which it holds, `2026-11-25`.
    #[serde(default)]
    pub valid_start: Option<String>,
    #[serde(default)]
    pub valid_end: Option<String>,
    #[serde(default)]
    pub place: Option<CircleDocument>,
    /// Those of a higher one come first.
    #[serde(default)]
    pub priority: i32,
    #[serde(default)]
    pub evaluation: EvaluationName,
    /// In which its days turn, as the IANA database names it; null: in the user's own.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// With whom one is compared.
    #[serde(default)]
    pub relevance: RelevanceName,
    #[serde(default)]
    pub view: ViewName,
    #[serde(default)]
    pub goals: Vec<GoalDocument>,
    #[serde(default)]
    pub properties: Vec<PropertyDocument>,
    #[serde(default)]
    pub rewards: Vec<AssignedRewardDocument>,
    /// Of each of these a level must have been reached.
    #[serde(default)]
    pub requires: Vec<Reference>,
    /// Of none of these may one have been reached.
    #[serde(default)]
    pub denies: Vec<Reference>,
}

/// A place, and how far from it one may be.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct CircleDocument {
    pub latitude: f64,
    pub longitude: f64,
    pub max_distance_m: f64,
}

/// When levels are given, and over what values are summed.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum EvaluationName {
    #[default]
    Immediately,
    Daily,
    Weekly,
    Monthly,
    Yearly,
    /// When `valid_end` has passed.
    End,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RelevanceName {
    #[default]
    Own,
    Friends,
    City,
    Group,
    Global,
}

/// Who may see how far somebody has come.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ViewName {
    #[default]
    Everyone,
    Own,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct GoalDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    #[serde(default)]
    pub name: Translations,
    /// Which values count.
    pub condition: ConditionDocument,
    /// A formula in `level`; null: it is there for its board alone.
    #[serde(default)]
    pub goal: Option<String>,
    #[serde(default)]
    pub operator: OperatorName,
    /// The newest days alone count.
    #[serde(default)]
    pub timespan_days: Option<u32>,
    #[serde(default)]
    pub group_by_key: bool,
    /// As PostgreSQL's `to_char` has it.
    #[serde(default)]
    pub group_by_dateformat: Option<String>,
    /// Which of the groups counts.
    #[serde(default)]
    pub maxmin: Option<PickName>,
    #[serde(default)]
    pub priority: i32,
    #[serde(default)]
    pub properties: Vec<PropertyDocument>,
    #[serde(default)]
    pub triggers: Vec<TriggerDocument>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum OperatorName {
    #[default]
    Geq,
    Leq,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum PickName {
    Max,
    Min,
}

/// gengine's condition, word for word: `{"term": {"type": "literal", "variable": "runs"}}`.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ConditionDocument {
    pub term: TermDocument,
}

/// A literal has a variable, and may have keys; a conjunction and a disjunction have terms.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TermDocument {
    #[serde(rename = "type")]
    pub kind: TermKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Vec<String>>,
    /// `IN` if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_operator: Option<KeyOperator>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Vec<TermDocument>>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum TermKind {
    Literal,
    Conjunction,
    Disjunction,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum KeyOperator {
    In,
    Ilike,
}

/// Something that is told of a level, or a value that moves with it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PropertyDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    pub name: String,
    /// Reaching a level moves the variable of this name by `value`.
    #[serde(default)]
    pub is_variable: bool,
    /// A formula in `level`, or a text with `${…}` in it.
    #[serde(default)]
    pub value: Option<String>,
    #[serde(default)]
    pub translations: Translations,
    #[serde(default)]
    pub from_level: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct AssignedRewardDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    pub reward: Reference,
    #[serde(default)]
    pub value: Option<String>,
    #[serde(default)]
    pub translations: Translations,
    #[serde(default = "one")]
    pub from_level: u32,
}

/// Messages on the way to a goal.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct TriggerDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    pub steps: Vec<StepDocument>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct StepDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// 1 to 100.
    pub condition_percentage: u32,
    pub text: Translations,
}

/// By its number, or by its name. It is stored by number.
#[derive(Clone, Debug, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(untagged)]
pub enum Reference {
    Id(u64),
    Name(String),
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReferenceVisitor)
    }
}

struct ReferenceVisitor;

impl Visitor<'_> for ReferenceVisitor {
    type Value = Reference;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id or a name")
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<Reference, E> {
        Ok(Reference::Id(id))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Reference, E> {
        Ok(Reference::Name(name.to_owned()))
    }
}

/// What the store keeps of one of them: `document` is null when it was taken away.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct KeptDocument<T> {
    /// The catalogue's, when it was written. It serves as an ETag.
    pub revision: u64,
    pub document: Option<T>,
}

/// What is wrong with a definition, and where.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct FaultDocument {
    /// `goals[0].condition.term.terms[1].variable`
    pub at: String,
    pub problem: String,
}

fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::documents::parse;

    #[test]
    fn least_that_must_be_said_of_an_achievement() {
        let json = r#"{"name": "first_run", "goals": [{"condition": {"term": {"type": "literal", "variable": "runs"}}, "goal": "1"}]}"#;
        let document: AchievementDocument = parse(json.as_bytes()).unwrap();
        assert_eq!((document.id, document.maxlevel, document.view), (None, 1, ViewName::Everyone));
        assert_eq!((document.evaluation, document.relevance), (EvaluationName::Immediately, RelevanceName::Own));
        let again: AchievementDocument = parse(&serde_json::to_vec(&document).unwrap()).unwrap();
        assert_eq!(again, document);
    }

    #[test]
    fn what_is_misspelt_is_named() {
        for (json, told) in [
            (r#"{"name": "a", "goal": []}"#, "goal: is not known here"),
            (r#"{"name": "a", "goals": [{"goal": "1"}]}"#, "goals[0].condition: is missing"),
            (
                r#"{"name": "a", "goals": [{"condition": {"term": {"type": "tea"}}}]}"#,
                "goals[0].condition.term.type: must be one of `literal`, `conjunction`, `disjunction`",
            ),
            (
                r#"{"name": "a", "goals": [{"condition": {"term": {"type": "conjunction", "terms": [{"type": "literal", "key": "5"}]}}}]}"#,
                "goals[0].condition.term.terms[0].key: must be an array",
            ),
            (r#"{"name": "a", "requires": [1, "b", -5]}"#, "requires[2]: must be an id or a name"),
            (
                r#"{"name": "a", "evaluation": "hourly"}"#,
                "evaluation: must be one of `immediately`, `daily`, `weekly`, `monthly`, `yearly`, `end`",
            ),
        ] {
            assert_eq!(parse::<AchievementDocument>(json.as_bytes()).unwrap_err().to_string(), told, "{json}");
        }
    }
}
