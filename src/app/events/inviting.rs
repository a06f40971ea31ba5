//! Invitations: asked, accepted, declined, withdrawn. To a private event they are what makes it visible.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use crate::app::documents::{EventName, EventNews, InvitationDocument, ParticipantDocument};
use crate::app::events::joining::{name_of, newcomer, parts};
use crate::app::events::record::{Invitation, InvitationState, Participant, invitation, participant};
use crate::app::events::{Decision, indexes, not_found};
use crate::app::mentions;
use crate::app::transact::{decode, encode};
use crate::app::users::record::UserRecord;
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::backend::{Bound, Range};
use crate::domain::event::{Event, Standing};
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
        let (record, _) = self.visible_event(&Caller::User(identity.clone()), event).await?;
        self.unless_blocked_by(&record.event.creator, &invited).await?;
        let told = self.who_is_told(identity, Some(&record.event), &invited).await?;
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
                asked.iter().map(|(user, name)| decision.invite(user, name, &who, &told)).collect::<Result<Vec<_>, _>>()
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
        self.unless_blocked(identity, event).await?;
        let who = identity.clone();
        let (number, joined_ms) = self
            .decide_on_event(event, &[&identity.user], move |decision| match decision.standing(&who.user)? {
                Standing::Participant | Standing::Invited => decision.join(&who, false).map(parts),
                standing => Err(decision.no_invitation(standing)),
            })
            .await?;
        Ok(newcomer(identity, number, joined_ms))
    }

    /// The caller will not come, and does not see a private event any more. Declining twice is the same success.
    pub async fn decline_invitation(&self, identity: &Identity, event: EventId) -> Result<(), AppError> {
        self.unless_blocked(identity, event).await?;
        let who = identity.clone();
        self.decide_on_event(event, &[&identity.user], move |decision| match decision.standing(&who.user)? {
            Standing::Invited => decision.decline(&who.user),
            Standing::Declined => Ok(()),
            standing => Err(decision.no_invitation(standing)),
        })
        .await
    }

    /// By the event's creator, or by who has invited. Withdrawing twice is the same success. [`AppError::NotFound`]: there is no
    /// invitation, and no such user for the caller.
    pub async fn withdraw_invitation(
        &self,
        identity: &Identity,
        event: EventId,
        user: &UserId,
    ) -> Result<(), AppError> {
        let (who, whom) = (identity.clone(), user.clone());
        let is_withdrawn = self
            .decide_on_event(event, &[&identity.user, user], move |decision| {
                let invitation = decision.invitation(&whom)?;
                let is_own = invitation.as_ref().is_some_and(|invitation| invitation.by == who.user.as_str());
                if !is_own || !decision.event().is_seen_by(decision.standing(&who.user)?) {
                    decision.creators_own(&who.user)?;
                }
                match invitation.map(|invitation| invitation.state) {
                    Some(InvitationState::Invited | InvitationState::Declined) => decision.withdraw(&whom)?,
                    Some(InvitationState::Left | InvitationState::Removed) => {}
                    None => return Ok(false),
                }
                Ok(true)
            })
            .await?;
        if !is_withdrawn {
            self.person(&Caller::User(identity.clone()), user).await?;
        }
        Ok(())
    }

    /// Whom these ids or names mean, each once, in their order, with their display names. `field` names the list in errors. Who
    /// has blocked the caller is nobody to them, and whom the caller has blocked is not invited.
    pub(in crate::app) async fn whom(
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
        let mut found = Vec::new();
        for (text, id) in whom.iter().zip(ids) {
            let mut value = if id.is_some() { values.next().and_then(|value| value.value) } else { None };
            if value.is_none()
                && let Some(named) = self.user_named(text).await?
            {
                let key = crate::app::users::aggregate(&named).head();
                value = self.backend.read(&[key]).await?.pop().and_then(|value| value.value);
            }
            let user = value.as_deref().map(decode::<UserRecord>).transpose()?;
            found.push(match user {
                Some(user) => Some((user.user_id()?, user.shown_name().to_owned())),
                None => None,
            });
        }
        let found = self.only_those_who_may_be(identity, found, field).await?;
        let mut known = BTreeSet::new();
        Ok(found.into_iter().filter(|(user, _)| known.insert(user.clone())).collect())
    }

    /// All of them, or the error of the first who is nobody to the caller, by there being none or by a block.
    async fn only_those_who_may_be(
        &self,
        identity: &Identity,
        found: Vec<Option<(UserId, String)>>,
        field: &str,
    ) -> Result<Vec<(UserId, String)>, AppError> {
        let users: Vec<_> = found.iter().flatten().map(|(user, _)| user).collect();
        let mut ties = self.friendships(&identity.user, &users).await?.into_iter();
        let mut there = Vec::with_capacity(found.len());
        for (index, somebody) in found.into_iter().enumerate() {
            let field = || format!("{field}[{index}]");
            let tie = if somebody.is_some() { ties.next() } else { None };
            match (somebody, tie) {
                (Some(_), Some(tie)) if tie.own.blocks.is_some() => {
                    return Err(AppError::invalid(field(), "is somebody whom you have blocked"));
                }
                (Some(somebody), Some(tie)) if tie.others.blocks.is_none() => there.push(somebody),
                _ => return Err(AppError::invalid(field(), "is nobody's id or name")),
            }
        }
        Ok(there)
    }
}

impl App {
    /// Who may hear of invitations by this user: each of those who are invited anew, and the event's creator, as often as one may
    /// trouble another in a day. The invitations stand all the same.
    ///
    /// # Errors
    /// [`AppError::Conflict`]: somebody of them has not answered too many. [`AppError::TooOften`]: the user has invited too many.
    pub(super) async fn who_is_told(
        &self,
        by: &Identity,
        event: Option<&Event>,
        invited: &[(UserId, String)],
    ) -> Result<HashSet<UserId>, AppError> {
        let mut anew: Vec<&UserId> = invited.iter().map(|(user, _)| user).collect();
        if let Some(event) = event {
            let members: Vec<_> = anew.iter().map(|user| Arc::from(user.as_str())).collect();
            let invitations: Vec<(UserId, Invitation)> = self.entries(event.id, &members, invitation).await?;
            let participants: Vec<(UserId, Participant)> = self.entries(event.id, &members, participant).await?;
            let open = invitations.into_iter().filter(|(_, it)| it.state == InvitationState::Invited);
            let known: HashSet<_> =
                open.map(|(user, _)| user).chain(participants.into_iter().map(|(user, _)| user)).collect();
            anew.retain(|user| !known.contains(*user));
        }
        if anew.is_empty() {
            return Ok(HashSet::new());
        }
        let (from, len_max) = (Bound::Score(self.clock.now().as_millis()), limits::EVENTS_ASKING_LEN_MAX);
        let asking = |user: &&UserId| Range { from: from.clone(), ..Range::all(indexes::asking(user), len_max) };
        let ranges: Vec<_> = anew.iter().map(asking).collect();
        let reads = ranges.into_iter().map(|range| async move { self.backend.range(&range).await });
        let waiting: Vec<_> = stream::iter(reads).buffered(limits::INDEXES_READ_AT_ONCE).try_collect().await?;
        if waiting.iter().any(|asking| asking.members.len() >= len_max) {
            return Err(AppError::conflict("somebody of them has too many invitations that wait for an answer"));
        }
        let times = u32::try_from(anew.len()).unwrap_or(u32::MAX);
        self.invites.take(&by.user, times).map_err(|retry_after_s| AppError::TooOften { retry_after_s })?;
        let creator = event.map(|event| &event.creator);
        let is_told =
            |user: &UserId| *user == by.user || self.troubles.take(&(by.user.clone(), user.clone()), 1).is_ok();
        Ok(anew.into_iter().chain(creator).filter(|user| is_told(user)).cloned().collect())
    }
}

impl Decision<'_> {
    /// → the invitation that now stands; `None` for who participates already.
    pub(super) fn invite(
        &mut self,
        user: &UserId,
        name: &str,
        by: &Identity,
        told: &HashSet<UserId>,
    ) -> Result<Option<Invitation>, AppError> {
        let standing = self.standing(user)?;
        match (standing, self.invitation(user)?) {
            (Standing::Participant, _) => return Ok(None),
            (Standing::Invited, Some(invitation)) => return Ok(Some(invitation)),
            // Only the creator may take back what the creator did.
            (Standing::Removed, _) if self.event().creator != by.user => {
                return Err(cannot_be_invited());
            }
            _ => {}
        }
        if let Some(before) = self.invitation(user)? {
            indexes::was_sent(self.draft, &self.record.event, &before.by, user, false);
        }
        indexes::was_sent(self.draft, &self.record.event, by.user.as_str(), user, true);
        if standing != Standing::Declined {
            if self.record.invited >= limits::EVENT_INVITED_MAX {
                return Err(AppError::conflict("too many are invited already"));
            }
            self.record.invited += 1;
        }
        let (at_ms, id) = (self.now.as_millis(), self.event().id);
        let (state, by_name) = (InvitationState::Invited, by.name.to_string());
        let was_removed = standing == Standing::Removed;
        let invitation =
            Invitation { state, name: name.to_owned(), by: by.user.to_string(), by_name, at_ms, was_removed };
        self.put_invitation(user, &invitation)?;
        self.draft.place(indexes::invited(id), user.as_str(), Some(at_ms));
        indexes::asked(self.draft, &self.record.event, user, true);
        let news = EventNews::Invited {
            at: self.now.to_string(),
            user: name_of(user, name),
            by: name_of(&by.user, &by.name),
            event: EventName::of(self.event()),
            starts_at: self.event().starts_at().to_string(),
        };
        let creator = self.event().creator.clone();
        for who in [user, &creator].into_iter().filter(|who| told.contains(*who)) {
            // Withdrawn and sent again, it is no news.
            self.tell_once(who, format!("invited/{id}/{}/{user}", by.user), &news)?;
        }
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
        indexes::was_sent(self.draft, &self.record.event, &entry.by, user, false);
        indexes::asked(self.draft, &self.record.event, user, false);
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
        indexes::asked(self.draft, &self.record.event, user, false);
        self.lost_sight(user)
    }

    pub(super) fn withdraw(&mut self, user: &UserId) -> Result<(), AppError> {
        let before = self.invitation(user)?.filter(|entry| entry.was_removed);
        self.strike_invitation(user)?;
        if let Some(entry) = before {
            self.put_invitation(user, &Invitation { state: InvitationState::Removed, ..entry })?;
        }
        self.lost_sight(user)
    }

    /// What is said to who has none: of a private event they are not told.
    fn no_invitation(&self, standing: Standing) -> AppError {
        let is_seen = self.event().is_seen_by(standing);
        if is_seen { AppError::NotFound("invitation") } else { not_found() }
    }
}

/// Whether they were removed, or the event's creator has blocked them, is not told to others.
pub(super) fn cannot_be_invited() -> AppError {
    AppError::conflict("somebody of them cannot be invited to this event")
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
