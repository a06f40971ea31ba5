//! Users who are to stand elsewhere though nothing was counted: they live in another city now, have become private, or a board is
//! new by which they have values.

use crate::app::achievements::evaluating::Work;
use crate::app::achievements::record::ProgressRecord;
use crate::app::due::Due;
use crate::app::users::aggregate;
use crate::app::{App, AppError};
use crate::backend::Commit;
use crate::domain::achievement::{Evaluation, Period, Rules, Scope};
use crate::domain::ids::UserId;

use super::placing::Told;

impl App {
    /// Puts a user where they belong on every board. Nothing is unlocked by it.
    pub(in crate::app) async fn settle_boards(&self, user: &UserId) -> Result<(), AppError> {
        if self.progress.read(&aggregate(user)).await?.is_none() {
            return Ok(());
        }
        let work = Work { moves: Vec::new(), contributions: Vec::new(), scope: Scope::Boards, is_trial: false };
        match self.take_in(user, None, work, None).await {
            // Whoever has gone is taken off with all the rest.
            Err(AppError::NotFound(_)) => Ok(()),
            settled => settled.map(drop),
        }
    }

    /// As [`App::settle_boards`], because the account has changed. Who changes it again meanwhile is looked at again.
    pub(in crate::app) async fn settle_changed(&self, user: &UserId) -> Result<(), AppError> {
        let account = aggregate(user).head();
        let seen = self.backend.read(std::slice::from_ref(&account)).await?;
        self.settle_boards(user).await?;
        let mut commit = Commit::on(aggregate(user));
        commit.moves.push(Due::BoardsOf(user.clone()).at(None));
        commit
            .expect
            .extend(seen.into_iter().map(|it| crate::backend::Expect { key: account.clone(), version: it.version }));
        match self.backend.commit(commit).await {
            Ok(_) | Err(crate::backend::CommitError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Boards on which somebody stands by a value that is none any more, or that are none any more themselves.
pub fn gone(record: &ProgressRecord, rules: &Rules, told: &[Told]) -> Vec<Told> {
    let is_told = |id, period| told.iter().any(|(measure, of, _)| (*measure, *of) == (id, period));
    let stands = record.boards.iter().flat_map(|(id, periods)| periods.keys().map(move |period| (*id, period)));
    let stands = stands.filter_map(|(id, period)| {
        let (id, period) = (crate::domain::achievement::MeasureId::new(id), Period::parse(period)?);
        // What was reached in a period that is over stays.
        let goes = match rules.measure(id).filter(|_| rules.is_board(id)) {
            None => true,
            Some(measure) => measure.evaluation == Evaluation::Immediately && !is_told(id, period),
        };
        goes.then_some((id, period, None))
    });
    stands.collect()
}
