//! Where everything is kept, and who hears of it: five verbs over bytes, keys and topics.
//!
//! A store knows no run, event or task. Business logic is written once, above these verbs; what differs between one
//! machine and many is behind them. The law for every store is `tests/it/backend_contract.rs`.
//!
//! # The contract
//!
//! * An **aggregate** (one run, one event, one user) is the unit of a commit. Everything that a [`Commit`] touches lies in
//!   the partition of its aggregate, so it moves in one atomic step, or not at all.
//! * A **version** belongs to a key. It is a number that no later write of any key in the partition repeats, so a key that
//!   was deleted and made anew is told apart. [`Version::ABSENT`] stands for "there is no such key".
//! * A **topic** is a stream of changes, owned by one aggregate. Offsets count 1, 2, 3 … without a gap. A topic that was
//!   cleared, or a store that was wiped, starts a new epoch; a [`Cursor`] of the old one is then *lost*, never mistaken.
//! * A success is an answer only after what was written is safe (embedded: after the group's fsync). Subscribers hear of
//!   a change after that, in the order of its offsets.
//! * A failure is a [`BackendError`]. It never becomes an empty value.

pub mod copy;
mod counts;
pub mod embedded;
mod redis;
mod subscription;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;

pub use counts::{StoreCounts, StoreError};
pub use redis::{OpenError as RedisOpenError, RedisExport, RedisImport, RedisStore, RedisUrl};
pub use subscription::{Listener, Subscription};

/// The five verbs. One implementation for each store; no default methods, so that nothing is forgotten.
pub trait Backend: Send + Sync + 'static {
    /// The values of `keys`, in their order, all read from one moment when they belong to one aggregate.
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>>;

    /// Members of an index in the order of (score, member), merged over all partitions.
    fn range<'a>(&'a self, range: &'a Range) -> BoxFuture<'a, Result<Ranged, BackendError>>;

    /// The changes of a topic after `since`, oldest first, at most `limit` of them. `limit` 0 only tells the top.
    /// Ephemeral topics keep nothing: their replay is empty, at offset 0 of the store's epoch.
    fn replay<'a>(
        &'a self,
        topic: &'a Topic,
        since: &'a Since,
        limit: usize,
    ) -> BoxFuture<'a, Result<Replay, BackendError>>;

    /// Carries out one [`Commit`], wholly or not at all.
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>>;

    /// All changes of a topic from now on. Subscribe first, read second, and drop what the reading covers.
    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>>;
}

/// The name of an aggregate, `kind/id`, for example `run/0192…`. Its hash chooses the partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AggregateId(Arc<str>);

/// One value's name: the aggregate that it belongs to, and its name there (empty for the aggregate's head).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub aggregate: AggregateId,
    pub name: Arc<str>,
}

/// A stream of changes: the aggregate that owns it, and its name there (empty for the aggregate's main topic).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic {
    pub aggregate: AggregateId,
    pub name: Arc<str>,
}

/// The name of an index; each partition holds a slice of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Index(Arc<str>);

/// The version of a key. Opaque but for equality; it also serves as an ETag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub u64);

/// A value with its version; `value` is `None` exactly when `version` is [`Version::ABSENT`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    pub version: Version,
    pub value: Option<Bytes>,
}

/// Tells one life of a topic from another: eight letters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub Arc<str>);

/// A place in a topic: after the change with this offset. Offset 0 is before the first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    pub epoch: Epoch,
    pub offset: u64,
}

/// One atomic write. Data, not a closure: it fits one script call, can be logged, and two stores can be compared on it.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The aggregate that all keys and topics here belong to.
    pub aggregate: AggregateId,
    /// Idempotency keys. If any was seen before, nothing is written and [`CommitError::Repeated`] says what was recorded.
    /// Looked at before the expectations: who repeats a write that has succeeded expects what is no longer so.
    pub once: Vec<Once>,
    /// What must be true of keys, else [`CommitError::Conflict`].
    pub expect: Vec<Expect>,
    pub puts: Vec<Put>,
    pub moves: Vec<Move>,
    pub appends: Vec<Append>,
    /// Topics whose changes are forgotten, and that start a new epoch. Carried out before the appends.
    pub clears: Vec<Topic>,
    /// Changes that are forgotten while the topic's life goes on. Carried out after the clears and before the appends.
    pub trims: Vec<Trim>,
}

/// An idempotency key, and what to answer when it comes again. It belongs to the commit's aggregate: the same key on
/// another aggregate is another key, for it may lie in another partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    pub key: Arc<str>,
    /// Given back to whoever sends the key again.
    pub record: Bytes,
    /// How long it is remembered, at least; in [`CommitError::Repeated`], how much of that is left.
    pub keep: Duration,
}

/// The key's version must be this one ([`Version::ABSENT`]: there must be no such key).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    pub key: Key,
    pub version: Version,
}

/// A new value, or `None` to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    pub key: Key,
    pub value: Option<Bytes>,
}

/// Puts a member into an index at a score, or (`None`) takes it out. A member stands in an index at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub index: Index,
    pub member: Arc<str>,
    /// Between −2⁵³ and 2⁵³, so that every store can hold it exactly.
    pub score: Option<i64>,
}

/// One change for a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    pub topic: Topic,
    pub keep: Keep,
    pub payload: Bytes,
}

/// A topic's changes up to this offset are forgotten, itself included. Its epoch and its offsets go on: who is past them has
/// missed nothing. For topics that keep a bounded number; a long log is cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trim {
    pub topic: Topic,
    pub until: u64,
}

/// What kind of topic a change goes to. One topic has one kind all its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The newest so many changes are kept and can be replayed; subscribers hear each. At least 1.
    Newest(u32),
    /// Only the newest change is kept; subscribers hear each.
    Latest,
    /// Heard by those who listen now; not kept, no offset, no fsync. A commit of these alone is cheap.
    Nothing,
    /// A log: everything is kept until the topic is cleared, and nobody is told.
    Everything,
}

/// What a commit has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The version that every key put by this commit now has; [`Version::ABSENT`] when it put none.
    pub version: Version,
    /// Where each append came to stand, in the order of `appends`. Ephemeral appends have offset 0.
    pub cursors: Vec<Cursor>,
}

/// What of an index is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub index: Index,
    pub from: Bound,
    /// Where the range ends, itself excluded unless it is [`Bound::End`].
    pub until: Bound,
    pub order: Order,
    pub limit: usize,
    /// Whether [`Ranged::standing`] is wanted; it costs a count.
    pub count: bool,
}

/// A place in an index, for either end of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Before the first member.
    Start,
    /// Before the first member with this score.
    Score(i64),
    /// Right at this (score, member), whether it stands there or not.
    At(i64, Arc<str>),
    /// Right after this (score, member): where the next page starts.
    After(i64, Arc<str>),
    /// At this member, wherever it stands: "around me". Nothing is found when it is not in the index.
    Member(Arc<str>),
    /// After the last member.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Lowest (score, member) first.
    Ascending,
    /// Highest first: the same range, `from` ≤ `until`, read from its upper end.
    Descending,
}

/// Members of an index with their scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranged {
    pub members: Vec<(i64, Arc<str>)>,
    /// Only when [`Range::count`] asked for it.
    pub standing: Option<Standing>,
}

/// Where the answered members stand in the whole index, in the order that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many members of the index come before the first one answered (or would, if none was). All of them when the
    /// range is around a member who is not in the index.
    pub rank: u64,
    /// How many members the index has.
    pub total: u64,
}

/// Where a replay starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// At the oldest change that is kept.
    Oldest,
    /// After this cursor, or the replay is [`Replay::Lost`].
    Cursor(Cursor),
}

/// What a replay found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The changes, oldest first, without a gap after the cursor that was given, and the topic's top when they were read.
    Changes { changes: Vec<Change>, top: Cursor },
    /// The cursor is of another epoch, lies above the top, or changes after it are no longer kept.
    Lost { top: Cursor },
}

/// A stored change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub offset: u64,
    pub payload: Bytes,
}

/// What a subscriber hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A change, in order. Ephemeral ones have offset 0.
    Change { cursor: Cursor, payload: Bytes },
    /// Changes were missed: the subscriber fell behind, or the store could not be reached. What is heard next comes later
    /// than the gap; fill it by `replay`.
    Gap,
}

/// Why a commit was not carried out. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// An expectation did not hold. Read again, decide again.
    #[error("another write came first")]
    Conflict,
    /// These idempotency keys were seen before; here is what was recorded with each.
    #[error("already carried out")]
    Repeated(Vec<Once>),
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// The store could not do it. Whether a commit that failed so was written is not known: send it again with its
/// idempotency key.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BackendError {
    /// It may work again soon: the disk is full, the network is cut, too much waits.
    #[error("the store is unavailable: {0}")]
    Unavailable(Arc<str>),
    /// What is stored cannot be read.
    #[error("the store is damaged: {0}")]
    Damaged(Arc<str>),
}

impl AggregateId {
    pub fn new(kind: &str, id: &str) -> Self {
        Self(format!("{kind}/{id}").into())
    }

    /// From its stored form, `kind/id`.
    pub fn from_stored(name: &str) -> Self {
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the kind.
    pub fn id(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, id)| id)
    }

    pub fn head(&self) -> Key {
        self.key("")
    }

    pub fn key(&self, name: &str) -> Key {
        Key { aggregate: self.clone(), name: name.into() }
    }

    pub fn topic(&self, name: &str) -> Topic {
        Topic { aggregate: self.clone(), name: name.into() }
    }
}

impl Index {
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Version {
    pub const ABSENT: Self = Self(0);
    /// No key ever has it: an expectation that does not hold.
    pub const NEVER: Self = Self(u64::MAX);
}

impl Versioned {
    pub const ABSENT: Self = Self { version: Version::ABSENT, value: None };
}

impl Commit {
    /// An empty commit on `aggregate`.
    pub fn on(aggregate: AggregateId) -> Self {
        Self {
            aggregate,
            once: Vec::new(),
            expect: Vec::new(),
            puts: Vec::new(),
            moves: Vec::new(),
            appends: Vec::new(),
            clears: Vec::new(),
            trims: Vec::new(),
        }
    }

    /// Whether it only tells those who listen, and nothing is to be checked or kept.
    fn is_ephemeral(&self) -> bool {
        let nothing_else = self.once.is_empty()
            && self.expect.is_empty()
            && self.puts.is_empty()
            && self.moves.is_empty()
            && self.clears.is_empty()
            && self.trims.is_empty();
        nothing_else && self.appends.iter().all(|append| append.keep == Keep::Nothing)
    }

    /// What it takes in memory, roughly.
    fn bytes_len(&self) -> usize {
        let puts = self.puts.iter().map(|put| put.value.as_ref().map_or(0, |value| value.len()));
        let appends = self.appends.iter().map(|append| append.payload.len());
        let records = self.once.iter().map(|once| once.record.len());
        puts.chain(appends).chain(records).sum::<usize>() + size_of::<Self>()
    }

    /// Whether all keys and topics are of its own aggregate.
    fn is_whole(&self) -> bool {
        let keys = self.expect.iter().map(|expect| &expect.key).chain(self.puts.iter().map(|put| &put.key));
        let topics = self.appends.iter().map(|append| &append.topic).chain(&self.clears);
        let topics = topics.chain(self.trims.iter().map(|trim| &trim.topic));
        keys.map(|key| &key.aggregate)
            .chain(topics.map(|topic| &topic.aggregate))
            .all(|aggregate| *aggregate == self.aggregate)
    }
}

impl Range {
    /// The whole index, lowest first.
    pub fn all(index: Index, limit: usize) -> Self {
        Self { index, from: Bound::Start, until: Bound::End, order: Order::Ascending, limit, count: false }
    }
}

impl fmt::Display for AggregateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
