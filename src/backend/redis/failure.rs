//! What Redis and the way to it may answer instead, in sentences that say what to do. No URL is ever named: it may hold
//! a password.

use redis::RedisError;

use crate::backend::BackendError;

/// Answers of a Redis that works but does not do this now, and what they mean. The word may also stand inside the answer
/// to a script.
const ANSWERS: [(&str, &str); 14] = [
    ("READONLY", "Redis is a read-only replica: give the URL of the primary"),
    ("OOM", "Redis is out of memory: raise its maxmemory"),
    ("LOADING", "Redis is still loading its data"),
    ("MASTERDOWN", "Redis has lost its primary"),
    ("NOREPLICAS", "Redis has too few replicas to write (min-replicas-to-write)"),
    ("BUSY", "Redis is busy with another script"),
    ("MISCONF", "Redis cannot save to its disk: see its log"),
    ("NOAUTH", "Redis wants a password: put it into the URL"),
    ("WRONGPASS", "Redis does not know this user or password"),
    ("NOPERM", "this user of Redis lacks a permission: it needs all keys and channels that begin with {runnity:"),
    ("CLUSTERDOWN", "the cluster is down"),
    ("TRYAGAIN", "Redis asks to try again"),
    ("MOVED", "this Redis is part of a cluster, which is not supported"),
    ("unknown command", "this Redis lacks a command that is needed: was it renamed or disabled?"),
];

pub fn unreadable() -> BackendError {
    BackendError::Damaged("an answer of Redis cannot be read".into())
}

pub fn damaged(why: impl Into<std::sync::Arc<str>>) -> BackendError {
    BackendError::Damaged(why.into())
}

pub fn unreachable() -> BackendError {
    BackendError::Unavailable("Redis cannot be reached".into())
}

pub fn closed() -> BackendError {
    BackendError::Unavailable("the store is closed".into())
}

pub fn too_much_waits() -> BackendError {
    BackendError::Unavailable("too many commits wait for Redis".into())
}

/// Whether it is known that nothing was carried out: Redis has refused it.
pub fn is_refusal(error: &RedisError) -> bool {
    error.code().is_some()
}

/// The error as the contract has it.
pub fn of(error: &RedisError) -> BackendError {
    let answer = sentence(error);
    if let Some(sentence) = answer {
        return BackendError::Unavailable(sentence.into());
    }
    if says(error, "WRONGTYPE") {
        return damaged("a key holds another kind of data: is something else kept in this database of Redis?");
    }
    if error.is_timeout() {
        return BackendError::Unavailable("Redis has not answered in time".into());
    }
    match error.code() {
        Some(code) => BackendError::Unavailable(format!("Redis has answered with an error ({code})").into()),
        None => unreachable(),
    }
}

/// What to do about it, when Redis has said what is wrong.
pub fn sentence(error: &RedisError) -> Option<&'static str> {
    ANSWERS.iter().find(|(word, _)| says(error, word)).map(|(_, sentence)| *sentence)
}

fn says(error: &RedisError, word: &str) -> bool {
    error.code() == Some(word) || error.code().is_some() && error.detail().is_some_and(|detail| detail.contains(word))
}
