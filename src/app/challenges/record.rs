//! A challenge as it is stored: one head, which names all its people, and beside it for each of them what stood of theirs before
//! it began.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::AppError;
use crate::app::documents::{GoalDocument, Translations};
use crate::app::transact::{Lanes, Record};
use crate::backend::AggregateId;
use crate::domain::achievement::{Before, Operator, VariableName};
use crate::domain::challenge::{Accomplishment, Answer, Challenge, Kind, Part};
use crate::domain::ids::{ChallengeId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct ChallengeRecord {
    pub challenge: Challenge,
    /// What counts in it, as it was when the challenge was made: a rule that changes changes nothing here.
    pub goal: GoalDocument,
    pub subject: Subject,
    /// The group whose members were invited.
    pub group: Option<Named>,
    /// What has happened lately, the newest last.
    pub happened: Vec<Happened>,
    /// Counts the writes of this head: the challenge's version.
    pub revision: u64,
    /// The number of the newest follow-up, and its time, which never goes back.
    pub caused: u64,
    pub caused_ms: i64,
}

/// What it is about, as people are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Achievement { id: u64, name: String, title: Translations, goal: u64 },
    Variable(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    pub at_ms: i64,
    pub what: What,
    /// Whose doing it was, if it was somebody's.
    pub user: Option<String>,
    #[serde(default)]
    pub value: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Created,
    Accepted,
    Rejected,
    Started,
    Finished,
    Expired,
    Cancelled,
}

impl Record for ChallengeRecord {
    const KIND: &'static str = "challenge";
}

/// What stood of somebody before: stored under [`before_name`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BeforeDocument {
    /// Variable, key and sum; `None`: all that stands there.
    sums: Option<Vec<(String, String, f64)>>,
}

pub fn aggregate(challenge: ChallengeId) -> AggregateId {
    Lanes::<ChallengeRecord>::aggregate(challenge)
}

pub fn before_name(user: &UserId) -> Arc<str> {
    format!("before/{user}").into()
}

impl BeforeDocument {
    pub fn of(before: &Before) -> Self {
        let sums = match before {
            Before::Everything => None,
            Before::Sums(sums) => {
                Some(sums.iter().map(|((variable, key), sum)| (variable.to_string(), key.clone(), *sum)).collect())
            }
        };
        Self { sums }
    }

    pub fn read(self) -> Result<Before, AppError> {
        let Some(sums) = self.sums else { return Ok(Before::Everything) };
        let sums = sums.into_iter().map(|(variable, key, sum)| {
            let variable = VariableName::parse(&variable).ok_or(AppError::Internal)?;
            Ok(((variable, key), sum))
        });
        Ok(Before::Sums(sums.collect::<Result<_, AppError>>()?))
    }
}

impl ChallengeRecord {
    /// Notes it for the feed.
    pub fn note(&mut self, at: Timestamp, what: What, user: Option<&UserId>, value: Option<f64>) {
        let user = user.map(ToString::to_string);
        self.happened.push(Happened { at_ms: at.as_millis(), what, user, value });
        let excess = self.happened.len().saturating_sub(limits::CHALLENGE_HAPPENED_LEN_MAX);
        self.happened.drain(..excess);
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: u64,
    creator: Option<String>,
    title: String,
    kind: StoredKind,
    less: bool,
    target: Option<f64>,
    created_ms: i64,
    starts_ms: i64,
    expires_ms: i64,
    started_ms: Option<i64>,
    ended_ms: Option<i64>,
    cancelled_ms: Option<i64>,
    people: BTreeMap<String, StoredPart>,
    finished: u32,
    winner: Option<String>,
    goal: GoalDocument,
    subject: Subject,
    group: Option<Named>,
    happened: Vec<Happened>,
    revision: u64,
    caused: u64,
    caused_ms: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredKind {
    First,
    Most,
}

#[derive(Serialize, Deserialize)]
struct StoredPart {
    name: String,
    answer: StoredAnswer,
    #[serde(default)]
    accomplished: Option<bool>,
    #[serde(default)]
    value: Option<f64>,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    moved: u64,
    #[serde(default)]
    finished_ms: Option<i64>,
    #[serde(default)]
    place: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredAnswer {
    Pending,
    Accepted,
    Rejected,
}

impl From<ChallengeRecord> for Stored {
    fn from(record: ChallengeRecord) -> Self {
        let ChallengeRecord { challenge, goal, subject, group, happened, revision, caused, caused_ms } = record;
        let ms = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
        let people = challenge.people.into_iter().map(|(user, part)| (user.to_string(), part.into()));
        Self {
            id: challenge.id.number(),
            creator: challenge.creator.map(|user| user.to_string()),
            title: challenge.title,
            kind: match challenge.kind {
                Kind::First => StoredKind::First,
                Kind::Most => StoredKind::Most,
            },
            less: challenge.operator == Operator::Leq,
            target: challenge.target,
            created_ms: challenge.created_at.as_millis(),
            starts_ms: challenge.starts_at.as_millis(),
            expires_ms: challenge.expires_at.as_millis(),
            started_ms: ms(challenge.started_at),
            ended_ms: ms(challenge.ended_at),
            cancelled_ms: ms(challenge.cancelled_at),
            people: people.collect(),
            finished: challenge.finished,
            winner: challenge.winner.map(|user| user.to_string()),
            goal,
            subject,
            group,
            happened,
            revision,
            caused,
            caused_ms,
        }
    }
}

impl TryFrom<Stored> for ChallengeRecord {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let user = |id: String| UserId::parse(&id).ok_or("not a user's id");
        let at = Timestamp::from_millis;
        let people = stored.people.into_iter().map(|(id, part)| Ok((user(id)?, part.into())));
        let challenge = Challenge {
            id: ChallengeId::new(stored.id).ok_or("not a challenge's id")?,
            creator: stored.creator.map(user).transpose()?,
            title: stored.title,
            kind: match stored.kind {
                StoredKind::First => Kind::First,
                StoredKind::Most => Kind::Most,
            },
            operator: if stored.less { Operator::Leq } else { Operator::Geq },
            target: stored.target,
            created_at: at(stored.created_ms),
            starts_at: at(stored.starts_ms),
            expires_at: at(stored.expires_ms),
            started_at: stored.started_ms.map(at),
            ended_at: stored.ended_ms.map(at),
            cancelled_at: stored.cancelled_ms.map(at),
            people: people.collect::<Result<_, Self::Error>>()?,
            finished: stored.finished,
            winner: stored.winner.map(user).transpose()?,
        };
        let Stored { goal, subject, group, happened, revision, caused, caused_ms, .. } = stored;
        Ok(Self { challenge, goal, subject, group, happened, revision, caused, caused_ms })
    }
}

impl From<Part> for StoredPart {
    fn from(part: Part) -> Self {
        Self {
            name: part.name,
            answer: match part.answer {
                Answer::Pending => StoredAnswer::Pending,
                Answer::Accepted => StoredAnswer::Accepted,
                Answer::Rejected => StoredAnswer::Rejected,
            },
            accomplished: match part.accomplishment {
                Accomplishment::Unfinished => None,
                Accomplishment::Finished => Some(true),
                Accomplishment::Failed => Some(false),
            },
            value: part.value,
            version: part.version,
            moved: part.moved,
            finished_ms: part.finished_at.map(Timestamp::as_millis),
            place: part.place,
        }
    }
}

impl From<StoredPart> for Part {
    fn from(stored: StoredPart) -> Self {
        Self {
            name: stored.name,
            answer: match stored.answer {
                StoredAnswer::Pending => Answer::Pending,
                StoredAnswer::Accepted => Answer::Accepted,
                StoredAnswer::Rejected => Answer::Rejected,
            },
            accomplishment: match stored.accomplished {
                None => Accomplishment::Unfinished,
                Some(true) => Accomplishment::Finished,
                Some(false) => Accomplishment::Failed,
            },
            value: stored.value,
            version: stored.version,
            moved: stored.moved,
            finished_at: stored.finished_ms.map(Timestamp::from_millis),
            place: stored.place,
        }
    }
}
