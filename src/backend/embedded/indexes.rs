//! Indexes: who stands where, in the order of (score, member), and how many there are.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::engine::{Rows, Write};
use super::rows::{self, Span};
use crate::backend::{BackendError, Bound, Index, Move, Order, Range, Ranged, Standing};

/// Puts a member at a score, or takes it out.
pub fn carry_out(rows: &mut Write<'_>, step: &Move) -> Result<(), BackendError> {
    let old = score_of(rows, &step.index, &step.member)?;
    if old == step.score {
        return Ok(());
    }
    if let Some(old) = old {
        rows.remove(&rows::rank(&step.index, old, &step.member))?;
    }
    let place = rows::place(&step.index, &step.member);
    match step.score {
        Some(score) => {
            rows.put(&rows::rank(&step.index, score, &step.member), &[])?;
            rows.put(&place, &rows::sortable(score))?;
        }
        None => rows.remove(&place)?,
    }
    match (old, step.score) {
        (None, Some(_)) => put_total(rows, &step.index, total(rows, &step.index)? + 1),
        (Some(_), None) => put_total(rows, &step.index, total(rows, &step.index)?.saturating_sub(1)),
        _ => Ok(()),
    }
}

/// See [`crate::backend::Backend::range`].
///
/// Costs a scan of what it answers. With `count`, a scan of what comes before that too: the rank is counted, not kept;
/// the total is kept.
pub fn range(rows: &impl Rows, range: &Range) -> Result<Ranged, BackendError> {
    let ends = (bound(rows, &range.index, &range.from)?, bound(rows, &range.index, &range.until)?);
    let (Some(from), Some(until)) = ends else {
        // Around somebody who is not there: nobody is found, and everybody comes before.
        let total = total(rows, &range.index)?;
        return Ok(Ranged { members: Vec::new(), standing: range.count.then_some(Standing { rank: total, total }) });
    };
    let standing = if range.count {
        Some(Standing {
            rank: count(rows, &before(&range.index, range.order, &from, &until))?,
            total: total(rows, &range.index)?,
        })
    } else {
        None
    };
    Ok(Ranged { members: members(rows, &Span { from, until }, range.order, range.limit)?, standing })
}

/// The part of an index that comes before a range, in the order that was asked for.
fn before(index: &Index, order: Order, from: &[u8], until: &[u8]) -> Span {
    let end = |bound| rows::rank_bound(index, &bound).unwrap_or_default();
    match order {
        Order::Ascending => Span { from: end(Bound::Start), until: from.to_vec() },
        Order::Descending => Span { from: until.to_vec(), until: end(Bound::End) },
    }
}

/// Where a bound lies; `None` at a member who is not there.
fn bound(rows: &impl Rows, index: &Index, bound: &Bound) -> Result<Option<Vec<u8>>, BackendError> {
    match bound {
        Bound::Member(member) => Ok(score_of(rows, index, member)?.map(|score| rows::rank(index, score, member))),
        bound => Ok(rows::rank_bound(index, bound)),
    }
}

fn members(rows: &impl Rows, span: &Span, order: Order, limit: usize) -> Result<Vec<(i64, Arc<str>)>, BackendError> {
    let mut members = Vec::new();
    let mut unreadable = None;
    if limit > 0 {
        rows.scan(span, order, |name, _| {
            match rows::rank_parts(name) {
                Ok((_, score, member)) => members.push((score, Arc::from(member))),
                Err(error) => unreadable = Some(error),
            }
            if members.len() < limit && unreadable.is_none() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
    }
    unreadable.map_or(Ok(members), Err)
}

fn count(rows: &impl Rows, span: &Span) -> Result<u64, BackendError> {
    let mut count = 0;
    rows.scan(span, Order::Ascending, |_, _| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    Ok(count)
}

fn score_of(rows: &impl Rows, index: &Index, member: &str) -> Result<Option<i64>, BackendError> {
    rows.get(&rows::place(index, member), rows::score)?.transpose()
}

fn total(rows: &impl Rows, index: &Index) -> Result<u64, BackendError> {
    Ok(rows.get(&rows::total(index.as_str()), rows::number)?.transpose()?.unwrap_or(0))
}

fn put_total(rows: &mut Write<'_>, index: &Index, total: u64) -> Result<(), BackendError> {
    let name = rows::total(index.as_str());
    if total == 0 { rows.remove(&name) } else { rows.put(&name, &total.to_be_bytes()) }
}
