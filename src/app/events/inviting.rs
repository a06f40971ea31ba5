//! Invitations: asked, accepted, declined, withdrawn. To a private event they are what makes it visible.

use std::collections::BTreeSet;

use crate::app::documents::{EventNews, InvitationDocument, ParticipantDocument};
use crate::app::events::joining::{name_of, newcomer, parts};
use crate::app::events::record::{Invitation, InvitationState, invitation};
use crate::app::events::{Decision, indexes, not_found};
use crate::app::mentions;
use crate::app::transact::{decode, encode};
use crate::app::users::record::UserRecord;
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::domain::event::Standing;
use crate::domain::ids::{EventId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

/// What somebody says to an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Decline,
}

impl App {
    /// Ids or names of users → the invitations of those of them who do not participate already. Inviting twice is the same
    /// success; who declined is asked again. To a private event its creator invites, to a public one all who participate.
    pub async fn invite(
        &self,
        identity: &Identity,
        event: EventId,
        whom: &[String],
    ) -> Result<Vec<InvitationDocument>, AppError> {
        let invited = self.whom(identity, whom, "users").await?;
        let users: Vec<_> = [&identity.user].into_iter().chain(invited.iter().map(|(user, _)| user)).collect();
        let (who, asked) = (identity.clone(), invited.clone());
        let stored = self
            .decide_on_event(event, &users, move |decision| {
                let standing = decision.standing(&who.user)?;
                if !decision.event().is_seen_by(standing) {
                    return Err(not_found());
                }
                if !decision.event().may_invite(&who.user, standing) {
                    return Err(AppError::Forbidden);
                }
                decision.event().open(decision.now).map_err(super::refusal)?;
                asked.iter().map(|(user, name)| decision.invite(user, name, &who)).collect::<Result<Vec<_>, _>>()
            })
            .await?;
        let invitations = invited.iter().zip(stored);
        Ok(invitations.filter_map(|((user, _), invitation)| Some(shown(user, &invitation?))).collect())
    }

    /// Joins an event that the caller is invited to. Accepting twice is the same success.
    pub async fn accept_invitation(
        &self,
        identity: &Identity,
        event: EventId,
    ) -> Result<ParticipantDocument, AppError> {
        let who = identity.clone();
        let (number, joined_ms) = self
            .decide_on_event(event, &[&identity.user], move |decision| match decision.standing(&who.user)? {
                Standing::Participant | Standing::Invited => decision.join(&who).map(parts),
                standing => Err(decision.no_invitation(standing)),
            })
            .await?;
        Ok(newcomer(identity, number, joined_ms))
    }

    /// The caller will not come, and does not see a private event any more. Declining twice is the same success.
    pub async fn decline_invitation(&self, identity: &Identity, event: EventId) -> Result<(), AppError> {
        let who = identity.clone();
        self.decide_on_event(event, &[&identity.user], move |decision| match decision.standing(&who.user)? {
            Standing::Invited => decision.decline(&who.user),
            Standing::Declined => Ok(()),
            standing => Err(decision.no_invitation(standing)),
        })
        .await
    }

    /// By the event's creator, or by who has invited. Withdrawing twice is the same success.
    pub async fn withdraw_invitation(
        &self,
        identity: &Identity,
        event: EventId,
        user: &UserId,
    ) -> Result<(), AppError> {
        let (who, whom) = (identity.clone(), user.clone());
        self.decide_on_event(event, &[&identity.user, user], move |decision| {
            let invitation = decision.invitation(&whom)?;
            let is_own = invitation.as_ref().is_some_and(|invitation| invitation.by == who.user.as_str());
            if !is_own || !decision.event().is_seen_by(decision.standing(&who.user)?) {
                decision.creators_own(&who.user)?;
            }
            match invitation.map(|invitation| invitation.state) {
                Some(InvitationState::Invited | InvitationState::Declined) => decision.withdraw(&whom),
                Some(InvitationState::Left | InvitationState::Removed) | None => Ok(()),
            }
        })
        .await
    }

    /// Whom these ids or names mean, each once, in their order, with their display names. `field` names the list in errors. Who
    /// has blocked the caller is nobody to them.
    pub(super) async fn whom(
        &self,
        identity: &Identity,
        whom: &[String],
        field: &str,
    ) -> Result<Vec<(UserId, String)>, AppError> {
        if whom.len() > limits::INVITES_LEN_MAX {
            return Err(AppError::invalid(field, format!("must hold at most {} people", limits::INVITES_LEN_MAX)));
        }
        let ids: Vec<_> = whom.iter().map(|text| UserId::parse(text)).collect();
        let keys: Vec<_> = ids.iter().flatten().map(|id| crate::app::users::aggregate(id).head()).collect();
        let mut values = self.backend.read(&keys).await?.into_iter();
        let nobody = |index: usize| AppError::invalid(format!("{field}[{index}]"), "is nobody's id or name");
        let mut found = Vec::new();
        for (index, (text, id)) in whom.iter().zip(ids).enumerate() {
            let mut value = if id.is_some() { values.next().and_then(|value| value.value) } else { None };
            if value.is_none()
                && let Some(named) = self.user_named(text).await?
            {
                let key = crate::app::users::aggregate(&named).head();
                value = self.backend.read(&[key]).await?.pop().and_then(|value| value.value);
            }
            let user = decode::<UserRecord>(&value.ok_or_else(|| nobody(index))?)?;
            found.push((user.user_id()?, user.shown_name().to_owned()));
        }
        let caller = Caller::User(identity.clone());
        let users: Vec<_> = found.iter().map(|(user, _)| user).collect();
        if let Some(index) = self.sees_users(&caller, &users).await?.iter().position(|is_seen| !is_seen) {
            return Err(nobody(index));
        }
        let mut known = BTreeSet::new();
        found.retain(|(user, _)| known.insert(user.clone()));
        Ok(found)
    }
}

impl Decision<'_> {
    /// → the invitation that now stands; `None` for who participates already.
    pub(super) fn invite(&mut self, user: &UserId, name: &str, by: &Identity) -> Result<Option<Invitation>, AppError> {
        let standing = self.standing(user)?;
        match (standing, self.invitation(user)?) {
            (Standing::Participant, _) => return Ok(None),
            (Standing::Invited, Some(invitation)) => return Ok(Some(invitation)),
            // Only the creator may take back what the creator did.
            (Standing::Removed, _) if self.event().creator != by.user => {
                return Err(AppError::conflict("somebody of them was removed from the event"));
            }
            _ => {}
        }
        if standing != Standing::Declined {
            if self.record.invited >= limits::EVENT_INVITED_MAX {
                return Err(AppError::conflict("too many are invited already"));
            }
            self.record.invited += 1;
        }
        let (at_ms, id) = (self.now.as_millis(), self.event().id);
        let (state, by_name) = (InvitationState::Invited, by.name.to_string());
        let invitation = Invitation { state, name: name.to_owned(), by: by.user.to_string(), by_name, at_ms };
        self.put_invitation(user, &invitation)?;
        self.draft.place(indexes::invited(id), user.as_str(), Some(at_ms));
        indexes::related(self.draft, id, user, true);
        let news = EventNews::Invited {
            at: self.now.to_string(),
            user: name_of(user, name),
            by: name_of(&by.user, &by.name),
            event: Box::new(self.document()),
        };
        self.tell(user, &news)?;
        let creator = self.event().creator.clone();
        self.tell(&creator, &news)?;
        Ok(Some(invitation))
    }

    pub(super) fn put_invitation(&mut self, user: &UserId, entry: &Invitation) -> Result<(), AppError> {
        self.draft.put_beside(&invitation(user), encode(entry)?);
        mentions::note(self.draft, user);
        mentions::note(self.draft, &UserId::parse(&entry.by).ok_or(AppError::Internal)?);
        self.is_another = true;
        Ok(())
    }

    /// Who joins is not invited any more.
    pub(super) fn strike_invitation(&mut self, user: &UserId) -> Result<(), AppError> {
        let Some(entry) = self.invitation(user)? else { return Ok(()) };
        self.draft.remove_beside(&invitation(user));
        if matches!(entry.state, InvitationState::Invited | InvitationState::Declined) {
            self.record.invited = self.record.invited.saturating_sub(1);
            self.draft.place(indexes::invited(self.event().id), user.as_str(), None);
        }
        self.is_another = true;
        Ok(())
    }

    fn decline(&mut self, user: &UserId) -> Result<(), AppError> {
        let Some(entry) = self.invitation(user)? else { return Ok(()) };
        self.put_invitation(user, &Invitation { state: InvitationState::Declined, ..entry })?;
        indexes::related(self.draft, self.event().id, user, false);
        self.lost_sight(user)
    }

    fn withdraw(&mut self, user: &UserId) -> Result<(), AppError> {
        self.strike_invitation(user)?;
        indexes::related(self.draft, self.event().id, user, false);
        self.lost_sight(user)
    }

    /// What is said to who has none: of a private event they are not told.
    fn no_invitation(&self, standing: Standing) -> AppError {
        let is_seen = self.event().is_seen_by(standing);
        if is_seen { AppError::NotFound("invitation") } else { not_found() }
    }
}

/// As the creator and the invited one see it.
pub(super) fn shown(user: &UserId, invitation: &Invitation) -> InvitationDocument {
    let by = crate::app::documents::UserName { id: invitation.by.clone(), name: invitation.by_name.clone() };
    InvitationDocument {
        user: name_of(user, &invitation.name),
        by,
        invited_at: Timestamp::from_millis(invitation.at_ms).to_string(),
        state: if invitation.state == InvitationState::Declined { "declined" } else { "invited" },
    }
}
