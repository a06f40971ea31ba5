//! The time of a simulated run: faster than real time, and never ahead of it.

use std::time::Duration;

use crate::clock::Clock;

/// Maps seconds into a track to when they are sent, and to the time that the fix then bears.
#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    started: tokio::time::Instant,
    /// When the track's first second is said to have been, in milliseconds since 1970.
    start_ms: i64,
    speed: f64,
}

impl RunClock {
    /// A track of `length_s` seconds, of which the first `behind_s` have been run already, begins now at `speed`. At its end
    /// it has come to the real time, so no fix lies in the future.
    pub fn start(length_s: f64, behind_s: f64, speed: f64) -> Self {
        let ahead_s = length_s - behind_s;
        let back_s = behind_s + (ahead_s - ahead_s / speed).max(0.0);
        #[allow(clippy::cast_possible_truncation)] // no run lasts 2⁶³ ms
        let start_ms = Clock::system().now().as_millis() - (back_s * 1_000.0) as i64;
        let begun = Duration::from_secs_f64(behind_s / speed);
        let now = tokio::time::Instant::now();
        Self { started: now.checked_sub(begun).unwrap_or(now), start_ms, speed }
    }

    pub fn is_due(&self, second: f64) -> bool {
        self.due(second) <= tokio::time::Instant::now()
    }

    pub async fn wait_for(&self, second: f64) {
        tokio::time::sleep_until(self.due(second)).await;
    }

    /// The time that a fix at this second bears.
    pub fn time_ms(&self, second: f64) -> i64 {
        #[allow(clippy::cast_possible_truncation)] // as above
        let millis = (second * 1_000.0) as i64;
        self.start_ms + millis
    }

    fn due(&self, second: f64) -> tokio::time::Instant {
        self.started + Duration::from_secs_f64(second.max(0.0) / self.speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_fast_run_ends_at_the_real_now() {
        let clock = RunClock::start(600.0, 0.0, 10.0);
        let now_ms = Clock::system().now().as_millis();
        assert!((clock.time_ms(600.0) - (now_ms + 60_000)).abs() < 1_000);
        assert!(clock.is_due(0.0));
        assert!(!clock.is_due(1.0));
        tokio::time::advance(Duration::from_millis(100)).await;
        assert!(clock.is_due(1.0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_lies_behind_is_due_at_once() {
        let clock = RunClock::start(600.0, 300.0, 1.0);
        assert!(clock.is_due(299.0));
        assert!(!clock.is_due(301.0));
    }
}
