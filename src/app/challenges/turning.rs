//! What the clock makes of challenges: they start and expire, each once, on whichever instance looks first.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::app::achievements::counted_by;
use crate::app::challenges::record::What;
use crate::app::challenges::seeing::standing;
use crate::app::challenges::{ChallengeRecord, Decision, aggregate};
use crate::app::documents::ChallengeChange;
use crate::app::due::Due;
use crate::app::{App, AppError};
use crate::backend::Commit;
use crate::domain::ids::{ChallengeId, UserId};
use crate::limits;

impl App {
    /// Starts it or ends it, if it is time for that.
    pub(in crate::app) async fn turn_challenge(&self, challenge: ChallengeId) -> Result<(), AppError> {
        // At most both: a server that was away may find one that should have started, and is over.
        for _ in 0..2 {
            let record = self.challenges.read(&aggregate(challenge)).await?;
            let turns_at = record.as_ref().and_then(|record| record.challenge.turns_at());
            match (record, turns_at) {
                (Some(record), Some(at)) if at <= self.clock.now() => match record.challenge.started_at {
                    None => self.start_challenge(challenge).await?,
                    Some(_) => self.end_challenge(record).await?,
                },
                (_, turns_at) => {
                    // It stands where it belongs, or nowhere.
                    let mut commit = Commit::on(aggregate(challenge));
                    commit.moves.push(Due::ChallengeTurns(challenge).at(turns_at.map(|at| at.as_millis())));
                    self.backend.commit(commit).await?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// What stands of its people by now was before it.
    pub(super) async fn start_challenge(&self, challenge: ChallengeId) -> Result<(), AppError> {
        let Some(record) = self.challenges.read(&aggregate(challenge)).await? else { return Ok(()) };
        if record.challenge.started_at.is_some() {
            return Ok(());
        }
        let (counted, _) = counted_by(&record.goal)?;
        let people: Vec<UserId> = record.challenge.people.keys().cloned().collect();
        let stood = self.what_stood(&people, &counted, record.challenge.starts_at).await?;
        self.decide_on_challenge(challenge, &people.iter().collect::<Vec<_>>(), move |decision| {
            let now = decision.now;
            if !decision.record.challenge.start(now) {
                return Ok(());
            }
            decision.stood_if_new(&stood)?;
            decision.note(What::Started, None);
            let (at, challenge) = (decision.challenge().starts_at.to_string(), decision.name());
            decision.tell_all(&ChallengeChange::ChallengeStarted { at, challenge })
        })
        .await
    }

    /// Whatever its people have come to by now is brought to it first: a follow-up may still be under way.
    async fn end_challenge(&self, record: Arc<ChallengeRecord>) -> Result<(), AppError> {
        let people: Vec<UserId> = record.challenge.accepted().map(|(user, _)| user.clone()).collect();
        let look = |user: UserId| {
            let record = record.clone();
            async move {
                let counted = self.count_in(&user, record).await?;
                Ok::<_, AppError>(counted.map(|(version, value)| (user, version, value)))
            }
            .boxed()
        };
        let all: Vec<_> = people.into_iter().map(look).collect();
        let counted: Vec<_> =
            stream::iter(all).buffer_unordered(limits::CHALLENGE_COUNTED_AT_ONCE).try_collect().await?;
        self.decide_on_challenge(record.challenge.id, &[], move |decision| {
            for (user, version, value) in counted.iter().flatten() {
                decision.value_is(user, *version, *value)?;
            }
            decision.expire()
        })
        .await
    }
}

impl Decision<'_> {
    fn expire(&mut self) -> Result<(), AppError> {
        let now = self.now;
        if !self.record.challenge.expire(now) {
            return Ok(());
        }
        self.note(What::Expired, None);
        let challenge = self.challenge();
        let standings = challenge.standings();
        let change = ChallengeChange::ChallengeExpired {
            at: challenge.expires_at.to_string(),
            challenge: self.name(),
            winner: challenge.winner.as_ref().map(|winner| self.user_name(winner)),
            standings: standings.iter().take(limits::CHALLENGE_TOP_LEN).map(|it| standing(challenge, it)).collect(),
        };
        self.tell_all(&change)
    }
}
