//! Why something that was asked for was not done. Each API family puts these into its own words.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::app::documents::FaultDocument;
use crate::backend::{BackendError, CommitError};
use crate::domain::ids::RunId;

/// While the store is away every request meets it; the log says so once in this time.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// A variant exists where a caller acts on it differently. Messages name fields and never hold a token or a coordinate.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppError {
    /// Nobody, or nobody that we know: a token is missing, wrong or revoked.
    #[error("the credentials are missing or not valid")]
    Unauthenticated,
    /// A signed token was good until a while ago: the client may get a new one.
    #[error("the token has expired")]
    Expired,
    /// Known, may see it, may not do it.
    #[error("you may not do this")]
    Forbidden,
    /// There is none, or none that the caller may see: nobody can tell which.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// What was sent cannot be used.
    #[error("{field}: {problem}")]
    Invalid { field: String, problem: String },
    /// What was sent can be read, and does not hold: all that is wrong with it, one at least.
    #[error("{}", first(.0))]
    Faulty(Vec<FaultDocument>),
    /// It cannot be done as things stand, for example fixes for a finished run, or a name that is taken.
    #[error("{message}")]
    Conflict {
        message: String,
        /// The run that stands in the way, if one does.
        run: Option<RunId>,
    },
    /// An idempotency key came with another request before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The place in a channel that was asked for is not known, or what came after it is kept no more.
    #[error("what came after this position is not kept any more")]
    Unrecoverable,
    /// What is asked for is not offered here.
    #[error("this is not available here")]
    NotAvailable,
    /// It is not the version any more that the caller has seen: another write came first.
    #[error("it was changed meanwhile")]
    Stale,
    /// Asked too often. It may be sent again after so many seconds, and not before.
    #[error("too many requests")]
    TooOften { retry_after_s: u64 },
    /// Too much waits already. It may be sent again soon.
    #[error("the server is busy")]
    Busy,
    /// The store cannot be reached, or cannot write. It may be sent again soon.
    #[error("the store is not available")]
    Unavailable,
    /// What is stored cannot be read, or a bound that should never be reached was.
    #[error("an internal error")]
    Internal,
}

impl AppError {
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into(), run: None }
    }
}

fn first(faults: &[FaultDocument]) -> String {
    faults.first().map(|fault| format!("{}: {}", fault.at, fault.problem)).unwrap_or_default()
}

impl From<BackendError> for AppError {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Unavailable(source) => {
                static TOLD: Mutex<Option<Instant>> = Mutex::new(None);
                if is_due(&mut TOLD.lock(), Instant::now()) {
                    tracing::warn!(%source, "the store is unavailable");
                }
                Self::Unavailable
            }
            BackendError::Damaged(source) => {
                tracing::error!(%source, "the store is damaged");
                Self::Internal
            }
        }
    }
}

/// Whether it was not told lately; it is now.
fn is_due(told: &mut Option<Instant>, now: Instant) -> bool {
    let is_due = told.is_none_or(|told| now.duration_since(told) >= TOLD_EVERY);
    if is_due {
        *told = Some(now);
    }
    is_due
}

/// For commits that expect nothing and carry no idempotency key: a conflict or a repetition cannot come.
impl From<CommitError> for AppError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Backend(error) => error.into(),
            CommitError::Conflict | CommitError::Repeated(_) => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_is_told_once_a_second_however_many_meet_it() {
        let (mut told, began) = (None, Instant::now());
        let times = (0..5_000).filter(|millis| is_due(&mut told, began + Duration::from_millis(*millis)));
        assert_eq!(times.count(), 5);
    }
}
