//! Whom an event's creator has blocked: out of what is not over, and let into nothing.
//!
//! Joining asks first, which is of another moment than the joining itself: so a block is looked at once more when whatever was
//! under way has ended.

use futures::{StreamExt, TryStreamExt, stream};

use crate::app::due::Due;
use crate::app::events::inviting::cannot_be_invited;
use crate::app::events::{aggregate, indexes, not_found};
use crate::app::friends;
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::backend::{Bound, Commit, Range};
use crate::domain::event::Standing;
use crate::domain::ids::{EventId, UserId};
use crate::limits;

impl App {
    /// [`AppError::NotFound`] for whom the event's creator has blocked, and who does not participate.
    pub(super) async fn unless_blocked(&self, identity: &Identity, event: EventId) -> Result<(), AppError> {
        let record = self.events.read(&aggregate(event)).await?.ok_or_else(not_found)?;
        let is_blocked = !self.sees_user(&Caller::User(identity.clone()), &record.event.creator).await?;
        if is_blocked && self.number_in(&identity.user, Some(event)).await?.is_none() {
            return Err(not_found());
        }
        Ok(())
    }

    /// [`AppError::Conflict`] if the event's creator has blocked somebody of them.
    pub(super) async fn unless_blocked_by(
        &self,
        creator: &UserId,
        invited: &[(UserId, String)],
    ) -> Result<(), AppError> {
        let others: Vec<_> = invited.iter().map(|(user, _)| user).filter(|user| *user != creator).collect();
        let ties = self.friendships(creator, &others).await?;
        if ties.iter().any(|tie| tie.own.blocks.is_some()) { Err(cannot_be_invited()) } else { Ok(()) }
    }

    /// Somebody whom the creator has blocked is sent out of the next few of the creator's events that are not over, and is
    /// invited to none of them any more → whether there may be others. Nothing, if they are not blocked any more.
    pub(in crate::app) async fn send_out_of_events(&self, creator: &UserId, user: &UserId) -> Result<bool, AppError> {
        if self.friendships(creator, &[user]).await?.iter().all(|tie| tie.own.blocks.is_none()) {
            return Ok(false);
        }
        let mut from = Bound::Score(self.clock.now().as_millis());
        loop {
            let limit = limits::PAGE_SIZE_MAX;
            let range = Range { from, ..Range::all(indexes::open_of(creator), limit) };
            let members = self.backend.range(&range).await?.members;
            let ids = members.iter().map(|(_, member)| EventId::parse(member).ok_or(AppError::Internal));
            let ids: Vec<_> = ids.collect::<Result<_, _>>()?;
            let standings = self.standings_of(user, &ids).await?;
            let has_a_part =
                |standing| matches!(standing, Standing::Participant | Standing::Invited | Standing::Declined);
            let concerned = ids.iter().zip(standings).filter(|(_, standing)| has_a_part(*standing));
            let sent: Vec<_> = concerned.map(|(event, _)| self.send_out(*event, user)).collect();
            if !sent.is_empty() {
                stream::iter(sent).buffer_unordered(limits::SENT_OUT_AT_ONCE).try_collect::<Vec<()>>().await?;
                return Ok(true);
            }
            match members.last().cloned() {
                Some((score, member)) if members.len() == limit => from = Bound::After(score, member),
                _ => return Ok(false),
            }
        }
    }

    async fn send_out(&self, event: EventId, user: &UserId) -> Result<(), AppError> {
        let whom = user.clone();
        let sent = self.decide_on_event(event, &[user], move |decision| decision.send_out(&whom)).await;
        match sent {
            // It was deleted meanwhile.
            Err(AppError::NotFound(_)) => Ok(()),
            sent => sent,
        }
    }

    /// The second look at a block.
    pub(in crate::app) async fn look_at_block(&self, by: &UserId, whom: &UserId) -> Result<(), AppError> {
        while self.send_out_of_events(by, whom).await? {}
        self.send_out_of_groups(by, whom).await?;
        self.send_out_of_challenges(by, whom).await?;
        let mut commit = Commit::on(friends::aggregate_of(by, whom));
        commit.moves.push(Due::Blocked { by: by.clone(), whom: whom.clone() }.at(None));
        self.backend.commit(commit).await?;
        Ok(())
    }
}
