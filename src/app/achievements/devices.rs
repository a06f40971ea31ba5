//! The devices of a user, for whoever sends them what they are not connected to hear.

use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::domain::ids::UserId;

/// A device, as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDevice {
    pub device_id: String,
    pub push_id: String,
    pub device_os: String,
    pub app_version: String,
}

impl App {
    /// A device of this user: new, or as it is now. For the user and for admins.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"user"`; [`AppError::Forbidden`]; [`AppError::Invalid`]: a text that is empty or too long.
    pub async fn register_device(
        &self,
        _identity: &Identity,
        _user: &UserId,
        _device: NewDevice,
    ) -> Result<(), AppError> {
        Err(AppError::NotAvailable)
    }
}
