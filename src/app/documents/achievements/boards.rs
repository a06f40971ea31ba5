//! Leaderboards, as REST shows them and as their channels tell of them.

use serde::Serialize;

use super::RelevanceName;
use crate::app::documents::UserName;

/// Where somebody stands.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct StandingDocument {
    /// From 1, of those whom the reader sees.
    pub position: u64,
    pub user: UserName,
    pub value: f64,
}

/// A part of a board.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct LeaderboardDocument {
    /// The achievement's id, or the variable's name.
    pub board: String,
    pub relevance: RelevanceName,
    pub group: Option<String>,
    /// `all`, or the first day of the period: `2026-11-16`.
    pub period: String,
    /// How many stand on it.
    pub total: u64,
    /// The reader, where the part is that around them.
    pub me: Option<StandingDocument>,
    pub standings: Vec<StandingDocument>,
}

/// What a board's channel tells: who stands first, and who of the first hundred has moved.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[serde(tag = "type", rename = "standings")]
pub struct StandingsDocument {
    /// RFC 3339.
    pub at: String,
    pub board: String,
    /// As in [`LeaderboardDocument`]: the one that is under way.
    pub period: String,
    pub total: u64,
    pub top: Vec<StandingDocument>,
    pub moved: Vec<StandingDocument>,
}
