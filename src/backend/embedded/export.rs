//! An embedded store as the source of a copy: its rows in their order, with the numbers in them turned into names again.
//!
//! One aggregate comes after another, first its topics, each with its changes, then its values; then the indexes, then the
//! idempotency keys. No server has the store open meanwhile, so it stands still.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;

use super::engine::{Engine, Rows};
use super::ledger::expiry_number;
use super::rows::{self, Span, damaged};
use super::topics::Head;
use super::{OpenError, aside, prepare};
use crate::backend::copy::{Entry, Origin, Part, Place, Source};
use crate::backend::{AggregateId, BackendError, Index, Order, Version};
use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// The store in one directory, closed to others until it is dropped.
pub struct Export {
    engine: Arc<Engine>,
    origin: Origin,
    clock: Clock,
}

/// Behind which row an export stands. Names are those of rows; empty ones stand before the first.
#[derive(Debug, PartialEq, Eq)]
enum Stand {
    Aggregates {
        behind: Vec<u8>,
    },
    /// Behind a topic and those of its changes up to `offset`.
    Topics {
        aggregate: Vec<u8>,
        topic: Vec<u8>,
        offset: u64,
    },
    Values {
        aggregate: Vec<u8>,
        behind: Vec<u8>,
    },
    Ranks {
        behind: Vec<u8>,
    },
    Once {
        behind: Vec<u8>,
    },
    /// Behind everything.
    End,
}

/// A row's name, and the row.
type NamedRow = (Vec<u8>, Vec<u8>);

/// Fills one part from the rows of one moment.
struct Filling<'a, R> {
    rows: &'a R,
    now: Timestamp,
    part: Part,
    limit: usize,
}

impl Export {
    /// Opens the store in `dir`, which must be there. Blocks: after a crash it is first made whole.
    pub fn open(dir: &Path, clock: Clock) -> Result<Self, OpenError> {
        if !dir.join("runnity.redb").exists() {
            return Err(OpenError::Missing { path: dir.to_owned() });
        }
        let engine = Engine::open(dir)?;
        let ready = prepare(&engine, dir)?;
        let state = format!("embedded {} {}", ready.epoch, engine.last_write());
        let origin = Origin { state: state.into(), epoch: ready.epoch, version: Version(ready.version) };
        Ok(Self { engine: Arc::new(engine), origin, clock })
    }
}

impl Source for Export {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn export<'a>(&'a self, place: &'a Place, limit: usize) -> BoxFuture<'a, Result<Part, BackendError>> {
        Box::pin(async move {
            let (place, now) = (place.clone(), self.clock.now());
            aside(&self.engine, move |engine| fill(&engine.view()?, &place, limit, now)).await
        })
    }
}

fn fill(rows: &impl Rows, place: &Place, limit: usize, now: Timestamp) -> Result<Part, BackendError> {
    let mut filling = Filling { rows, now, part: Part::default(), limit };
    let mut stand = Stand::from_stored(&place.0)?;
    while stand != Stand::End && !filling.part.is_full(limit) {
        stand = filling.step(stand)?;
    }
    filling.part.is_last = stand == Stand::End;
    filling.part.place = Place(stand.as_stored().into());
    Ok(filling.part)
}

impl<R: Rows> Filling<'_, R> {
    fn step(&mut self, stand: Stand) -> Result<Stand, BackendError> {
        Ok(match stand {
            Stand::Aggregates { behind } => match self.first(rows::aggregates().after(&behind))? {
                Some((aggregate, _)) => Stand::Topics { aggregate, topic: Vec::new(), offset: 0 },
                None => Stand::Ranks { behind: Vec::new() },
            },
            Stand::Topics { aggregate, topic, offset } => self.topics(aggregate, topic, offset)?,
            Stand::Values { aggregate, behind } => self.values(aggregate, behind)?,
            Stand::Ranks { behind } => match self.each(rows::ranks_of_all().after(&behind), Self::rank)? {
                Some(behind) => Stand::Ranks { behind },
                None => Stand::Once { behind: Vec::new() },
            },
            Stand::Once { behind } => match self.each(rows::once_all().after(&behind), Self::once)? {
                Some(behind) => Stand::Once { behind },
                None => Stand::End,
            },
            Stand::End => Stand::End,
        })
    }

    /// The rest of a topic's changes and then the next topic itself, or on to the values.
    fn topics(&mut self, aggregate: Vec<u8>, topic: Vec<u8>, offset: u64) -> Result<Stand, BackendError> {
        let (id, owner) = self.aggregate(&aggregate)?;
        if !topic.is_empty() {
            let row = self.rows.get(&topic, <[u8]>::to_vec)?.ok_or_else(|| damaged("a topic has gone"))?;
            let head = Head::from_stored(self.rows, owner, &row)?;
            let of = id.topic(rows::own_name(&topic)?);
            let full = self.each(head.changes.from(offset + 1), |_, name, payload| {
                let (offset, payload) = (rows::change_offset(name)?, Bytes::copy_from_slice(payload));
                Ok(Some(Entry::Change { topic: of.clone(), offset, payload }))
            })?;
            if let Some(last) = full {
                return Ok(Stand::Topics { aggregate, topic, offset: rows::change_offset(&last)? });
            }
        }
        let Some((topic, row)) = self.first(rows::topics(owner).after(&topic))? else {
            return Ok(Stand::Values { aggregate, behind: Vec::new() });
        };
        let state = Head::from_stored(self.rows, owner, &row)?.state(id.topic(rows::own_name(&topic)?));
        // What lies below is not shown to anybody, and is yet to be swept.
        let offset = state.oldest.saturating_sub(1);
        self.part.push(Entry::Topic(state));
        Ok(Stand::Topics { aggregate, topic, offset })
    }

    fn values(&mut self, aggregate: Vec<u8>, behind: Vec<u8>) -> Result<Stand, BackendError> {
        let (id, owner) = self.aggregate(&aggregate)?;
        let full = self.each(rows::values(owner).after(&behind), |_, name, row| {
            let (version, value) = rows::numbered_parts(row)?;
            let (key, value) = (id.key(rows::own_name(name)?), Bytes::copy_from_slice(value));
            Ok(Some(Entry::Value { key, version: Version(version), value }))
        })?;
        Ok(match full {
            Some(behind) => Stand::Values { aggregate, behind },
            None => Stand::Aggregates { behind: aggregate },
        })
    }

    fn rank(_: Timestamp, name: &[u8], _: &[u8]) -> Result<Option<Entry>, BackendError> {
        let (index, score, member) = rows::rank_parts(name)?;
        Ok(Some(Entry::Standing { index: Index::new(index), member: member.into(), score }))
    }

    /// `None` when its time is over.
    fn once(now: Timestamp, name: &[u8], row: &[u8]) -> Result<Option<Entry>, BackendError> {
        let (aggregate, key) = rows::once_parts(name)?;
        let (expires, record) = rows::numbered_parts(row)?;
        let left = expires.saturating_sub(expiry_number(now));
        let (record, keep) = (Bytes::copy_from_slice(record), Duration::from_millis(left));
        Ok((left > 0).then(|| Entry::Once { aggregate, key: key.into(), record, keep }))
    }

    fn aggregate(&self, name: &[u8]) -> Result<(AggregateId, u64), BackendError> {
        let number = self.rows.get(name, rows::number)?.transpose()?;
        Ok((rows::aggregate_of(name)?, number.ok_or_else(|| damaged("an aggregate has gone"))?))
    }

    /// Adds what `entry` makes of each row, until the part is full: then the name of the last row that was looked at.
    fn each(
        &mut self,
        span: Span,
        mut entry: impl FnMut(Timestamp, &[u8], &[u8]) -> Result<Option<Entry>, BackendError>,
    ) -> Result<Option<Vec<u8>>, BackendError> {
        let (part, limit, now) = (&mut self.part, self.limit, self.now);
        let mut ended = Ok(None);
        self.rows.scan(&span, Order::Ascending, |name, row| {
            match entry(now, name, row) {
                Ok(entry) => entry.into_iter().for_each(|entry| part.push(entry)),
                Err(error) => {
                    ended = Err(error);
                    return ControlFlow::Break(());
                }
            }
            if !part.is_full(limit) {
                return ControlFlow::Continue(());
            }
            ended = Ok(Some(name.to_vec()));
            ControlFlow::Break(())
        })?;
        ended
    }

    fn first(&self, span: Span) -> Result<Option<NamedRow>, BackendError> {
        let mut first = None;
        self.rows.scan(&span, Order::Ascending, |name, row| {
            first = Some((name.to_vec(), row.to_vec()));
            ControlFlow::Break(())
        })?;
        Ok(first)
    }
}

impl Stand {
    /// A letter, and its names with their lengths.
    fn as_stored(&self) -> Vec<u8> {
        let offset_bytes;
        let (kind, parts): (u8, [&[u8]; 3]) = match self {
            Self::Aggregates { behind } => (b'a', [behind, &[], &[]]),
            Self::Topics { aggregate, topic, offset } => {
                offset_bytes = offset.to_be_bytes();
                (b't', [aggregate, topic, &offset_bytes])
            }
            Self::Values { aggregate, behind } => (b'v', [aggregate, behind, &[]]),
            Self::Ranks { behind } => (b'r', [behind, &[], &[]]),
            Self::Once { behind } => (b'o', [behind, &[], &[]]),
            Self::End => (b'e', [&[]; 3]),
        };
        let mut stored = vec![kind];
        for part in parts {
            stored.extend_from_slice(&rows::numbered(part.len() as u64, part));
        }
        stored
    }

    fn from_stored(stored: &[u8]) -> Result<Self, BackendError> {
        let unreadable = || damaged("the place of a copy cannot be read");
        let Some((kind, mut rest)) = stored.split_first() else {
            return Ok(Self::Aggregates { behind: Vec::new() });
        };
        let mut parts = [const { Vec::new() }; 3];
        for part in &mut parts {
            let (len, more) = rows::numbered_parts(rest)?;
            let len = usize::try_from(len).map_err(|_| unreadable())?;
            let (found, more) = more.split_at_checked(len).ok_or_else(unreadable)?;
            (*part, rest) = (found.to_vec(), more);
        }
        let [first, second, third] = parts;
        Ok(match kind {
            b'a' => Self::Aggregates { behind: first },
            b't' => Self::Topics { aggregate: first, topic: second, offset: rows::number(&third)? },
            b'v' => Self::Values { aggregate: first, behind: second },
            b'r' => Self::Ranks { behind: first },
            b'o' => Self::Once { behind: first },
            b'e' => Self::End,
            _ => return Err(unreadable()),
        })
    }
}
