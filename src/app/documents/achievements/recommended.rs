//! What somebody may try next, and why.

use serde::Serialize;

use super::{AchievedDocument, AchievementName, CircleDocument, GoalProgressDocument, Translations};
use crate::app::documents::{ChallengeDocument, UserName};

#[derive(Clone, Debug, Default, Serialize)]
pub struct RecommendationsDocument {
    /// The best first.
    pub achievements: Vec<RecommendedAchievement>,
    /// To be taken: those that wait for the user's answer, then those that are open to the user's groups.
    pub challenges: Vec<RecommendedChallenge>,
    /// Friends who have come about as far lately, the most alike first.
    pub users: Vec<RecommendedUser>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RecommendedAchievement {
    pub achievement: AchievedDocument,
    pub description: Translations,
    /// Towards the next level.
    pub goals: Vec<GoalProgressDocument>,
    pub place: Option<CircleDocument>,
    /// From 0 to 100.
    pub score: f64,
    pub reasons: Vec<ReasonDocument>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RecommendedChallenge {
    pub challenge: ChallengeDocument,
    pub reasons: Vec<ReasonDocument>,
}

/// Somebody to be challenged.
#[derive(Clone, Debug, Serialize)]
pub struct RecommendedUser {
    pub user: UserName,
    pub reasons: Vec<ReasonDocument>,
}

/// A reason, for programs and as an English sentence.
#[derive(Clone, Debug, Serialize)]
pub struct ReasonDocument {
    pub kind: ReasonKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Of the value: `m`, `s`, or what is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// The one that it opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub achievement: Option<AchievementName>,
    pub text: String,
}

#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    ToGo,
    Less,
    AtMost,
    Place,
    Friends,
    Ends,
    Opens,
    /// Somebody waits for the user's answer.
    Challenged,
    /// It is open to a group of the user's.
    Group,
    /// Has run about as far.
    Alike,
}
