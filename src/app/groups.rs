//! Groups of users: made, joined, left, handed over, deleted.
//!
//! A group is one aggregate, with a key beside its head for each member, so that joining touches what it changes. Everybody may join
//! an open one; a private one is there for its members and for those whom its owner invites, and for nobody else.

mod blocking;
mod changing;
mod joining;
mod listing;
mod placing;
mod record;

use crate::app::documents::{GroupDocument, GroupRole, UserName};
use crate::app::follow_ups::{self, FollowUp};
use crate::app::posted;
use crate::app::transact::Draft;
use crate::app::users::{Identity, names};
use crate::app::{App, AppError};
use crate::backend::{Key, Version};
use crate::domain::ids::{GroupId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

pub use changing::ChangeGroup;
pub use listing::{GroupFilter, MemberFilter};
pub(in crate::app) use placing::Placing;
pub use record::GroupRecord;
use record::{Invitation, Member};
pub(in crate::app) use record::{aggregate, members as members_of};

#[derive(Clone, Debug)]
pub struct NewGroup {
    pub name: String,
    pub description: String,
    pub private: bool,
}

impl App {
    /// The caller owns it, and is its first member.
    pub async fn new_group(&self, identity: &Identity, new: NewGroup) -> Result<GroupDocument, AppError> {
        let (name, description) = (checked_name(&new.name)?, checked_description(&new.description)?);
        let id = GroupId::parse(&names::id_of(posted::seed_of("group"))).ok_or(AppError::Internal)?;
        if self.groups.read(&aggregate(&id)).await?.is_some() {
            // The same request was carried out before.
            return self.group(identity, &id).await;
        }
        self.has_room_for_group(&identity.user).await?;
        let now_ms = self.clock.now().as_millis();
        let group = GroupRecord {
            id: id.to_string(),
            name,
            description,
            private: new.private,
            owner: identity.user.to_string(),
            members: 0,
            next_number: 1,
            created_ms: now_ms,
            follow_ups: 0,
            followed_ms: 0,
            gone: false,
        };
        let user = identity.user.clone();
        self.groups
            .transact(aggregate(&id), None, move |draft| {
                if draft.record().is_some() {
                    return Err(AppError::Internal);
                }
                record::moved(draft, None, Some(&group));
                let mut group = group.clone();
                joining::add(draft, &mut group, &user, now_ms)?;
                draft.put(group);
                Ok(())
            })
            .await?;
        self.group(identity, &id).await
    }

    /// A group that the caller may see.
    pub async fn group(&self, identity: &Identity, group: &GroupId) -> Result<GroupDocument, AppError> {
        let (record, version, role) = self.visible_group(identity, group).await?;
        let owner = record.owner()?;
        let name = self.name_of(&owner).await?;
        Ok(GroupDocument { version, ..GroupDocument::of(&record, UserName { id: owner.to_string(), name }, role) })
    }

    /// The group, its version, and how the caller stands to it. [`AppError::NotFound`]: there is none, or none for the caller.
    async fn visible_group(
        &self,
        identity: &Identity,
        group: &GroupId,
    ) -> Result<(GroupRecord, Version, GroupRole), AppError> {
        let read = self.groups.read_tagged(&aggregate(group)).await?;
        let (record, version) = read.filter(|(record, _)| !record.gone).ok_or_else(not_found)?;
        let role = self.roles_in(&identity.user, &[&record]).await?.pop().flatten().ok_or_else(not_found)?;
        Ok(((*record).clone(), version, role))
    }

    /// How a user stands to each of these groups; `None`: it is not there for them.
    async fn roles_in(&self, user: &UserId, groups: &[&GroupRecord]) -> Result<Vec<Option<GroupRole>>, AppError> {
        let mut keys = Vec::new();
        let mut owners = Vec::new();
        for group in groups {
            let aggregate = aggregate(&group.group_id()?);
            keys.extend([aggregate.key(&record::member(user)), aggregate.key(&record::invitation(user))]);
            owners.push(group.owner()?);
        }
        let values = self.backend.read(&keys).await?;
        let ties = self.friendships(user, &owners.iter().collect::<Vec<_>>()).await?;
        let roles = groups.iter().zip(values.chunks(2)).zip(ties).map(|((group, keys), tie)| {
            let [is_member, is_invited] = [0, 1].map(|at: usize| keys.get(at).is_some_and(|key| key.value.is_some()));
            match (is_member, is_invited) {
                _ if group.gone => None,
                (true, _) if group.owner == user.as_str() => Some(GroupRole::Owner),
                (true, _) => Some(GroupRole::Member),
                // Whom the owner has blocked finds nothing of the owner's.
                (false, _) if tie.others.blocks.is_some() => None,
                (false, true) => Some(GroupRole::Invited),
                (false, false) => (!group.private).then_some(GroupRole::Nobody),
            }
        });
        Ok(roles.collect())
    }

    /// A bound for what stands in one user's name.
    async fn has_room_for_group(&self, user: &UserId) -> Result<(), AppError> {
        let is_full = self.len_of(record::of(user)).await? >= limits::GROUPS_LEN_MAX;
        if is_full { Err(AppError::conflict("you are in too many groups")) } else { Ok(()) }
    }

    /// One decision on a group that is there, and on these users' places in it.
    async fn decide_on_group<T, D>(&self, group: &GroupId, users: &[&UserId], mut decide: D) -> Result<T, AppError>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
        D: FnMut(&mut Draft<GroupRecord>, GroupRecord) -> Result<T, AppError> + Send + 'static,
    {
        let beside = users.iter().flat_map(|user| [record::member(user), record::invitation(user)]).collect();
        self.groups
            .transact_beside(aggregate(group), None, beside, move |draft| {
                let group = draft.record().filter(|group| !group.gone).cloned().ok_or_else(not_found)?;
                decide(draft, group)
            })
            .await
    }
}

/// What is there if the user is a member.
pub(in crate::app) fn key_of_member(group: &GroupId, user: &UserId) -> Key {
    aggregate(group).key(&record::member(user))
}

fn not_found() -> AppError {
    AppError::NotFound("group")
}

fn checked_name(name: &str) -> Result<String, AppError> {
    names::check_to("name", name, limits::GROUP_NAME_LEN_MAX)
}

fn checked_description(text: &str) -> Result<String, AppError> {
    names::check_text("description", text, limits::GROUP_DESCRIPTION_LEN_MAX)
}

/// The user's place in the group that is being decided on.
fn place_of(draft: &Draft<GroupRecord>, user: &UserId) -> Result<(Option<Member>, Option<Invitation>), AppError> {
    Ok((draft.beside(&record::member(user))?, draft.beside(&record::invitation(user))?))
}

/// Lets what was decided have this consequence elsewhere.
fn cause(
    draft: &mut Draft<GroupRecord>,
    group: &mut GroupRecord,
    follow_up: &FollowUp,
    now: Timestamp,
) -> Result<(), AppError> {
    group.follow_ups += 1;
    // The instance before may have a clock that is ahead of this one's.
    group.followed_ms = group.followed_ms.max(now.as_millis());
    follow_ups::add(draft, group.follow_ups, follow_up, Timestamp::from_millis(group.followed_ms))
}

impl GroupDocument {
    fn of(group: &GroupRecord, owner: UserName, role: GroupRole) -> Self {
        Self {
            id: group.id.clone(),
            name: group.name.clone(),
            description: group.description.clone(),
            private: group.private,
            owner,
            members: group.members,
            created_at: Timestamp::from_millis(group.created_ms).to_string(),
            role,
            version: Version::ABSENT,
        }
    }
}
