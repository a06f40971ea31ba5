//! What goals have to say to a user on the way: kept until there are too many, read or not.

use std::sync::Arc;

use crate::app::achievements::record::{MessageRecord, message_name};
use crate::app::documents::MessageDocument;
use crate::app::transact::decode;
use crate::app::users::{Identity, aggregate};
use crate::app::{App, AppError};
use crate::backend::Key;
use crate::domain::ids::UserId;
use crate::limits;

impl App {
    /// A page of a user's messages, newest first, after the `offset` newest ones. For the user and for admins.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"user"`; [`AppError::Forbidden`].
    pub async fn messages(
        &self,
        identity: &Identity,
        user: &UserId,
        offset: u64,
    ) -> Result<Vec<MessageDocument>, AppError> {
        self.may_act_for(identity, user).await?;
        self.messages_of(user, offset, limits::MESSAGES_PAGE_LEN).await
    }

    /// As [`App::messages`], so many of them.
    pub(super) async fn messages_of(
        &self,
        user: &UserId,
        offset: u64,
        len: u64,
    ) -> Result<Vec<MessageDocument>, AppError> {
        let aggregate = aggregate(user);
        let Some(head) = self.progress.read(&aggregate).await? else { return Ok(Vec::new()) };
        let oldest = head.messages.saturating_sub(limits::MESSAGES_LEN_MAX);
        let until = head.messages.saturating_sub(offset).max(oldest);
        let ids: Vec<u64> = (until.saturating_sub(len).max(oldest) + 1..=until).rev().collect();
        let keys: Vec<Key> = ids.iter().map(|id| aggregate.key(&message_name(*id))).collect();
        let found = ids.iter().zip(self.backend.read(&keys).await?);
        // One may have gone since the head was read.
        let found = found.filter_map(|(id, it)| Some((*id, it.value?)));
        found.map(|(id, value)| Ok(decode::<MessageRecord>(&value)?.document(id, id <= head.read))).collect()
    }

    /// This message and all older ones are read.
    ///
    /// # Errors
    /// As [`App::messages`], and [`AppError::NotFound`] `"message"`.
    pub async fn read_messages(&self, identity: &Identity, user: &UserId, id: u64) -> Result<(), AppError> {
        self.may_act_for(identity, user).await?;
        let name = message_name(id);
        let beside: Vec<Arc<str>> = vec![name.clone()];
        self.progress
            .transact_beside(aggregate(user), None, beside, move |draft| {
                let is_there = draft.beside::<serde::de::IgnoredAny>(&name)?.is_some();
                let record = draft.record().filter(|_| is_there).cloned();
                let mut record = record.ok_or(AppError::NotFound("message"))?;
                if record.read < id {
                    record.read = id;
                    draft.put(record);
                }
                Ok(())
            })
            .await
    }
}
