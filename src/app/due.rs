//! What is to happen at a time: one index, acted on by idempotent commits.

use std::fmt;

use crate::app::{App, AppError};
use crate::backend::{Bound, Index, Order, Range};
use crate::domain::ids::RunId;
use crate::domain::time::Timestamp;
use crate::limits;

/// What is due; its stored name is the member of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A run is over if nothing was heard of it until now.
    RunInactive(RunId),
}

/// All that is due, scored by when, in milliseconds.
pub fn index() -> Index {
    Index::new("due")
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunInactive(run) => write!(f, "run-inactive/{run}"),
        }
    }
}

impl Due {
    fn parse(member: &str) -> Option<Self> {
        let (kind, id) = member.split_once('/')?;
        match kind {
            "run-inactive" => RunId::parse(id).map(Self::RunInactive),
            _ => None,
        }
    }
}

impl App {
    /// Acts on what is due by now → how many there were.
    pub async fn act_on_due(&self, now: Timestamp) -> Result<usize, AppError> {
        let range = Range {
            index: index(),
            from: Bound::Start,
            until: Bound::Score(now.as_millis().saturating_add(1)),
            order: Order::Ascending,
            limit: limits::SWEEP_LEN_MAX,
            count: false,
        };
        let members = self.backend.range(&range).await?.members;
        for (_, member) in &members {
            let Some(Due::RunInactive(run)) = Due::parse(member) else {
                tracing::error!("what is due cannot be read");
                continue;
            };
            match self.finish_if_inactive(run).await {
                Ok(()) => {}
                Err(error @ (AppError::Unavailable | AppError::Busy)) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "a due time could not be acted on; it is tried again");
                    self.put_off(crate::app::runs::aggregate(run), index(), member).await?;
                }
            }
        }
        Ok(members.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_is_read_as_it_is_written() {
        let due = Due::RunInactive(RunId::from_u128(7));
        assert_eq!(Due::parse(&due.to_string()), Some(due));
        assert_eq!(Due::parse("run-inactive/7"), None);
        assert_eq!(Due::parse("tea"), None);
    }
}
