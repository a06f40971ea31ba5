//! Topics: reading their changes back.

use redis::Value;

use super::script::{Answer, Call};
use super::{epoch_of, failure, names};
use crate::backend::{BackendError, Change, Cursor, Replay, Since, Topic};

/// What a replay found.
pub enum Outcome {
    Found(Replay),
    /// There is no store: Redis was wiped.
    Wiped,
}

/// See `replay.lua`.
pub fn call(topic: &Topic, since: &Since, limit: usize) -> Call {
    let mut call = Call::default();
    call.key(names::meta());
    call.key(names::aggregate(&topic.aggregate));
    call.key(names::stream(topic));
    call.argument(names::topic_field(topic));
    match since {
        Since::Oldest => {
            call.argument("");
            call.number(0);
        }
        Since::Cursor(cursor) => {
            call.argument(cursor.epoch.0.to_string());
            call.number(cursor.offset);
        }
    }
    call.number(limit.min(i32::MAX as usize));
    call
}

/// Reads what the script has answered to this call.
pub fn outcome(since: &Since, limit: usize, answer: Value) -> Result<Outcome, BackendError> {
    let mut answer = Answer::of(answer)?;
    let kind = answer.text()?;
    match (kind.as_str(), since) {
        ("wiped", _) => return Ok(Outcome::Wiped),
        ("damaged", _) => return Err(failure::damaged(answer.text()?)),
        ("lost", Since::Cursor(_)) | ("changes", _) => {}
        _ => return Err(failure::unreadable()),
    }
    let top = Cursor { epoch: epoch_of(answer.text()?)?, offset: answer.unsigned()? };
    if kind == "lost" {
        return Ok(Outcome::Found(Replay::Lost { top }));
    }
    let (first, mut entries) = (answer.unsigned()?, answer.list()?);
    let wanted = usize::try_from((top.offset + 1).saturating_sub(first)).unwrap_or(usize::MAX).min(limit);
    if entries.len() != wanted {
        return Err(failure::damaged("changes of a topic are missing: does Redis evict keys (maxmemory-policy)?"));
    }
    let mut changes = Vec::with_capacity(entries.len());
    for offset in first.. {
        if entries.is_empty() {
            break;
        }
        let mut entry = entries.list()?;
        if entry.text()? != format!("{offset}-0") {
            return Err(failure::damaged("a change of a topic is missing"));
        }
        let mut fields = entry.list()?;
        fields.bytes()?;
        changes.push(Change { offset, payload: fields.bytes()? });
    }
    Ok(Outcome::Found(Replay::Changes { changes, top }))
}

/// A new life's name: six letters, by chance.
pub fn new_life() -> String {
    (0..6).map(|_| char::from(b'a' + rand::random_range(0..26_u8))).collect()
}
