//! The day turns by the clock for who has not asked for anything; and what needs not be remembered any longer is forgotten.

use crate::app::due::Due;
use crate::app::habits::HabitsRecord;
use crate::app::habits::applying::Cause;
use crate::app::habits::names;
use crate::app::transact::Record as _;
use crate::app::users::aggregate;
use crate::app::{App, AppError};
use crate::backend::{Bound, Commit, CommitError, Expect, Move, Order, Put, Range, Version};
use crate::domain::ids::UserId;
use crate::limits;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

impl App {
    pub(in crate::app) async fn turn_day_of(&self, user: &UserId) -> Result<(), AppError> {
        let turned = match self.apply_part(user, &[], None, Cause::Clock).await {
            Err(AppError::NotFound(_)) => None,
            turned => turned?,
        };
        if turned.is_some() {
            return self.forget_old_ops(user).await;
        }
        self.strike_without_board(user, &Due::DayTurns(user.clone())).await
    }

    /// There is nothing that this is due for, unless a board has come meanwhile, which has said so itself.
    pub(super) async fn strike_without_board(&self, user: &UserId, due: &Due) -> Result<(), AppError> {
        let mut commit = Commit::on(aggregate(user));
        commit.expect.push(Expect { key: commit.aggregate.key(HabitsRecord::NAME), version: Version::ABSENT });
        commit.moves.push(due.at(None));
        match self.backend.commit(commit).await {
            Ok(_) | Err(CommitError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Those that are too old. A busy device leaves thousands a day; what a turn does not get done is left to the next.
    async fn forget_old_ops(&self, user: &UserId) -> Result<(), AppError> {
        let day = self.clock.now().as_millis().div_euclid(DAY_MS) - limits::HABIT_OP_DAYS;
        for _ in 0..limits::SWEEPS_PER_TURN_MAX {
            let (index, until, order) = (names::ops_of(user), Bound::Score(day), Order::Ascending);
            let limit = limits::HABIT_OPS_FORGOTTEN_LEN;
            let range = Range { index: index.clone(), from: Bound::Start, until, order, limit, count: false };
            let old = self.backend.range(&range).await?.members;
            let is_last = old.len() < limit;
            let mut commit = Commit::on(aggregate(user));
            for (_, name) in old {
                commit.puts.push(Put { key: commit.aggregate.key(&name), value: None });
                commit.moves.push(Move { index: index.clone(), member: name, score: None });
            }
            if !commit.puts.is_empty() {
                self.backend.commit(commit).await?;
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }
}
