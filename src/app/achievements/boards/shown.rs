//! Whom somebody sees on a board.

use std::sync::Arc;

use crate::app::users::record::UserRecord;
use crate::app::users::{Caller, Identity, aggregate};
use crate::app::{App, AppError};
use crate::domain::ids::UserId;
use crate::domain::user::Visibility;

impl App {
    /// The accounts of those whom the caller sees there, in the order of `users`: not of those who have gone, are private or have
    /// blocked the caller. With a city (folded): not of those who live elsewhere now. Without a caller: as everybody sees it.
    pub(super) async fn shown_on_board(
        &self,
        identity: Option<&Identity>,
        users: &[UserId],
        city: Option<&str>,
    ) -> Result<Vec<Option<Arc<UserRecord>>>, AppError> {
        let aggregates: Vec<_> = users.iter().map(aggregate).collect();
        let records = self.users.read_all(&aggregates).await?;
        let seen = match identity {
            Some(identity) => {
                self.sees_users(&Caller::User(identity.clone()), &users.iter().collect::<Vec<_>>()).await?
            }
            None => vec![true; users.len()],
        };
        let is_shown = |record: &Arc<UserRecord>| {
            record.visibility() != Visibility::Private && city.is_none_or(|city| record.folded_city() == city)
        };
        Ok(records.into_iter().zip(seen).map(|(record, is_seen)| record.filter(is_shown).filter(|_| is_seen)).collect())
    }
}
