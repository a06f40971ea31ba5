//! Whom a group's owner has blocked is no member of it.

use crate::app::groups::joining::take_out;
use crate::app::groups::record;
use crate::app::{App, AppError};
use crate::backend::Range;
use crate::domain::ids::{GroupId, UserId};
use crate::limits;

impl App {
    /// Somebody whom the owner has blocked is sent out of all of the owner's groups, and is invited to none of them any more. Nothing,
    /// if they are not blocked any more.
    pub(in crate::app) async fn send_out_of_groups(&self, owner: &UserId, user: &UserId) -> Result<(), AppError> {
        if self.friendships(owner, &[user]).await?.iter().all(|tie| tie.own.blocks.is_none()) {
            return Ok(());
        }
        for index in [record::of(user), record::inviting(user)] {
            let members = self.backend.range(&Range::all(index, limits::LIST_LOOKED_AT_MAX)).await?.members;
            for members in members.chunks(limits::SWEEP_LEN_MAX) {
                let groups = self.read_groups(members).await?;
                for group in groups.iter().filter(|group| group.owner == owner.as_str()) {
                    self.send_out_of_group(&group.group_id()?, owner, user).await?;
                }
            }
        }
        Ok(())
    }

    async fn send_out_of_group(&self, group: &GroupId, owner: &UserId, user: &UserId) -> Result<(), AppError> {
        let (by, whom) = (owner.clone(), user.clone());
        let sent = self
            .decide_on_group(group, &[user], move |draft, mut group| {
                if group.owner == by.as_str() { take_out(draft, &mut group, &whom) } else { Ok(()) }
            })
            .await;
        match sent {
            // It was deleted meanwhile.
            Err(AppError::NotFound(_)) => Ok(()),
            sent => sent,
        }
    }
}
