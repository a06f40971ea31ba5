//! What the next turn of the day would do, if nothing were done until then.

use std::sync::Arc;

use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::domain::habit::Board;
use crate::domain::habit::cron::{self, Turned};
use crate::domain::time::Timestamp;

/// A turn that is to come.
#[derive(Clone, Debug)]
pub struct Preview {
    pub at: Timestamp,
    pub turned: Turned,
    /// As it is, and as it would be.
    pub before: Arc<Board>,
    pub after: Board,
}

impl App {
    /// A day that has begun turns first, as with any request.
    pub async fn preview_habits(&self, identity: &Identity) -> Result<Preview, AppError> {
        let board = self.apply_habits(identity, Vec::new(), None).await?.board;
        let account = self.account(&identity.user).await?.ok_or(AppError::NotFound("user"))?;
        let zone = board.hero.zone(account.said_zone);
        let at = cron::next_turn(&board, zone).ok_or(AppError::Internal)?;
        let (turned, after) = cron::preview(&board, at, zone).ok_or(AppError::Internal)?;
        Ok(Preview { at, turned, before: board, after })
    }
}
