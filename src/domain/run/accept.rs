//! A batch of fixes becomes part of a run: sorted, freed of repeats, each with its standing.

use super::seen::Seen;
use super::splits::Split;
use super::tally::{Conditions, Standing, Tally};
use super::{Run, RunError, State};
use crate::domain::fix::Fix;
use crate::domain::time::Timestamp;

/// A fix may lie so far after the server's clock before it is moved back.
const AHEAD_MAX_MILLIS: i64 = 60_000;

/// What a batch came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accepted {
    /// What the track gains, in its order.
    pub kept: Vec<Kept>,
    /// Fixes that the track has already, or that the batch held twice.
    pub duplicates: usize,
    /// Kilometres that were completed.
    pub new_splits: Vec<Split>,
    /// The runner has rested at the destination: the run may be finished.
    pub arrived: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept {
    /// As it came, but for the time if that lay in the future.
    pub fix: Fix,
    pub standing: Standing,
    /// The run's distance after it.
    pub distance_m: f64,
}

/// Takes a batch, in any order, that arrives `now`. On an error run and `seen` are as they were.
///
/// * A fix that stands in the run already (same time, same place) is a duplicate. While [`Seen::Unknown`], only what is
///   newer than the newest fix can be taken; else [`RunError::NeedsTrack`].
/// * A phone's clock that runs ahead is set right: if fixes lie more than 60 s after `now`, they are moved back by one
///   amount so that the newest is at `now` and their spacing stays. Fixes that lead up to them without a gap of more
///   than 60 s came from the same wrong clock and move with them. Sent again, such fixes get other times: only an
///   idempotency key tells that they are repeats.
/// * Fixes that arrive while the run is paused do not count now; in the end those count whose own time lies outside of
///   all pauses.
/// * Late fixes complete the track; their distance is added by [`recount`] when the run is finished.
pub fn accept(run: &mut Run, seen: &mut Seen, mut batch: Vec<Fix>, now: Timestamp) -> Result<Accepted, RunError> {
    match run.state {
        State::Planned => return Err(RunError::NotStarted),
        State::Finished => return Err(RunError::Finished),
        State::Live | State::Paused => {}
    }
    batch.sort_by(Fix::track_order);
    if set_back(&mut batch, now) {
        batch.sort_by(Fix::track_order);
    }
    let not_newer = |fix: &Fix| run.tally.newest_at.is_some_and(|newest_at| fix.time <= newest_at);
    if !seen.is_known() && batch.first().is_some_and(not_newer) {
        return Err(RunError::NeedsTrack);
    }
    let sent = batch.len();
    batch.dedup_by_key(|fix| fix.identity());
    batch.retain(|fix| !(not_newer(fix) && seen.has(fix)));

    let splits_before = run.tally.splits.done.len();
    let conditions =
        Conditions { paused: run.state == State::Paused, pauses: &run.pauses, destination: run.destination };
    let mut accepted = Accepted { duplicates: sent - batch.len(), ..Accepted::default() };
    let mut suspect_index = None;
    for fix in batch {
        let taken = run.tally.take(&fix, &conditions);
        if let Some(standing) = taken.suspect_is {
            // A suspect of an earlier batch has been told as such; only the final count speaks of it again.
            if let Some(index) = suspect_index.take() {
                let kept: &mut Kept = &mut accepted.kept[index];
                kept.standing = standing;
            }
        }
        if taken.standing == Standing::Suspect {
            suspect_index = Some(accepted.kept.len());
        }
        seen.add(&fix);
        accepted.arrived |= taken.arrived;
        accepted.kept.push(Kept { fix, standing: taken.standing, distance_m: run.tally.distance_m });
    }
    accepted.new_splits = run.tally.splits.done[splits_before..].to_vec();
    run.heard(now);
    Ok(accepted)
}

/// The tally of a run's whole track, in any order: what a finished run comes to, late fixes included. Pauses go by the
/// fixes' own times, whenever they arrived.
pub fn recount(run: &Run, track: impl Iterator<Item = Fix>) -> Tally {
    retrace(run, track).0
}

/// As [`recount`], and the whole track in order with the standing that each fix has in the end.
pub fn retrace(run: &Run, track: impl Iterator<Item = Fix>) -> (Tally, Vec<Kept>) {
    let mut track: Vec<Fix> = track.collect();
    track.sort_by(Fix::track_order);
    let conditions = Conditions { paused: false, pauses: &run.pauses, destination: run.destination };
    let (mut tally, mut points) = (Tally::default(), Vec::with_capacity(track.len()));
    let mut suspect_index = None;
    for fix in track {
        let taken = tally.take(&fix, &conditions);
        if let (Some(standing), Some(index)) = (taken.suspect_is, suspect_index.take()) {
            let kept: &mut Kept = &mut points[index];
            kept.standing = standing;
        }
        if taken.standing == Standing::Suspect {
            suspect_index = Some(points.len());
        }
        points.push(Kept { fix, standing: taken.standing, distance_m: tally.distance_m });
    }
    (tally, points)
}

/// Moves those of a sorted batch that lie in the future; whether there were any.
fn set_back(batch: &mut [Fix], now: Timestamp) -> bool {
    let Some(newest) = batch.last().map(|fix| fix.time) else { return false };
    let mut first = batch.partition_point(|fix| fix.time <= now.plus_millis(AHEAD_MAX_MILLIS));
    if first == batch.len() {
        return false;
    }
    while first > 0 && batch[first].time <= batch[first - 1].time.plus_millis(AHEAD_MAX_MILLIS) {
        first -= 1;
    }
    let ahead_millis = newest.as_millis() - now.as_millis();
    for fix in &mut batch[first..] {
        fix.time = fix.time.plus_millis(-ahead_millis);
    }
    true
}

#[cfg(test)]
mod tests;
