//! All the groups that a user is in, as somebody who knows them all says.
//!
//! A user says it of oneself, and then joins and leaves as anybody does. An admin says it of others: then nobody need invite them, and
//! a group of which nobody knows is made.

use std::collections::BTreeSet;

use crate::app::documents::{GroupName, GroupRole};
use crate::app::groups::joining::{add, take_out};
use crate::app::groups::record::{self, GroupRecord, aggregate};
use crate::app::groups::{not_found, place_of};
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::backend::Range;
use crate::domain::ids::{GroupId, UserId};
use crate::domain::user::Level;
use crate::limits;

/// What is to be done, once all of it has been found possible.
#[derive(Debug, Default)]
pub(in crate::app) struct Placing {
    enter: Vec<GroupId>,
    leave: Vec<GroupId>,
}

impl App {
    /// What makes `user` a member of these groups and of no others, but of those that they own. Nothing is written.
    ///
    /// # Errors
    /// [`AppError::Invalid`]: groups that are not there for the caller, named. [`AppError::Conflict`]: one that is full, or that is being
    /// deleted; too many.
    pub(in crate::app) async fn plan_groups(
        &self,
        by: &Identity,
        user: &UserId,
        wanted: &BTreeSet<GroupId>,
    ) -> Result<Placing, AppError> {
        let current = self.groups_of(user).await?;
        let enter: Vec<GroupId> = wanted.difference(&current).cloned().collect();
        let is_oneself = is_oneself(by, user);
        let mut unknown = Vec::new();
        let aggregates: Vec<_> = enter.iter().map(aggregate).collect();
        for (id, group) in enter.iter().zip(self.groups.read_all(&aggregates).await?) {
            match group {
                Some(group) if group.gone && !is_oneself => {
                    return Err(AppError::conflict(format!("the group {id} is being deleted")));
                }
                Some(group) if group.members >= limits::GROUP_MEMBERS_LEN_MAX => {
                    return Err(AppError::conflict(format!("the group {id} is full")));
                }
                Some(_) if !is_oneself => {}
                Some(group) => match self.roles_in(user, &[&group]).await?.pop().flatten() {
                    Some(GroupRole::Nobody | GroupRole::Invited | GroupRole::Member | GroupRole::Owner) => {}
                    None => unknown.push(id),
                },
                None if is_oneself => unknown.push(id),
                None => {}
            }
        }
        if !unknown.is_empty() {
            let named: Vec<&str> = unknown.iter().take(limits::IDS_NAMED_MAX).map(|id| id.as_str()).collect();
            return Err(AppError::invalid("groups", format!("are not there: {}", named.join(", "))));
        }
        let mut leave = Vec::new();
        for id in current.difference(wanted) {
            // Who owns a group hands it over first: that is nothing that a list says.
            if self.groups.read(&aggregate(id)).await?.is_some_and(|group| group.owner != user.as_str()) {
                leave.push(id.clone());
            }
        }
        let len = (current.len() + enter.len()).saturating_sub(leave.len());
        if !enter.is_empty() && u64::try_from(len).unwrap_or(u64::MAX) > limits::GROUPS_LEN_MAX {
            return Err(AppError::conflict("too many groups"));
        }
        Ok(Placing { enter, leave })
    }

    /// Does what was planned.
    pub(in crate::app) async fn place_in_groups(
        &self,
        by: &Identity,
        user: &UserId,
        Placing { enter, leave }: Placing,
    ) -> Result<(), AppError> {
        for group in &leave {
            let (gone, users) = (user.clone(), [user]);
            let left = self.decide_on_group(group, &users, move |draft, mut group| {
                if group.owner == gone.as_str() { Ok(()) } else { take_out(draft, &mut group, &gone) }
            });
            match left.await {
                // Others have deleted it.
                Err(AppError::NotFound(_)) => {}
                left => left?,
            }
        }
        for group in &enter {
            if is_oneself(by, user) {
                self.join_group(by, group).await?;
            } else {
                self.put_in_group(by, user, group).await?;
            }
        }
        Ok(())
    }

    /// On an admin's word.
    async fn put_in_group(&self, by: &Identity, user: &UserId, id: &GroupId) -> Result<(), AppError> {
        let now_ms = self.clock.now().as_millis();
        let names = [&by.user, user].into_iter().flat_map(|user| [record::member(user), record::invitation(user)]);
        let (group, owner, user) = (id.clone(), by.user.clone(), user.clone());
        self.groups
            .transact_beside(aggregate(id), None, names.collect(), move |draft| {
                let mut record = match draft.record().cloned() {
                    Some(record) if record.gone => return Err(not_found()),
                    Some(record) => record,
                    None => {
                        let mut record = GroupRecord::private(&group, &owner, now_ms);
                        record::moved(draft, None, Some(&record));
                        add(draft, &mut record, &owner, now_ms)?;
                        draft.put(record.clone());
                        record
                    }
                };
                if place_of(draft, &user)?.0.is_none() {
                    add(draft, &mut record, &user, now_ms)?;
                    draft.put(record);
                }
                Ok(())
            })
            .await
    }

    /// All that a user is a member of.
    pub(in crate::app) async fn groups_of(&self, user: &UserId) -> Result<BTreeSet<GroupId>, AppError> {
        // An admin may own more than anybody may join.
        let range = Range::all(record::of(user), limits::LIST_LOOKED_AT_MAX);
        let members = self.backend.range(&range).await?.members;
        members.iter().map(|(_, member)| GroupId::parse(member).ok_or(AppError::Internal)).collect()
    }

    /// The names of all that a user is a member of.
    pub(in crate::app) async fn group_names_of(&self, user: &UserId) -> Result<Vec<GroupName>, AppError> {
        let aggregates: Vec<_> = self.groups_of(user).await?.iter().map(aggregate).collect();
        let groups = self.groups.read_all(&aggregates).await?;
        let there = groups.into_iter().flatten().filter(|group| !group.gone);
        Ok(there.map(|group| GroupName { id: group.id.clone(), name: group.name.clone() }).collect())
    }
}

/// An admin's word is an admin's of themselves too.
fn is_oneself(by: &Identity, user: &UserId) -> bool {
    by.user == *user && by.level != Level::Admin
}

impl GroupRecord {
    /// A group of which nothing is known but its id.
    fn private(id: &GroupId, owner: &UserId, now_ms: i64) -> Self {
        Self {
            id: id.to_string(),
            name: id.to_string(),
            description: String::new(),
            private: true,
            owner: owner.to_string(),
            members: 0,
            next_number: 1,
            created_ms: now_ms,
            follow_ups: 0,
            followed_ms: 0,
            gone: false,
        }
    }
}
