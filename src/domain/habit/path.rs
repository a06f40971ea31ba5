//! The path of a `set`: which property it means, and whether anybody may write it. What stands there is not known here.

use super::bounds::{PATH_BYTES_MAX, PATH_PARTS_MAX};
use super::task::TaskId;

/// First names that hold what is not a client's to write: credentials, what was paid for, ids, and what the server counts.
const PROTECTED: [&str; 14] = [
    "_id",
    "_v",
    "apiToken",
    "auth",
    "backer",
    "balance",
    "contributor",
    "earned",
    "history",
    "id",
    "permissions",
    "purchased",
    "token",
    "_tmp",
];
/// Names that are an id, wherever below them they stand.
const IDS: [&str; 2] = ["id", "_id"];
/// What JavaScript gives every object. None of them is a property of anybody's.
const INHERITED: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// What a path means. The parts are what is left of it, at least one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path<'a> {
    /// `tasks.<id>.<property>`
    Task(TaskId, Vec<&'a str>),
    /// Anything else of the user.
    User(Vec<&'a str>),
    /// It may be there, and is not written.
    Protected,
    /// Nobody has such a property: an empty part, a name of every object's, or too long.
    Nowhere,
}

impl<'a> Path<'a> {
    pub fn parse(path: &'a str) -> Self {
        if path.len() > PATH_BYTES_MAX {
            return Self::Nowhere;
        }
        let parts: Vec<&str> = path.split('.').take(PATH_PARTS_MAX + 1).collect();
        let is_odd = |part: &&str| part.is_empty() || INHERITED.contains(part);
        if parts.len() > PATH_PARTS_MAX || parts.iter().any(is_odd) {
            return Self::Nowhere;
        }
        let last_is_id = parts.last().is_some_and(|last| IDS.contains(last));
        match parts.as_slice() {
            ["tasks", _, "type"] => Self::Protected,
            ["tasks", _, _, ..] if last_is_id => Self::Protected,
            ["tasks", id, rest @ ..] if !rest.is_empty() => match TaskId::parse(id) {
                Some(id) => Self::Task(id, rest.to_vec()),
                None => Self::Nowhere,
            },
            [first, ..] if PROTECTED.contains(first) || (last_is_id && *first != "tasks") => Self::Protected,
            _ => Self::User(parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_it_means() {
        let long = format!("preferences.{}", "x".repeat(PATH_BYTES_MAX));
        let deep = ["x"; PATH_PARTS_MAX + 1].join(".");
        for (path, wanted) in [
            ("preferences.hair", Path::User(vec!["preferences", "hair"])),
            ("lastCron", Path::User(vec!["lastCron"])),
            ("tasks.a-1.notes", Path::Task(TaskId::parse("a-1").unwrap(), vec!["notes"])),
            ("tasks.a-1.repeat.su", Path::Task(TaskId::parse("a-1").unwrap(), vec!["repeat", "su"])),
            ("tasks", Path::User(vec!["tasks"])),
            ("tasks.id", Path::User(vec!["tasks", "id"])),
            ("tasks..x", Path::Nowhere),
            ("tasks.a.", Path::Nowhere),
            (".stats.hp", Path::Nowhere),
            ("", Path::Nowhere),
            ("__proto__", Path::Nowhere),
            ("__proto__.polluted", Path::Nowhere),
            ("tasks.__proto__.x", Path::Nowhere),
            ("stats.constructor.prototype.x", Path::Nowhere),
            (&long, Path::Nowhere),
            (&deep, Path::Nowhere),
            ("apiToken", Path::Protected),
            ("auth.local.hashed_password", Path::Protected),
            ("auth", Path::Protected),
            ("balance", Path::Protected),
            ("id", Path::Protected),
            ("_id", Path::Protected),
            ("_v", Path::Protected),
            ("tags.0.id", Path::Protected),
            ("tasks.a-1.id", Path::Protected),
            ("tasks.a-1.type", Path::Protected),
            ("tasks.a-1.checklist.0.id", Path::Protected),
        ] {
            assert_eq!(Path::parse(path), wanted, "{path}");
        }
    }
}
