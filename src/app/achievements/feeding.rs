//! The product's own variables: what runs, events, friends and habits come to is contributed as it is now, whatever was contributed of it
//! before. So the end of a run, its deletion, and that it does not count are one operation.
//!
//! When it is looked at is said by what happens there; what follows from a value is not known here.

mod events;
mod friends;
mod habits;
mod runs;

pub(super) use friends::of_friend;
pub(in crate::app) use habits::HabitsDay;

use std::collections::BTreeSet;

use crate::app::AppError;
use crate::app::achievements::{Contribution, Share, Source};
use crate::domain::achievement::VariableName;
use crate::domain::time::Timestamp;

/// A source that counts nothing yet.
fn empty(source: Source, version: u64) -> Contribution {
    Contribution { source, version, shares: Vec::new(), withheld: None, visited: BTreeSet::new(), event: None }
}

fn share(variable: &'static str, key: impl Into<String>, value: f64, at: Timestamp) -> Result<Share, AppError> {
    let variable = VariableName::parse(variable).ok_or(AppError::Internal)?;
    Ok(Share { variable, key: key.into(), value, at })
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or_default()
}
