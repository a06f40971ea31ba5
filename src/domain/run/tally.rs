//! What the fixes of a run add up to. O(1) for each fix; the track itself is not kept here.
//!
//! Fixes come in the order of the track. Each gets a [`Standing`]; those that count move the anchor that the next leg is
//! measured from, and every *good* fix (counted, near or paused) becomes the runner's position.

use super::climb::Climb;
use super::pauses::Pauses;
use super::splits::{Mark, Splits};
use super::window::{Sample, Speed, Window};
use crate::domain::fix::Fix;
use crate::domain::geo::{Place, distance_m};
use crate::domain::time::Timestamp;

/// A leg counts from 5 m on. This gate decides how well a distance agrees with a good watch's: within 0.3 % on real tracks.
pub const GATE_M: f64 = 5.0;
/// A fix that is less sure of its place is kept, and counts for nothing.
const ACCURACY_MAX_M: f64 = 50.0;
/// Faster than any runner.
const SPEED_MAX_MPS: f64 = 12.0;
/// Speed between fixes is measured over a second at least: within one, a phone's noise is faster than any runner.
const SPEED_SPAN_MIN_S: f64 = 1.0;
/// What lies so far apart in time is not one leg: the clock was wrong, or the runner was elsewhere. As long as a pause may last.
const LEG_MAX_MILLIS: i64 = 4 * 60 * 60 * 1_000;
/// Slower is standing.
const MOVING_MIN_MPS: f64 = 0.5;
/// A pace is told when it was measured over so long.
const PACE_SPAN_MIN_S: f64 = 5.0;
/// So close to the destination is there.
const DESTINATION_RADIUS_M: f64 = 50.0;
/// Who stands there for so long has arrived.
const DESTINATION_REST_S: f64 = 60.0;
/// A run that starts at its destination (a loop) must first have come so far.
const LOOP_MIN_M: f64 = 500.0;

/// What a fix does for its run. All are kept in the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Adds its leg to the distance.
    Counted,
    /// Within the gate of the last counted fix: as good, but adds no distance yet.
    Near,
    /// Not newer than what has been taken in: completes the track, counts when the run is recounted.
    Late,
    /// Not sure of its place: does not count, does not move the position.
    Poor,
    /// Came too fast: the next good fix decides whether it, or what was before it, is wrong.
    Suspect,
    /// Was suspect, and the next good fix belied it.
    Implausible,
    /// While paused: does not count, moves the position.
    Paused,
}

/// The totals of a run, and as much state as the next fix needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// All fixes of the track, whatever their standing.
    pub fixes: u64,
    /// The newest time of them all.
    pub newest_at: Option<Timestamp>,
    /// Where the runner is: the newest good fix by its own time. Never moves back.
    pub position: Option<Fix>,
    /// Waits for the next good fix; newer than `position`.
    pub suspect: Option<Fix>,
    /// Where the first good fix was.
    pub start: Option<Place>,
    /// The last counted fix. `None` before the first, and after a pause: the next leg is then not counted.
    pub anchor: Option<Anchor>,
    pub distance_m: f64,
    /// From the first good fix to the newest, without pauses.
    pub elapsed_millis: i64,
    /// As much of it as the runner was moving.
    pub moving_millis: i64,
    /// Over the last 25 s; `None` when standing, paused or not yet known.
    pub pace_s_per_km: Option<f64>,
    pub climb: Climb,
    pub splits: Splits,
    pub window: Window,
    /// Since when, by the fixes' time, the runner has stood at the destination.
    pub resting_since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    pub place: Place,
    /// What the run had come to there.
    pub mark: Mark,
}

/// What the tally must know of its run to take a fix.
pub(super) struct Conditions<'a> {
    /// The fix arrives while the run is paused.
    pub paused: bool,
    pub pauses: &'a Pauses,
    pub destination: Option<Place>,
}

/// What taking one fix came to.
pub(super) struct Taken {
    pub standing: Standing,
    /// What has become of the fix that was suspect until now.
    pub suspect_is: Option<Standing>,
    /// The runner has rested at the destination.
    pub arrived: bool,
}

impl Tally {
    pub fn elapsed_s(&self) -> f64 {
        seconds(self.elapsed_millis)
    }

    pub fn moving_s(&self) -> f64 {
        seconds(self.moving_millis)
    }

    pub(super) fn take(&mut self, fix: &Fix, conditions: &Conditions<'_>) -> Taken {
        self.fixes += 1;
        self.newest_at = self.newest_at.max(Some(fix.time));
        let stays_out = |standing| Taken { standing, suspect_is: None, arrived: false };
        if fix.accuracy_m.is_some_and(|accuracy_m| accuracy_m > ACCURACY_MAX_M) {
            return stays_out(Standing::Poor);
        }
        let newest = self.suspect.as_ref().or(self.position.as_ref());
        if newest.is_some_and(|newest| fix.time <= newest.time) {
            return stays_out(Standing::Late);
        }
        if conditions.paused || conditions.pauses.contains(fix.time) {
            let suspect_is = self.suspect.take().map(|_| Standing::Implausible);
            self.rest(fix, conditions);
            return Taken { standing: Standing::Paused, suspect_is, arrived: false };
        }
        let suspect_is = self.decide_suspect(fix, conditions);
        if self.position.is_some_and(|position| !plausible(&position, fix)) {
            self.suspect = Some(*fix);
            return Taken { standing: Standing::Suspect, suspect_is, arrived: false };
        }
        let standing = self.move_to(fix, conditions);
        Taken { standing, suspect_is, arrived: self.has_rested(fix) }
    }

    /// The sandwich: a place that was reached too fast *and* left too fast is a spike. One that was reached too fast, and
    /// gone on from at a runner's speed, is true: what was before it was wrong, or the runner was carried.
    fn decide_suspect(&mut self, fix: &Fix, conditions: &Conditions<'_>) -> Option<Standing> {
        let (suspect, position) = (self.suspect.take()?, self.position?);
        if plausible(&position, fix) || !plausible(&suspect, fix) {
            return Some(Standing::Implausible);
        }
        if self.elapsed_millis == 0 {
            // Nothing but the first fix was there: that was the spike, and the run starts here.
            self.start = Some(suspect.place);
        } else {
            self.elapsed_millis += self.unpaused_millis(&suspect, conditions);
        }
        self.start_leg(&suspect);
        Some(Standing::Counted)
    }

    fn move_to(&mut self, fix: &Fix, conditions: &Conditions<'_>) -> Standing {
        let unpaused_millis = self.unpaused_millis(fix, conditions);
        let was_paused = self.position.is_some_and(|position| {
            conditions.pauses.overlap_millis(position.time, fix.time) > 0 // even when no fix came meanwhile
        });
        self.elapsed_millis += unpaused_millis;
        self.start.get_or_insert(fix.place);
        let Some(anchor) = self.anchor.filter(|_| !was_paused && !self.is_apart(fix)) else {
            self.start_leg(fix);
            return Standing::Counted;
        };
        let leg_m = distance_m(anchor.place, fix.place);
        let counts = leg_m >= GATE_M;
        self.climb.take(fix.elevation_m);
        // Within the gate the path goes on from the anchor, so that speed has no steps of 5 m.
        let speed = self.window.take(Sample { time: fix.time, path_m: self.distance_m + leg_m });
        self.judge_speed(fix, speed, unpaused_millis, conditions);
        self.position = Some(*fix);
        if !counts {
            return Standing::Near;
        }
        self.distance_m += leg_m;
        let mark = self.mark();
        self.splits.take(anchor.mark, mark);
        self.anchor = Some(Anchor { place: fix.place, mark });
        Standing::Counted
    }

    fn judge_speed(&mut self, fix: &Fix, speed: Option<Speed>, unpaused_millis: i64, conditions: &Conditions<'_>) {
        let moving = speed.filter(|speed| speed.mps >= MOVING_MIN_MPS);
        if moving.is_some() {
            self.moving_millis += unpaused_millis;
        }
        self.pace_s_per_km = moving.filter(|speed| speed.span_s >= PACE_SPAN_MIN_S).map(|speed| 1_000.0 / speed.mps);
        let near = |place, destination| distance_m(place, destination) <= DESTINATION_RADIUS_M;
        let rests = moving.is_none()
            && conditions.destination.is_some_and(|destination| {
                let is_loop = self.start.is_some_and(|start| near(start, destination));
                near(fix.place, destination) && (!is_loop || self.distance_m >= LOOP_MIN_M)
            });
        self.resting_since = rests.then(|| self.resting_since.unwrap_or(fix.time));
    }

    fn has_rested(&self, fix: &Fix) -> bool {
        self.resting_since.is_some_and(|since| fix.time.seconds_since(since) >= DESTINATION_REST_S)
    }

    /// A fix while paused: the runner may go anywhere, by any means.
    fn rest(&mut self, fix: &Fix, conditions: &Conditions<'_>) {
        self.elapsed_millis += self.unpaused_millis(fix, conditions);
        self.start.get_or_insert(fix.place);
        self.anchor = None;
        self.pace_s_per_km = None;
        self.resting_since = None;
        self.position = Some(*fix);
    }

    /// Goes on from here without a leg to here.
    fn start_leg(&mut self, fix: &Fix) {
        self.window.restart(Sample { time: fix.time, path_m: self.distance_m });
        self.climb.restart(fix.elevation_m);
        self.pace_s_per_km = None;
        self.resting_since = None;
        self.anchor = Some(Anchor { place: fix.place, mark: self.mark() });
        self.position = Some(*fix);
    }

    /// From the position to a newer fix.
    fn unpaused_millis(&self, fix: &Fix, conditions: &Conditions<'_>) -> i64 {
        let Some(position) = &self.position else { return 0 };
        if self.is_apart(fix) {
            return 0;
        }
        let millis = fix.time.as_millis() - position.time.as_millis();
        millis - conditions.pauses.overlap_millis(position.time, fix.time)
    }

    /// Whether too much time lies between the position and a newer fix for a leg.
    fn is_apart(&self, fix: &Fix) -> bool {
        self.position.is_some_and(|position| fix.time > position.time.plus_millis(LEG_MAX_MILLIS))
    }

    fn mark(&self) -> Mark {
        Mark {
            distance_m: self.distance_m,
            elapsed_s: self.elapsed_s(),
            moving_s: self.moving_s(),
            climb_m: self.climb.up_m,
        }
    }
}

fn plausible(from: &Fix, to: &Fix) -> bool {
    let leg_m = distance_m(from.place, to.place);
    leg_m < GATE_M || leg_m / to.time.seconds_since(from.time).max(SPEED_SPAN_MIN_S) <= SPEED_MAX_MPS
}

#[allow(clippy::cast_precision_loss)] // below 2⁵³ for any run
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

#[cfg(test)]
mod tests;
