//! Who participates: joining, leaving, and being sent away. None of it looks at the roster as a whole.

use crate::app::documents::{EventChange, EventName, EventNews, ParticipantDocument, UserName};
use crate::app::events::record::{Invitation, InvitationState, Participant, participant};
use crate::app::events::{Decision, indexes, not_found, refusal};
use crate::app::follow_ups::FollowUp;
use crate::app::mentions;
use crate::app::sight::rights_changed_of;
use crate::app::transact::encode;
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::domain::event::Standing;
use crate::domain::ids::{EventId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

impl App {
    /// A public event takes everybody until it is full or over ([`AppError::Conflict`]), a private one whoever is invited; to
    /// the others there is no such event, nor to those who were removed or whom its creator has blocked. Joining twice is the
    /// same success.
    pub async fn join_event(&self, identity: &Identity, event: EventId) -> Result<ParticipantDocument, AppError> {
        self.enter_event(identity, event, false).await
    }

    /// The same with a link that the event's creator has made to let people in: as if invited.
    ///
    /// # Errors
    /// Of the link `link` is wrong, whatever is wrong with it: nobody learns from it which events there are.
    pub async fn join_event_by_link(
        &self,
        identity: &Identity,
        event: EventId,
        link: &str,
    ) -> Result<ParticipantDocument, AppError> {
        if self.link_lets_into(link).await? != Some(event) {
            return Err(AppError::invalid("link", "is over, or lets nobody into this event"));
        }
        self.enter_event(identity, event, true).await
    }

    async fn enter_event(
        &self,
        identity: &Identity,
        event: EventId,
        is_let_in: bool,
    ) -> Result<ParticipantDocument, AppError> {
        self.unless_blocked(identity, event).await?;
        let who = identity.clone();
        let join = move |decision: &mut Decision<'_>| decision.join(&who, is_let_in).map(parts);
        let (number, joined_ms) = self.decide_on_event(event, &[&identity.user], join).await?;
        Ok(newcomer(identity, number, joined_ms))
    }

    /// Leaving twice is the same success. The creator cannot leave.
    pub async fn leave_event(&self, identity: &Identity, event: EventId) -> Result<(), AppError> {
        self.unless_blocked(identity, event).await?;
        let who = identity.clone();
        self.decide_on_event(event, &[&identity.user], move |decision| {
            match decision.standing(&who.user)? {
                Standing::Participant => return decision.leave(&who.user, (&who.user, &who.name), false),
                Standing::Nobody if decision.event().plan.private => return Err(not_found()),
                Standing::Removed => return Err(not_found()),
                Standing::Nobody | Standing::Invited | Standing::Declined | Standing::Left => {}
            }
            Ok(())
        })
        .await
    }

    /// The creator sends somebody away, who may only come back when invited. Who removes themselves leaves.
    pub async fn remove_participant(&self, identity: &Identity, event: EventId, user: &UserId) -> Result<(), AppError> {
        if identity.user == *user {
            return self.leave_event(identity, event).await;
        }
        let (who, whom) = (identity.clone(), user.clone());
        self.decide_on_event(event, &[&identity.user, user], move |decision| {
            decision.creators_own(&who.user)?;
            match decision.standing(&whom)? {
                Standing::Participant => decision.leave(&whom, (&who.user, &who.name), true),
                Standing::Removed => Ok(()),
                Standing::Nobody | Standing::Invited | Standing::Declined | Standing::Left => {
                    Err(AppError::NotFound("participant"))
                }
            }
        })
        .await
    }
}

impl Decision<'_> {
    /// → the entry of who is a participant now. `is_let_in`: by a link that invites.
    pub(super) fn join(&mut self, who: &Identity, is_let_in: bool) -> Result<Participant, AppError> {
        if let Some(entry) = self.participant(&who.user)? {
            return Ok(entry);
        }
        let standing = self.standing(&who.user)?;
        let standing = if is_let_in { standing.let_in() } else { standing };
        let now = self.now;
        let joined = self.event_mut().join(standing, limits::EVENT_PARTICIPANTS_MAX, now).map_err(refusal)?;
        let number = joined.ok_or(AppError::Internal)?;
        let entry = Participant { number, name: who.name.to_string(), joined_ms: now.as_millis() };
        self.put_participant(&who.user, &entry)?;
        self.strike_invitation(&who.user)?;
        indexes::related(self.draft, self.event().id, &who.user, true);
        self.cause(&FollowUp::event_counts(&who.user, self.event().id))?;
        self.announce(&EventChange::Joined {
            at: now.to_string(),
            user: name_of(&who.user, &who.name),
            number,
            participants: self.event().participants,
        })?;
        Ok(entry)
    }

    /// Puts somebody on the roster.
    pub(super) fn put_participant(&mut self, user: &UserId, entry: &Participant) -> Result<(), AppError> {
        self.draft.put_beside(&participant(user), encode(entry)?);
        mentions::note(self.draft, user);
        let roster = indexes::roster(self.event().id);
        self.draft.place(roster, user.as_str(), Some(i64::from(entry.number)));
        Ok(())
    }

    /// By the creator's will, if the event is not over: a participant is removed, and who is invited is so no more.
    pub(super) fn send_out(&mut self, user: &UserId) -> Result<(), AppError> {
        if self.event().open(self.now).is_err() {
            return Ok(());
        }
        match self.standing(user)? {
            Standing::Participant => {
                let (creator, name) = (self.event().creator.clone(), self.record.creator_name.clone());
                self.leave(user, (&creator, &name), true)
            }
            Standing::Invited | Standing::Declined => self.withdraw(user),
            Standing::Nobody | Standing::Left | Standing::Removed => Ok(()),
        }
    }

    /// `by` is whose will it is, by id and name.
    fn leave(&mut self, user: &UserId, by: (&UserId, &str), removed: bool) -> Result<(), AppError> {
        let Some(entry) = self.participant(user)? else { return Ok(()) };
        let now = self.now;
        self.event_mut().leave(user).map_err(refusal)?;
        let id = self.event().id;
        self.draft.remove_beside(&participant(user));
        self.draft.place(indexes::roster(id), user.as_str(), None);
        indexes::related(self.draft, id, user, false);
        let is_private = self.event().plan.private;
        if removed || is_private {
            let state = if removed { InvitationState::Removed } else { InvitationState::Left };
            let (name, by, by_name) = (entry.name.clone(), by.0.to_string(), by.1.to_owned());
            self.put_invitation(
                user,
                &Invitation { state, name, by, by_name, at_ms: now.as_millis(), was_removed: false },
            )?;
        }
        self.announce(&EventChange::Left {
            at: now.to_string(),
            user: name_of(user, &entry.name),
            number: entry.number,
            participants: self.event().participants,
            removed,
        })?;
        self.lost_sight(user)?;
        self.cause(&FollowUp::left_event(user, self.event().id))?;
        self.cause(&FollowUp::event_counts(user, id))?;
        if removed {
            let event = EventName::of(self.event());
            self.tell(user, &EventNews::Removed { at: now.to_string(), event })?;
        }
        Ok(())
    }
}

impl Decision<'_> {
    /// Nobody but this one may have lost the right to see the event.
    pub(super) fn lost_sight(&mut self, user: &UserId) -> Result<(), AppError> {
        rights_changed_of(self.draft, &[user])
    }
}

pub(super) fn name_of(user: &UserId, name: &str) -> UserName {
    UserName { id: user.to_string(), name: name.to_owned() }
}

/// What is kept of an entry when it is handed out of a decision.
pub(super) fn parts(entry: Participant) -> (u32, i64) {
    (entry.number, entry.joined_ms)
}

/// One who has just joined has no run there yet, or is told of it by the list.
pub(super) fn newcomer(identity: &Identity, number: u32, joined_ms: i64) -> ParticipantDocument {
    let joined_at = Timestamp::from_millis(joined_ms).to_string();
    ParticipantDocument { user: name_of(&identity.user, &identity.name), number, joined_at, run: None }
}
