//! Who sees a challenge, and what of it: those who were invited, and the members of its group. To all others there is none.

use std::sync::Arc;

use crate::app::challenges::record::{ChallengeRecord, Subject};
use crate::app::challenges::{aggregate, not_found, user_name};
use crate::app::documents::{
    ChallengeDocument, ChallengeInvitation, ChallengeStanding, ChallengedDocument, GroupName, OwnPartDocument,
    accomplishment_name, answer_name, challenge_kind_name, challenge_state_name,
};
use crate::app::users::{Caller, Identity};
use crate::app::{App, AppError};
use crate::backend::Version;
use crate::domain::achievement::Operator;
use crate::domain::challenge::{Answer, Challenge, Standing};
use crate::domain::ids::{ChallengeId, GroupId, UserId};
use crate::domain::time::Timestamp;

impl App {
    /// A challenge that the caller may see, as it is now, with its standings.
    pub async fn challenge(&self, identity: &Identity, challenge: ChallengeId) -> Result<ChallengeDocument, AppError> {
        let mut record = self.visible_challenge(identity, challenge).await?;
        if record.challenge.turns_at().is_some_and(|turns_at| turns_at <= self.clock.now()) {
            // What is told has a version, so it is stored first.
            self.turn_challenge(challenge).await?;
            record = self.challenges.read(&aggregate(challenge)).await?.ok_or_else(not_found)?;
        }
        Ok(document(&record, &identity.user, self.clock.now()).in_full(&record, &identity.user))
    }

    /// [`AppError::NotFound`]: there is none, or none for the caller.
    pub(super) async fn visible_challenge(
        &self,
        identity: &Identity,
        challenge: ChallengeId,
    ) -> Result<Arc<ChallengeRecord>, AppError> {
        let record = self.challenges.read(&aggregate(challenge)).await?.ok_or_else(not_found)?;
        let group = record.group.as_ref().and_then(|group| GroupId::parse(&group.id));
        let is_in_group = match group {
            _ if record.challenge.people.contains_key(&identity.user) => true,
            Some(group) => self.groups_of(&identity.user).await?.contains(&group),
            None => false,
        };
        if !is_in_group {
            return Err(not_found());
        }
        // From what is over who was blocked is not sent away: they were a part of it.
        let creator = record.challenge.creator.as_ref().filter(|_| record.challenge.turns_at().is_some());
        match creator {
            Some(creator) if !self.sees_user(&Caller::User(identity.clone()), creator).await? => Err(not_found()),
            _ => Ok(record),
        }
    }
}

/// As a list shows it to one of its people.
pub(super) fn document(record: &ChallengeRecord, user: &UserId, now: Timestamp) -> ChallengeDocument {
    let challenge = &record.challenge;
    let (achievement, variable) = match record.subject.clone() {
        Subject::Achievement { id, name, title, goal } => (Some(ChallengedDocument { id, name, title, goal }), None),
        Subject::Variable(name) => (None, Some(name)),
    };
    let len_of = |answer: Answer| {
        let len = challenge.people.values().filter(|part| part.answer == answer).count();
        u32::try_from(len).unwrap_or(u32::MAX)
    };
    ChallengeDocument {
        id: challenge.id.number(),
        title: challenge.title.clone(),
        kind: challenge_kind_name(challenge.kind),
        achievement,
        variable,
        operator: match challenge.operator {
            Operator::Geq => "geq",
            Operator::Leq => "leq",
        },
        target: challenge.target,
        creator: challenge.creator.as_ref().map(|creator| user_name(challenge, creator)),
        group: record.group.clone().map(|group| GroupName { id: group.id, name: group.name }),
        state: challenge_state_name(challenge.state_at(now)),
        created_at: challenge.created_at.to_string(),
        starts_at: challenge.starts_at.to_string(),
        expires_at: challenge.expires_at.to_string(),
        cancelled_at: challenge.cancelled_at.map(|at| at.to_string()),
        accepted: len_of(Answer::Accepted),
        pending: len_of(Answer::Pending),
        winner: challenge.winner.as_ref().map(|winner| user_name(challenge, winner)),
        own: own(challenge, user),
        standings: None,
        invitations: None,
        version: Version(record.revision),
    }
}

fn own(challenge: &Challenge, user: &UserId) -> Option<OwnPartDocument> {
    let part = challenge.people.get(user)?;
    let position = challenge.standings().iter().find(|it| it.user == user).map(|it| it.position);
    let (answer, accomplishment) = (answer_name(part.answer), accomplishment_name(part.accomplishment));
    Some(OwnPartDocument { answer, accomplishment, value: part.value, position })
}

pub(super) fn standing(challenge: &Challenge, standing: &Standing<'_>) -> ChallengeStanding {
    ChallengeStanding {
        position: standing.position,
        user: user_name(challenge, standing.user),
        value: standing.part.value,
        accomplishment: accomplishment_name(standing.part.accomplishment),
        finished_at: standing.part.finished_at.map(|at| at.to_string()),
    }
}

impl ChallengeDocument {
    fn in_full(self, record: &ChallengeRecord, user: &UserId) -> Self {
        let challenge = &record.challenge;
        let standings = challenge.standings().iter().map(|it| standing(challenge, it)).collect();
        let others = challenge.people.iter().filter(|(_, part)| part.answer != Answer::Accepted);
        let invitations = others.map(|(user, part)| ChallengeInvitation {
            user: user_name(challenge, user),
            answer: answer_name(part.answer),
        });
        let is_creator = challenge.creator.as_ref() == Some(user);
        Self { standings: Some(standings), invitations: is_creator.then(|| invitations.collect()), ..self }
    }
}
