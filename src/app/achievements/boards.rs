//! Leaderboards: who stands where by what has been counted, among whom.
//!
//! Those on which everybody is compared are indexes, and so are those of cities; a user's place in them moves in the very commit of
//! the value. A private account stands on none. Friends and groups are few: their values are read and put in order when somebody
//! asks. What a board looks like in an answer is not known here.

mod moved;
mod placing;
mod ranking;
mod settling;
mod shown;
mod standings;
mod telling;

use crate::backend::Index;
use crate::domain::achievement::{AchievementId, MeasureId, Period, VariableName, rounded};
use crate::domain::ids::{GroupId, UserId};

pub(in crate::app) use moved::StandingsMoved;
pub(super) use placing::Placing;
pub(super) use settling::gone;
pub use standings::{Sought, Window};
pub(in crate::app) use telling::aggregate;
pub(super) use telling::all_boards;

/// Whose board it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BoardOf {
    Achievement(AchievementId),
    Variable(VariableName),
}

/// Among whom somebody stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Among {
    Everybody,
    /// Those who say that they live where the caller does.
    City,
    /// Those whom the caller lists, and the caller.
    Friends,
    Group(GroupId),
}

/// One board in one of its periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Board {
    pub measure: MeasureId,
    pub period: Period,
    /// Of values alike, that of the name that comes first in the order stands first.
    pub lowest_first: bool,
}

/// A score counts thousandths: values have no more digits.
const SCALE: f64 = 1_000.0;
/// As far as every store holds a score exactly.
const SCORE_MAX: f64 = 9_007_199_254_740_992.0;

/// All who stand on a board, by score.
fn index(measure: impl std::fmt::Display, period: &str) -> Index {
    Index::new(format!("board/{measure}/{period}"))
}

/// Those of one city, by its folded name.
fn index_of_city(measure: impl std::fmt::Display, period: &str, city: &str) -> Index {
    Index::new(format!("board/{measure}/{period}/city/{city}"))
}

/// By which measure a board of this name stands.
pub(super) fn measure_of(index: &str) -> Option<MeasureId> {
    index.strip_prefix("board/")?.split('/').next().and_then(MeasureId::parse)
}

/// The names of all indexes above in which the user stands: by these they are found when the account is deleted.
pub(super) fn indexes_of(user: &UserId) -> Index {
    Index::new(format!("boards/of/{user}"))
}

/// Of values beyond nine million millions all are alike.
fn score(value: f64) -> i64 {
    (value * SCALE).round().clamp(-SCORE_MAX, SCORE_MAX) as i64
}

fn value_of(score: i64) -> f64 {
    rounded(score as f64 / SCALE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_the_value_to_its_last_digit() {
        for value in [0.0, 5.0, -5.125, 0.001, 1_234_567.891] {
            assert_eq!(value_of(score(value)), value);
        }
        assert_eq!(score(9.0e15), 1 << 53);
        assert_eq!(score(-9.0e15), -(1 << 53));
    }
}
