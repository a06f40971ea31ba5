//! Why an operation is not carried out. Nothing has changed then, and the others of its batch go on.

use thiserror::Error;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HabitError {
    #[error("a task needs an id: 1 to 100 characters, none of them a space, a dot or a slash")]
    TaskId,
    #[error("a task's type is one of habit, daily, todo and reward")]
    TaskKind,
    #[error("there is a task with this id already")]
    Taken,
    #[error("there is no such task")]
    NoTask,
    #[error("there is no such tag")]
    NoTag,
    #[error("there is no such item")]
    NoItem,
    #[error("there is a tag with this id already")]
    TagTaken,
    #[error("there is an item with this id already")]
    ItemTaken,
    /// Of a task, a tag that the user does not have.
    #[error("a task's tags are ids of the user's tags")]
    UnknownTag,
    /// A member of a task or of a change that cannot be what it is, or that tasks of this type do not have.
    #[error("`{0}` cannot be this")]
    Member(&'static str),
    #[error("`{member}` has more than {bytes_max} bytes")]
    TooLong { member: &'static str, bytes_max: usize },
    /// Too many, or too deep.
    #[error("there are more than {len_max} {what}")]
    TooMany { what: &'static str, len_max: usize },
    #[error("all tasks together have more than {bytes_max} bytes")]
    Full { bytes_max: usize },
    #[error("path `{0}` was not saved, as it is protected")]
    Protected(String),
    /// In the words of the original.
    #[error("Not enough GP")]
    NotEnoughGold,
    #[error("there is nothing better to buy")]
    NothingBetter,
    #[error("the user is dead, and has to revive first")]
    Dead,
    #[error("the user is alive")]
    Alive,
}
