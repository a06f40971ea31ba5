//! In which order those stand who take part in a challenge.

use std::cmp::Ordering;

use super::{Challenge, Kind, Part};
use crate::domain::achievement::Operator;
use crate::domain::ids::UserId;

/// One who takes part, and where they stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing<'a> {
    /// From 1.
    pub position: u32,
    pub user: &'a UserId,
    pub part: &'a Part,
}

impl Challenge {
    /// All who take part, the first one first. Where the first counts, those who have finished stand before the others, in the order in
    /// which they have. Others by their values, the better one first; of two who are alike, as on leaderboards, the one whose id comes
    /// later. Who has no value yet comes last.
    pub fn standings(&self) -> Vec<Standing<'_>> {
        let mut people: Vec<(&UserId, &Part)> = self.accepted().collect();
        people.sort_by(|one, other| self.compare(*one, *other));
        (1..).zip(people).map(|(position, (user, part))| Standing { position, user, part }).collect()
    }

    fn compare(&self, (one, ones): (&UserId, &Part), (other, others): (&UserId, &Part)) -> Ordering {
        let place = |part: &Part| part.place.filter(|_| self.kind == Kind::First).unwrap_or(u32::MAX);
        let score = |part: &Part| match (part.value, self.operator) {
            (None, _) => f64::NEG_INFINITY,
            (Some(value), Operator::Geq) => value,
            (Some(value), Operator::Leq) => -value,
        };
        let by_score = score(others).total_cmp(&score(ones));
        place(ones).cmp(&place(others)).then(by_score).then_with(|| other.cmp(one))
    }
}
