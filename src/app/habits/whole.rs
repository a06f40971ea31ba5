//! All of a user's habits at once, for devices that keep no board of their own: the board, what led there, and whose it is.

use crate::app::habits::{Applied, Histories, Submitted};
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::domain::time::Timestamp;

#[derive(Clone, Debug)]
pub struct Whole {
    pub applied: Applied,
    /// What was written after the board was looked at may be among it.
    pub histories: Histories,
    pub owner: Owner,
}

/// What of the account stands beside the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The one to log in by.
    pub name: String,
    pub created_at: Timestamp,
}

impl Whole {
    /// Written down, roughly.
    pub fn bytes(&self) -> usize {
        const TASK: usize = 300;
        const ENTRY: usize = 50;
        let entries: usize = self.histories.values().map(|history| history.entries().count()).sum();
        let board = &self.applied.board;
        board.bytes() + board.len() * TASK + entries * ENTRY
    }
}

impl App {
    /// As [`App::apply_habits`], with all there is.
    pub async fn apply_whole_habits(
        &self,
        identity: &Identity,
        ops: Vec<Submitted>,
        seen: Option<u64>,
    ) -> Result<Whole, AppError> {
        let applied = self.apply_habits(identity, ops, seen).await?;
        let account = self.account(&identity.user).await?.ok_or(AppError::NotFound("user"))?;
        let hero = &applied.board.hero;
        let today = hero.calendar(hero.zone(account.said_zone)).day_of(self.clock.now());
        let histories = self.histories_of(&identity.user, applied.months.clone(), today).await?;
        let owner = Owner { name: account.log_in_name.clone(), created_at: account.created };
        Ok(Whole { applied, histories, owner })
    }
}
