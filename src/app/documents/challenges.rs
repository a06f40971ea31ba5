//! Challenges as REST shows them, and what is told of them on users' own channels.

use serde::Serialize;

use crate::app::documents::{GroupName, Translations, UserName};
use crate::backend::Version;

/// A challenge. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, Serialize)]
pub struct ChallengeDocument {
    pub id: u64,
    pub title: String,
    /// `first` or `most`.
    pub kind: &'static str,
    /// What it is about: the one or the other.
    pub achievement: Option<ChallengedDocument>,
    pub variable: Option<String>,
    /// `geq` or `leq`: how the target is reached, and which of two values is the better one.
    pub operator: &'static str,
    pub target: Option<f64>,
    /// Null when the account is deleted.
    pub creator: Option<UserName>,
    pub group: Option<GroupName>,
    /// `come_up`, `current`, `passed` or `cancelled`.
    pub state: &'static str,
    pub created_at: String,
    pub starts_at: String,
    pub expires_at: String,
    pub cancelled_at: Option<String>,
    /// How many take part, and how many have not answered.
    pub accepted: u32,
    pub pending: u32,
    pub winner: Option<UserName>,
    /// The caller's own part; null for who was never invited, and may come in by the group.
    pub own: Option<OwnPartDocument>,
    /// Where all stand who take part, the first one first. Left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standings: Option<Vec<ChallengeStanding>>,
    /// What the others have answered, for the creator. Left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitations: Option<Vec<ChallengeInvitation>>,
    /// Of the challenge, for conditional requests.
    #[serde(skip)]
    pub version: Version,
}

/// The achievement that a challenge is about, as it was when the challenge was made.
#[derive(Clone, Debug, Serialize)]
pub struct ChallengedDocument {
    pub id: u64,
    pub name: String,
    pub title: Translations,
    /// The number of its goal.
    pub goal: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct OwnPartDocument {
    /// `pending`, `accepted` or `rejected`.
    pub answer: &'static str,
    /// `unfinished`, `finished` or `failed`.
    pub accomplishment: &'static str,
    pub value: Option<f64>,
    /// Null for who does not take part.
    pub position: Option<u32>,
}

/// One who takes part.
#[derive(Clone, Debug, Serialize)]
pub struct ChallengeStanding {
    /// From 1.
    pub position: u32,
    pub user: UserName,
    /// Null when nothing counts yet.
    pub value: Option<f64>,
    pub accomplishment: &'static str,
    pub finished_at: Option<String>,
}

/// One who was invited and does not take part.
#[derive(Clone, Debug, Serialize)]
pub struct ChallengeInvitation {
    pub user: UserName,
    /// `pending` or `rejected`.
    pub answer: &'static str,
}

/// Something that has happened in a challenge.
#[derive(Clone, Debug, Serialize)]
pub struct HappenedDocument {
    pub at: String,
    /// `created`, `accepted`, `rejected`, `started`, `finished`, `expired` or `cancelled`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub challenge: ChallengeName,
    /// Who has done it, if somebody has.
    pub user: Option<UserName>,
    pub value: Option<f64>,
}

/// Which challenge it is.
#[derive(Clone, Debug, Serialize)]
pub struct ChallengeName {
    pub id: u64,
    pub title: String,
}

/// On a user's own channel.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ChallengeChange {
    /// To whom is invited.
    ChallengeInvited {
        at: String,
        challenge: ChallengeName,
        by: UserName,
        starts_at: String,
        expires_at: String,
    },
    /// Somebody takes part from now on.
    ChallengeAccepted {
        at: String,
        challenge: ChallengeName,
        user: UserName,
    },
    /// Somebody does not, or not any more.
    ChallengeRejected {
        at: String,
        challenge: ChallengeName,
        user: UserName,
    },
    ChallengeStarted {
        at: String,
        challenge: ChallengeName,
    },
    /// Somebody's value is another.
    ChallengeProgress {
        at: String,
        challenge: ChallengeName,
        user: UserName,
        value: Option<f64>,
        position: u32,
    },
    /// Somebody has reached the target, as the how manyth.
    ChallengeFinished {
        at: String,
        challenge: ChallengeName,
        user: UserName,
        value: Option<f64>,
        place: u32,
    },
    /// It is over. The first of the standings.
    ChallengeExpired {
        at: String,
        challenge: ChallengeName,
        winner: Option<UserName>,
        standings: Vec<ChallengeStanding>,
    },
    ChallengeCancelled {
        at: String,
        challenge: ChallengeName,
    },
}
