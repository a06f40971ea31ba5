//! What Redis and the way to it may answer instead, in sentences that say what to do. No URL is ever named: it may hold
//! a password.

use redis::RedisError;

use crate::backend::BackendError;

/// Something that Redis says, or the way to it, and what is to be done about it.
struct Meaning {
    /// The first word of an answer of Redis.
    code: &'static str,
    /// What it is called where faults are counted.
    kind: &'static str,
    sentence: &'static str,
}

/// A Redis that works but does not do this now.
const ANSWERS: [Meaning; 13] = [
    meaning("READONLY", READ_ONLY_KIND, READ_ONLY),
    meaning("OOM", "oom", "Redis is out of memory: raise its maxmemory"),
    meaning("LOADING", "loading", "Redis is still loading its data"),
    meaning("MASTERDOWN", "masterdown", "Redis has lost its primary"),
    meaning("NOREPLICAS", "noreplicas", "Redis has too few replicas to write (min-replicas-to-write)"),
    meaning("BUSY", "busy", "Redis is busy with another script"),
    meaning("MISCONF", "misconf", "Redis cannot save to its disk: see its log"),
    meaning("NOAUTH", "auth", "Redis wants a password: put it into the URL"),
    meaning("WRONGPASS", "auth", "Redis does not know this user or password"),
    meaning("NOPERM", "noperm", NO_PERMISSION),
    meaning("CLUSTERDOWN", "cluster", "the cluster is down"),
    meaning("TRYAGAIN", "cluster", "Redis asks to try again"),
    meaning("MOVED", "cluster", "this Redis is part of a cluster, which is not supported"),
];

pub const READ_ONLY_KIND: &str = "readonly";
pub const READ_ONLY: &str = "Redis is a read-only replica: give the URL of the primary";

/// All that a user of Redis needs, as Redis's own rules have it.
macro_rules! rights {
    () => {
        "~{runnity:* resetchannels &{runnity:* +@all -@dangerous +info +config|get"
    };
}
pub const RIGHTS: &str = rights!();

const NO_PERMISSION: &str = concat!("this user of Redis lacks a permission: it needs ", rights!());

/// Words of answers that have no code of their own.
const PHRASES: [Meaning; 5] = [
    meaning("nknown command", "unknown_command", UNKNOWN_COMMAND),
    meaning("nknown Redis command", "unknown_command", UNKNOWN_COMMAND),
    meaning(
        "DB index is out of range",
        "other",
        "this Redis has no database of that number: it stands last in the URL",
    ),
    meaning("max number of clients", "other", "Redis has too many connections: raise its maxclients"),
    // Redis 6 says so inside a script.
    meaning("user executing the script can't", "noperm", NO_PERMISSION),
];

const UNKNOWN_COMMAND: &str = "this Redis lacks a command that is needed: was it renamed or disabled?";

/// Words of a connection that could not be made.
const WAYS: [Meaning; 3] = [
    meaning(
        "invalid peer certificate",
        "tls",
        "the certificate of Redis is not trusted: name the file of its authority in the URL (?ca=/path/to/ca.pem), and the host as the certificate has it",
    ),
    meaning("InvalidContentType", "tls", "there is no TLS at this port: use redis:// instead of rediss://"),
    meaning(
        "CertificateRequired",
        "tls",
        "Redis wants to see a certificate: name its file and that of its key in the URL (?cert=/path/to/cert.pem&key=/path/to/key.pem)",
    ),
];

const fn meaning(code: &'static str, kind: &'static str, sentence: &'static str) -> Meaning {
    Meaning { code, kind, sentence }
}

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
    if let Some(sentence) = sentence(error) {
        return BackendError::Unavailable(sentence.into());
    }
    if has_code(error, "WRONGTYPE") {
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

/// What to do about it, when it is known what is wrong.
pub fn sentence(error: &RedisError) -> Option<&'static str> {
    meaning_of(error).map(|meaning| meaning.sentence)
}

/// What it is called where faults are counted: one of a fixed set.
pub fn kind(error: &RedisError) -> &'static str {
    match meaning_of(error) {
        Some(meaning) => meaning.kind,
        None if has_code(error, "WRONGTYPE") => "wrongtype",
        None if has_code(error, "NOSCRIPT") => "noscript",
        None if error.code().is_some() => "other",
        None if error.is_timeout() => "timeout",
        None => "connection",
    }
}

fn meaning_of(error: &RedisError) -> Option<&'static Meaning> {
    if error.code().is_none() {
        let text = error.to_string();
        return WAYS.iter().find(|meaning| text.contains(meaning.code));
    }
    let says = |phrase: &str| error.detail().is_some_and(|detail| detail.contains(phrase));
    let answer = ANSWERS.iter().find(|meaning| has_code(error, meaning.code));
    answer.or_else(|| PHRASES.iter().find(|meaning| says(meaning.code)))
}

/// Whether this is the code of the answer. Before Redis 7, that of a command inside a script stands in the text, after the
/// place in the script: `…: -OOM …` or `…: WRONGTYPE …`.
fn has_code(error: &RedisError, code: &str) -> bool {
    if error.code() != Some("ERR") {
        return error.code() == Some(code);
    }
    let inner = |part: &str| part.strip_prefix('-').unwrap_or(part).split(' ').next() == Some(code);
    error.detail().is_some_and(|detail| detail.split(": ").skip(1).any(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it comes by the wire.
    fn answered(line: &str) -> RedisError {
        let (code, detail) = line.split_once(' ').unwrap_or((line, ""));
        redis::make_extension_error(code.to_owned(), Some(detail.to_owned()))
    }

    #[test]
    fn an_answer_is_told_by_its_code_alone() {
        let table = [
            ("OOM command not allowed when used memory > 'maxmemory'.", "oom"),
            ("MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk.", "misconf"),
            ("NOREPLICAS Not enough good replicas to write.", "noreplicas"),
            ("READONLY You can't write against a read only replica.", "readonly"),
            ("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "busy"),
            ("NOPERM User default has no permissions to run the 'xadd' command", "noperm"),
            (
                "ERR Error running script (call to f_0): @user_script:9: @user_script: 9: -OOM command not allowed",
                "oom",
            ),
            ("ERR Error running script (call to f_0): @user_script:9: -MISCONF Redis is configured", "misconf"),
            ("ERR Error running script (call to f_0): @user_script:9: WRONGTYPE Operation against a key", "wrongtype"),
            ("ERR The user executing the script can't run this command or subcommand", "noperm"),
            ("ERR unknown command 'EVALSHA', with args beginning with: ", "unknown_command"),
            ("ERR Unknown Redis command called from script script: 0, on @user_script:1.", "unknown_command"),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", "wrongtype"),
            ("BUSYGROUP Consumer Group name already exists", "other"),
            ("BUSYKEY Target key name already exists, OOM and READONLY and all.", "other"),
            ("ERR no such key: -OOMPH", "other"),
        ];
        for (line, expected) in table {
            assert_eq!(kind(&answered(line)), expected, "{line}");
        }
    }
}
