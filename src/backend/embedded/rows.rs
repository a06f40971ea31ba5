//! The names of rows, and the numbers in them. Knows bytes only: neither the engine below nor the rules above.
//!
//! A name holds texts apart by the byte `FF`, which UTF-8 never has: any text is fit for a key, and no two keys meet.
//! Numbers stand big-endian, so that the order of bytes is the order of numbers. The table is in [`super`].

use std::sync::Arc;

use crate::backend::{AggregateId, BackendError, Bound, Epoch, Index};

/// What is wrong with a row that cannot be read.
pub fn damaged(what: &str) -> BackendError {
    BackendError::Damaged(what.into())
}

const META: u8 = b'm';
const AGGREGATES: u8 = b'a';
const DATA: u8 = b'd';
const GRAVES: u8 = b'g';
const PLACES: u8 = b'p';
const RANKS: u8 = b'r';
const TOTALS: u8 = b'n';
const ONCE: u8 = b'o';

// What an aggregate has, in an order that puts what one commit writes side by side, on as few pages as can be: the newest
// changes of its trimmed topics, then its values, and at the end its logs.
const TRIMMED: u8 = b'b';
const TOPICS: u8 = b't';
const VALUES: u8 = b'v';
const LOGS: u8 = b'z';

const APART: u8 = 0xFF;

/// Rows from one name up to another, which is itself excluded.
#[derive(Clone, Debug)]
pub struct Span {
    pub from: Vec<u8>,
    pub until: Vec<u8>,
}

impl Span {
    /// What is left of it after this row.
    pub fn after(self, name: &[u8]) -> Self {
        let next = [name, &[0]].concat();
        Self { from: self.from.max(next), until: self.until }
    }
}

pub fn meta(name: &str) -> Vec<u8> {
    name_of(META, &[name.as_bytes()])
}

/// Every row but those of the store about itself.
pub fn all_but_meta() -> [Span; 2] {
    [Span { from: vec![0], until: vec![META] }, Span { from: vec![META + 1], until: vec![APART] }]
}

pub fn aggregate(aggregate: &AggregateId) -> Vec<u8> {
    name_of(AGGREGATES, &[aggregate.as_str().as_bytes()])
}

/// Every aggregate.
pub fn aggregates() -> Span {
    all(AGGREGATES)
}

/// The aggregate in its row's name.
pub fn aggregate_of(name: &[u8]) -> Result<AggregateId, BackendError> {
    Ok(AggregateId::from_stored(text(name.get(1..).unwrap_or_default())?))
}

/// A value of the aggregate with this number.
pub fn value(owner: u64, name: &str) -> Vec<u8> {
    name_of(DATA, &[&owner.to_be_bytes(), &[VALUES], name.as_bytes()])
}

/// A topic of the aggregate with this number.
pub fn topic(owner: u64, name: &str) -> Vec<u8> {
    name_of(DATA, &[&owner.to_be_bytes(), &[TOPICS], name.as_bytes()])
}

/// All values of the aggregate with this number.
pub fn values(owner: u64) -> Span {
    Span { from: value(owner, ""), until: name_of(DATA, &[&owner.to_be_bytes(), &[VALUES + 1]]) }
}

/// All topics of the aggregate with this number.
pub fn topics(owner: u64) -> Span {
    Span { from: topic(owner, ""), until: name_of(DATA, &[&owner.to_be_bytes(), &[TOPICS + 1]]) }
}

/// What a value or a topic is called in its aggregate, from its row's name.
pub fn own_name(name: &[u8]) -> Result<&str, BackendError> {
    text(name.get(10..).ok_or_else(|| damaged("the name of a value or a topic is too short"))?)
}

/// Where the changes of one life of a topic are.
#[derive(Clone, Debug)]
pub struct Changes {
    /// All of their names but the offset.
    prefix: Vec<u8>,
}

impl Changes {
    pub const STORED_LEN: usize = 18;

    pub fn new(owner: u64, is_log: bool, topic_number: u64) -> Self {
        let kind = if is_log { LOGS } else { TRIMMED };
        Self { prefix: name_of(DATA, &[&owner.to_be_bytes(), &[kind], &topic_number.to_be_bytes()]) }
    }

    /// From its stored form.
    pub fn from_stored(prefix: &[u8]) -> Self {
        Self { prefix: prefix.to_vec() }
    }

    pub fn as_stored(&self) -> &[u8] {
        &self.prefix
    }

    pub fn name(&self, offset: u64) -> Vec<u8> {
        [self.prefix.as_slice(), &offset.to_be_bytes()].concat()
    }

    /// The changes from `offset` on.
    pub fn from(&self, offset: u64) -> Span {
        Span { from: self.name(offset), until: [self.prefix.as_slice(), &[0xFF; 9]].concat() }
    }
}

/// The offset in the name of a change.
pub fn change_offset(name: &[u8]) -> Result<u64, BackendError> {
    number(name.last_chunk::<8>().map_or(&[], |offset| offset))
}

pub fn grave(topic_number: u64) -> Vec<u8> {
    name_of(GRAVES, &[&topic_number.to_be_bytes()])
}

pub fn graves() -> Span {
    all(GRAVES)
}

pub fn place(index: &Index, member: &str) -> Vec<u8> {
    name_of(PLACES, &[index.as_str().as_bytes(), &[APART], member.as_bytes()])
}

pub fn rank(index: &Index, score: i64, member: &str) -> Vec<u8> {
    name_of(RANKS, &[index.as_str().as_bytes(), &[APART], &sortable(score), member.as_bytes()])
}

/// Every rank of every index.
pub fn ranks_of_all() -> Span {
    all(RANKS)
}

/// The index, score and member in the name of a rank.
pub fn rank_parts(name: &[u8]) -> Result<(&str, i64, &str), BackendError> {
    let unreadable = || damaged("the name of a rank cannot be read");
    let name = name.get(1..).ok_or_else(unreadable)?;
    let apart = name.iter().position(|&byte| byte == APART).ok_or_else(unreadable)?;
    let (score, member) = name[apart + 1..].split_at_checked(8).ok_or_else(unreadable)?;
    let index = std::str::from_utf8(&name[..apart]).map_err(|_| unreadable())?;
    let member = std::str::from_utf8(member).map_err(|_| unreadable())?;
    Ok((index, unsortable(number(score)?), member))
}

/// Where a bound lies among the ranks of an index. `None` for [`Bound::Member`], whose score is yet to be looked up.
pub fn rank_bound(index: &Index, bound: &Bound) -> Option<Vec<u8>> {
    let index_bytes = index.as_str().as_bytes();
    Some(match bound {
        Bound::Start => name_of(RANKS, &[index_bytes, &[APART]]),
        Bound::Score(score) => rank(index, *score, ""),
        Bound::At(score, member) => rank(index, *score, member),
        // The very next name that can be.
        Bound::After(score, member) => rank(index, *score, &format!("{member}\0")),
        // Above every score, with a byte that no member begins with.
        Bound::End => name_of(RANKS, &[index_bytes, &[APART; 10]]),
        Bound::Member(_) => return None,
    })
}

pub fn total(index: &str) -> Vec<u8> {
    name_of(TOTALS, &[index.as_bytes()])
}

/// An idempotency key belongs to the aggregate of its commit.
pub fn once(aggregate: &AggregateId, key: &str) -> Vec<u8> {
    name_of(ONCE, &[aggregate.as_str().as_bytes(), &[APART], key.as_bytes()])
}

/// The aggregate and the key in the name of an idempotency key.
pub fn once_parts(name: &[u8]) -> Result<(AggregateId, &str), BackendError> {
    let name = name.get(1..).unwrap_or_default();
    let apart = name.iter().position(|&byte| byte == APART).ok_or_else(|| damaged("an idempotency key has no end"))?;
    Ok((AggregateId::from_stored(text(&name[..apart])?), text(&name[apart + 1..])?))
}

/// Every idempotency key.
pub fn once_all() -> Span {
    all(ONCE)
}

/// A row that begins with a number: the value's version, or the moment at which an idempotency key expires.
pub fn numbered(number: u64, rest: &[u8]) -> Vec<u8> {
    let mut row = Vec::with_capacity(8 + rest.len());
    row.extend_from_slice(&number.to_be_bytes());
    row.extend_from_slice(rest);
    row
}

/// The number that a row begins with, and the rest.
pub fn numbered_parts(row: &[u8]) -> Result<(u64, &[u8]), BackendError> {
    let (first, rest) = row.split_at_checked(8).ok_or_else(|| damaged("a row is too short"))?;
    Ok((number(first)?, rest))
}

/// A row that is one number.
pub fn number(row: &[u8]) -> Result<u64, BackendError> {
    Ok(u64::from_be_bytes(row.try_into().map_err(|_| damaged("a number has the wrong length"))?))
}

/// A row that is one score.
pub fn score(row: &[u8]) -> Result<i64, BackendError> {
    number(row).map(unsortable)
}

/// A score as bytes in the order of scores.
pub fn sortable(score: i64) -> [u8; 8] {
    (score.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

fn unsortable(number: u64) -> i64 {
    (number ^ (1 << 63)).cast_signed()
}

pub fn epoch(row: &[u8]) -> Result<Epoch, BackendError> {
    Ok(Epoch(Arc::from(text(row)?)))
}

/// Text in a row or its name.
pub fn text(bytes: &[u8]) -> Result<&str, BackendError> {
    std::str::from_utf8(bytes).map_err(|_| damaged("a text cannot be read"))
}

fn name_of(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut name = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    name.push(kind);
    for part in parts {
        name.extend_from_slice(part);
    }
    name
}

fn all(kind: u8) -> Span {
    Span { from: vec![kind], until: vec![kind + 1] }
}
