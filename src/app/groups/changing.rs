//! What the owner may do with a group: change it, hand it over, delete it.

use crate::app::documents::{GroupDocument, GroupRole};
use crate::app::due::Due;
use crate::app::groups::record::{self, GroupRecord, aggregate};
use crate::app::groups::{checked_description, checked_name, not_found, place_of};
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::backend::Version;
use crate::domain::ids::{GroupId, UserId};

/// What is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ChangeGroup {
    pub name: Option<String>,
    pub description: Option<String>,
    pub private: Option<bool>,
    /// To whom of its members it is handed over.
    pub owner: Option<UserId>,
    /// What the caller has seen: if it is another by now, nothing is changed.
    pub if_version: Option<Version>,
}

impl App {
    /// For its owner alone.
    pub async fn change_group(
        &self,
        identity: &Identity,
        group: &GroupId,
        change: ChangeGroup,
    ) -> Result<GroupDocument, AppError> {
        self.owned_group(identity, group).await?;
        let ChangeGroup { name, description, private, owner, if_version } = change;
        let name = name.as_deref().map(checked_name).transpose()?;
        let description = description.as_deref().map(checked_description).transpose()?;
        let by = identity.user.clone();
        let users: Vec<_> = owner.iter().collect();
        let heir = owner.clone();
        self.decide_on_group(group, &users, move |draft, before| {
            draft.expect(if_version)?;
            if before.owner != by.as_str() {
                return Err(AppError::Forbidden);
            }
            let mut group = before.clone();
            group.name = name.clone().unwrap_or(group.name);
            group.description = description.clone().unwrap_or(group.description);
            group.private = private.unwrap_or(group.private);
            if let Some(heir) = &heir {
                if place_of(draft, heir)?.0.is_none() {
                    return Err(AppError::invalid("owner", "must be a member of the group"));
                }
                group.owner = heir.to_string();
            }
            if group != before {
                record::moved(draft, Some(&before), Some(&group));
                draft.put(group);
            }
            Ok(())
        })
        .await?;
        self.group(identity, group).await
    }

    /// For its owner alone. Nobody is in it any more.
    pub async fn delete_group(
        &self,
        identity: &Identity,
        group: &GroupId,
        if_version: Option<Version>,
    ) -> Result<(), AppError> {
        self.owned_group(identity, group).await?;
        let by = identity.user.clone();
        self.end_group(
            group,
            if_version,
            move |group| if group.owner == by.as_str() { Ok(()) } else { Err(AppError::Forbidden) },
        )
        .await
    }

    /// The group is gone for everybody at once; who was in it is struck after that, by whoever comes to it if this instance does not.
    pub(super) async fn end_group(
        &self,
        group: &GroupId,
        if_version: Option<Version>,
        may: impl Fn(&GroupRecord) -> Result<(), AppError> + Send + 'static,
    ) -> Result<(), AppError> {
        let (id, now) = (group.clone(), self.clock.now());
        self.groups
            .transact(aggregate(group), None, move |draft| {
                draft.expect(if_version)?;
                let before = draft.record().filter(|group| !group.gone).cloned().ok_or_else(not_found)?;
                may(&before)?;
                record::moved(draft, Some(&before), None);
                Due::GroupGone(id.clone()).place(draft, Some(now.as_millis()));
                draft.put(GroupRecord { gone: true, ..before });
                Ok(())
            })
            .await?;
        self.strike_group(group).await
    }

    async fn owned_group(&self, identity: &Identity, group: &GroupId) -> Result<(), AppError> {
        let (_, _, role) = self.visible_group(identity, group).await?;
        if role == GroupRole::Owner { Ok(()) } else { Err(AppError::Forbidden) }
    }
}
