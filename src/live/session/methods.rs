//! What clients can call by name (`rpc`).

use bytes::Bytes;

use super::{Done, Refusal, Session};
use crate::app::AppError;
use crate::app::documents::HabitBatch;
use crate::live::disconnect;
use crate::live::protocol::Reply;

/// Operations on the caller's own board of habits.
const HABIT_APPLY: &str = "habit.apply";

impl Session {
    /// Calls the method of this name with `data`, and answers what it gives back.
    pub(super) async fn call(&self, method: &str, data: Option<Bytes>) -> Result<Done, Refusal> {
        match method {
            HABIT_APPLY => self.apply_habits(data).await,
            // As the protocol's other servers say when they have no method at all.
            _ => Err(disconnect::NOT_AVAILABLE.into()),
        }
    }

    async fn apply_habits(&self, data: Option<Bytes>) -> Result<Done, Refusal> {
        let identity = self.connection.credential().ok_or(disconnect::PERMISSION_DENIED)?;
        let data = data.ok_or_else(|| disconnect::BAD_COMMAND.because("data: is missing"))?;
        let HabitBatch { ops, seen } = HabitBatch::read(&data)?;
        let applied = match self.live.app.apply_habits(&identity, ops.ops, seen).await {
            // The account has ended, and so will this connection.
            Err(AppError::NotFound(_)) => return Err(disconnect::PERMISSION_DENIED.into()),
            applied => applied?,
        };
        Ok(Done::Answer(Reply::Rpc { data: applied.told(ops.places)? }))
    }
}
