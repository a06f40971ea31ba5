//! What an event causes for those who have to do with it: a word on their own channels.
//!
//! Carried out after the commit that caused it, and once more if it was not known to be done: neither does harm twice.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::app::events::indexes;
use crate::app::events::record::{Invitation, InvitationState, invitation, participant};
use crate::app::events::{Decision, aggregate};
use crate::app::transact::{Draft, OnceKey};
use crate::app::users::record::UserRecord;
use crate::app::{App, AppError, mentions, users};
use crate::backend::{Bound, Index, Keep, Order, Range};
use crate::domain::ids::{EventId, UserId};
use crate::limits;

/// A place in an event's roster, or behind it among those who are invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterPlace {
    /// Of those who are invited.
    invited: bool,
    score: i64,
    user: String,
}

impl App {
    /// Tells the next few of all who participate or are invited, after this place, each once for one `key` → up to where; `None`:
    /// everybody was told.
    pub(in crate::app) async fn tell_of_roster(
        &self,
        event: EventId,
        change: &str,
        key: &str,
        after: Option<&RosterPlace>,
    ) -> Result<Option<RosterPlace>, AppError> {
        let change = Bytes::from(change.to_owned());
        let mut after = after.cloned();
        loop {
            let invited = after.as_ref().is_some_and(|place| place.invited);
            let index = if invited { indexes::invited(event) } else { indexes::roster(event) };
            let from = match after {
                Some(RosterPlace { score, user, .. }) if !user.is_empty() => Bound::After(score, user.into()),
                _ => Bound::Start,
            };
            match self.tell_some(event, index, from, &change, key).await? {
                Some((score, user)) => return Ok(Some(RosterPlace { invited, score, user: user.to_string() })),
                None if invited => return Ok(None),
                None => after = Some(RosterPlace { invited: true, score: 0, user: String::new() }),
            }
        }
    }

    /// Tells the next few of one index of the event, but those who have declined → the last of them; `None`: it was the last of all.
    async fn tell_some(
        &self,
        event: EventId,
        index: Index,
        from: Bound,
        change: &Bytes,
        key: &str,
    ) -> Result<Option<(i64, Arc<str>)>, AppError> {
        let has_declined = |invitation: &Invitation| invitation.state == InvitationState::Declined;
        let (until, limit) = (Bound::End, limits::PAGE_SIZE_MAX);
        let range = Range { index, from, until, order: Order::Ascending, limit, count: false };
        let members = self.backend.range(&range).await?.members;
        let mut users = mentions::users(&members)?;
        let names: Vec<_> = members.iter().map(|(_, member)| member.clone()).collect();
        let invitations: Vec<(UserId, Invitation)> = self.entries(event, &names, invitation).await?;
        let declined: HashSet<_> =
            invitations.iter().filter(|(_, it)| has_declined(it)).map(|(user, _)| user).collect();
        users.retain(|user| !declined.contains(user));
        let told: Vec<_> = users.into_iter().map(|user| self.tell_user(user, change.clone(), key).boxed()).collect();
        let is_last = members.len() < limit;
        stream::iter(told).buffer_unordered(limits::TOLD_AT_ONCE).try_collect::<Vec<()>>().await?;
        Ok(members.into_iter().next_back().filter(|_| !is_last))
    }

    /// Lets those who watch the event hear what a participant has done in it. Who has left it by now does so no more.
    pub(in crate::app) async fn tell_of_participant(
        &self,
        event: EventId,
        user: &UserId,
        change: Box<RawValue>,
        once: OnceKey,
    ) -> Result<(), AppError> {
        let (user, now) = (user.clone(), self.clock.now());
        let beside = vec![participant(&user)];
        self.events
            .transact_beside(aggregate(event), Some(once), beside, move |draft| {
                let Some(record) = draft.record().cloned() else { return Ok(()) };
                let before = record.event.clone();
                let mut decision = Decision { draft, record, now, is_another: false };
                if decision.participant(&user)?.is_some() {
                    mentions::note(decision.draft, &user);
                    decision.announce(&change)?;
                }
                decision.finish(Some(&before));
                Ok(())
            })
            .await
    }

    async fn tell_user(&self, user: UserId, change: Bytes, key: &str) -> Result<(), AppError> {
        let once = OnceKey { key: key.into(), digest: "".into() };
        self.users
            .transact(users::aggregate(&user), Some(once), move |draft: &mut Draft<UserRecord>| {
                // The account may have gone meanwhile.
                if draft.record().is_some() {
                    draft.append("", Keep::Newest(limits::USER_TOPIC_LEN_MAX), change.clone());
                }
                Ok(())
            })
            .await
    }
}
