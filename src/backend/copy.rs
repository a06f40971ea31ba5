//! Copying: all that one store holds goes into another, empty one, so that nobody who comes back notices the move.
//!
//! Versions, offsets and epochs are kept: ETags and clients' cursors stay true. It goes part by part; with each part, and
//! in the same write, the target remembers how far it has come: a copy that was broken off goes on where it stopped, and a
//! store is not served before its copy is complete. Deliberately knows neither how a store keeps things nor who asked.

use bytes::Bytes;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{AggregateId, BackendError, Epoch, Index, Keep, Key, Topic, Version};
use crate::limits;

/// A store that is copied. Nobody else has it open meanwhile.
pub trait Source: Send + Sync {
    fn origin(&self) -> &Origin;

    /// What comes after `place`: not many more than `limit` entries, which is at least 1, nor than
    /// [`limits::COPY_PART_BYTES_MAX`]. An entry may come twice.
    fn export<'a>(&'a self, place: &'a Place, limit: usize) -> BoxFuture<'a, Result<Part, BackendError>>;
}

/// A store that a copy goes into. Nobody is served from it before [`Target::complete`].
pub trait Target: Send + Sync {
    /// Looks at what is there, and makes the target ready for a copy of `origin`. An error has changed nothing.
    fn begin<'a>(&'a self, origin: &'a Origin) -> BoxFuture<'a, Result<Begun, CopyError>>;

    /// Takes entries over and goes on from the mark `from` to the mark `to`, in one write.
    fn import<'a>(&'a self, entries: Vec<Entry>, from: &'a Mark, to: &'a Mark) -> BoxFuture<'a, Result<(), CopyError>>;

    /// Makes a world of what was imported, which goes on as `origin` would have.
    fn complete<'a>(&'a self, origin: &'a Origin, last: &'a Mark) -> BoxFuture<'a, Result<(), CopyError>>;
}

/// What a source says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Tells this store, as it is now, from every other and from itself after another write.
    pub state: Arc<str>,
    /// Of the topics that were never cleared.
    pub epoch: Epoch,
    /// The last one that was given to a key.
    pub version: Version,
}

/// A place in a source, in its own words; empty before the first entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place(pub Bytes);

/// Some entries of a source, in its order.
#[derive(Debug, Default)]
pub struct Part {
    pub entries: Vec<Entry>,
    /// Behind the last entry.
    pub place: Place,
    /// That nothing comes after these.
    pub is_last: bool,
    bytes: usize,
}

/// One thing that a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Value {
        key: Key,
        version: Version,
        value: Bytes,
    },
    /// Where a member stands in an index.
    Standing {
        index: Index,
        member: Arc<str>,
        score: i64,
    },
    /// A topic, which stands before its changes.
    Topic(TopicState),
    /// A change; those of one topic come in the order of their offsets.
    Change {
        topic: Topic,
        offset: u64,
        payload: Bytes,
    },
    /// An idempotency key with the rest of its time.
    Once {
        aggregate: AggregateId,
        key: Arc<str>,
        record: Bytes,
        keep: Duration,
    },
}

/// Where a topic stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicState {
    pub topic: Topic,
    /// Not [`Keep::Nothing`]; [`Keep::Latest`] may come as [`Keep::Newest`] of one.
    pub keep: Keep,
    pub epoch: Epoch,
    /// The offset of the oldest change that is kept; above `top` when none is.
    pub oldest: u64,
    pub top: u64,
}

/// How far a copy has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub place: Place,
    pub tally: Tally,
}

/// What was copied, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub values: u64,
    pub standings: u64,
    pub topics: u64,
    pub changes: u64,
    pub once: u64,
    /// Of values, payloads and records alone.
    pub bytes: u64,
}

/// What a target had when a copy began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing, or the first part of this very copy, up to here.
    At(Mark),
    /// This copy was completed before.
    Complete,
}

/// How a copy ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    All(Tally),
    /// It was complete already; nothing was done.
    Before,
}

/// Why a copy could not begin, or was broken off.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("the target holds a world already, and was left as it is: a copy goes into an empty store only")]
    Occupied,
    #[error(
        "the target holds the first part of another copy, or the source was written to since it was begun: empty the \
         target, and copy again"
    )]
    OtherOrigin,
    #[error("another process copies into the same target: let that one finish")]
    Overtaken,
    #[error("the target has format {found}, and this version knows no format above {known}: use a newer version")]
    NewerFormat { found: u64, known: u64 },
    #[error("reading the source: {0}")]
    Source(BackendError),
    #[error("writing to the target: {0}")]
    Target(#[from] BackendError),
}

/// Copies all that `source` has, or what is missing of it, in parts of at most so many entries, and says after each how far
/// it is.
pub async fn copy(
    source: &dyn Source,
    target: &dyn Target,
    part_len_max: usize,
    mut progress: impl FnMut(&Tally),
) -> Result<Copied, CopyError> {
    let mut mark = match target.begin(source.origin()).await? {
        Begun::At(mark) => mark,
        Begun::Complete => return Ok(Copied::Before),
    };
    let mut part = source.export(&mark.place, part_len_max).await.map_err(CopyError::Source)?;
    loop {
        let next = mark.after(&part);
        let imported = target.import(std::mem::take(&mut part.entries), &mark, &next);
        if part.is_last {
            imported.await?;
            target.complete(source.origin(), &next).await?;
            return Ok(Copied::All(next.tally));
        }
        // The next part is read while this one is written.
        let (imported, exported) = futures::future::join(imported, source.export(&next.place, part_len_max)).await;
        imported?;
        progress(&next.tally);
        (part, mark) = (exported.map_err(CopyError::Source)?, next);
    }
}

impl Part {
    /// Adds an entry.
    pub fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.entries.push(entry);
    }

    pub fn is_full(&self, limit: usize) -> bool {
        self.entries.len() >= limit || self.bytes >= limits::COPY_PART_BYTES_MAX
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        match self {
            Self::Value { value, .. } => value.len(),
            Self::Change { payload, .. } => payload.len(),
            Self::Once { record, .. } => record.len(),
            Self::Standing { .. } | Self::Topic(_) => 0,
        }
    }
}

impl Mark {
    fn after(&self, part: &Part) -> Self {
        let mut tally = self.tally;
        part.entries.iter().for_each(|entry| tally.count(entry));
        Self { place: part.place.clone(), tally }
    }

    /// As a target keeps it.
    pub fn as_stored(&self) -> Vec<u8> {
        let Tally { values, standings, topics, changes, once, bytes } = self.tally;
        let mut stored = format!("{values} {standings} {topics} {changes} {once} {bytes}\n").into_bytes();
        stored.extend_from_slice(&self.place.0);
        stored
    }

    pub fn from_stored(stored: &[u8]) -> Result<Self, BackendError> {
        let unreadable = || BackendError::Damaged("how far the copy has come cannot be read".into());
        let end = stored.iter().position(|&byte| byte == b'\n').ok_or_else(unreadable)?;
        let numbers = std::str::from_utf8(&stored[..end]).map_err(|_| unreadable())?;
        let numbers: Vec<u64> =
            numbers.split(' ').map(str::parse).collect::<Result<_, _>>().map_err(|_| unreadable())?;
        let [values, standings, topics, changes, once, bytes] = numbers[..] else { return Err(unreadable()) };
        let tally = Tally { values, standings, topics, changes, once, bytes };
        Ok(Self { place: Place(Bytes::copy_from_slice(&stored[end + 1..])), tally })
    }
}

impl Tally {
    fn count(&mut self, entry: &Entry) {
        *match entry {
            Entry::Value { .. } => &mut self.values,
            Entry::Standing { .. } => &mut self.standings,
            Entry::Topic(_) => &mut self.topics,
            Entry::Change { .. } => &mut self.changes,
            Entry::Once { .. } => &mut self.once,
        } += 1;
        self.bytes += entry.bytes() as u64;
    }

    pub fn entries(&self) -> u64 {
        self.values + self.standings + self.topics + self.changes + self.once
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_as_it_was_stored() {
        let tally = Tally { values: 1, standings: 2, topics: 3, changes: 4, once: 5, bytes: u64::MAX };
        for place in [&b""[..], b"\n1 2\n", &[0xFF, 0, 10]] {
            let mark = Mark { place: Place(Bytes::copy_from_slice(place)), tally };
            assert_eq!(Mark::from_stored(&mark.as_stored()).unwrap(), mark);
        }
        for bad in [&b""[..], b"1 2 3 4 5 6", b"1 2 3 4 5\n", b"1 2 3 4 5 x\n", &[0xFF, 10]] {
            assert!(Mark::from_stored(bad).is_err(), "{bad:?}");
        }
    }
}
