//! What goals have to say to a user on the way: kept until it is read, and for a while after.

use crate::app::documents::MessageDocument;
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::domain::ids::UserId;

impl App {
    /// A page of a user's messages, newest first, after the `offset` newest ones. For the user and for admins.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"user"`; [`AppError::Forbidden`].
    pub async fn messages(
        &self,
        _identity: &Identity,
        _user: &UserId,
        _offset: u64,
    ) -> Result<Vec<MessageDocument>, AppError> {
        Err(AppError::NotAvailable)
    }

    /// This message and all older ones are read.
    ///
    /// # Errors
    /// As [`App::messages`], and [`AppError::NotFound`] `"message"`.
    pub async fn read_messages(&self, _identity: &Identity, _user: &UserId, _id: u64) -> Result<(), AppError> {
        Err(AppError::NotAvailable)
    }
}
