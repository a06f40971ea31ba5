//! What a decision sees and changes: the record, and what is written beside it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{Record, decode, encode};
use crate::app::AppError;
use crate::backend::{AggregateId, Append, Commit, Expect, Index, Keep, Move, Once, Put, Version, Versioned};

/// What a decision sees and changes.
pub struct Draft<R> {
    /// Of the head, as it was read.
    version: Version,
    pub(super) record: Option<Arc<R>>,
    pub(super) changed: bool,
    /// What stands beside the head, by name, as far as a decision asked for it.
    beside: Arc<HashMap<Arc<str>, Versioned>>,
    commit: Commit,
    /// By name, which of the commit's puts write it: thousands go in one commit, and each may be looked for.
    written: HashMap<Arc<str>, Vec<usize>>,
}

/// How far a draft had come before a decision.
pub(super) struct Mark<R> {
    record: Option<Arc<R>>,
    changed: bool,
    lens: [usize; 4],
}

impl<R: Record> Draft<R> {
    pub fn record(&self) -> Option<&R> {
        self.record.as_deref()
    }

    pub fn put(&mut self, record: R) {
        self.record = Some(Arc::new(record));
        self.changed = true;
    }

    /// On what the decisions before left.
    pub(super) fn on(
        aggregate: AggregateId,
        version: Version,
        record: Option<Arc<R>>,
        beside: Arc<HashMap<Arc<str>, Versioned>>,
    ) -> Self {
        Self { version, record, changed: false, beside, commit: Commit::on(aggregate), written: HashMap::new() }
    }

    /// That the head is still of the version that the caller has seen, if the caller has said which: [`AppError::Stale`] if
    /// another write came first, be it of a decision that goes in the same commit.
    pub fn expect(&self, if_version: Option<Version>) -> Result<(), AppError> {
        match if_version {
            Some(seen) if self.changed || seen != self.version => Err(AppError::Stale),
            _ => Ok(()),
        }
    }

    /// Whether the head is as it is stored: no decision that goes in the same commit has made it another.
    pub const fn is_as_stored(&self) -> bool {
        !self.changed
    }

    pub fn aggregate(&self) -> &AggregateId {
        &self.commit.aggregate
    }

    /// The document of this name beside the head, as the decisions before left it. Only those can be seen that were named to
    /// [`Lanes::transact_beside`](super::Lanes::transact_beside); of others it is not known whether they are there.
    ///
    /// # Errors
    /// [`AppError::Internal`]: it was not named, or cannot be read.
    pub fn beside<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, AppError> {
        self.bytes_beside(name)?.map(decode).transpose()
    }

    /// As [`Draft::beside`], as it is stored.
    pub fn bytes_beside(&self, name: &str) -> Result<Option<&[u8]>, AppError> {
        let last = self.written.get(name).and_then(|places| places.last());
        match last.and_then(|&place| self.commit.puts.get(place)) {
            Some(put) => Ok(put.value.as_deref()),
            None => Ok(self.beside.get(name).ok_or(AppError::Internal)?.value.as_deref()),
        }
    }

    /// Puts a document beside the head.
    pub fn put_beside(&mut self, name: &str, value: Bytes) {
        self.write(name, Some(value));
    }

    /// Removes a document from beside the head.
    pub fn remove_beside(&mut self, name: &str) {
        self.write(name, None);
    }

    fn write(&mut self, name: &str, value: Option<Bytes>) {
        let key = self.commit.aggregate.key(name);
        self.written.entry(key.name.clone()).or_default().push(self.commit.puts.len());
        self.commit.puts.push(Put { key, value });
    }

    /// Removes the head itself.
    pub fn remove(&mut self) {
        self.record = None;
        self.changed = true;
    }

    /// Puts `member` into an index, or takes it out.
    pub fn place(&mut self, index: Index, member: impl Into<Arc<str>>, score: Option<i64>) {
        self.commit.moves.push(Move { index, member: member.into(), score });
    }

    /// Appends a change to the aggregate's topic of this name.
    pub fn append(&mut self, topic: &str, keep: Keep, payload: Bytes) {
        let topic = self.commit.aggregate.topic(topic);
        self.commit.appends.push(Append { topic, keep, payload });
    }

    /// Forgets all changes of the aggregate's topic of this name; what is appended by the same decision stays.
    pub fn clear(&mut self, topic: &str) {
        let topic = self.commit.aggregate.topic(topic);
        self.commit.clears.push(topic);
    }

    pub(super) fn is_worth_a_commit(&self) -> bool {
        let commit = &self.commit;
        let empty = commit.puts.is_empty() && commit.moves.is_empty() && commit.appends.is_empty();
        self.changed || !empty || !commit.clears.is_empty()
    }

    pub(super) fn mark(&self) -> Mark<R> {
        let commit = &self.commit;
        let lens = [commit.puts.len(), commit.moves.len(), commit.appends.len(), commit.clears.len()];
        Mark { record: self.record.clone(), changed: self.changed, lens }
    }

    /// Roughly how much has been written since, besides the head.
    pub(super) fn bytes_since(&self, mark: &Mark<R>) -> usize {
        let [puts, moves, appends, _] = mark.lens;
        let commit = &self.commit;
        let put = |put: &Put| put.key.name.len() + put.value.as_ref().map_or(0, Bytes::len);
        let moved = |it: &Move| it.index.as_str().len() + it.member.len();
        let puts: usize = commit.puts.iter().skip(puts).map(put).sum();
        let moves: usize = commit.moves.iter().skip(moves).map(moved).sum();
        let appends: usize = commit.appends.iter().skip(appends).map(|append| append.payload.len()).sum();
        puts + moves + appends
    }

    pub(super) fn back_to(&mut self, Mark { record, changed, lens: [puts, moves, appends, clears] }: Mark<R>) {
        self.record = record;
        self.changed = changed;
        for put in self.commit.puts.drain(puts..) {
            // The last ones, in whichever order.
            self.written.get_mut(&put.key.name).and_then(Vec::pop);
        }
        self.commit.moves.truncate(moves);
        self.commit.appends.truncate(appends);
        self.commit.clears.truncate(clears);
    }

    pub(super) fn into_commit(mut self, aggregate: &AggregateId, once: Vec<Once>) -> Result<Commit, AppError> {
        let key = aggregate.key(R::NAME);
        self.commit.expect.push(Expect { key: key.clone(), version: self.version });
        let beside = self.beside.iter();
        self.commit.expect.extend(beside.map(|(name, it)| Expect { key: aggregate.key(name), version: it.version }));
        keep_the_last(&mut self.commit.puts);
        if self.changed {
            let value = self.record.as_deref().map(encode).transpose()?;
            self.commit.puts.push(Put { key, value });
        }
        self.commit.once = once;
        Ok(self.commit)
    }
}

/// Of several values for one key, written by one decision after another, the last one counts.
fn keep_the_last(puts: &mut Vec<Put>) {
    let mut known = HashSet::new();
    let is_last: Vec<bool> = puts.iter().rev().map(|put| known.insert(put.key.name.clone())).collect();
    let mut is_last = is_last.into_iter().rev();
    puts.retain(|_| is_last.next().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Clone, Serialize, Deserialize)]
    struct Head;

    impl Record for Head {
        const KIND: &'static str = "thing";
    }

    #[test]
    fn what_a_refused_decision_has_written_is_not_seen_by_the_next() {
        let stored =
            |value: Option<&'static str>| Versioned { version: Version::ABSENT, value: value.map(Bytes::from) };
        let beside = [("a".into(), stored(Some("stored"))), ("b".into(), stored(None))];
        let aggregate = AggregateId::new("thing", "1");
        let mut draft = Draft::<Head>::on(aggregate, Version::ABSENT, None, Arc::new(HashMap::from(beside)));
        let seen = |draft: &Draft<Head>, name: &str| {
            draft.bytes_beside(name).unwrap().map(|value| String::from_utf8_lossy(value).into_owned())
        };
        assert_eq!((seen(&draft, "a").as_deref(), seen(&draft, "b")), (Some("stored"), None));
        draft.put_beside("a", Bytes::from("first"));
        let mark = draft.mark();
        draft.put_beside("b", Bytes::from("refused"));
        draft.put_beside("a", Bytes::from("refused"));
        draft.remove_beside("a");
        assert_eq!((seen(&draft, "a"), seen(&draft, "b").as_deref()), (None, Some("refused")));
        draft.back_to(mark);
        assert_eq!((seen(&draft, "a").as_deref(), seen(&draft, "b")), (Some("first"), None));
        draft.remove_beside("a");
        assert_eq!(seen(&draft, "a"), None);
        assert!(draft.bytes_beside("c").is_err());
    }
}
