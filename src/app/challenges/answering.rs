//! What somebody says to a challenge: accepts, rejects, leaves; and its creator: cancels.

use crate::app::achievements::counted_by;
use crate::app::challenges::inviting::Stood;
use crate::app::challenges::record::What;
use crate::app::challenges::{indexes, not_found, refusal};
use crate::app::documents::{ChallengeChange, ChallengeDocument};
use crate::app::follow_ups::FollowUp;
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::backend::Version;
use crate::domain::challenge::{Answer, State};
use crate::domain::ids::ChallengeId;
use crate::limits;

impl App {
    /// The caller takes part from now on, and what they have done since the challenge began counts. Accepting twice is the same
    /// success; so is accepting what one has rejected. Who is in the challenge's group needs no invitation.
    pub async fn accept_challenge(
        &self,
        identity: &Identity,
        challenge: ChallengeId,
    ) -> Result<ChallengeDocument, AppError> {
        let record = self.visible_challenge(identity, challenge).await?;
        let (user, now) = (identity.user.clone(), self.clock.now());
        let answer = record.challenge.answer_of(&user);
        let mut stood = Stood::new();
        if answer != Some(Answer::Accepted) {
            record.challenge.open(now).map_err(refusal)?;
            if self.len_of(indexes::open_of(&user)).await? >= limits::CHALLENGES_OPEN_LEN_MAX as u64 {
                return Err(AppError::conflict("you take part in too many challenges that are not over yet"));
            }
            if answer.is_none() && record.challenge.state_at(now) == State::Current {
                let (counted, _) = counted_by(&record.goal)?;
                stood = self.what_stood(std::slice::from_ref(&user), &counted, record.challenge.starts_at).await?;
            }
        }
        let who = identity.clone();
        self.decide_on_challenge(challenge, &[&user], move |decision| {
            let (now, user) = (decision.now, &who.user);
            if answer.is_none() && decision.challenge().answer_of(user).is_none() {
                // By the group.
                let most = limits::CHALLENGE_PEOPLE_MAX;
                decision.challenge_mut().invite(user, &who.name, most, now).map_err(refusal)?;
                decision.stood_if_new(&stood)?;
            }
            if decision.record.challenge.accept(user, now).map_err(refusal)? {
                decision.note(What::Accepted, Some(user));
                decision.cause(&FollowUp::challenges_count(user, vec![challenge.number()]))?;
                let (at, name, by) = (now.to_string(), decision.name(), decision.user_name(user));
                decision.tell(user, &ChallengeChange::ChallengeAccepted { at, challenge: name, user: by })?;
            }
            Ok(())
        })
        .await?;
        self.challenge(identity, challenge).await
    }

    /// The caller does not take part, or not any more. Rejecting twice is the same success. The creator cannot leave.
    pub async fn reject_challenge(
        &self,
        identity: &Identity,
        challenge: ChallengeId,
    ) -> Result<ChallengeDocument, AppError> {
        self.visible_challenge(identity, challenge).await?;
        let user = identity.user.clone();
        self.decide_on_challenge(challenge, &[], move |decision| {
            let now = decision.now;
            let took_part = decision.challenge().answer_of(&user) == Some(Answer::Accepted);
            if !decision.record.challenge.reject(&user, now).map_err(refusal)? {
                return Ok(());
            }
            decision.note(What::Rejected, Some(&user));
            let (at, challenge, by) = (now.to_string(), decision.name(), decision.user_name(&user));
            let change = ChallengeChange::ChallengeRejected { at, challenge, user: by };
            match decision.challenge().creator.clone() {
                _ if took_part => decision.tell(&user, &change),
                Some(creator) => decision.cause(&FollowUp::told(&creator, &change)?),
                None => Ok(()),
            }
        })
        .await?;
        self.challenge(identity, challenge).await
    }

    /// By its creator. Cancelling twice is the same success.
    pub async fn cancel_challenge(
        &self,
        identity: &Identity,
        challenge: ChallengeId,
        if_version: Option<Version>,
    ) -> Result<(), AppError> {
        let record = self.visible_challenge(identity, challenge).await?;
        if record.challenge.creator.as_ref() != Some(&identity.user) {
            return Err(AppError::Forbidden);
        }
        let user = identity.user.clone();
        self.decide_on_challenge(challenge, &[], move |decision| {
            if decision.challenge().creator.as_ref() != Some(&user) {
                return Err(not_found());
            }
            decision.expect(if_version)?;
            let now = decision.now;
            if decision.record.challenge.cancel(now).map_err(refusal)? {
                decision.note(What::Cancelled, Some(&user));
                let change = ChallengeChange::ChallengeCancelled { at: now.to_string(), challenge: decision.name() };
                decision.tell_all(&change)?;
            }
            Ok(())
        })
        .await
    }
}
