//! Which instance does the duties: a rule that never compares two instances' clocks.
//!
//! The holder changes its record again and again. Who has seen a record unchanged for the lease's length, by its own clock,
//! takes it. Two may believe for a moment that they hold it (one stood still meanwhile), so what is done under it is safe to
//! do twice.

use serde::{Deserialize, Serialize};

use crate::app::transact::Record;
use crate::domain::time::Timestamp;

/// A record that stays as it is for so long was left behind: several looks, so that one slow one does not lose the lease.
const LEASE_MS: i64 = 10_000;

/// Who has the lease, and a number that is another after each renewal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRecord {
    holder: String,
    /// Leases that were kept before there was one have none.
    #[serde(default)]
    renewal: u64,
}

impl Record for LeaseRecord {
    const KIND: &'static str = "lease";
}

/// The record that one instance has seen last, and since when, by its own clock.
#[derive(Debug, Default)]
pub struct Watch(Option<(LeaseRecord, Timestamp)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is this instance's, and was renewed lately.
    Held,
    /// It is for this instance to write the next record: its own again, or over what was left behind.
    Due,
    /// Another instance has it.
    Anothers,
}

impl Watch {
    /// What this instance, called `own`, makes of the record that it sees `now`.
    pub fn look(&mut self, own: &str, record: Option<&LeaseRecord>, now: Timestamp) -> Standing {
        let Some(record) = record else { return Standing::Due };
        let unchanged_ms = match &mut self.0 {
            Some((seen, since)) if seen == record => {
                // After the clock was set back, the waiting begins anew.
                *since = (*since).min(now);
                now.as_millis() - since.as_millis()
            }
            seen => {
                *seen = Some((record.clone(), now));
                0
            }
        };
        match record.holder == own {
            true if unchanged_ms < LEASE_MS / 2 => Standing::Held,
            false if unchanged_ms < LEASE_MS => Standing::Anothers,
            _ => Standing::Due,
        }
    }
}

/// The record that comes after `last`, when `own` writes it.
pub fn next(own: &str, last: Option<&LeaseRecord>) -> LeaseRecord {
    LeaseRecord { holder: own.to_owned(), renewal: last.map_or(0, |last| last.renewal + 1) }
}

impl LeaseRecord {
    pub fn is_of(&self, own: &str) -> bool {
        self.holder == own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + second * 1_000)
    }

    #[test]
    fn lease_that_is_renewed_stays_with_its_holder_however_their_clocks_differ() {
        for apart_s in [-60, 0, 60] {
            let (mut holder, mut other) = (Watch::default(), Watch::default());
            let mut record = next("a", None);
            for second in 0..100 {
                match holder.look("a", Some(&record), at(second)) {
                    Standing::Held => {}
                    Standing::Due => record = next("a", Some(&record)),
                    Standing::Anothers => panic!("{apart_s}: it is its own"),
                }
                assert_eq!(other.look("b", Some(&record), at(second + apart_s)), Standing::Anothers, "{apart_s}");
            }
            assert!(record.renewal > 5, "{apart_s}: {}", record.renewal);
        }
    }

    #[test]
    fn lease_that_is_not_renewed_is_taken_by_one_who_has_waited() {
        let mut other = Watch::default();
        let record = next("a", None);
        for second in 0..10 {
            assert_eq!(other.look("b", Some(&record), at(second)), Standing::Anothers);
        }
        assert_eq!(other.look("b", Some(&record), at(10)), Standing::Due);
        let taken = next("b", Some(&record));
        assert_eq!(other.look("b", Some(&taken), at(10)), Standing::Held);
        // One who has just come waits as long.
        assert_eq!(Watch::default().look("c", Some(&record), at(10)), Standing::Anothers);
        assert_eq!(Watch::default().look("c", None, at(10)), Standing::Due);
    }

    #[test]
    fn clock_that_is_set_back_makes_it_wait_anew_and_no_longer() {
        let mut other = Watch::default();
        let record = next("a", None);
        assert_eq!(other.look("b", Some(&record), at(1_000)), Standing::Anothers);
        assert_eq!(other.look("b", Some(&record), at(0)), Standing::Anothers);
        assert_eq!(other.look("b", Some(&record), at(9)), Standing::Anothers);
        assert_eq!(other.look("b", Some(&record), at(10)), Standing::Due);
    }

    #[test]
    fn lease_of_before_there_were_renewals_is_read() {
        let record: LeaseRecord = serde_json::from_str(r#"{"holder":"a","until_ms":5}"#).unwrap();
        assert_eq!(record, next("a", None));
    }
}
