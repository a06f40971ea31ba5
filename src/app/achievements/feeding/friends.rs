//! What friends count: each whom the user has invited, once and for good.

use super::{empty, share};
use crate::app::achievements::{Contribution, Source};
use crate::app::{App, AppError};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;

/// What this friend counts, who has become one at this moment.
pub(in crate::app::achievements) fn of_friend(friend: &UserId, at: Timestamp) -> Result<Contribution, AppError> {
    // It belongs to when it was counted first, however often it is said again.
    let version = u64::MAX - super::millis(at);
    let shares = vec![share("invite_users", "", 1.0, at)?];
    Ok(Contribution { shares, ..empty(Source::Friend(friend.clone()), version) })
}

impl App {
    /// `friend` has accepted what `user` had asked.
    pub(in crate::app) async fn count_friend(&self, user: &UserId, friend: &UserId) -> Result<(), AppError> {
        self.contribute(user, of_friend(friend, self.clock.now())?).await.map(drop)
    }
}
