//! What has happened lately: in the challenges that one takes part in, and what friends have finished, as far as one may see what
//! they do.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::app::challenges::record::{ChallengeRecord, Happened, What};
use crate::app::challenges::{indexes, name, user_name};
use crate::app::documents::HappenedDocument;
use crate::app::listing::Page;
use crate::app::users::{Identity, aggregate};
use crate::app::{App, AppError};
use crate::backend::{Bound, Order, Range};
use crate::domain::challenge::Answer;
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;
use crate::limits;

impl App {
    /// The newest first.
    pub async fn challenge_feed(&self, identity: &Identity, page: Page) -> Result<Vec<HappenedDocument>, AppError> {
        let own = self.newest_challenges(&identity.user, limits::FEED_CHALLENGES_LEN_MAX).await?;
        let takes_part = |it: &&Arc<ChallengeRecord>| {
            matches!(it.challenge.answer_of(&identity.user), Some(Answer::Accepted | Answer::Pending))
        };
        let mut all: Vec<(i64, HappenedDocument)> = Vec::new();
        for record in own.iter().filter(takes_part) {
            all.extend(record.happened.iter().map(|it| (it.at_ms, document(record, it))));
        }
        for (friend, record) in self.challenges_of_friends(&identity.user).await? {
            let in_it = |it: &&Arc<ChallengeRecord>| it.challenge.id == record.challenge.id;
            if own.iter().filter(takes_part).any(|it| in_it(&it)) {
                continue;
            }
            let theirs = record
                .happened
                .iter()
                .filter(|it| it.what == What::Finished && it.user.as_deref() == Some(friend.as_str()));
            all.extend(theirs.map(|it| (it.at_ms, document(&record, it))));
        }
        // What came at once stands in the order in which it came in its challenge.
        all.reverse();
        all.sort_by_key(|(at_ms, _)| std::cmp::Reverse(*at_ms));
        Ok(all.into_iter().skip(page.skipped()).take(page.size).map(|(_, document)| document).collect())
    }

    /// Of friends who list the user and do not keep to themselves what they do.
    async fn challenges_of_friends(&self, user: &UserId) -> Result<Vec<(UserId, Arc<ChallengeRecord>)>, AppError> {
        let mut friends: Vec<UserId> = self.who_list(user).await?;
        friends.truncate(limits::FEED_FRIENDS_LEN_MAX);
        let aggregates: Vec<_> = friends.iter().map(aggregate).collect();
        let accounts = self.users.read_all(&aggregates).await?;
        let ties = self.friendships(user, &friends.iter().collect::<Vec<_>>()).await?;
        let open = friends.into_iter().zip(accounts).zip(ties).filter(|((_, account), tie)| {
            account.as_ref().is_some_and(|account| account.visibility() != Visibility::Private)
                && tie.others.blocks.is_none()
        });
        let look = |friend: UserId| {
            async move {
                let records = self.newest_challenges(&friend, limits::FEED_OF_FRIEND_LEN_MAX).await?;
                Ok::<_, AppError>(records.into_iter().map(|record| (friend.clone(), record)).collect::<Vec<_>>())
            }
            .boxed()
        };
        let reads: Vec<_> = open.map(|((friend, _), _)| look(friend)).collect();
        let found: Vec<Vec<_>> = stream::iter(reads).buffered(limits::INDEXES_READ_AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn newest_challenges(&self, user: &UserId, limit: usize) -> Result<Vec<Arc<ChallengeRecord>>, AppError> {
        let (from, until, order) = (Bound::Start, Bound::End, Order::Descending);
        let range = Range { index: indexes::of_user(user), from, until, order, limit, count: false };
        self.read_challenges(&self.backend.range(&range).await?.members).await
    }
}

fn document(record: &ChallengeRecord, happened: &Happened) -> HappenedDocument {
    let kind = match happened.what {
        What::Created => "created",
        What::Accepted => "accepted",
        What::Rejected => "rejected",
        What::Started => "started",
        What::Finished => "finished",
        What::Expired => "expired",
        What::Cancelled => "cancelled",
    };
    let user = happened.user.as_deref().and_then(UserId::parse);
    HappenedDocument {
        at: Timestamp::from_millis(happened.at_ms).to_string(),
        kind,
        challenge: name(&record.challenge),
        user: user.map(|user| user_name(&record.challenge, &user)),
        value: happened.value,
    }
}
