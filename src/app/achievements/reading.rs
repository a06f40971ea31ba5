//! How far users have come, as those see it who may.

use crate::app::documents::{GainsDocument, ProgressDocument};
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::domain::achievement::AchievementId;
use crate::domain::ids::UserId;

/// Which achievements, and how many periods of those that recur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressFilter {
    pub achievement: Option<AchievementId>,
    /// At least 1: the newest period.
    pub history: usize,
    /// Whether it is told what each level asks for and gives.
    pub with_levels: bool,
}

impl App {
    /// How far a user has come, achievement by achievement in the order of their ids, the newest period first. Hidden ones are
    /// among them when a level is reached, and for admins.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"user"`: there is none that the caller may see; `"achievement"`: likewise.
    pub async fn progress(
        &self,
        _caller: &Caller,
        _user: &UserId,
        _filter: ProgressFilter,
    ) -> Result<Vec<ProgressDocument>, AppError> {
        Err(AppError::NotAvailable)
    }

    /// What a level gives; nothing above the highest one.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"achievement"`; [`AppError::Invalid`]: level 0.
    pub async fn level_of(&self, _id: AchievementId, _level: u32) -> Result<GainsDocument, AppError> {
        Err(AppError::NotAvailable)
    }
}
