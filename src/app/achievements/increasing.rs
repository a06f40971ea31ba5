//! Values that somebody reports: so much more of a variable, each call once under its idempotency key.

use crate::app::achievements::Outcome;
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::domain::ids::UserId;

/// So much more of a variable; less, when negative.
#[derive(Clone, Debug, PartialEq)]
pub struct Increase {
    pub variable: String,
    /// Tells values of one variable apart, for example an event's id. Often empty.
    pub key: String,
    /// Finite, at most 2⁵³ either way.
    pub value: f64,
}

impl App {
    /// Moves these values of a user, all of them or none, in one commit with the levels that they bring. `once`: the caller's idempotency
    /// key, if there is one; a replay answers what was answered first.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"user"` or `"variable"`; [`AppError::Forbidden`]: another's values, or a variable that is the admins' to
    /// move; [`AppError::Invalid`]: a value or a key that cannot be used, or too many of them.
    pub async fn increase(
        &self,
        _by: &Caller,
        _user: &UserId,
        _increases: Vec<Increase>,
        _once: Option<&str>,
    ) -> Result<Outcome, AppError> {
        Err(AppError::NotAvailable)
    }
}
