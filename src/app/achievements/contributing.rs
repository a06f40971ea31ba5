//! What the product itself reports: all that something has come to, as it is now. Said again with other values, the difference counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::app::achievements::Outcome;
use crate::app::achievements::evaluating::Work;
use crate::app::achievements::increasing::hex;
use crate::app::achievements::record::{self, ContributionDocument, ProgressRecord, contribution_name};
use crate::app::documents::AchievementChange;
use crate::app::transact::{Draft, decode, encode};
use crate::app::users::aggregate;
use crate::app::{App, AppError};
use crate::backend::Keep;
use crate::domain::achievement::{AchievementId, Move, Scope, VariableName, rounded};
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

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
    /// Habits on a day of the user's, counted from 1970-01-01.
    Habits(i32),
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
            Self::Habits(day) => write!(f, "habits:{day}"),
        }
    }
}

impl Source {
    /// The name of what it has contributed, beside the progress of whom it has. It does not say whose account it was: that may be
    /// deleted.
    pub(super) fn name(&self) -> Arc<str> {
        match self {
            Self::Friend(user) => contribution_name(&format!("friend:{}", hex(&Sha256::digest(user.as_str())))),
            Self::Run(_) | Self::Event(_) | Self::Together(_) | Self::Habits(_) => contribution_name(&self.to_string()),
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

    /// A version for what is looked at from now on of a source that has none of its own: newer than what it has contributed, whatever
    /// the clock of whoever looked was. Of two who look at the same time, the one whose clock says so is the newer one.
    pub(super) async fn next_version(&self, user: &UserId, source: &Source) -> Result<u64, AppError> {
        let keys = [aggregate(user).key(&source.name())];
        let known = self.backend.read(&keys).await?.into_iter().next().and_then(|it| it.value);
        let known = known.map(|it| decode::<ContributionDocument>(&it)).transpose()?.map_or(0, |it| it.version);
        let now = u64::try_from(self.clock.now().as_millis()).unwrap_or_default();
        Ok(now.max(known.saturating_add(1)))
    }

    /// As [`App::contribute`], for several sources in one commit: at most [`limits::CONTRIBUTIONS_LEN_MAX`].
    pub(in crate::app) async fn contribute_all(
        &self,
        user: &UserId,
        contributions: Vec<Contribution>,
    ) -> Result<Outcome, AppError> {
        let fits = contributions.len() <= limits::CONTRIBUTIONS_LEN_MAX
            && contributions.iter().all(|it| it.shares.len() <= limits::SHARES_LEN_MAX);
        if !fits {
            return Err(AppError::Internal);
        }
        let work = Work { moves: Vec::new(), contributions, scope: Scope::Moved, is_trial: false };
        match self.take_in(user, None, work, None).await {
            Err(AppError::NotFound(_)) => Ok(Outcome::default()),
            Err(AppError::Invalid { .. }) => {
                // It would never succeed: whoever has so much has no use for more.
                tracing::warn!("a contribution is beyond what can be counted, and counts nothing");
                Ok(Outcome::default())
            }
            outcome => outcome,
        }
    }
}

/// Notes what the source has come to, and tells the user of a run that does not count → what moves by that: the difference to what it had come to before.
pub(super) fn take(
    draft: &mut Draft<ProgressRecord>,
    user: &UserId,
    contribution: &Contribution,
    absent: &BTreeSet<Arc<str>>,
    at: Timestamp,
) -> Result<Vec<Move>, AppError> {
    let name = contribution.source.name();
    let before: ContributionDocument = draft.beside(&name)?.unwrap_or_default();
    let now = ContributionDocument {
        version: contribution.version,
        shares: contribution.shares.iter().map(Share::stored).collect(),
        withheld: contribution.withheld.clone(),
    };
    if now.version < before.version || now == before {
        return Ok(Vec::new());
    }
    let moves = difference(&before, &now)?;
    draft.put_beside(&name, encode(&now)?);
    if absent.contains(&name) {
        draft.place(record::names_of(user), name, Some(0));
    }
    if let (Source::Run(run), Some(reason)) = (&contribution.source, &now.withheld)
        && before.withheld != now.withheld
    {
        let (at, run, reason) = (at.to_string(), run.to_string(), reason.clone());
        let told = AchievementChange::RunWithheld { at, run, reason };
        draft.append("", Keep::Newest(limits::USER_TOPIC_LEN_MAX), encode(&told)?);
    }
    Ok(moves)
}

fn difference(before: &ContributionDocument, now: &ContributionDocument) -> Result<Vec<Move>, AppError> {
    let mut by = BTreeMap::<(&str, &str, i64), f64>::new();
    for (shares, sign) in [(&before.shares, -1.0), (&now.shares, 1.0)] {
        for (variable, key, value, at_ms) in shares {
            *by.entry((variable, key, *at_ms)).or_default() += sign * value;
        }
    }
    let moves = by.into_iter().map(|((variable, key, at_ms), by)| (variable, key, at_ms, rounded(by)));
    let moves = moves.filter(|(.., by)| *by != 0.0).map(|(variable, key, at_ms, by)| {
        let (variable, at) = (record::variable(variable)?, Timestamp::from_millis(at_ms));
        Ok(Move { variable, key: key.to_owned(), by, at })
    });
    moves.collect()
}

impl Share {
    fn stored(&self) -> (String, String, f64, i64) {
        (self.variable.to_string(), self.key.clone(), self.value, self.at.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(shares: &[(&str, &str, f64, i64)]) -> ContributionDocument {
        let shares = shares
            .iter()
            .map(|(variable, key, value, at_ms)| ((*variable).to_owned(), (*key).to_owned(), *value, *at_ms));
        ContributionDocument { version: 1, shares: shares.collect(), withheld: None }
    }

    #[test]
    fn what_moves_is_the_difference_to_before() {
        let before = document(&[("runs", "", 1.0, 5), ("distance_m", "", 1_000.1, 5), ("best_1km_s", "r", 300.0, 5)]);
        let now = document(&[("runs", "", 1.0, 5), ("distance_m", "", 5_000.2, 5), ("climb_m", "", 20.0, 5)]);
        let moves = difference(&before, &now).unwrap();
        let moves: Vec<_> = moves.iter().map(|it| (it.variable.as_str(), &*it.key, it.by)).collect();
        assert_eq!(moves, [("best_1km_s", "r", -300.0), ("climb_m", "", 20.0), ("distance_m", "", 4_000.1)]);
    }

    #[test]
    fn what_belongs_to_another_moment_goes_and_comes() {
        let moves = difference(&document(&[("runs", "", 1.0, 5)]), &document(&[("runs", "", 1.0, 9)])).unwrap();
        let moves: Vec<_> = moves.iter().map(|it| (it.by, it.at.as_millis())).collect();
        assert_eq!(moves, [(-1.0, 5), (1.0, 9)]);
    }
}
