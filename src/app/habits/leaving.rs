//! What is forgotten of a user's board when the account is deleted: all of it. The head went with the account itself, so nothing
//! new is written.

use crate::app::due::Due;
use crate::app::habits::names;
use crate::app::users::aggregate;
use crate::app::{App, AppError};
use crate::backend::{Commit, Move, Put, Range};
use crate::domain::ids::UserId;
use crate::limits;

impl App {
    /// Goes on until nothing is left.
    pub(in crate::app) async fn forget_habits(&self, user: &UserId) -> Result<(), AppError> {
        self.habit_boards.forget(user);
        for index in [names::all_of(user), names::ops_of(user)] {
            loop {
                let range = Range::all(index.clone(), limits::SWEEP_LEN_MAX);
                let names = self.backend.range(&range).await?.members;
                let mut commit = Commit::on(aggregate(user));
                let due = [Due::DayTurns(user.clone()), Due::HabitsCount(user.clone())];
                commit.moves.extend(due.iter().map(|due| due.at(None)));
                let is_last = names.is_empty();
                for (_, name) in names {
                    commit.puts.push(Put { key: commit.aggregate.key(&name), value: None });
                    commit.moves.push(Move { index: index.clone(), member: name, score: None });
                }
                self.backend.commit(commit).await?;
                if is_last {
                    break;
                }
            }
        }
        Ok(())
    }
}
