//! Who is in a group: joining, inviting, leaving, and being taken out.

use crate::app::documents::{ChangeDocument, GroupInvitation, GroupName, GroupRole, MemberDocument, UserName};
use crate::app::due::Due;
use crate::app::follow_ups::FollowUp;
use crate::app::groups::record::{self, GroupRecord, Invitation, Member, aggregate};
use crate::app::groups::{cause, not_found, place_of};
use crate::app::mentions;
use crate::app::transact::{Draft, encode};
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::backend::Range;
use crate::domain::ids::{GroupId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

impl App {
    /// The caller is a member from now on. Joining twice is the same success.
    pub async fn join_group(&self, identity: &Identity, group: &GroupId) -> Result<MemberDocument, AppError> {
        let (_, _, role) = self.visible_group(identity, group).await?;
        if role == GroupRole::Nobody || role == GroupRole::Invited {
            self.has_room_for_group(&identity.user).await?;
        }
        let (user, now_ms) = (identity.user.clone(), self.clock.now().as_millis());
        let (is_owner, joined_ms) = self
            .decide_on_group(group, &[&identity.user], move |draft, mut group| {
                let is_owner = group.owner == user.as_str();
                let (member, invitation) = place_of(draft, &user)?;
                if let Some(member) = member {
                    return Ok((is_owner, member.joined_ms));
                }
                if group.private && invitation.is_none() {
                    return Err(not_found());
                }
                add(draft, &mut group, &user, now_ms)?;
                draft.put(group);
                Ok((is_owner, now_ms))
            })
            .await?;
        let role = if is_owner { GroupRole::Owner } else { GroupRole::Member };
        Ok(MemberDocument::of(&identity.user, identity.name.to_string(), role, joined_ms))
    }

    /// By id or name: they may join, and are told so. The owner invites, to an open group every member. To invite twice is the same
    /// success, and so is to invite a member.
    pub async fn invite_to_group(
        &self,
        identity: &Identity,
        group: &GroupId,
        whom: &str,
    ) -> Result<MemberDocument, AppError> {
        let (record, _, role) = self.visible_group(identity, group).await?;
        if role != GroupRole::Owner && (record.private || role != GroupRole::Member) {
            return Err(AppError::Forbidden);
        }
        let whom = self.user_called(whom).await?.ok_or(AppError::NotFound("user"))?;
        if !self.sees_user(&Caller::User(identity.clone()), &whom).await? {
            return Err(AppError::NotFound("user"));
        }
        if self.len_of(record::invited(group)).await? >= limits::GROUP_INVITED_LEN_MAX {
            return Err(AppError::conflict("too many are invited who have not answered yet"));
        }
        let (by, now) = (identity.clone(), self.clock.now());
        let user = whom.clone();
        let (is_member, since_ms) = self
            .decide_on_group(group, &[&identity.user, &whom], move |draft, mut group| {
                let is_owner = group.owner == by.user.as_str();
                let (inviter, _) = place_of(draft, &by.user)?;
                if inviter.is_none() || (group.private && !is_owner) {
                    return Err(AppError::Forbidden);
                }
                match place_of(draft, &user)? {
                    (Some(member), _) => return Ok((true, member.joined_ms)),
                    (None, Some(invitation)) => return Ok((false, invitation.invited_ms)),
                    (None, None) => {}
                }
                invite(draft, &mut group, &user, &by, now)?;
                draft.put(group);
                Ok((false, now.as_millis()))
            })
            .await?;
        let name = self.name_of(&whom).await?;
        let role = if is_member { GroupRole::Member } else { GroupRole::Invited };
        Ok(MemberDocument::of(&whom, name, role, since_ms))
    }

    /// The caller leaves or declines, or the owner takes somebody out or withdraws what they were invited to. For whoever is in no
    /// place of the group it is the same success.
    ///
    /// # Errors
    /// [`AppError::Conflict`]: the owner leaves.
    pub async fn leave_group(&self, identity: &Identity, group: &GroupId, whom: &UserId) -> Result<(), AppError> {
        self.visible_group(identity, group).await?;
        if self.users.read(&crate::app::users::aggregate(whom)).await?.is_none() {
            return Err(AppError::NotFound("user"));
        }
        let (by, user) = (identity.user.clone(), whom.clone());
        self.decide_on_group(group, &[whom], move |draft, mut group| {
            if by != user && group.owner != by.as_str() {
                return Err(AppError::Forbidden);
            }
            if group.owner == user.as_str() {
                return Err(AppError::conflict("the owner hands the group over first, or deletes it"));
            }
            take_out(draft, &mut group, &user)
        })
        .await
    }

    /// Takes a user whose account is deleted out of all groups → out of how many; to be called again until there are none. What they
    /// own goes to who has been a member for longest, or with them.
    pub(in crate::app) async fn leave_all_groups(&self, user: &UserId) -> Result<usize, AppError> {
        let mut len = 0;
        for index in [record::of(user), record::inviting(user)] {
            for (_, member) in self.backend.range(&Range::all(index, limits::SWEEP_LEN_MAX)).await?.members {
                let group = GroupId::parse(&member).ok_or(AppError::Internal)?;
                self.leave_for_good(&group, user).await?;
                len += 1;
            }
        }
        Ok(len)
    }

    /// Whom a user has invited whose account is deleted is invited no more.
    pub(in crate::app) async fn withdraw_invitations_by(&self, group: &GroupId, by: &UserId) -> Result<(), AppError> {
        let range = Range::all(record::invited(group), limits::LIST_LOOKED_AT_MAX);
        let members = self.backend.range(&range).await?.members;
        let users = members.iter().map(|(_, member)| UserId::parse(member).ok_or(AppError::Internal));
        let users = users.collect::<Result<Vec<_>, _>>()?;
        for users in users.chunks(limits::SWEEP_LEN_MAX) {
            let (by, invited) = (by.clone(), users.to_vec());
            let users: Vec<_> = users.iter().collect();
            let withdrawn = self.decide_on_group(group, &users, move |draft, mut group| {
                for user in &invited {
                    if place_of(draft, user)?.1.is_some_and(|invitation| invitation.by == by.as_str()) {
                        take_out(draft, &mut group, user)?;
                    }
                }
                Ok(())
            });
            match withdrawn.await {
                // It is gone with all who were invited.
                Err(AppError::NotFound(_)) => return Ok(()),
                other => other?,
            }
        }
        Ok(())
    }

    async fn leave_for_good(&self, group: &GroupId, user: &UserId) -> Result<(), AppError> {
        for _ in 0..limits::TRANSACT_ATTEMPTS_MAX {
            let oldest = self.backend.range(&Range::all(record::members(group), 2)).await?.members;
            let heirs = oldest.iter().filter(|(_, member)| **member != *user.as_str());
            let heir = heirs.map(|(_, member)| UserId::parse(member).ok_or(AppError::Internal)).next().transpose()?;
            let (gone, next) = (user.clone(), heir.clone());
            let users: Vec<_> = [Some(user), heir.as_ref()].into_iter().flatten().collect();
            let left = self.decide_on_group(group, &users, move |draft, mut group| {
                if group.owner == gone.as_str() {
                    let Some(heir) = &next else { return Ok(false) };
                    if place_of(draft, heir)?.0.is_none() {
                        return Ok(false);
                    }
                    group.owner = heir.to_string();
                }
                take_out(draft, &mut group, &gone)?;
                Ok(true)
            });
            match left.await {
                Ok(true) => return Ok(()),
                // Nobody is left, or the heir has just gone.
                Ok(false) if heir.is_some() => {}
                Ok(false) => {
                    let owner = user.to_string();
                    let is_alone = move |group: &GroupRecord| {
                        if group.owner == owner && group.members == 1 { Ok(()) } else { Err(AppError::Stale) }
                    };
                    match self.end_group(group, None, is_alone).await {
                        // Somebody has joined just now: it is theirs.
                        Err(AppError::Stale) => {}
                        ended => return ended,
                    }
                }
                Err(AppError::NotFound(_)) => return self.strike_group(group).await,
                Err(error) => return Err(error),
            }
        }
        Err(AppError::Busy)
    }

    /// Strikes all who are in a group that was deleted, and then the group itself.
    pub(in crate::app) async fn strike_group(&self, group: &GroupId) -> Result<(), AppError> {
        loop {
            let mut members = Vec::new();
            for index in [record::members(group), record::invited(group)] {
                let range = Range::all(index, limits::SWEEP_LEN_MAX);
                members.extend(self.backend.range(&range).await?.members);
            }
            let users = members.iter().map(|(_, member)| UserId::parse(member).ok_or(AppError::Internal));
            let users = users.collect::<Result<Vec<_>, _>>()?;
            let (id, is_last) = (group.clone(), users.is_empty());
            self.groups
                .transact(aggregate(group), None, move |draft| {
                    if draft.record().is_some_and(|group| !group.gone) {
                        return Ok(());
                    }
                    for user in &users {
                        strike(draft, &id, user);
                    }
                    if is_last {
                        Due::GroupGone(id.clone()).place(draft, None);
                        draft.remove();
                    }
                    Ok(())
                })
                .await?;
            if is_last {
                return Ok(());
            }
        }
    }
}

/// One more member.
pub fn add(
    draft: &mut Draft<GroupRecord>,
    group: &mut GroupRecord,
    user: &UserId,
    now_ms: i64,
) -> Result<(), AppError> {
    if group.members >= limits::GROUP_MEMBERS_LEN_MAX {
        return Err(AppError::conflict("the group is full"));
    }
    let id = group.group_id()?;
    let number = group.next_number;
    group.members += 1;
    group.next_number += 1;
    draft.put_beside(&record::member(user), encode(&Member { number, joined_ms: now_ms })?);
    draft.place(record::members(&id), user.as_str(), Some(number));
    draft.place(record::of(user), id.as_str(), Some(now_ms));
    draft.remove_beside(&record::invitation(user));
    draft.place(record::invited(&id), user.as_str(), None);
    draft.place(record::inviting(user), id.as_str(), None);
    Ok(())
}

fn invite(
    draft: &mut Draft<GroupRecord>,
    group: &mut GroupRecord,
    user: &UserId,
    by: &Identity,
    now: Timestamp,
) -> Result<(), AppError> {
    let (id, invited_ms) = (group.group_id()?, now.as_millis());
    draft.put_beside(&record::invitation(user), encode(&Invitation { by: by.user.to_string(), invited_ms })?);
    mentions::note(draft, &by.user);
    draft.place(record::invited(&id), user.as_str(), Some(invited_ms));
    draft.place(record::inviting(user), id.as_str(), Some(invited_ms));
    let told = ChangeDocument::GroupInvited(GroupInvitation {
        at: now.to_string(),
        group: GroupName { id: group.id.clone(), name: group.name.clone() },
        by: UserName { id: by.user.to_string(), name: by.name.to_string() },
    });
    // Withdrawn and sent again, it is no news.
    let name = format!("group-invited/{}/{}", group.id, by.user);
    cause(draft, group, &FollowUp::told_once(user, name, &told)?, now)
}

/// The user is neither a member nor invited any more. Puts the group.
pub fn take_out(draft: &mut Draft<GroupRecord>, group: &mut GroupRecord, user: &UserId) -> Result<(), AppError> {
    let (member, invitation) = place_of(draft, user)?;
    if member.is_none() && invitation.is_none() {
        return Ok(());
    }
    // What stands beside a head may be newer than the head: such a decision is not committed, but it is taken.
    group.members = group.members.saturating_sub(u64::from(member.is_some()));
    strike(draft, &group.group_id()?, user);
    draft.put(group.clone());
    Ok(())
}

fn strike(draft: &mut Draft<GroupRecord>, group: &GroupId, user: &UserId) {
    draft.remove_beside(&record::member(user));
    draft.remove_beside(&record::invitation(user));
    draft.place(record::members(group), user.as_str(), None);
    draft.place(record::invited(group), user.as_str(), None);
    draft.place(record::of(user), group.as_str(), None);
    draft.place(record::inviting(user), group.as_str(), None);
}

impl MemberDocument {
    pub(super) fn of(user: &UserId, name: String, role: GroupRole, since_ms: i64) -> Self {
        let user = UserName { id: user.to_string(), name };
        Self { user, role, since: Timestamp::from_millis(since_ms).to_string() }
    }
}
