//! A batch of fixes becomes part of a run: sorted, freed of repeats, each with its standing.

use super::seen::Seen;
use super::splits::Split;
use super::tally::{Conditions, Standing, Tally};
use super::{Run, RunError, State};
use crate::domain::fix::Fix;
use crate::domain::time::Timestamp;

/// A fix may lie so far after the server's clock before it is moved back.
const AHEAD_MAX_MILLIS: i64 = 60_000;
/// A batch that is sent again after so long is still known by how far the clock was ahead when it was sent first.
const AGAIN_MAX_MILLIS: i64 = 30 * 60 * 1_000;

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
///   than 60 s came from the same wrong clock and move with them. A phone's clock stays as wrong as it was: the
///   amount is kept, so that a batch that is sent again within half an hour is known to be the same.
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
    let ahead_millis = set_back(&mut batch, now, run.ahead_millis);
    if ahead_millis.is_some() {
        batch.sort_by(Fix::track_order);
    }
    let not_newer = |fix: &Fix| run.tally.newest_at.is_some_and(|newest_at| fix.time <= newest_at);
    if !seen.is_known() && batch.first().is_some_and(not_newer) {
        return Err(RunError::NeedsTrack);
    }
    let sent = batch.len();
    run.ahead_millis = ahead_millis.or(run.ahead_millis);
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

/// Moves those of a sorted batch that lie in the future → by how much; `None` when there were none.
fn set_back(batch: &mut [Fix], now: Timestamp, known_millis: Option<i64>) -> Option<i64> {
    let newest = batch.last()?.time;
    let mut first = batch.partition_point(|fix| fix.time <= now.plus_millis(AHEAD_MAX_MILLIS));
    if first == batch.len() {
        return None;
    }
    while first > 0 && batch[first].time <= batch[first - 1].time.plus_millis(AHEAD_MAX_MILLIS) {
        first -= 1;
    }
    let ahead_millis = newest.as_millis() - now.as_millis();
    let known_millis = known_millis
        .filter(|known| (ahead_millis - AHEAD_MAX_MILLIS..=ahead_millis + AGAIN_MAX_MILLIS).contains(known));
    let ahead_millis = known_millis.unwrap_or(ahead_millis);
    for fix in &mut batch[first..] {
        fix.time = fix.time.plus_millis(-ahead_millis);
    }
    Some(ahead_millis)
}

#[cfg(test)]
mod tests;
