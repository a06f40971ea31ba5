//! When a run was paused. Whether a fix counts then is decided in `tally`.

use crate::domain::time::Timestamp;

/// Pauses that are kept apart: far more than anyone takes; each is 16 bytes in the run's head.
pub const PAUSES_LEN_MAX: usize = 1_000;

/// From when, and until when (`None`: still paused). In order, not overlapping, only the last one open.
/// A pause begins with its first moment and is over with its last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pauses(pub Vec<(Timestamp, Option<Timestamp>)>);

impl Pauses {
    pub(super) fn open(&mut self, now: Timestamp) {
        // A clock that was set back must not make pauses overlap.
        let from = self.0.last().and_then(|last| last.1).map_or(now, |until| until.max(now));
        self.0.push((from, None));
        if self.0.len() > PAUSES_LEN_MAX {
            // The two oldest become one: the time between them is lost, no later one is.
            let oldest = self.0.remove(0);
            self.0[0].0 = oldest.0;
        }
    }

    pub(super) fn close(&mut self, now: Timestamp) {
        if let Some((from, until @ None)) = self.0.last_mut() {
            *until = Some(now.max(*from));
        }
    }

    pub fn contains(&self, time: Timestamp) -> bool {
        self.ending_after(time).first().is_some_and(|(from, _)| *from <= time)
    }

    /// Milliseconds between the two moments that were paused.
    pub fn overlap_millis(&self, from: Timestamp, until: Timestamp) -> i64 {
        let pauses = self.ending_after(from).iter().take_while(|pause| pause.0 < until);
        let overlap = |pause: &(Timestamp, Option<Timestamp>)| {
            let end = pause.1.map_or(until, |end| end.min(until));
            end.as_millis() - pause.0.max(from).as_millis()
        };
        pauses.map(overlap).sum()
    }

    fn ending_after(&self, time: Timestamp) -> &[(Timestamp, Option<Timestamp>)] {
        let over = self.0.partition_point(|(_, until)| until.is_some_and(|until| until <= time));
        &self.0[over..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn pauses() -> Pauses {
        Pauses(vec![(at(10), Some(at(20))), (at(20), Some(at(20))), (at(30), Some(at(40))), (at(50), None)])
    }

    #[test]
    fn pause_holds_its_first_moment_and_not_its_last() {
        for (seconds, paused) in
            [(9, false), (10, true), (19, true), (20, false), (30, true), (45, false), (50, true), (99, true)]
        {
            assert_eq!(pauses().contains(at(seconds)), paused, "{seconds}");
        }
    }

    #[test]
    fn overlap_is_what_was_paused_between() {
        for (from, until, seconds) in
            [(0, 10, 0), (0, 15, 5), (12, 15, 3), (15, 35, 10), (0, 60, 30), (20, 30, 0), (55, 60, 5)]
        {
            assert_eq!(pauses().overlap_millis(at(from), at(until)), seconds * 1_000, "{from}..{until}");
        }
    }

    #[test]
    fn oldest_pauses_merge_at_the_bound() {
        let mut pauses = Pauses::default();
        for minute in 0..1_002 {
            pauses.open(at(minute * 60));
            pauses.close(at(minute * 60 + 20));
        }
        assert_eq!(pauses.0.len(), PAUSES_LEN_MAX);
        assert_eq!(pauses.0[0], (at(0), Some(at(2 * 60 + 20))));
        assert_eq!(pauses.0[1], (at(3 * 60), Some(at(3 * 60 + 20))));
    }

    #[test]
    fn clock_that_is_set_back_leaves_pauses_in_order() {
        let mut pauses = Pauses::default();
        pauses.open(at(100));
        pauses.close(at(90));
        pauses.open(at(95));
        pauses.close(at(120));
        assert_eq!(pauses.0, [(at(100), Some(at(100))), (at(100), Some(at(120)))]);
    }
}
