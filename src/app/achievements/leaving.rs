//! What is forgotten of a user's progress when the account is deleted: all of it. The head went with the account itself, so
//! nothing new is written.

use crate::app::achievements::{boards, record};
use crate::app::users::aggregate;
use crate::app::{App, AppError};
use crate::backend::{Commit, Index, Move, Put, Range};
use crate::domain::ids::UserId;
use crate::limits;

impl App {
    /// Goes on until nothing is left.
    pub(in crate::app) async fn forget_progress(&self, user: &UserId) -> Result<(), AppError> {
        while self.leave_boards(user).await? {}
        let index = record::names_of(user);
        loop {
            let range = Range::all(index.clone(), limits::SWEEP_LEN_MAX);
            let names = self.backend.range(&range).await?.members;
            let mut commit = Commit::on(aggregate(user));
            commit.moves.push(Move { index: record::users(), member: user.as_str().into(), score: None });
            let is_last = names.is_empty();
            for (_, name) in names {
                commit.puts.push(Put { key: commit.aggregate.key(&name), value: None });
                commit.moves.push(Move { index: index.clone(), member: name, score: None });
            }
            self.backend.commit(commit).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// `false`: there were none any more.
    async fn leave_boards(&self, user: &UserId) -> Result<bool, AppError> {
        let index = boards::indexes_of(user);
        let names = self.backend.range(&Range::all(index.clone(), limits::SWEEP_LEN_MAX)).await?.members;
        let mut commit = Commit::on(aggregate(user));
        for (_, name) in &names {
            commit.moves.push(Move { index: Index::new(name.clone()), member: user.as_str().into(), score: None });
            commit.moves.push(Move { index: index.clone(), member: name.clone(), score: None });
        }
        if names.is_empty() {
            return Ok(false);
        }
        let measures = names.iter().filter_map(|(_, name)| boards::measure_of(name)).collect();
        self.tell_without(user, &measures).await?;
        self.backend.commit(commit).await?;
        Ok(true)
    }
}
