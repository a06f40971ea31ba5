//! What the product itself reports: all that something has come to, as it is now. Said again with other values, the difference counts.

use std::collections::BTreeSet;
use std::fmt;

use crate::app::achievements::Outcome;
use crate::app::{App, AppError};
use crate::domain::achievement::{AchievementId, VariableName};
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::time::Timestamp;

/// All that one source has contributed to a user's values, whatever it had contributed before.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    pub source: Source,
    /// Grows with what is known of the source: an older one changes nothing. [`u64::MAX`]: it is gone, and stays so.
    pub version: u64,
    pub shares: Vec<Share>,
    /// Why it does not count, if it does not; then there are no shares.
    pub withheld: Option<String>,
    /// The achievements whose places the source has come by.
    pub visited: BTreeSet<AchievementId>,
    /// The event that it belongs to, if it does to one.
    pub event: Option<EventId>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Run(RunId),
    /// Whoever was invited.
    Friend(UserId),
    Event(EventId),
    /// A run as one of a group.
    Together(RunId),
}

/// One value of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub variable: VariableName,
    pub key: String,
    pub value: f64,
    /// The moment to which it belongs: the same each time it is said.
    pub at: Timestamp,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => write!(f, "run:{run}"),
            Self::Friend(user) => write!(f, "friend:{user}"),
            Self::Event(event) => write!(f, "event:{event}"),
            Self::Together(run) => write!(f, "together:{run}"),
        }
    }
}

impl App {
    /// What this source has come to by now. Nobody's progress changes who has no account any more: then nothing is unlocked.
    pub(in crate::app) async fn contribute(
        &self,
        user: &UserId,
        contribution: Contribution,
    ) -> Result<Outcome, AppError> {
        self.contribute_all(user, vec![contribution]).await
    }

    /// As [`App::contribute`], for several sources in one commit: at most
    /// [`CONTRIBUTIONS_LEN_MAX`](crate::limits::CONTRIBUTIONS_LEN_MAX).
    pub(in crate::app) async fn contribute_all(
        &self,
        _user: &UserId,
        _contributions: Vec<Contribution>,
    ) -> Result<Outcome, AppError> {
        Err(AppError::NotAvailable)
    }
}
