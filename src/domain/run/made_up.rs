//! Runs on a plane, for tests.

use super::{Accepted, Run, Seen, accept};
use crate::domain::fix::{Fix, Readings};
use crate::domain::geo::{EARTH_RADIUS_M, Place};
use crate::domain::ids::{RunId, UserId};
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;

/// Seconds after the run's start.
#[allow(clippy::cast_possible_truncation)]
pub fn at(seconds: f64) -> Timestamp {
    Timestamp::from_millis(1_780_000_000_000 + (seconds * 1_000.0).round() as i64)
}

/// Metres east and north of the run's start, which lies on the equator.
pub fn place(east_m: f64, north_m: f64) -> Place {
    let degrees = |metres: f64| (metres / EARTH_RADIUS_M).to_degrees();
    Place::new(degrees(north_m), degrees(east_m)).unwrap()
}

pub fn fix(seconds: f64, east_m: f64) -> Fix {
    Fix::new(at(seconds), place(east_m, 0.0), Readings::default()).unwrap()
}

/// A fix a second, due east from `from_m`, both seconds included.
pub fn steady(seconds: std::ops::RangeInclusive<u32>, from_m: f64, speed_mps: f64) -> Vec<Fix> {
    let start = *seconds.start();
    seconds.map(|second| fix(f64::from(second), from_m + f64::from(second - start) * speed_mps)).collect()
}

pub fn live_run() -> Run {
    let owner = UserId::parse("aino").unwrap();
    let mut run = Run::planned(RunId::from_u128(1), owner, Visibility::Public, None, at(0.0));
    run.start(at(0.0)).unwrap();
    run
}

/// Takes a batch that arrives when its newest fix is measured, without knowing the track.
pub fn send(run: &mut Run, batch: Vec<Fix>) -> Accepted {
    let now = batch.iter().map(|fix| fix.time).max().unwrap_or(at(0.0));
    accept(run, &mut Seen::Unknown, batch, now).unwrap()
}

/// A generator whose numbers are the same on every machine (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    /// From 0 to `bound` − 1.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % bound as u64).unwrap()
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }

    /// A run with all that happens to runs: rests, sways, gaps, spikes, poor fixes, hills.
    pub fn track(&mut self, fixes: usize) -> Vec<Fix> {
        let (mut seconds, mut east_m, mut elevation_m) = (0.0, 0.0, 100.0);
        let mut track = Vec::new();
        for _ in 0..fixes {
            let tenths = |dice: &mut Self, bound: usize| f64::from(u32::try_from(dice.below(bound)).unwrap()) / 10.0;
            let step_s = if self.below(50) == 0 { 1.0 + tenths(self, 3_000) } else { 1.0 + tenths(self, 20) };
            seconds += step_s;
            east_m += if self.below(4) == 0 { 0.0 } else { step_s * tenths(self, 50) };
            elevation_m += tenths(self, 21) - 1.0;
            let spike_m = if self.below(40) == 0 { 800.0 } else { 0.0 };
            let readings = Readings {
                elevation_m: (self.below(10) > 0).then_some(elevation_m),
                accuracy_m: Some(if self.below(30) == 0 { 80.0 } else { 6.0 }),
                ..Readings::default()
            };
            let place = place(east_m + spike_m, tenths(self, 40));
            track.push(Fix::new(at(seconds), place, readings).unwrap());
        }
        track
    }
}
