//! Lists: groups that the caller may see, and who is in one of them.

use std::sync::Arc;

use crate::app::documents::{GroupDocument, GroupRole, MemberDocument, UserName};
use crate::app::groups::record::{self, GroupRecord, Invitation, Member, aggregate};
use crate::app::listing::Page;
use crate::app::transact::decode;
use crate::app::users::{Caller, Identity};
use crate::app::words::{Space, Words};
use crate::app::{App, AppError};
use crate::backend::Range;
use crate::domain::ids::{GroupId, UserId};

/// Which groups. With a name: those that have a word that begins so.
#[derive(Clone, Debug, Default)]
pub struct GroupFilter {
    pub name: Option<String>,
    /// Those of which the caller is a member.
    pub is_mine: bool,
    /// Those that the caller is invited to.
    pub is_invited: bool,
}

/// Who of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemberFilter {
    #[default]
    Members,
    /// The owner sees all of them, others themselves and those whom they have invited.
    Invited,
}

impl App {
    /// With a name alone in the order of names; else the newest first, those of the caller by since when they are.
    pub async fn groups(
        &self,
        identity: &Identity,
        filter: &GroupFilter,
        page: Page,
    ) -> Result<Vec<GroupDocument>, AppError> {
        let words = filter.name.as_deref().map(|name| Words::parse("name", name)).transpose()?;
        let mut listed = match (&words, filter) {
            (_, GroupFilter { is_invited: true, .. }) => page.descending(vec![record::inviting(&identity.user)]),
            (_, GroupFilter { is_mine: true, .. }) => page.descending(vec![record::of(&identity.user)]),
            (Some(words), _) => page.ascending(vec![words.index(Space::Groups)]),
            (None, _) => page.descending(vec![record::open()]),
        };
        while let Some(members) = self.next_of(&mut listed).await? {
            let mut groups = self.read_groups(&members).await?;
            groups.retain(|group| words.as_ref().is_none_or(|words| words.are_in(&group.name)));
            let roles = self.roles_in(&identity.user, &groups.iter().collect::<Vec<_>>()).await?;
            let is_wanted = |role: &GroupRole| match (filter.is_mine, filter.is_invited) {
                (true, _) => matches!(role, GroupRole::Owner | GroupRole::Member),
                (false, true) => *role == GroupRole::Invited,
                (false, false) => true,
            };
            let seen =
                groups.into_iter().zip(roles).filter_map(|(group, role)| Some((group, role.filter(&is_wanted)?)));
            listed.extend(seen);
        }
        let page = listed.page();
        let owners = page.iter().map(|(group, _)| group.owner()).collect::<Result<Vec<_>, _>>()?;
        let names = self.names_of(&owners).await?;
        let owner =
            |user: &UserId| UserName { id: user.to_string(), name: names.get(user).cloned().unwrap_or_default() };
        Ok(page.iter().zip(&owners).map(|((group, role), user)| GroupDocument::of(group, owner(user), *role)).collect())
    }

    /// In the order in which they came, those left out who have blocked the caller.
    pub async fn group_members(
        &self,
        identity: &Identity,
        group: &GroupId,
        filter: MemberFilter,
        page: Page,
    ) -> Result<Vec<MemberDocument>, AppError> {
        let (record, _, own_role) = self.visible_group(identity, group).await?;
        let index = match filter {
            MemberFilter::Members => record::members(group),
            MemberFilter::Invited => record::invited(group),
        };
        let caller = Caller::User(identity.clone());
        let mut listed = page.ascending(vec![index]);
        while let Some(members) = self.next_of(&mut listed).await? {
            let users = members.iter().map(|(_, member)| UserId::parse(member).ok_or(AppError::Internal));
            let users = users.collect::<Result<Vec<_>, _>>()?;
            let name = |user: &UserId| match filter {
                MemberFilter::Members => record::member(user),
                MemberFilter::Invited => record::invitation(user),
            };
            let keys: Vec<_> = users.iter().map(|user| aggregate(group).key(&name(user))).collect();
            let values = self.backend.read(&keys).await?;
            let seen = self.sees_users(&caller, &users.iter().collect::<Vec<_>>()).await?;
            let names = self.names_of(&users).await?;
            for ((user, value), is_seen) in users.iter().zip(values).zip(seen) {
                let Some(value) = value.value.filter(|_| is_seen) else { continue };
                let (role, since_ms) = match filter {
                    MemberFilter::Members if record.owner == user.as_str() => {
                        (GroupRole::Owner, decode::<Member>(&value)?.joined_ms)
                    }
                    MemberFilter::Members => (GroupRole::Member, decode::<Member>(&value)?.joined_ms),
                    MemberFilter::Invited => {
                        let invitation: Invitation = decode(&value)?;
                        let is_theirs = [user.as_str(), &invitation.by].contains(&identity.user.as_str());
                        if own_role != GroupRole::Owner && !is_theirs {
                            continue;
                        }
                        (GroupRole::Invited, invitation.invited_ms)
                    }
                };
                let name = names.get(user).cloned().unwrap_or_default();
                listed.extend([MemberDocument::of(user, name, role, since_ms)]);
            }
        }
        Ok(listed.page())
    }

    /// All members of a group that the caller sees, in the order in which they came.
    ///
    /// # Errors
    /// [`AppError::Invalid`] `"group"`: there are more than `len_max`.
    pub(in crate::app) async fn all_members(
        &self,
        identity: &Identity,
        group: &GroupId,
        len_max: usize,
    ) -> Result<Vec<UserId>, AppError> {
        self.visible_group(identity, group).await?;
        let members = self.backend.range(&Range::all(record::members(group), len_max + 1)).await?.members;
        if members.len() > len_max {
            return Err(AppError::invalid("group", format!("must have at most {len_max} members")));
        }
        members.iter().map(|(_, member)| UserId::parse(member).ok_or(AppError::Internal)).collect()
    }

    pub(super) async fn read_groups(&self, members: &[(i64, Arc<str>)]) -> Result<Vec<GroupRecord>, AppError> {
        let ids = members.iter().map(|(_, member): &(i64, Arc<str>)| GroupId::parse(member).ok_or(AppError::Internal));
        let keys = ids.map(|id| Ok(aggregate(&id?).head())).collect::<Result<Vec<_>, AppError>>()?;
        let values = self.backend.read(&keys).await?;
        values.into_iter().filter_map(|value| value.value).map(|value| decode::<GroupRecord>(&value)).collect()
    }
}
