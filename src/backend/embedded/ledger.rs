//! What a commit does to the rows: its checks, its writes, and the counters that go on from commit to commit.
//!
//! Carries commits out one after another inside a write that is not its own; when that write fails, the ledger is told
//! to [`Ledger::forget`] it. Knows nothing of queues, threads and subscribers.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use bytes::Bytes;
use lru::LruCache;

use super::engine::{Rows, Write};
use super::format::{self, Ready};
use super::rows::Changes;
use super::topics::{Head, new_epoch};
use super::{indexes, rows};
use crate::backend::{
    AggregateId, BackendError, Commit, Committed, Cursor, Epoch, Expect, Keep, Once, Order, Topic, Trim, Version,
};
use crate::domain::time::Timestamp;
use crate::limits;

pub struct Ledger {
    store_epoch: Epoch,
    /// The last version given. Never goes back, not even when a write fails.
    version: u64,
    /// The last number given to an aggregate or a topic. Never goes back either.
    number: u64,
    /// The numbers of busy aggregates, to spare looking them up for each commit.
    owners: LruCache<AggregateId, u64>,
    /// Where busy topics stand, to spare looking it up for each append.
    heads: LruCache<Topic, Head>,
    swept: Swept,
}

/// What came of a commit. Nothing is written but with `Done`.
pub enum Outcome {
    Done(Committed),
    Conflict,
    Repeated(Vec<Once>),
}

/// How far the sweeping of what is no longer wanted has come.
#[derive(Default)]
struct Swept {
    /// The idempotency key to look at next; empty for the first one.
    once: Vec<u8>,
    /// New idempotency keys in this write; for each, two old ones are looked at.
    once_added: usize,
    /// The offset to sweep next of the first cleared topic.
    offset: u64,
    /// That no cleared topic has anything left.
    graves_empty: bool,
}

impl Ledger {
    pub fn new(ready: Ready) -> Self {
        let heads_len_max = NonZeroUsize::new(limits::STORE_TOPIC_HEADS_LEN_MAX).unwrap_or(NonZeroUsize::MIN);
        Self {
            store_epoch: ready.epoch,
            version: ready.version,
            number: ready.number,
            owners: LruCache::new(heads_len_max),
            heads: LruCache::new(heads_len_max),
            swept: Swept::default(),
        }
    }

    /// Carries one commit out, or refuses it and writes nothing.
    pub fn carry_out(
        &mut self,
        rows: &mut Write<'_>,
        commit: &Commit,
        now: Timestamp,
    ) -> Result<Outcome, BackendError> {
        let repeated = repeated(rows, commit, now)?;
        if !repeated.is_empty() {
            return Ok(Outcome::Repeated(repeated));
        }
        if !self.holds(rows, &commit.expect)? {
            return Ok(Outcome::Conflict);
        }
        self.remember(rows, commit, now)?;
        let version = self.put(rows, commit)?;
        commit.moves.iter().try_for_each(|step| indexes::carry_out(rows, step))?;
        commit.clears.iter().try_for_each(|topic| self.clear(rows, topic))?;
        commit.trims.iter().try_for_each(|trim| self.trim(rows, trim))?;
        let mut cursors = Vec::with_capacity(commit.appends.len());
        for append in &commit.appends {
            cursors.push(match append.keep {
                Keep::Nothing => Cursor { epoch: self.store_epoch.clone(), offset: 0 },
                keep => self.append(rows, &append.topic, keep, &append.payload)?,
            });
        }
        Ok(Outcome::Done(Committed { version, cursors }))
    }

    /// Ends a write: stores the counters, and sweeps a bounded part of what is no longer wanted.
    pub fn finish(&mut self, rows: &mut Write<'_>, before: Counters, now: Timestamp) -> Result<(), BackendError> {
        if self.version != before.version {
            format::store_version(rows, self.version)?;
        }
        if self.number != before.number {
            format::store_number(rows, self.number)?;
        }
        self.sweep_once(rows, now)?;
        self.sweep_graves(rows)
    }

    pub fn counters(&self) -> Counters {
        Counters { version: self.version, number: self.number }
    }

    /// The write failed: what it made of the topics is not so. Sweeping rests until a topic is cleared or the store is
    /// opened anew, lest it fail for ever in a loop.
    pub fn forget(&mut self) {
        self.owners.clear();
        self.heads.clear();
        self.swept = Swept { graves_empty: true, ..Swept::default() };
    }

    /// Whether cleared topics are still to be swept.
    pub fn has_graves(&self) -> bool {
        !self.swept.graves_empty
    }

    fn remember(&mut self, rows: &mut Write<'_>, commit: &Commit, now: Timestamp) -> Result<(), BackendError> {
        for once in &commit.once {
            let keep_ms = i64::try_from(once.keep.as_millis()).unwrap_or(i64::MAX);
            let row = rows::numbered(expiry_number(now.plus_millis(keep_ms)), &once.record);
            rows.put(&rows::once(&commit.aggregate, &once.key), &row)?;
        }
        self.swept.once_added += commit.once.len();
        Ok(())
    }

    fn put(&mut self, rows: &mut Write<'_>, commit: &Commit) -> Result<Version, BackendError> {
        if commit.puts.is_empty() {
            return Ok(Version::ABSENT);
        }
        self.version += 1;
        for put in &commit.puts {
            let name = rows::value(self.owner(rows, &put.key.aggregate)?, &put.key.name);
            match &put.value {
                Some(value) => rows.put(&name, &rows::numbered(self.version, value))?,
                None => rows.remove(&name)?,
            }
        }
        Ok(Version(self.version))
    }

    fn append(
        &mut self,
        rows: &mut Write<'_>,
        topic: &Topic,
        keep: Keep,
        payload: &[u8],
    ) -> Result<Cursor, BackendError> {
        if self.heads.get(topic).is_none() {
            let head = match Head::load(rows, topic)? {
                Some(head) => head,
                None => self.new_head(rows, topic, self.store_epoch.clone(), keep)?,
            };
            self.heads.put(topic.clone(), head);
        }
        let Some(head) = self.heads.get_mut(topic) else { return Err(rows::damaged("a topic's head was lost")) };
        head.append(rows, topic, keep, payload)?;
        Ok(head.cursor())
    }

    fn trim(&mut self, rows: &mut Write<'_>, trim: &Trim) -> Result<(), BackendError> {
        if self.heads.get(&trim.topic).is_none() {
            let Some(head) = Head::load(rows, &trim.topic)? else { return Ok(()) };
            self.heads.put(trim.topic.clone(), head);
        }
        let head = self.heads.get_mut(&trim.topic);
        head.map_or(Ok(()), |head| head.trim(rows, &trim.topic, trim.until))
    }

    /// Gives a topic a new life. Its old changes are out of reach at once, and are swept later, a few in each write.
    fn clear(&mut self, rows: &mut Write<'_>, topic: &Topic) -> Result<(), BackendError> {
        let old = Head::load(rows, topic)?;
        if let Some(old) = &old
            && old.top > 0
        {
            rows.put(&rows::grave(old.number), old.changes.as_stored())?;
            self.swept.graves_empty = false;
        }
        let keep = old.map_or(Keep::Everything, |old| old.keep());
        let head = self.new_head(rows, topic, new_epoch(), keep)?;
        self.heads.put(topic.clone(), head);
        Ok(())
    }

    fn new_head(
        &mut self,
        rows: &mut Write<'_>,
        topic: &Topic,
        epoch: Epoch,
        keep: Keep,
    ) -> Result<Head, BackendError> {
        let owner = self.owner(rows, &topic.aggregate)?;
        self.number += 1;
        let head = Head::new(owner, self.number, epoch, keep);
        head.store(rows, topic)?;
        Ok(head)
    }

    /// The number of an aggregate; a new one if it has none.
    fn owner(&mut self, rows: &mut Write<'_>, aggregate: &AggregateId) -> Result<u64, BackendError> {
        if let Some(owner) = self.known_owner(rows, aggregate)? {
            return Ok(owner);
        }
        self.number += 1;
        rows.put(&rows::aggregate(aggregate), &self.number.to_be_bytes())?;
        self.owners.put(aggregate.clone(), self.number);
        Ok(self.number)
    }

    fn known_owner(&mut self, rows: &impl Rows, aggregate: &AggregateId) -> Result<Option<u64>, BackendError> {
        if let Some(owner) = self.owners.get(aggregate) {
            return Ok(Some(*owner));
        }
        let owner = rows.get(&rows::aggregate(aggregate), rows::number)?.transpose()?;
        if let Some(owner) = owner {
            self.owners.put(aggregate.clone(), owner);
        }
        Ok(owner)
    }

    fn holds(&mut self, rows: &impl Rows, expectations: &[Expect]) -> Result<bool, BackendError> {
        for expect in expectations {
            let found = match self.known_owner(rows, &expect.key.aggregate)? {
                Some(owner) => rows.get(&rows::value(owner, &expect.key.name), |row| {
                    rows::numbered_parts(row).map(|(version, _)| version)
                })?,
                None => None,
            };
            if found.transpose()?.unwrap_or(Version::ABSENT.0) != expect.version.0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks at two old idempotency keys for each new one, so that the expired never outnumber the living.
    fn sweep_once(&mut self, rows: &mut Write<'_>, now: Timestamp) -> Result<(), BackendError> {
        let mut left = 2 * std::mem::take(&mut self.swept.once_added);
        if left == 0 {
            return Ok(());
        }
        let mut span = rows::once_all();
        span.from = span.from.max(std::mem::take(&mut self.swept.once));
        let mut expired = Vec::new();
        let mut next = Vec::new();
        rows.scan(&span, Order::Ascending, |name, row| {
            if left == 0 {
                next = name.to_vec();
                return ControlFlow::Break(());
            }
            left -= 1;
            if rows::numbered_parts(row).is_ok_and(|(expires, _)| expires <= expiry_number(now)) {
                expired.push(name.to_vec());
            }
            ControlFlow::Continue(())
        })?;
        self.swept.once = next;
        expired.iter().try_for_each(|name| rows.remove(name))
    }

    /// Removes a bounded number of changes of topics that were cleared.
    fn sweep_graves(&mut self, rows: &mut Write<'_>) -> Result<(), BackendError> {
        if self.swept.graves_empty {
            return Ok(());
        }
        let mut grave = None;
        rows.scan(&rows::graves(), Order::Ascending, |name, changes| {
            grave = Some((name.to_vec(), Changes::from_stored(changes)));
            ControlFlow::Break(())
        })?;
        let Some((grave, changes)) = grave else {
            self.swept.graves_empty = true;
            return Ok(());
        };
        let mut names = Vec::new();
        rows.scan(&changes.from(self.swept.offset), Order::Ascending, |name, _| {
            names.push(name.to_vec());
            if names.len() < limits::STORE_SWEEP_LEN_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        names.iter().try_for_each(|name| rows.remove(name))?;
        if names.len() < limits::STORE_SWEEP_LEN_MAX {
            self.swept.offset = 0;
            return rows.remove(&grave);
        }
        self.swept.offset = names.last().map_or(Ok(0), |name| rows::change_offset(name))?;
        Ok(())
    }
}

/// The counters of a ledger at one moment.
pub struct Counters {
    version: u64,
    number: u64,
}

/// The idempotency keys of `commit` that were seen before and have not expired; each with what is left of its time.
fn repeated(rows: &impl Rows, commit: &Commit, now: Timestamp) -> Result<Vec<Once>, BackendError> {
    let mut repeated = Vec::new();
    for once in &commit.once {
        let seen = rows.get(&rows::once(&commit.aggregate, &once.key), |row| {
            rows::numbered_parts(row).map(|(expires, record)| (expires, Bytes::copy_from_slice(record)))
        })?;
        if let Some((expires, record)) = seen.transpose()?
            && expires > expiry_number(now)
        {
            let left = std::time::Duration::from_millis(expires - expiry_number(now));
            repeated.push(Once { key: once.key.clone(), record, keep: left });
        }
    }
    Ok(repeated)
}

/// A moment as it is stored: no clock that works is before 1970.
pub fn expiry_number(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or(0)
}
