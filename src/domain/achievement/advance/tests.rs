//! What moves reach. Documents are read and written as a store would: only what was asked for, only what has changed.

mod counting;
mod levels;
mod telling;

use super::*;
use crate::domain::achievement::book::{Changed, Fired, Lacks, Levels, Measures, Values, month_of};
use crate::domain::achievement::rules::made_up::name;

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A user, whose documents are kept.
pub struct Player {
    pub rules: Rules,
    pub zone: Tz,
    pub place: Option<Place>,
    pub visited: BTreeSet<AchievementId>,
    pub now: Timestamp,
    pub levels: Levels,
    pub fired: Fired,
    pub months: BTreeMap<VariableName, BTreeSet<u32>>,
    pub measures: BTreeMap<VariableName, Measures>,
    pub values: BTreeMap<(VariableName, u32), Values>,
    /// What the last decision read and changed.
    pub read_len: usize,
    pub changed: Changed,
}

impl Player {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            zone: Tz::UTC,
            place: None,
            visited: BTreeSet::new(),
            now: at("2026-11-22T12:00:00Z"),
            levels: Levels::new(),
            fired: Fired::new(),
            months: BTreeMap::new(),
            measures: BTreeMap::new(),
            values: BTreeMap::new(),
            read_len: 0,
            changed: Changed::default(),
        }
    }

    pub fn at(mut self, now: &str) -> Self {
        self.now = at(now);
        self
    }

    /// One move of this moment.
    pub fn takes(&mut self, variable: &str, by: f64) -> Advance {
        self.advances(&[(variable, "", by)])
    }

    /// Moves of this moment.
    pub fn advances(&mut self, moves: &[(&str, &str, f64)]) -> Advance {
        let change = |(variable, key, by): &(&str, &str, f64)| Move {
            variable: name(variable),
            key: (*key).to_owned(),
            by: *by,
            at: self.now,
        };
        let moves: Vec<Move> = moves.iter().map(change).collect();
        self.decides(&moves, Scope::Moved).unwrap()
    }

    pub fn decides(&mut self, moves: &[Move], scope: Scope) -> Result<Advance, Unable> {
        let mut read = Lacks::default();
        for change in moves {
            read.measures.extend(self.rules.documents_of(&change.variable).iter().cloned());
            read.values.insert((change.variable.clone(), month_of(change.at)));
        }
        for _ in 0..4 {
            let mut book = self.book(&read);
            let who = Who { zone: self.zone, place: self.place, visited: &self.visited, created: self.now };
            match advance(&mut book, &self.rules, &who, moves, scope, self.now) {
                Ok(advance) => {
                    self.read_len = read.measures.len() + read.values.len();
                    self.keep(book, &read);
                    return Ok(advance);
                }
                Err(Unable::Lacks(lacks)) => {
                    assert!(!lacks.is_empty());
                    read.measures.extend(lacks.measures);
                    read.values.extend(lacks.values);
                }
                Err(other) => return Err(other),
            }
        }
        panic!("four rounds were not enough: {read:?}");
    }

    pub fn book(&self, read: &Lacks) -> Book {
        let measures =
            read.measures.iter().map(|name| (name.clone(), self.measures.get(name).cloned().unwrap_or_default()));
        let values = read.values.iter().map(|name| (name.clone(), self.values.get(name).cloned().unwrap_or_default()));
        Book {
            levels: self.levels.clone(),
            fired: self.fired.clone(),
            months: self.months.clone(),
            measures: measures.collect(),
            values: values.collect(),
            changed: Changed::default(),
        }
    }

    /// Writes what is changed, and sees to it that this is all that is.
    fn keep(&mut self, book: Book, read: &Lacks) {
        let before = self.book(read);
        self.changed = book.changed.clone();
        if book.changed.head {
            (self.levels, self.fired, self.months) = (book.levels, book.fired, book.months);
        } else {
            assert_eq!((&book.levels, &book.fired, &book.months), (&self.levels, &self.fired, &self.months));
        }
        for (name, measures) in book.measures {
            if book.changed.measures.contains(&name) {
                assert!(read.measures.contains(&name), "{name} is written and was not read");
                self.measures.insert(name, measures);
            } else {
                let states = |measures: &Measures| -> Vec<_> {
                    measures
                        .states
                        .iter()
                        .filter(|(_, periods)| !periods.is_empty())
                        .map(|(id, it)| (*id, it.clone()))
                        .collect()
                };
                assert_eq!(states(&measures), before.measures.get(&name).map(states).unwrap_or_default(), "{name}");
            }
        }
        for (name, values) in book.values {
            if book.changed.values.contains(&name) {
                assert!(read.values.contains(&name), "{name:?} is written and was not read");
                self.values.insert(name, values);
            } else {
                assert_eq!(Some(&values), before.values.get(&name), "{name:?}");
            }
        }
        for name in book.changed.gone {
            self.values.remove(&name);
        }
    }
}

/// `achievement@period: levels` of all that was unlocked.
pub fn unlocked(advance: &Advance) -> Vec<String> {
    let told = advance.unlocked.iter().map(|it| {
        let levels: Vec<String> = it.new_levels.keys().map(u32::to_string).collect();
        assert_eq!(it.new_levels.last_key_value().map(|(level, _)| *level), Some(it.level));
        format!("{}@{}: {}", it.achievement, it.period, levels.join(","))
    });
    told.collect()
}
