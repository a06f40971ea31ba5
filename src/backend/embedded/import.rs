//! An embedded store as the target of a copy: each part is one write, with the mark that says how far the copy has come.

use std::path::Path;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::engine::{Engine, Rows, Write};
use super::ledger::expiry_number;
use super::rows::Changes;
use super::topics::Head;
use super::{OpenError, aside, format, indexes, open_engine, rows};
use crate::backend::copy::{Begun, CopyError, Entry, Mark, Origin, Target, TopicState};
use crate::backend::{AggregateId, BackendError, Move, Topic};
use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// The store in one directory, closed to others until it is complete or dropped.
pub struct Import {
    engine: Arc<Engine>,
    clock: Clock,
}

/// Puts entries where they belong, inside one write.
struct Putting<'a, 'write> {
    rows: &'a mut Write<'write>,
    now: Timestamp,
    /// The last number given to an aggregate or a topic.
    number: u64,
    /// Whose entries came last: most often the next one is theirs too.
    owner: Option<(AggregateId, u64)>,
    changes: Option<(Topic, Changes)>,
}

impl Import {
    /// Opens the directory, or makes it. Blocks: after a crash it is first made whole.
    pub fn open(dir: &Path, clock: Clock) -> Result<Self, OpenError> {
        Ok(Self { engine: Arc::new(open_engine(dir)?), clock })
    }
}

impl Target for Import {
    fn begin<'a>(&'a self, origin: &'a Origin) -> BoxFuture<'a, Result<Begun, CopyError>> {
        Box::pin(async move {
            let origin = origin.clone();
            aside(&self.engine, move |engine| engine.write(|rows| format::begin_copy(rows, &origin))).await?
        })
    }

    fn import<'a>(&'a self, entries: Vec<Entry>, from: &'a Mark, to: &'a Mark) -> BoxFuture<'a, Result<(), CopyError>> {
        Box::pin(async move {
            let (from, to, now) = (from.clone(), to.clone(), self.clock.now());
            let work = move |rows: &mut Write<'_>| {
                if format::copy_mark(rows)? != from {
                    return Ok(Err(CopyError::Overtaken));
                }
                put_all(rows, &entries, now)?;
                format::store_copy_mark(rows, &to).map(Ok)
            };
            aside(&self.engine, move |engine| engine.write(work)).await?
        })
    }

    fn complete<'a>(&'a self, origin: &'a Origin, last: &'a Mark) -> BoxFuture<'a, Result<(), CopyError>> {
        Box::pin(async move {
            let (origin, last) = (origin.clone(), last.clone());
            let work = move |rows: &mut Write<'_>| {
                if format::copy_mark(rows)? != last {
                    return Ok(Err(CopyError::Overtaken));
                }
                format::complete_copy(rows, &origin).map(Ok)
            };
            aside(&self.engine, move |engine| {
                let completed = engine.write(work)?;
                engine.close().map(|()| completed)
            })
            .await?
        })
    }
}

fn put_all(rows: &mut Write<'_>, entries: &[Entry], now: Timestamp) -> Result<(), BackendError> {
    let before = format::ready(rows)?.number;
    let mut putting = Putting { rows, now, number: before, owner: None, changes: None };
    entries.iter().try_for_each(|entry| putting.put(entry))?;
    let number = putting.number;
    if number == before { Ok(()) } else { format::store_number(rows, number) }
}

impl Putting<'_, '_> {
    fn put(&mut self, entry: &Entry) -> Result<(), BackendError> {
        match entry {
            Entry::Value { key, version, value } => {
                let name = rows::value(self.owner(&key.aggregate)?, &key.name);
                self.rows.put(&name, &rows::numbered(version.0, value))
            }
            Entry::Standing { index, member, score } => {
                let step = Move { index: index.clone(), member: member.clone(), score: Some(*score) };
                indexes::carry_out(self.rows, &step)
            }
            Entry::Topic(state) => self.topic(state),
            Entry::Change { topic, offset, payload } => {
                let name = self.changes(topic)?.name(*offset);
                self.rows.put(&name, payload)
            }
            Entry::Once { aggregate, key, record, keep } => {
                let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
                let expires = expiry_number(self.now.plus_millis(keep_ms));
                self.rows.put(&rows::once(aggregate, key), &rows::numbered(expires, record))
            }
        }
    }

    fn topic(&mut self, state: &TopicState) -> Result<(), BackendError> {
        let owner = self.owner(&state.topic.aggregate)?;
        let number = match Head::load(self.rows, &state.topic)? {
            // It comes again, and so do its changes.
            Some(head) => head.number,
            None => self.next_number(),
        };
        let head = Head::of_copy(owner, number, state);
        head.store(self.rows, &state.topic)?;
        self.changes = Some((state.topic.clone(), head.changes));
        Ok(())
    }

    /// Where the changes of a topic are, which was put before them.
    fn changes(&mut self, topic: &Topic) -> Result<&Changes, BackendError> {
        if self.changes.as_ref().is_none_or(|(last, _)| last != topic) {
            let head = Head::load(self.rows, topic)?;
            let head = head.ok_or_else(|| rows::damaged("a change came before its topic"))?;
            self.changes = Some((topic.clone(), head.changes));
        }
        self.changes.as_ref().map(|(_, changes)| changes).ok_or_else(|| rows::damaged("a topic was lost"))
    }

    /// The number of an aggregate; a new one if it has none.
    fn owner(&mut self, aggregate: &AggregateId) -> Result<u64, BackendError> {
        if let Some((last, number)) = &self.owner
            && last == aggregate
        {
            return Ok(*number);
        }
        let name = rows::aggregate(aggregate);
        let number = match self.rows.get(&name, rows::number)?.transpose()? {
            Some(number) => number,
            None => {
                let number = self.next_number();
                self.rows.put(&name, &number.to_be_bytes())?;
                number
            }
        };
        self.owner = Some((aggregate.clone(), number));
        Ok(number)
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }
}
