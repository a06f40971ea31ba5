//! Challenges: made, answered, counted, over.
//!
//! A challenge is one aggregate with one head, which names all its people and what each of them has come to. What somebody has come
//! to is never added up here: whenever a value of theirs moves that counts in it, it is worked out anew from what is stored of them
//! (`app::achievements`), by a follow-up of the very commit that has moved it. So what is withheld, deleted or told twice is counted
//! like all else. What happens is told on the own channels of those who take part.

mod answering;
mod blocking;
mod counting;
mod creating;
mod feed;
mod forgetting;
mod indexes;
mod inviting;
mod listing;
mod record;
mod seeing;
mod telling;
mod turning;

use serde::{Serialize, de::DeserializeOwned};

pub use creating::NewChallenge;
pub use listing::{ChallengeFilter, ChallengeState};
pub use record::ChallengeRecord;
pub(in crate::app) use record::aggregate;
pub(in crate::app) use telling::Telling;

use crate::app::documents::{ChallengeChange, ChallengeName, UserName};
use crate::app::follow_ups::{self, FollowUp};
use crate::app::transact::Draft;
use crate::app::{App, AppError};
use crate::backend::Version;
use crate::domain::challenge::{Challenge, ChallengeError};
use crate::domain::ids::{ChallengeId, UserId};
use crate::domain::time::Timestamp;

use record::What;

/// A decision on a challenge: what it sees, what it writes, and who is to hear of it.
struct Decision<'a> {
    draft: &'a mut Draft<ChallengeRecord>,
    record: ChallengeRecord,
    now: Timestamp,
    is_another: bool,
    /// Something is to be remembered that nobody sees: it makes no other version.
    is_remembered: bool,
}

impl App {
    /// One decision on a challenge that is there. `users`: of whom it is looked at what stood before.
    async fn decide_on_challenge<T, D>(
        &self,
        challenge: ChallengeId,
        users: &[&UserId],
        mut decide: D,
    ) -> Result<T, AppError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        D: FnMut(&mut Decision<'_>) -> Result<T, AppError> + Send + 'static,
    {
        let beside = users.iter().map(|user| record::before_name(user)).collect();
        let now = self.clock.now();
        self.challenges
            .transact_beside(aggregate(challenge), None, beside, move |draft| {
                let Some(record) = draft.record().cloned() else { return Err(not_found()) };
                let before = record.challenge.clone();
                let mut decision = Decision { draft, record, now, is_another: false, is_remembered: false };
                let answer = decide(&mut decision)?;
                decision.finish(Some(&before));
                Ok(answer)
            })
            .await
    }
}

impl Decision<'_> {
    fn challenge(&self) -> &Challenge {
        &self.record.challenge
    }

    /// For changing the challenge: what is changed is stored.
    fn challenge_mut(&mut self) -> &mut Challenge {
        self.is_another = true;
        &mut self.record.challenge
    }

    /// That it is still of the version that the caller has seen, if the caller has said which.
    fn expect(&self, if_version: Option<Version>) -> Result<(), AppError> {
        match if_version {
            Some(seen) if seen != Version(self.record.revision) => Err(AppError::Stale),
            _ => Ok(()),
        }
    }

    /// For the feed.
    fn note(&mut self, what: What, user: Option<&UserId>) {
        let value = user.and_then(|user| self.challenge().people.get(user)).and_then(|part| part.value);
        let value = value.filter(|_| what == What::Finished);
        self.record.note(self.now, what, user, value);
        self.is_another = true;
    }

    /// All who take part hear it; `user` has done it.
    fn tell(&mut self, user: &UserId, change: &ChallengeChange) -> Result<(), AppError> {
        self.cause(&FollowUp::told_challenge(user, self.record.challenge.id, change)?)
    }

    /// All who take part hear it, and those who have not answered.
    fn tell_all(&mut self, change: &ChallengeChange) -> Result<(), AppError> {
        let Some(user) = self.challenge().people.keys().next().cloned() else { return Ok(()) };
        self.cause(&FollowUp::told_all_of_challenge(&user, self.record.challenge.id, change)?)
    }

    fn cause(&mut self, follow_up: &FollowUp) -> Result<(), AppError> {
        self.record.caused += 1;
        // The instance that decided before may have a clock that is ahead of this one's.
        self.record.caused_ms = self.record.caused_ms.max(self.now.as_millis());
        self.is_another = true;
        follow_ups::add(self.draft, self.record.caused, follow_up, Timestamp::from_millis(self.record.caused_ms))
    }

    /// What was changed is stored, and stands where it belongs.
    fn finish(mut self, before: Option<&Challenge>) {
        if self.is_another {
            self.record.revision += 1;
            indexes::moved(self.draft, before, &self.record);
            self.draft.put(self.record);
        } else if self.is_remembered {
            self.draft.put(self.record);
        }
    }

    fn name(&self) -> ChallengeName {
        name(self.challenge())
    }

    /// One of its people.
    fn user_name(&self, user: &UserId) -> UserName {
        user_name(self.challenge(), user)
    }
}

fn name(challenge: &Challenge) -> ChallengeName {
    ChallengeName { id: challenge.id.number(), title: challenge.title.clone() }
}

fn user_name(challenge: &Challenge, user: &UserId) -> UserName {
    let name = challenge.people.get(user).map(|part| part.name.clone());
    UserName { id: user.to_string(), name: name.unwrap_or_default() }
}

fn not_found() -> AppError {
    AppError::NotFound("challenge")
}

/// What the caller is told. Who is not invited is not told that there is something to be invited to.
fn refusal(error: ChallengeError) -> AppError {
    match error {
        ChallengeError::NotInvited => not_found(),
        other => AppError::conflict(other.to_string()),
    }
}
