//! Indexes: ranges as calls of a script, and its answers.

use std::sync::Arc;

use redis::Value;

use super::names;
use super::script::{Answer, Call};
use crate::backend::{BackendError, Bound, Order, Range, Ranged, Standing};

/// Scores lie between this and its negative, as every store can hold them exactly.
const SCORE_MAX: i64 = 1 << 53;

/// See `range.lua`.
pub fn call(range: &Range) -> Call {
    let mut call = Call::default();
    call.key(names::index(&range.index));
    call.argument(if range.order == Order::Descending { "1" } else { "0" });
    call.number(range.limit.min(i32::MAX as usize));
    bound(&mut call, &range.from);
    bound(&mut call, &range.until);
    call
}

fn bound(call: &mut Call, bound: &Bound) {
    let (kind, score, member) = match bound {
        Bound::Start => ("start", 0, ""),
        Bound::End => ("end", 0, ""),
        // Nobody stands beyond the highest and the lowest score.
        Bound::Score(score) | Bound::At(score, _) | Bound::After(score, _) if *score > SCORE_MAX => ("end", 0, ""),
        Bound::Score(score) | Bound::At(score, _) | Bound::After(score, _) if *score < -SCORE_MAX => ("start", 0, ""),
        Bound::Score(score) => ("score", *score, ""),
        Bound::At(score, member) => ("at", *score, &**member),
        Bound::After(score, member) => ("after", *score, &**member),
        Bound::Member(member) => ("member", 0, &**member),
    };
    call.argument(kind);
    call.number(score);
    call.argument(member.to_owned());
}

/// Reads what the script has answered.
pub fn outcome(range: &Range, answer: Value) -> Result<Ranged, BackendError> {
    let mut answer = Answer::of(answer)?;
    let standing = Standing { rank: answer.unsigned()?, total: answer.unsigned()? };
    let mut members = Vec::with_capacity(answer.len() / 2);
    while !answer.is_empty() {
        let member = Arc::from(answer.text()?);
        members.push((answer.number()?, member));
    }
    Ok(Ranged { members, standing: range.count.then_some(standing) })
}
