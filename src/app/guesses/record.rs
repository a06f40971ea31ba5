//! How many attempts there were, how fast they are forgotten, and how long the next has to wait.

use serde::{Deserialize, Serialize};

use crate::app::transact::Record;
use crate::domain::time::Timestamp;
use crate::limits::{self, Patience};

/// The attempts at one name from everywhere, or at any name or token from one address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuessesRecord {
    all: Count,
    /// Of one name: the addresses that its attempts came from, those that were heard of last coming last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    from: Vec<From>,
}

/// Attempts that have failed, or are still being looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    failed: u32,
    last_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct From {
    /// The address, hashed.
    address: String,
    count: Count,
    /// When the right password last came from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    good_ms: Option<i64>,
    /// From when on it may try, though others go on guessing at this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn_ms: Option<i64>,
}

/// What comes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attempt {
    /// It is counted as one that failed, until it is known better.
    May {
        /// The right password came from this address before.
        is_at_home: bool,
    },
    Wait {
        until_ms: i64,
    },
}

impl Record for GuessesRecord {
    const KIND: &'static str = "guesses";
}

impl Count {
    fn left(self, patience: Patience, now: Timestamp) -> u32 {
        let forgotten = (now.as_millis() - self.last_ms).max(0) / patience.forgotten_ms;
        self.failed.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX))
    }

    /// Until when the next attempt waits; the past, when it waits for nothing.
    fn until_ms(self, patience: Patience) -> i64 {
        let over = self.failed.saturating_sub(patience.free);
        let wait_ms = if over == 0 { 0 } else { 1_000_i64 << (over - 1).min(30) };
        self.last_ms + wait_ms.min(patience.longest_ms)
    }

    fn waits(self, patience: Patience, now: Timestamp) -> Option<Attempt> {
        let until_ms = self.until_ms(patience);
        (self.failed > patience.free && now.as_millis() < until_ms).then_some(Attempt::Wait { until_ms })
    }

    fn add(&mut self, patience: Patience, now: Timestamp) {
        *self = Self { failed: self.left(patience, now).saturating_add(1), last_ms: now.as_millis() };
    }

    fn forgotten_at_ms(self, patience: Patience) -> i64 {
        self.last_ms + i64::from(self.failed) * patience.forgotten_ms
    }
}

impl GuessesRecord {
    /// One more attempt of those that are all alike.
    pub fn attempt(&mut self, patience: Patience, now: Timestamp) -> Attempt {
        if let Some(wait) = self.all.waits(patience, now) {
            return wait;
        }
        self.all.add(patience, now);
        Attempt::May { is_at_home: false }
    }

    /// One more attempt at this name from an address; `None`: from one that is not told from others.
    ///
    /// Whoever guesses from many addresses makes everybody wait who comes from a new one, but not for ever: each of them is
    /// given a turn of its own, which nobody else takes as long as it is among the addresses that are remembered
    /// ([`limits::GUESSES_ADDRESSES_LEN_MAX`]). Where the right password came from before, nobody waits for others.
    pub fn attempt_from(&mut self, address: Option<&str>, now: Timestamp) -> Attempt {
        let patience = limits::GUESSES_OF_NAME;
        let Some(address) = address else { return self.attempt(patience, now) };
        let from = self.from(address);
        if let Some(wait) = from.count.waits(limits::GUESSES_OF_NAME_FROM_ADDRESS, now) {
            return wait;
        }
        let is_at_home = from.is_at_home(now);
        let has_turn = from.turn_ms.is_some_and(|turn_ms| turn_ms <= now.as_millis());
        if !is_at_home
            && !has_turn
            && let (Some(until_ms), _) | (None, Some(Attempt::Wait { until_ms })) =
                (from.turn_ms, self.all.waits(patience, now))
        {
            self.from(address).turn_ms = Some(until_ms);
            return Attempt::Wait { until_ms };
        }
        self.all.add(patience, now);
        let from = self.from(address);
        from.turn_ms = None;
        from.count.add(limits::GUESSES_OF_NAME_FROM_ADDRESS, now);
        Attempt::May { is_at_home }
    }

    /// Whether the right password came from this address before.
    pub fn is_home(&self, address: &str, now: Timestamp) -> bool {
        self.from.iter().any(|from| from.address == address && from.is_at_home(now))
    }

    /// An attempt that was counted has turned out to be right.
    pub fn was_right(&mut self, address: Option<&str>, now: Timestamp) {
        self.all.failed = self.all.failed.saturating_sub(1);
        if let Some(address) = address {
            let from = self.from(address);
            (from.count.failed, from.good_ms) = (0, Some(now.as_millis()));
        }
    }

    /// What is known of this address, now the one that was heard of last. When there are too many, one goes from where the
    /// right password never came, if there is one.
    fn from(&mut self, address: &str) -> &mut From {
        let known = self.from.iter().position(|from| from.address == address);
        let from = match known {
            Some(index) => self.from.remove(index),
            None => From { address: address.to_owned(), count: Count::default(), good_ms: None, turn_ms: None },
        };
        if self.from.len() >= limits::GUESSES_ADDRESSES_LEN_MAX {
            let stranger = self.from.iter().position(|from| from.good_ms.is_none());
            self.from.remove(stranger.unwrap_or(0));
        }
        self.from.push(from);
        let last = self.from.len() - 1;
        &mut self.from[last]
    }

    /// When there is nothing left that has to be remembered. `patience`: of all its attempts together.
    pub fn forgotten_at_ms(&self, patience: Patience) -> i64 {
        let from = self.from.iter().map(|from| {
            let failed = from.count.forgotten_at_ms(limits::GUESSES_OF_NAME_FROM_ADDRESS);
            failed.max(from.good_ms.map_or(0, |good_ms| good_ms + limits::GUESSES_HOME_MS))
        });
        from.fold(self.all.forgotten_at_ms(patience), i64::max)
    }
}

impl From {
    fn is_at_home(&self, now: Timestamp) -> bool {
        self.good_ms.is_some_and(|good_ms| now.as_millis() < good_ms + limits::GUESSES_HOME_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAY: Attempt = Attempt::May { is_at_home: false };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn waits_double_to_their_bound_and_are_forgotten_in_time() {
        let patience = Patience { free: 2, longest_ms: 4_000, forgotten_ms: 10_000 };
        let (mut guesses, mut now_ms) = (GuessesRecord::default(), 0);
        let mut waits = Vec::new();
        for _ in 0..8 {
            match guesses.attempt(patience, at(now_ms)) {
                Attempt::May { .. } => waits.push(0),
                Attempt::Wait { until_ms } => {
                    waits.push(until_ms - now_ms);
                    assert_eq!(guesses.attempt(patience, at(until_ms - 1)), Attempt::Wait { until_ms });
                    now_ms = until_ms;
                }
            }
        }
        assert_eq!(waits, [0, 0, 0, 1_000, 0, 2_000, 0, 4_000]);
        let forgotten_ms = guesses.forgotten_at_ms(patience);
        assert_eq!(guesses.all.left(patience, at(forgotten_ms)), 0);
        assert!(guesses.all.left(patience, at(forgotten_ms - 1)) > 0);
    }

    #[test]
    fn where_the_right_password_came_from_nobody_waits_for_others() {
        let mut guesses = GuessesRecord::default();
        assert_eq!(guesses.attempt_from(Some("home"), at(0)), MAY);
        guesses.was_right(Some("home"), at(0));
        let mut refused = 0;
        for number in 0..100 {
            let attempt = guesses.attempt_from(Some(&format!("botnet {number}")), at(1));
            refused += u32::from(attempt != MAY);
        }
        assert!(refused > 80, "{refused}");
        assert_eq!(guesses.attempt_from(Some("home"), at(2)), Attempt::May { is_at_home: true });
    }

    #[test]
    fn who_comes_from_elsewhere_has_a_turn_that_nobody_takes() {
        let mut guesses = GuessesRecord::default();
        for number in 0..20 {
            guesses.attempt_from(Some("guesser"), at(number * 1_000_000));
            guesses.attempt_from(Some(&format!("botnet {number}")), at(number * 1_000_000));
            guesses.attempt(limits::GUESSES_OF_NAME, at(number * 1_000_000));
        }
        let now_ms = 19_000_000;
        for _ in 0..20 {
            guesses.attempt(Patience { longest_ms: 0, ..limits::GUESSES_OF_NAME }, at(now_ms));
        }
        let Attempt::Wait { until_ms } = guesses.attempt_from(Some("owner"), at(now_ms)) else { panic!("no wait") };
        assert!(until_ms - now_ms <= limits::GUESSES_OF_NAME.longest_ms);
        // Somebody else is always a little faster.
        assert!(matches!(guesses.attempt(Patience { longest_ms: 0, ..limits::GUESSES_OF_NAME }, at(until_ms)), MAY));
        assert_eq!(guesses.attempt_from(Some("owner"), at(until_ms)), MAY);
    }

    #[test]
    fn addresses_are_bounded_and_strangers_push_out_strangers() {
        let mut guesses = GuessesRecord::default();
        guesses.attempt_from(Some("home"), at(0));
        guesses.was_right(Some("home"), at(0));
        for number in 0..1_000 {
            guesses.attempt_from(Some(&format!("botnet {number}")), at(number));
        }
        assert_eq!(guesses.from.len(), limits::GUESSES_ADDRESSES_LEN_MAX);
        assert_eq!(guesses.attempt_from(Some("home"), at(2_000)), Attempt::May { is_at_home: true });
    }
}
