//! One decision on a user's progress: what is loaded for it, and what of its result is written.

use crate::app::achievements::Outcome;
use crate::app::{App, AppError};
use crate::domain::ids::UserId;

impl App {
    /// Looks at all achievements of today, as gengine does when a user is evaluated: what a changed profile or rule has brought is reached
    /// now.
    pub async fn evaluate(&self, _user: &UserId) -> Result<Outcome, AppError> {
        Err(AppError::NotAvailable)
    }
}
