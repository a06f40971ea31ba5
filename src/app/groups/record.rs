//! A group as it is stored: a head, and a key beside it for each member and for each who is invited.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::AppError;
use crate::app::transact::{Draft, Lanes, Record};
use crate::app::words::{self, Named, Space};
use crate::backend::{AggregateId, Index};
use crate::domain::ids::{GroupId, UserId};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupRecord {
    pub id: String,
    pub name: String,
    pub description: String,
    pub private: bool,
    pub owner: String,
    /// How many there are, the owner among them.
    pub members: u64,
    /// What the next member's number is. Numbers are not used again.
    pub next_number: i64,
    pub created_ms: i64,
    /// How many follow-ups it has had, and when the last of them was written.
    pub follow_ups: u64,
    pub followed_ms: i64,
    /// It was deleted, and there is nobody for whom it is there; its members are still to be struck.
    #[serde(default)]
    pub gone: bool,
}

/// A member, by `member/<user>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    pub number: i64,
    pub joined_ms: i64,
}

/// Somebody who may join, by `invitation/<user>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invitation {
    pub by: String,
    pub invited_ms: i64,
}

impl Record for GroupRecord {
    const KIND: &'static str = "group";
}

impl GroupRecord {
    pub fn group_id(&self) -> Result<GroupId, AppError> {
        GroupId::parse(&self.id).ok_or(AppError::Internal)
    }

    pub fn owner(&self) -> Result<UserId, AppError> {
        UserId::parse(&self.owner).ok_or(AppError::Internal)
    }
}

pub fn aggregate(group: &GroupId) -> AggregateId {
    Lanes::<GroupRecord>::aggregate(group)
}

pub fn member(user: &UserId) -> Arc<str> {
    format!("member/{user}").into()
}

pub fn invitation(user: &UserId) -> Arc<str> {
    format!("invitation/{user}").into()
}

/// All that are open to everybody, scored by when they were made.
pub fn open() -> Index {
    Index::new("groups/open")
}

/// Those of a user, scored by since when.
pub fn of(user: &UserId) -> Index {
    Index::new(format!("groups/of/{user}"))
}

/// Those that a user is invited to, scored by since when.
pub fn inviting(user: &UserId) -> Index {
    Index::new(format!("groups/invited/{user}"))
}

/// The members of a group, scored by their numbers.
pub fn members(group: &GroupId) -> Index {
    Index::new(format!("group/{group}/members"))
}

/// Those who are invited, scored by since when.
pub fn invited(group: &GroupId) -> Index {
    Index::new(format!("group/{group}/invited"))
}

/// Moves the group among those that are listed and found, from what was to what is. `None`: there was, or is, no such group.
pub fn moved(draft: &mut Draft<GroupRecord>, before: Option<&GroupRecord>, now: Option<&GroupRecord>) {
    let Some(id) = now.or(before).map(|group| group.id.clone()) else { return };
    let is_open = |group: Option<&GroupRecord>| group.filter(|group| !group.private).map(|group| group.created_ms);
    if is_open(before) != is_open(now) {
        draft.place(open(), id.as_str(), is_open(now));
    }
    // Private ones are found by those who may see them.
    fn named(group: Option<&GroupRecord>) -> Option<Named<'_>> {
        group.map(|group| Named { name: &group.name, score: words::alphabetical(&group.name) })
    }
    words::place(draft, Space::Groups, &id, named(before), named(now));
}
