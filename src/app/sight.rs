//! Who may see what: the one place where it is decided, whatever the window.
//!
//! A list is asked about in one go, so that it costs a bounded number of readings. What may not be seen is not there: lists
//! leave it out, counts do not count it, and whoever asks for it by name is told that there is no such thing.

mod rights;

pub use rights::{Concerned, rights_topic};
#[allow(unused_imports)] // until events and friends use them
pub(in crate::app) use rights::{rights_changed, rights_changed_of};

use crate::app::links::Shared;
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::domain::ids::UserId;
use crate::domain::run::Run;
use crate::domain::user::Visibility;

impl App {
    /// Which of these runs the caller may see, in their order.
    pub(in crate::app) async fn sees_runs(&self, caller: &Caller, runs: &[&Run]) -> Result<Vec<bool>, AppError> {
        let sees = |run: &Run| match (run.visibility, caller) {
            (Visibility::Public, _) => true,
            (_, Caller::Link(holder)) => holder.shared == Shared::Run(run.id),
            _ => caller.is(&run.owner),
        };
        Ok(runs.iter().map(|run| sees(run)).collect())
    }

    /// Which of these users the caller may know of, in their order.
    pub(in crate::app) async fn sees_users(&self, _: &Caller, users: &[&UserId]) -> Result<Vec<bool>, AppError> {
        Ok(vec![true; users.len()])
    }

    pub(in crate::app) async fn sees_user(&self, caller: &Caller, user: &UserId) -> Result<bool, AppError> {
        Ok(self.sees_users(caller, &[user]).await?.contains(&true))
    }

    pub(in crate::app) async fn sees_run(&self, caller: &Caller, run: &Run) -> Result<bool, AppError> {
        Ok(self.sees_runs(caller, &[run]).await?.contains(&true))
    }
}
