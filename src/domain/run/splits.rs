//! What each kilometre took.

/// Kilometres that have a split: more than anyone runs in one outing, and a bound on what one fix may cause.
pub const SPLITS_LEN_MAX: usize = 1_000;

/// One full kilometre; its own time and climb, not those since the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Counted from 1.
    pub kilometre: u32,
    /// Without paused time.
    pub elapsed_s: f64,
    pub moving_s: f64,
    pub climb_m: f64,
}

/// What the run had come to at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mark {
    pub distance_m: f64,
    pub elapsed_s: f64,
    pub moving_s: f64,
    pub climb_m: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Splits {
    pub done: Vec<Split>,
    /// Where the last full kilometre ended.
    pub mark: Mark,
}

impl Splits {
    /// Takes the leg between two counted fixes; a kilometre's end within it is interpolated.
    pub(super) fn take(&mut self, from: Mark, to: Mark) {
        for kilometre in self.done.len() + 1..=SPLITS_LEN_MAX {
            #[allow(clippy::cast_precision_loss)] // at most 1,000
            let end_m = kilometre as f64 * 1_000.0;
            if to.distance_m < end_m {
                return;
            }
            let fraction = ((end_m - from.distance_m) / (to.distance_m - from.distance_m)).clamp(0.0, 1.0);
            let between = |from: f64, to: f64| from + fraction * (to - from);
            let mark = Mark {
                distance_m: end_m,
                elapsed_s: between(from.elapsed_s, to.elapsed_s),
                moving_s: between(from.moving_s, to.moving_s),
                climb_m: between(from.climb_m, to.climb_m),
            };
            self.done.push(Split {
                #[allow(clippy::cast_possible_truncation)] // at most 1,000
                kilometre: kilometre as u32,
                elapsed_s: mark.elapsed_s - self.mark.elapsed_s,
                moving_s: mark.moving_s - self.mark.moving_s,
                climb_m: mark.climb_m - self.mark.climb_m,
            });
            self.mark = mark;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(distance_m: f64, elapsed_s: f64) -> Mark {
        Mark { distance_m, elapsed_s, moving_s: elapsed_s / 2.0, climb_m: distance_m / 100.0 }
    }

    #[test]
    fn kilometre_ends_where_the_leg_crosses_it() {
        let mut splits = Splits::default();
        splits.take(mark(0.0, 0.0), mark(990.0, 297.0));
        assert_eq!(splits.done, []);
        splits.take(mark(990.0, 297.0), mark(1_010.0, 303.0));
        splits.take(mark(1_010.0, 303.0), mark(3_000.0, 900.0));
        let kilometres: Vec<u32> = splits.done.iter().map(|split| split.kilometre).collect();
        assert_eq!(kilometres, [1, 2, 3]);
        for split in &splits.done {
            assert!((split.elapsed_s - 300.0).abs() < 1e-9, "{split:?}");
            assert!((split.moving_s - 150.0).abs() < 1e-9, "{split:?}");
            assert!((split.climb_m - 10.0).abs() < 1e-9, "{split:?}");
        }
    }

    #[test]
    fn leg_around_the_world_makes_a_bounded_number_of_splits() {
        let mut splits = Splits::default();
        splits.take(mark(0.0, 0.0), mark(2e7, 1e7));
        splits.take(mark(2e7, 1e7), mark(4e7, 2e7));
        assert_eq!(splits.done.len(), SPLITS_LEN_MAX);
    }
}
