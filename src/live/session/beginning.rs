//! What a new subscriber is told first: all that it missed, or the state now; never a part.

use super::{Session, reply_error};
use crate::app::AppError;
use crate::backend::{Cursor, Epoch};
use crate::live::disconnect::{self, ReplyError};
use crate::live::hub::Entrance;
use crate::live::protocol::{Publication, Subscribe, SubscribeResult};

/// The state that a new subscriber is told, and the offset that it covers.
pub(super) struct Beginning {
    pub result: SubscribeResult,
    pub covered: u64,
}

impl Session {
    /// What was missed, if it can be had wholly; else the state now.
    pub(super) async fn beginning(&self, entrance: &Entrance, request: &Subscribe) -> Result<Beginning, ReplyError> {
        if !entrance.channel.is_recoverable() {
            return Ok(Beginning { result: SubscribeResult::default(), covered: 0 });
        }
        let (recoverable, positioned, was_recovering) = (true, true, request.recover);
        let result = SubscribeResult { recoverable, positioned, was_recovering, ..SubscribeResult::default() };
        if request.recover {
            if let Some((publications, top)) = self.missed(entrance, request).await.map_err(reply_error)? {
                let (epoch, offset) = (top.epoch.to_string(), request.offset);
                let result = SubscribeResult { recovered: true, epoch, offset, publications, ..result };
                return Ok(Beginning { result, covered: top.offset });
            }
            if request.rejects_unrecovered {
                return Err(disconnect::UNRECOVERABLE);
            }
        }
        let snapshot = self.live.app.snapshot(&entrance.channel).await.map_err(reply_error)?;
        let Cursor { epoch, offset } = snapshot.cursor;
        let result = SubscribeResult { epoch: epoch.to_string(), offset, data: snapshot.data, ..result };
        Ok(Beginning { result, covered: offset })
    }

    /// All that the client missed, or `None`.
    async fn missed(
        &self,
        entrance: &Entrance,
        request: &Subscribe,
    ) -> Result<Option<(Vec<Publication>, Cursor)>, AppError> {
        let since = Cursor { epoch: Epoch(request.epoch.as_str().into()), offset: request.offset };
        let missed = self.live.app.recover(&entrance.channel, &since).await?;
        Ok(missed.map(|(publications, top)| (publications.into_iter().map(Publication::of).collect(), top)))
    }
}
