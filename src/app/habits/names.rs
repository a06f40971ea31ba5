//! What the documents of a board are called, and the indexes by which they are found.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::app::habits::OpId;
use crate::backend::Index;
use crate::domain::habit::history::Of;
use crate::domain::habit::task::TaskId;
use crate::domain::ids::UserId;

/// The name of a [`TagsRecord`](super::tasks::TagsRecord).
pub const TAGS: &str = "habits/tags";
/// The name of what of the user nothing here reads.
pub const OTHER: &str = "habits/other";
/// What the names of tasks begin with.
const TASKS: &str = "habits/t/";
/// What the names of histories begin with.
const HISTORIES: &str = "habits/h/";
/// In place of a month: what is older, one value for each month.
pub const OLD: u32 = 0;

/// The names of all documents of a board but the head and the ids of operations.
pub fn all_of(user: &UserId) -> Index {
    Index::new(format!("habits/of/{user}"))
}

/// The names of the ids of operations that were carried out, scored by the day.
pub fn ops_of(user: &UserId) -> Index {
    Index::new(format!("habits/ops/{user}"))
}

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    Tags,
    Other,
    Task,
    History(Of, u32),
}

pub fn parse(name: &str) -> Option<Named> {
    match name {
        TAGS => return Some(Named::Tags),
        OTHER => return Some(Named::Other),
        _ => {}
    }
    if name.starts_with(TASKS) {
        return Some(Named::Task);
    }
    let (of, month) = name.strip_prefix(HISTORIES)?.rsplit_once('/')?;
    let of = match of {
        "todos" => Of::Todos,
        "exp" => Of::Exp,
        task => Of::Task(TaskId::parse(task.strip_prefix("t/")?)?),
    };
    Some(Named::History(of, month.parse().ok()?))
}

pub fn task(id: &TaskId) -> Arc<str> {
    format!("{TASKS}{id}").into()
}

/// `month`: `yyyymm`, or [`OLD`].
pub fn history(of: &Of, month: u32) -> Arc<str> {
    match of {
        Of::Todos => format!("{HISTORIES}todos/{month}"),
        Of::Exp => format!("{HISTORIES}exp/{month}"),
        Of::Task(id) => format!("{HISTORIES}t/{id}/{month}"),
    }
    .into()
}

/// Whatever a device calls its operations, all have names of one length.
pub fn op(id: &OpId) -> Arc<str> {
    let digest = Sha256::digest(id.as_str().as_bytes());
    let half: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("habits/op/{half}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let id = TaskId::parse("todos").unwrap();
        for of in [Of::Todos, Of::Exp, Of::Task(id.clone())] {
            for month in [OLD, 202_611] {
                assert_eq!(parse(&history(&of, month)), Some(Named::History(of.clone(), month)));
            }
        }
        assert_eq!(parse(&task(&id)), Some(Named::Task));
        assert_eq!((parse(TAGS), parse(OTHER)), (Some(Named::Tags), Some(Named::Other)));
        assert_eq!(parse("habits/h/tea/202611"), None);
        assert_eq!(parse("progress/m/x"), None);
        let [one, other] = ["a", "b"].map(|id| op(&OpId::parse(id).unwrap()));
        assert!(one != other && one.len() == other.len());
    }
}
