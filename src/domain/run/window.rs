//! How fast the runner is now. Speed from fix to fix jumps with a phone's noise; over half a minute it is true.

use std::collections::VecDeque;

use crate::domain::time::Timestamp;

/// Speed is measured over so long.
const SPAN_MILLIS: i64 = 25_000;
/// Samples lie at least so far apart, so that a phone with ten fixes a second needs no more of them.
const APART_MILLIS: i64 = 2_500;
/// As many samples as a span holds, its ends, and the one from before a gap.
const SAMPLES_LEN_MAX: usize = 12;

/// The last 25 s as a few samples, oldest first. After a gap the newest sample before it is kept, whatever its age.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    pub samples: VecDeque<Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub time: Timestamp,
    /// How far the runner had come.
    pub path_m: f64,
}

/// The speed at a fix, and over how long it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Speed {
    pub mps: f64,
    pub span_s: f64,
}

impl Window {
    /// Takes a sample that is newer than all before; `None` for the first.
    pub(super) fn take(&mut self, sample: Sample) -> Option<Speed> {
        let start = sample.time.plus_millis(-SPAN_MILLIS);
        while self.samples.len() > 1 && self.samples[0].time < start {
            self.samples.pop_front();
        }
        let speed = self.samples.front().map(|oldest| {
            let span_s = sample.time.seconds_since(oldest.time);
            // A runner who rests sways within the gate: the path may get shorter.
            Speed { mps: (sample.path_m - oldest.path_m).max(0.0) / span_s, span_s }
        });
        if self.samples.back().is_none_or(|newest| newest.time.plus_millis(APART_MILLIS) <= sample.time) {
            if self.samples.len() == SAMPLES_LEN_MAX {
                self.samples.pop_front();
            }
            self.samples.push_back(sample);
        }
        speed
    }

    pub(super) fn restart(&mut self, sample: Sample) {
        self.samples.clear();
        self.samples.push_back(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: f64, path_m: f64) -> Sample {
        #[allow(clippy::cast_possible_truncation)]
        let time = Timestamp::from_millis((seconds * 1_000.0) as i64);
        Sample { time, path_m }
    }

    #[test]
    fn speed_is_that_of_the_last_25_seconds_at_any_rate_of_fixes() {
        for interval_s in [0.1, 0.5, 1.0, 2.0, 2.5, 7.0, 60.0] {
            let mut window = Window::default();
            let mut speed = None;
            let mut time_s = 0.0;
            while time_s < 300.0 {
                let path_m = if time_s < 100.0 { time_s * 5.0 } else { 500.0 + (time_s - 100.0) * 3.0 };
                speed = window.take(sample(time_s, path_m));
                time_s += interval_s;
                assert!(window.samples.len() <= SAMPLES_LEN_MAX);
            }
            let speed = speed.unwrap();
            assert!((speed.mps - 3.0).abs() < 1e-9, "{interval_s}: {speed:?}");
            assert!(speed.span_s > 20.0 || interval_s > 5.0, "{interval_s}: {speed:?}");
        }
    }

    #[test]
    fn speed_across_a_gap_is_that_of_the_gap() {
        let mut window = Window::default();
        for second in 0..60 {
            window.take(sample(f64::from(second), f64::from(second) * 3.0));
        }
        let speed = window.take(sample(657.0, 57.0 * 3.0 + 1_200.0)).unwrap();
        assert_eq!(speed, Speed { mps: 2.0, span_s: 600.0 });
    }
}
