//! The best times of a run over given distances, anywhere within it.

use super::accept::Kept;
use super::pauses::Pauses;
use super::tally::Standing;

pub const BEST_OVER_LEN: usize = 3;
/// Metres.
pub const BEST_OVER_M: [f64; BEST_OVER_LEN] = [1_000.0, 5_000.0, 10_000.0];

/// The least seconds, without pauses, in which each of [`BEST_OVER_M`] was run; `None` where the run is shorter. `points` are those
/// of the whole track in order, as [`retrace`](super::retrace) tells them.
pub fn best_times_s(pauses: &Pauses, points: &[Kept]) -> [Option<f64>; BEST_OVER_LEN] {
    let counted: Vec<&Kept> = points.iter().filter(|point| point.standing == Standing::Counted).collect();
    let Some(first) = counted.first() else { return [None; BEST_OVER_LEN] };
    let unpaused_s = |point: &Kept| {
        let (from, until) = (first.fix.time, point.fix.time);
        #[allow(clippy::cast_precision_loss)] // below 2⁵³ for any run
        let paused_s = pauses.overlap_millis(from, until) as f64 / 1_000.0;
        until.seconds_since(from) - paused_s
    };
    let path: Vec<(f64, f64)> = counted.iter().map(|point| (point.distance_m, unpaused_s(point))).collect();
    BEST_OVER_M.map(|over_m| best_s(&path, over_m))
}

/// `path`: metres and seconds from the start, neither of which goes back. Each stretch ends at one of its points, and begins where
/// it does between two of them.
fn best_s(path: &[(f64, f64)], over_m: f64) -> Option<f64> {
    let (mut begins, mut best_s) = (0, None::<f64>);
    for &(until_m, until_s) in path {
        let from_m = until_m - over_m;
        if from_m < 0.0 {
            continue;
        }
        while path.get(begins + 1).is_some_and(|(metres, _)| *metres <= from_m) {
            begins += 1;
        }
        let Some(&(before_m, before_s)) = path.get(begins) else { continue };
        let (after_m, after_s) = path.get(begins + 1).copied().unwrap_or((until_m, until_s));
        let fraction =
            if after_m > before_m { ((from_m - before_m) / (after_m - before_m)).clamp(0.0, 1.0) } else { 0.0 };
        let took_s = until_s - (before_s + fraction * (after_s - before_s));
        best_s = Some(best_s.map_or(took_s, |best_s| best_s.min(took_s)));
    }
    best_s
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{at, live_run, steady};
    use super::super::retrace;
    use super::*;

    #[test]
    fn best_is_found_within_the_run() {
        // A slow kilometre, a fast one that begins between two points, a slow one.
        let path =
            [(0.0, 0.0), (900.0, 360.0), (1_100.0, 400.0), (1_900.0, 560.0), (2_100.0, 640.0), (3_000.0, 1_000.0)];
        let best = best_s(&path, 1_000.0).unwrap();
        assert!((best - (560.0 - 360.0)).abs() < 1e-9, "{best}");
        let all = best_s(&path, 3_000.0).unwrap();
        assert!((all - 1_000.0).abs() < 1e-9, "{all}");
        assert_eq!(best_s(&path, 3_000.1), None);
        assert_eq!(best_s(&[], 1.0), None);
    }

    #[test]
    fn who_stands_still_is_not_resting_from_the_clock() {
        let path = [(0.0, 0.0), (500.0, 150.0), (500.0, 250.0), (1_000.0, 400.0)];
        assert_eq!(best_s(&path, 1_000.0), Some(400.0));
        assert_eq!(best_s(&path, 500.0), Some(150.0));
    }

    #[test]
    fn pauses_take_no_time() {
        let mut run = live_run();
        run.pause(at(200.0)).unwrap();
        run.resume(at(800.0)).unwrap();
        let mut track = steady(0..=199, 0.0, 4.0);
        track.extend(steady(801..=1_000, 796.0, 4.0));
        let (tally, points) = retrace(&run, track.into_iter());
        let [one, five, ten] = best_times_s(&run.pauses, &points);
        // The leg across the pause is not counted, so a kilometre of 4 m/s takes a few metres more.
        assert!((250.0..254.0).contains(&one.unwrap()), "{one:?} of {} m", tally.distance_m);
        assert_eq!((five, ten), (None, None));
    }
}
