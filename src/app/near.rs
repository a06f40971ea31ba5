//! What is near a place: indexes that are scored by Morton codes.
//!
//! An index finds those who may be near; whether they are, and may be seen, is for those to say who keep the places.

use std::sync::Arc;

use crate::app::transact::{Draft, Record};
use crate::app::{App, AppError, looked_at};
use crate::backend::{Bound, Index, Order, Range};
use crate::domain::geo::{Circle, Place};
use crate::domain::morton::{self, Grain};
use crate::limits;

/// Moves `member` from where it stood `before` to where it stands `after`, if that is another cell; `None`: not in the index.
pub fn place<R: Record>(
    draft: &mut Draft<R>,
    (index, grain): (Index, Grain),
    member: impl Into<Arc<str>>,
    before: Option<Place>,
    after: Option<Place>,
) {
    let code = |place: Option<Place>| place.map(|place| morton::code(place, grain));
    if code(before) != code(after) {
        draft.place(index, member, code(after));
    }
}

impl App {
    /// The members of an index that may lie in `circle`, in no order that means something: everybody who does, and some who
    /// do not. It looks at [`limits::NEAR_LOOKED_AT_MAX`] of them at most; where more are together, some are left out.
    pub(in crate::app) async fn near(
        &self,
        (index, grain): (Index, Grain),
        circle: &Circle,
    ) -> Result<Vec<Arc<str>>, AppError> {
        let mut found = Vec::new();
        let mut left = limits::NEAR_LOOKED_AT_MAX;
        for (first, end) in morton::ranges(circle, grain) {
            let range = Range {
                index: index.clone(),
                from: Bound::Score(first),
                until: Bound::Score(end),
                order: Order::Ascending,
                limit: left,
                count: false,
            };
            let members = self.backend.range(&range).await?.members;
            left -= members.len().min(left);
            looked_at::add(members.len());
            let near = members.into_iter().filter(|(code, _)| morton::may_hold(circle, *code, grain));
            found.extend(near.map(|(_, member)| member));
            if left == 0 {
                break;
            }
        }
        Ok(found)
    }
}
