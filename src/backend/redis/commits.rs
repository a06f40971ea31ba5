//! Commits as calls of a script, and its answers.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use redis::Value;

use super::names::{self, Channels};
use super::script::{Answer, Call};
use super::{epoch_of, failure, topics};
use crate::backend::{BackendError, Commit, Committed, Cursor, Keep, Once, Topic, Version};

/// Nothing is remembered longer: a hundred years.
pub const KEEP_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// What came of a commit.
pub enum Outcome {
    /// What was made, and where the counter stands now (0: nothing was written).
    Done(Committed, u64),
    Conflict,
    Repeated(Vec<Once>),
    /// There is no store: Redis was wiped. Nothing was written.
    Wiped,
}

/// The topics of a commit, each of them once.
#[derive(Default)]
struct Topics<'commit> {
    numbers: HashMap<&'commit Topic, usize>,
    in_order: Vec<&'commit Topic>,
}

/// See `commit.lua` for the order of things.
pub fn call(commit: &Commit, channels: &Channels) -> Call {
    let mut call = Call::default();
    let mut topics = Topics::default();
    let trimmed = commit.trims.iter().map(|trim| &trim.topic);
    let appended = commit.appends.iter().map(|append| &append.topic);
    commit.clears.iter().chain(trimmed).chain(appended).for_each(|topic| topics.add(topic));
    call.key(names::meta());
    call.key(names::aggregate(&commit.aggregate));
    commit.once.iter().for_each(|once| call.key(names::once(&commit.aggregate, &once.key)));
    topics.in_order.iter().for_each(|topic| call.key(names::stream(topic)));
    commit.moves.iter().for_each(|step| call.key(names::index(&step.index)));
    for len in [commit.once.len(), commit.expect.len(), topics.in_order.len()] {
        call.number(len);
    }
    for len in [commit.puts.len(), commit.moves.len(), commit.clears.len(), commit.trims.len(), commit.appends.len()] {
        call.number(len);
    }
    for once in &commit.once {
        call.argument(once.record.clone());
        call.number(once.keep.min(KEEP_MAX).as_millis().max(1));
    }
    for expect in &commit.expect {
        call.argument(names::version_field(&expect.key));
        call.number(expect.version.0);
    }
    for topic in &topics.in_order {
        call.argument(names::topic_field(topic));
        call.argument(channels.topic(topic));
    }
    write(&mut call, commit, &topics);
    call
}

/// The second half: what is to be written.
fn write(call: &mut Call, commit: &Commit, topics: &Topics<'_>) {
    for put in &commit.puts {
        call.argument(names::value_field(&put.key));
        call.argument(names::version_field(&put.key));
        call.argument(if put.value.is_some() { "1" } else { "0" });
        call.argument(put.value.clone().unwrap_or_default());
    }
    for step in &commit.moves {
        call.argument(Bytes::copy_from_slice(step.member.as_bytes()));
        call.argument(step.score.map(|score| score.to_string()).unwrap_or_default());
    }
    for topic in &commit.clears {
        call.number(topics.number(topic));
        call.argument(topics::new_life());
    }
    for trim in &commit.trims {
        call.number(topics.number(&trim.topic));
        call.number(trim.until);
    }
    for append in &commit.appends {
        call.number(topics.number(&append.topic));
        call.number(match append.keep {
            Keep::Newest(len) => i64::from(len.max(1)),
            Keep::Latest => 1,
            Keep::Everything => 0,
            Keep::Nothing => -1,
        });
        call.argument(append.payload.clone());
    }
}

/// Reads what the script has answered.
pub fn outcome(commit: &Commit, answer: Value) -> Result<Outcome, BackendError> {
    let mut answer = Answer::of(answer)?;
    match answer.text()?.as_str() {
        "done" => {
            let (version, counter) = (Version(answer.unsigned()?), answer.unsigned()?);
            let mut cursors = Vec::with_capacity(commit.appends.len());
            for _ in &commit.appends {
                cursors.push(Cursor { epoch: epoch_of(answer.text()?)?, offset: answer.unsigned()? });
            }
            Ok(Outcome::Done(Committed { version, cursors }, counter))
        }
        "conflict" => Ok(Outcome::Conflict),
        "repeated" => {
            let mut repeated = Vec::new();
            while !answer.is_empty() {
                let once = usize::try_from(answer.number()? - 1).ok().and_then(|number| commit.once.get(number));
                let key = once.ok_or_else(failure::unreadable)?.key.clone();
                let record = answer.bytes()?;
                let left = Duration::from_millis(u64::try_from(answer.number()?).unwrap_or(0));
                repeated.push(Once { key, record, keep: left });
            }
            Ok(Outcome::Repeated(repeated))
        }
        "wiped" => Ok(Outcome::Wiped),
        "damaged" => Err(failure::damaged(answer.text()?)),
        _ => Err(failure::unreadable()),
    }
}

impl<'commit> Topics<'commit> {
    fn add(&mut self, topic: &'commit Topic) {
        let next = self.in_order.len() + 1;
        if *self.numbers.entry(topic).or_insert(next) == next {
            self.in_order.push(topic);
        }
    }

    /// Counted from 1, as the script does.
    fn number(&self, topic: &Topic) -> usize {
        self.numbers.get(topic).copied().unwrap_or(0)
    }
}
