//! Whether somebody can have run this. What follows for whoever did not is decided elsewhere.

use thiserror::Error;

use super::Run;
use super::accept::Kept;
use super::tally::Standing;
use crate::domain::fix::Fix;
use crate::domain::geo::distance_m;

/// Nobody has kept this up for a kilometre: the best on a track, over 1,500 m, was 7.3 m/s.
const MEAN_SPEED_MAX_MPS: f64 = 7.0;
/// The mean of a shorter run is not judged.
const MEAN_SPEED_OVER_M: f64 = 1_000.0;
/// The best kilometre that was ever run took a little longer.
const KILOMETRE_MIN_S: f64 = 130.0;
/// Who is so far away at once, and goes on from there, was carried. Shorter leaps are a phone that finds itself again.
const LEAP_MIN_M: f64 = 1_000.0;
/// Faster than any runner.
const LEAP_MIN_MPS: f64 = 12.0;
/// The first places of a run are often old ones: the phone has not found itself yet.
const LEAP_AFTER_M: f64 = 100.0;
/// One in so many fixes may lie where nobody can have come in time.
const FIXES_PER_SPIKE_MIN: u64 = 20;
/// A few of them say nothing, however short the run.
const SPIKES_MIN: u64 = 3;

/// What speaks against a run besides its tally.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubts {
    /// The phone has said of a fix that it did not measure it.
    pub is_mocked: bool,
    /// The runner was suddenly far away, and went on from there.
    pub has_leapt: bool,
    /// Fixes that lie where nobody can have come in time.
    pub spikes: u64,
}

/// Why a run cannot have been run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Implausible {
    #[error("the phone did not measure where it was: its places are made up")]
    Mocked,
    #[error("it leaps over more than a kilometre, faster than anybody runs")]
    Leapt,
    #[error("too many of its fixes lie where nobody can have come in time")]
    Spikes,
    #[error("it is faster than anybody runs")]
    TooFast,
    #[error("one of its kilometres is faster than anybody runs")]
    KilometreTooFast,
}

impl Doubts {
    /// What these fixes add, which follow `before`, where the runner was, in the run's track. Of those that are late nothing is
    /// known until the end.
    pub fn note(&mut self, run: &Run, before: Option<Fix>, kept: &[Kept]) {
        let mut before = before;
        for Kept { fix, standing, distance_m } in kept {
            self.is_mocked |= fix.is_mock;
            match standing {
                Standing::Suspect | Standing::Implausible => self.spikes += 1,
                Standing::Counted | Standing::Near | Standing::Paused => {
                    let leaps = before.is_some_and(|before| leaps(run, &before, fix));
                    self.has_leapt |= leaps && *distance_m >= LEAP_AFTER_M;
                    before = Some(*fix);
                }
                Standing::Late | Standing::Poor => {}
            }
        }
    }

    /// What speaks against a run over its whole track, in order. That it was mocked is known from before: tracks do not say.
    pub fn of(run: &Run, is_mocked: bool, points: &[Kept]) -> Self {
        let mut doubts = Self { is_mocked, ..Self::default() };
        doubts.note(run, None, points);
        doubts
    }
}

/// Whether somebody can have run this: the first reason why not. Of a run that is on, as far as it has come.
pub fn implausible(run: &Run, doubts: &Doubts) -> Option<Implausible> {
    let tally = &run.tally;
    let is_spiky = doubts.spikes >= SPIKES_MIN && doubts.spikes.saturating_mul(FIXES_PER_SPIKE_MIN) > tally.fixes;
    let is_long = tally.distance_m > MEAN_SPEED_OVER_M;
    let [mocked, leapt, spikes, too_fast, kilometre] = [
        doubts.is_mocked,
        doubts.has_leapt,
        is_spiky,
        is_long && tally.distance_m > MEAN_SPEED_MAX_MPS * tally.elapsed_s(),
        tally.splits.done.iter().any(|split| split.elapsed_s < KILOMETRE_MIN_S),
    ];
    let reasons = [
        (mocked, Implausible::Mocked),
        (leapt, Implausible::Leapt),
        (spikes, Implausible::Spikes),
        (too_fast, Implausible::TooFast),
        (kilometre, Implausible::KilometreTooFast),
    ];
    reasons.into_iter().find_map(|(holds, reason)| holds.then_some(reason))
}

fn leaps(run: &Run, from: &Fix, to: &Fix) -> bool {
    let leap_m = distance_m(from.place, to.place);
    leap_m > LEAP_MIN_M
        && leap_m > LEAP_MIN_MPS * to.time.seconds_since(from.time)
        && run.pauses.overlap_millis(from.time, to.time) == 0
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{at, fix, live_run, send, steady};
    use super::super::retrace;
    use super::*;

    /// Of a finished run with this track.
    fn judged(track: Vec<Fix>) -> Option<Implausible> {
        let mut run = live_run();
        let is_mocked = track.iter().any(|fix| fix.is_mock);
        let (tally, points) = retrace(&run, track.into_iter());
        run.tally = tally;
        implausible(&run, &Doubts::of(&run, is_mocked, &points))
    }

    #[test]
    fn a_true_run_is_believed() {
        assert_eq!(judged(Vec::new()), None);
        assert_eq!(judged(steady(0..=1_200, 0.0, 3.0)), None);
        // As fast as the best in the world, over a kilometre.
        assert_eq!(judged(steady(0..=150, 0.0, 6.9)), None);
        // The phone has not found itself yet, and loses itself once.
        let mut track = vec![fix(-5.0, 9_000.0)];
        track.extend(steady(0..=300, 0.0, 3.0));
        track[150] = fix(149.0, 30_000.0);
        assert_eq!(judged(track), None);
    }

    #[test]
    fn what_nobody_can_have_run_says_why() {
        assert_eq!(judged(steady(0..=200, 0.0, 8.0)), Some(Implausible::TooFast));
        let mut track = steady(0..=400, 0.0, 3.0);
        track.extend(steady(401..=600, 1_212.0, 12.0));
        track.extend(steady(601..=1_600, 3_603.0, 3.0));
        assert_eq!(judged(track), Some(Implausible::KilometreTooFast));
        let mut track = steady(0..=300, 0.0, 3.0);
        track.extend(steady(301..=600, 6_000.0, 3.0));
        assert_eq!(judged(track), Some(Implausible::Leapt));
        let mut track = steady(0..=300, 0.0, 3.0);
        track.iter_mut().step_by(10).skip(2).for_each(|it| it.place = fix(0.0, 20_000.0).place);
        assert_eq!(judged(track), Some(Implausible::Spikes));
        let mut track = steady(0..=300, 0.0, 3.0);
        track[7].is_mock = true;
        assert_eq!(judged(track), Some(Implausible::Mocked));
    }

    #[test]
    fn who_goes_elsewhere_while_paused_has_not_leapt() {
        let mut run = live_run();
        run.pause(at(300.5)).unwrap();
        run.resume(at(330.0)).unwrap();
        let mut track = steady(0..=300, 0.0, 3.0);
        track.extend(steady(331..=600, 6_000.0, 3.0));
        let (tally, points) = retrace(&run, track.into_iter());
        run.tally = tally;
        assert_eq!(implausible(&run, &Doubts::of(&run, false, &points)), None);
    }

    #[test]
    fn leap_is_known_while_the_run_is_on_however_it_comes_in() {
        for batch_len in [1, 2, 7, 600] {
            let mut run = live_run();
            let mut doubts = Doubts::default();
            let mut track = steady(0..=300, 0.0, 3.0);
            track.extend(steady(301..=600, 6_000.0, 3.0));
            for batch in track.chunks(batch_len) {
                let before = run.tally.position;
                let accepted = send(&mut run, batch.to_vec());
                doubts.note(&run, before, &accepted.kept);
            }
            assert_eq!(implausible(&run, &doubts), Some(Implausible::Leapt), "{batch_len}");
        }
    }
}
