//! A timer wheel: one worker looks after the times of all connections, which hold no timers of their own.
//!
//! The wheel knows when to look at something, not why: whoever is looked at says when to look again. Looking too early
//! does no harm, so a time that moves further away needs no word to the wheel; one that comes closer is put in again.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use crate::domain::time::Timestamp;

/// Slots of the wheel: with ticks of 250 ms, 64 s, twice the longest time that is waited for. Later times come round early.
const SLOTS: usize = 256;

pub struct Wheel<T> {
    tick_ms: i64,
    state: Mutex<State<T>>,
}

struct State<T> {
    slots: Vec<Vec<Weak<T>>>,
    /// The number of the last tick that was taken, counted from 1970.
    tick: i64,
}

impl<T> Wheel<T> {
    /// A wheel that starts at `now` and is exact to `tick`.
    pub fn new(tick: Duration, now: Timestamp) -> Self {
        let tick_ms = i64::try_from(tick.as_millis()).unwrap_or(i64::MAX).max(1);
        let slots = std::iter::repeat_with(Vec::new).take(SLOTS).collect();
        Self { tick_ms, state: Mutex::new(State { slots, tick: now.as_millis().div_euclid(tick_ms) }) }
    }

    /// Looks at `entry` at `due`, or within a tick after it; earlier if it lies beyond the wheel's size.
    pub fn insert(&self, due: Timestamp, entry: Weak<T>) {
        let mut state = self.state.lock();
        let ahead = due.as_millis().div_euclid(self.tick_ms).saturating_add(1).saturating_sub(state.tick);
        let ahead = ahead.clamp(1, SLOTS as i64 - 1);
        let slot = slot(state.tick + ahead);
        state.slots[slot].push(entry);
    }

    /// Whatever is due by `now` and still lives. Each is out of the wheel then.
    pub fn due(&self, now: Timestamp) -> Vec<Arc<T>> {
        let mut due = Vec::new();
        let until = now.as_millis().div_euclid(self.tick_ms);
        let mut state = self.state.lock();
        // After a jump of the clock, one turn has seen every slot.
        let first = (state.tick + 1).max(until - SLOTS as i64 + 1);
        for tick in first..=until {
            due.append(&mut std::mem::take(&mut state.slots[slot(tick)]));
        }
        // Also when the clock was set back: what waits in the slots is then looked at within a turn.
        state.tick = until;
        drop(state);
        due.iter().filter_map(Weak::upgrade).collect()
    }
}

fn slot(tick: i64) -> usize {
    usize::try_from(tick.rem_euclid(SLOTS as i64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(250);

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000_000 + ms)
    }

    fn wheel() -> (Wheel<String>, Vec<Arc<String>>) {
        (Wheel::new(TICK, at(0)), ["a", "b", "c"].map(|name| Arc::new(name.to_owned())).into())
    }

    fn names(due: &[Arc<String>]) -> Vec<&str> {
        due.iter().map(|name| name.as_str()).collect()
    }

    #[test]
    fn each_is_looked_at_when_it_is_due() {
        let (wheel, entries) = wheel();
        for (entry, due_ms) in entries.iter().zip([1_000, 300, 25_000]) {
            wheel.insert(at(due_ms), Arc::downgrade(entry));
        }
        assert!(wheel.due(at(250)).is_empty());
        assert_eq!(names(&wheel.due(at(500))), ["b"]);
        assert!(wheel.due(at(999)).is_empty(), "never before its time");
        assert_eq!(names(&wheel.due(at(1_250))), ["a"]);
        assert!(wheel.due(at(25_000)).is_empty());
        assert_eq!(names(&wheel.due(at(25_250))), ["c"]);
        assert!(wheel.due(at(100_000)).is_empty());
    }

    #[test]
    fn a_jump_of_the_clock_skips_nothing() {
        let (wheel, entries) = wheel();
        for (entry, due_ms) in entries.iter().zip([0, 20_000, 60_000]) {
            wheel.insert(at(due_ms), Arc::downgrade(entry));
        }
        assert_eq!(wheel.due(at(86_400_000)).len(), 3);
        wheel.insert(at(86_401_000), Arc::downgrade(&entries[0]));
        assert_eq!(names(&wheel.due(at(86_401_250))), ["a"]);
    }

    #[test]
    fn what_is_beyond_the_wheel_is_looked_at_early() {
        let (wheel, entries) = wheel();
        wheel.insert(at(3_600_000), Arc::downgrade(&entries[0]));
        assert_eq!(names(&wheel.due(at(64_000))), ["a"]);
    }

    #[test]
    fn the_dead_are_forgotten() {
        let (wheel, mut entries) = wheel();
        wheel.insert(at(0), Arc::downgrade(&entries[0]));
        entries.clear();
        assert!(wheel.due(at(1_000)).is_empty());
    }

    #[test]
    fn a_clock_that_is_set_back_does_no_harm() {
        let (wheel, entries) = wheel();
        wheel.insert(at(10_000), Arc::downgrade(&entries[0]));
        assert!(wheel.due(at(-3_600_000)).is_empty());
        wheel.insert(at(-3_599_000), Arc::downgrade(&entries[1]));
        assert_eq!(names(&wheel.due(at(-3_598_750))), ["b"]);
        assert_eq!(names(&wheel.due(at(-3_600_000 + 64_000))), ["a"], "within one turn");
    }
}
