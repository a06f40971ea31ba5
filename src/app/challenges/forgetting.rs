//! A user whose account is deleted: no challenge names them any more, and those that they have made go on without them.

use crate::app::challenges::{aggregate, indexes};
use crate::app::{App, AppError};
use crate::backend::{Commit, Move, Range};
use crate::domain::ids::{ChallengeId, UserId};
use crate::limits;

impl App {
    /// Goes on until nothing is left.
    pub(in crate::app) async fn forget_challenges(&self, user: &UserId) -> Result<(), AppError> {
        for index in [indexes::of_user(user), indexes::open_of(user), indexes::asking(user)] {
            loop {
                let range = Range::all(index.clone(), limits::SWEEP_LEN_MAX);
                let members = self.backend.range(&range).await?.members;
                if members.is_empty() {
                    break;
                }
                for (_, member) in members {
                    let challenge = ChallengeId::parse(&member).ok_or(AppError::Internal)?;
                    self.strike_from_challenge(challenge, user).await?;
                    // Whether it was there or not.
                    let mut commit = Commit::on(aggregate(challenge));
                    commit.moves.push(Move { index: index.clone(), member, score: None });
                    self.backend.commit(commit).await?;
                }
            }
        }
        Ok(())
    }

    /// As if they had never been in it. A challenge with nobody left in it goes, too.
    pub(super) async fn strike_from_challenge(&self, challenge: ChallengeId, user: &UserId) -> Result<(), AppError> {
        let who = user.clone();
        let now = self.clock.now();
        let struck = self
            .decide_on_challenge(challenge, &[], move |decision| {
                if decision.record.challenge.strike(&who).is_none() {
                    return Ok(());
                }
                decision.is_another = true;
                decision.draft.remove_beside(&super::record::before_name(&who));
                decision.record.happened.retain(|it| it.user.as_deref() != Some(who.as_str()));
                if decision.challenge().people.is_empty() && decision.challenge().turns_at().is_some() {
                    // The clock has nothing to do with it any more.
                    decision.challenge_mut().cancelled_at = Some(now);
                }
                Ok(())
            })
            .await;
        match struck {
            Err(AppError::NotFound(_)) => Ok(()),
            struck => struck,
        }
    }
}
