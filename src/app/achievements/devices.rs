//! The devices of a user, for whoever sends them what they are not connected to hear.

use crate::app::achievements::record::{self, DEVICES, DeviceRecord, DevicesDocument};
use crate::app::transact::encode;
use crate::app::users::{Identity, aggregate};
use crate::app::{App, AppError};
use crate::domain::ids::UserId;
use crate::limits;

/// A device, as it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDevice {
    pub device_id: String,
    pub push_id: String,
    pub device_os: String,
    pub app_version: String,
}

impl NewDevice {
    fn check(&self) -> Result<(), AppError> {
        let texts = [
            ("device_id", &self.device_id, limits::DEVICE_TEXT_BYTES_MAX),
            ("push_id", &self.push_id, limits::PUSH_ID_BYTES_MAX),
            ("device_os", &self.device_os, limits::DEVICE_TEXT_BYTES_MAX),
            ("app_version", &self.app_version, limits::DEVICE_TEXT_BYTES_MAX),
        ];
        for (field, text, bytes_max) in texts {
            if text.is_empty() || text.len() > bytes_max || text.chars().any(char::is_control) {
                let problem = format!("must have 1 to {bytes_max} bytes and no control characters");
                return Err(AppError::invalid(field, problem));
            }
        }
        Ok(())
    }
}

impl App {
    /// A device of this user: new, or as it is now. For the user and for admins.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"user"`; [`AppError::Forbidden`]; [`AppError::Invalid`]: a text that is empty or too long.
    pub async fn register_device(&self, identity: &Identity, user: &UserId, device: NewDevice) -> Result<(), AppError> {
        device.check()?;
        self.may_act_for(identity, user).await?;
        if self.progress.read(&aggregate(user)).await?.is_none() {
            self.make_progress(user).await?;
        }
        let (now, who) = (self.clock.now(), user.clone());
        self.progress
            .transact_beside(aggregate(user), None, vec![DEVICES.into()], move |draft| {
                if draft.record().is_none() {
                    return Err(AppError::NotFound("user"));
                }
                let known: Option<DevicesDocument> = draft.beside(DEVICES)?;
                if known.is_none() {
                    draft.place(record::names_of(&who), DEVICES, Some(0));
                }
                let DevicesDocument(mut devices) = known.unwrap_or_default();
                let NewDevice { device_id, push_id, device_os, app_version } = device.clone();
                devices.insert(device_id, DeviceRecord { push_id, device_os, app_version, at_ms: now.as_millis() });
                while devices.len() > limits::DEVICES_LEN_MAX {
                    let oldest = devices.iter().min_by_key(|(_, it)| it.at_ms).map(|(id, _)| id.clone());
                    oldest.and_then(|id| devices.remove(&id));
                }
                draft.put_beside(DEVICES, encode(&DevicesDocument(devices))?);
                Ok(())
            })
            .await
    }
}
