//! Topics: where one stands, what it keeps, and reading it back. Who hears of its changes is not known here.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;

use super::engine::{Rows, Write};
use super::rows::{self, Changes, damaged};
use crate::backend::copy::TopicState;
use crate::backend::{BackendError, Change, Cursor, Epoch, Keep, Order, Replay, Since, Topic};

/// A topic that has been written, or cleared.
///
/// Its row holds all but `top`, which is the offset of its last change, or of the last that was forgotten; so an append writes one row, the change itself.
#[derive(Clone, Debug)]
pub struct Head {
    /// The number of the aggregate that owns it.
    owner: u64,
    /// Names its life. A cleared topic gets a new number, and what the old one had is swept bit by bit.
    pub number: u64,
    pub changes: Changes,
    pub epoch: Epoch,
    /// How many changes are kept; 0 for all.
    keep: u32,
    /// Nothing below this offset is kept, whatever `keep` says now: the topic may have kept fewer once.
    floor: u64,
    pub top: u64,
}

impl Head {
    /// A topic of aggregate `owner` before its first change.
    pub fn new(owner: u64, number: u64, epoch: Epoch, keep: Keep) -> Self {
        let changes = Changes::new(owner, keep == Keep::Everything, number);
        Self { owner, number, changes, epoch, keep: kept_len(keep), floor: 1, top: 0 }
    }

    /// A topic that comes from another store; its changes are yet to be put below their names.
    pub fn of_copy(owner: u64, number: u64, state: &TopicState) -> Self {
        Self { floor: state.oldest, top: state.top, ..Self::new(owner, number, state.epoch.clone(), state.keep) }
    }

    /// As another store takes it over.
    pub fn state(&self, topic: Topic) -> TopicState {
        TopicState { topic, keep: self.keep(), epoch: self.epoch.clone(), oldest: self.oldest(), top: self.top }
    }

    /// `None` when the topic was never written or cleared.
    pub fn load(rows: &impl Rows, topic: &Topic) -> Result<Option<Self>, BackendError> {
        let Some(owner) = rows.get(&rows::aggregate(&topic.aggregate), rows::number)?.transpose()? else {
            return Ok(None);
        };
        let row = rows.get(&rows::topic(owner, &topic.name), <[u8]>::to_vec)?;
        row.map(|row| Self::from_stored(rows, owner, &row)).transpose()
    }

    /// From its row.
    pub fn from_stored(rows: &impl Rows, owner: u64, row: &[u8]) -> Result<Self, BackendError> {
        let mut head = Self::decode(owner, row)?;
        let mut top = Ok(0);
        rows.scan(&head.changes.from(0), Order::Descending, |name, _| {
            top = rows::change_offset(name);
            ControlFlow::Break(())
        })?;
        // When nothing is kept, the floor stands right above the top.
        head.top = top?.max(head.floor.saturating_sub(1));
        Ok(head)
    }

    pub fn store(&self, rows: &mut Write<'_>, topic: &Topic) -> Result<(), BackendError> {
        let mut row = Vec::with_capacity(46);
        row.extend_from_slice(&self.number.to_be_bytes());
        row.extend_from_slice(&self.floor.to_be_bytes());
        row.extend_from_slice(&self.keep.to_be_bytes());
        row.extend_from_slice(self.changes.as_stored());
        row.extend_from_slice(self.epoch.0.as_bytes());
        rows.put(&rows::topic(self.owner, &topic.name), &row)
    }

    fn decode(owner: u64, row: &[u8]) -> Result<Self, BackendError> {
        let too_short = || damaged("a topic's row is too short");
        let (number, rest) = rows::numbered_parts(row)?;
        let (floor, rest) = rows::numbered_parts(rest)?;
        let (keep, rest) = rest.split_first_chunk().ok_or_else(too_short)?;
        let (changes, epoch) = rest.split_at_checked(Changes::STORED_LEN).ok_or_else(too_short)?;
        Ok(Self {
            owner,
            number,
            changes: Changes::from_stored(changes),
            epoch: rows::epoch(epoch)?,
            keep: u32::from_be_bytes(*keep),
            floor,
            top: 0,
        })
    }

    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch.clone(), offset: self.top }
    }

    pub fn keep(&self) -> Keep {
        match self.keep {
            0 => Keep::Everything,
            keep => Keep::Newest(keep),
        }
    }

    /// Adds a change at the top and removes what is no longer kept.
    pub fn append(
        &mut self,
        rows: &mut Write<'_>,
        topic: &Topic,
        keep: Keep,
        payload: &[u8],
    ) -> Result<(), BackendError> {
        let oldest = self.oldest();
        self.top += 1;
        let keep = kept_len(keep);
        if keep != self.keep {
            (self.keep, self.floor) = (keep, oldest);
            self.store(rows, topic)?;
        }
        for offset in self.removed_up_to(oldest)..self.removed_up_to(self.oldest()) {
            rows.remove(&self.changes.name(offset))?;
        }
        rows.put(&self.changes.name(self.top), payload)
    }

    /// Forgets the changes up to `until`.
    pub fn trim(&mut self, rows: &mut Write<'_>, topic: &Topic, until: u64) -> Result<(), BackendError> {
        let (oldest, until) = (self.oldest(), until.min(self.top));
        if until < oldest {
            return Ok(());
        }
        self.floor = until + 1;
        self.store(rows, topic)?;
        for offset in self.removed_up_to(oldest)..=until {
            rows.remove(&self.changes.name(offset))?;
        }
        Ok(())
    }

    /// Long topics are trimmed sixteen changes at a time: those lie on one page. Nobody is shown what is below `oldest`.
    fn removed_up_to(&self, oldest: u64) -> u64 {
        if self.keep < 64 { oldest } else { oldest - oldest % 16 }
    }

    /// The offset of the oldest change that is kept; above the top when none is.
    fn oldest(&self) -> u64 {
        match self.keep {
            0 => self.floor,
            keep => self.floor.max((self.top + 1).saturating_sub(keep.into())),
        }
    }
}

/// See [`crate::backend::Backend::replay`]. Costs a look-up of the top and a scan of what it answers.
pub fn replay(
    rows: &impl Rows,
    store_epoch: &Epoch,
    topic: &Topic,
    since: &Since,
    limit: usize,
) -> Result<Replay, BackendError> {
    let head = match Head::load(rows, topic)? {
        Some(head) => head,
        None => Head::new(0, 0, store_epoch.clone(), Keep::Everything),
    };
    let top = head.cursor();
    let first = match since {
        Since::Oldest => head.oldest(),
        Since::Cursor(cursor) if cursor.epoch != top.epoch || cursor.offset > top.offset => {
            return Ok(Replay::Lost { top });
        }
        Since::Cursor(cursor) if cursor.offset + 1 < head.oldest() => return Ok(Replay::Lost { top }),
        Since::Cursor(cursor) => cursor.offset + 1,
    };
    let mut changes = Vec::new();
    let mut unreadable = None;
    if limit > 0 && first <= top.offset {
        rows.scan(&head.changes.from(first), Order::Ascending, |name, payload| {
            match rows::change_offset(name) {
                Ok(offset) => changes.push(Change { offset, payload: Bytes::copy_from_slice(payload) }),
                Err(error) => unreadable = Some(error),
            }
            if changes.len() < limit && unreadable.is_none() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
    }
    match unreadable {
        Some(error) => Err(error),
        None => Ok(Replay::Changes { changes, top }),
    }
}

fn kept_len(keep: Keep) -> u32 {
    match keep {
        Keep::Newest(len) => len.max(1),
        Keep::Latest => 1,
        Keep::Everything | Keep::Nothing => 0,
    }
}

/// A new life's name: eight letters, by chance.
pub fn new_epoch() -> Epoch {
    let letters: String = (0..8).map(|_| char::from(b'a' + rand::random_range(0..26_u8))).collect();
    Epoch(Arc::from(letters))
}
