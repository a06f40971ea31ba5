//! What a user may know of friends' achievements: of those whom the user lists, and who let it be seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::achievements::record::{self, ProgressRecord, values_name};
use crate::app::friends::listed_by;
use crate::app::transact::{Record as _, decode};
use crate::app::users::aggregate;
use crate::app::{App, AppError, mentions};
use crate::backend::{Bound, Order, Range};
use crate::domain::achievement::{AchievementId, Book, Levels, Rules, VariableName, View, month_of};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;
use crate::limits;

/// A friend whose achievements the user may know of.
pub struct Friend {
    pub user: UserId,
    /// The name that they go by.
    pub name: String,
    levels: Levels,
    /// Metres since the moment that was asked for.
    pub distance_m: f64,
}

/// By achievement, the levels of those friends who have one; of achievements alone that let others see it.
pub fn levels(friends: &[Friend], rules: &Rules) -> BTreeMap<AchievementId, Vec<u32>> {
    let mut found: BTreeMap<AchievementId, Vec<u32>> = BTreeMap::new();
    for (id, periods) in friends.iter().flat_map(|friend| &friend.levels) {
        let is_open = rules.achievement(*id).is_some_and(|it| it.view == View::Everyone && !it.hidden);
        let highest = periods.values().map(Vec::len).max().unwrap_or_default();
        if is_open && highest > 0 {
            found.entry(*id).or_default().push(u32::try_from(highest).unwrap_or(u32::MAX));
        }
    }
    found
}

impl App {
    /// The newest friends of a user who let the user see what they do, with their levels and how far they have come since then.
    pub(super) async fn friends_to_compare(
        &self,
        user: &UserId,
        distance: &VariableName,
        from: Timestamp,
    ) -> Result<Vec<Friend>, AppError> {
        let (index, limit) = (listed_by(user), limits::FRIENDS_COMPARED_LEN_MAX);
        let (first, until, order) = (Bound::Start, Bound::End, Order::Descending);
        let range = Range { index, from: first, until, order, limit, count: false };
        let listed = mentions::users(&self.backend.range(&range).await?.members)?;
        let mut friends = Vec::new();
        for listed in listed.chunks(limits::FRIENDS_COMPARED_READ_LEN) {
            let seen = self.friends_seen(user, listed).await?;
            friends.extend(self.compared(seen, distance, from).await?);
        }
        Ok(friends)
    }

    /// Those of them whose achievements the user may see, with their names.
    async fn friends_seen(&self, user: &UserId, listed: &[UserId]) -> Result<Vec<(UserId, String)>, AppError> {
        let others: Vec<&UserId> = listed.iter().collect();
        let aggregates: Vec<_> = listed.iter().map(aggregate).collect();
        let records = self.users.read_all(&aggregates).await?;
        let ties = self.friendships(user, &others).await?;
        let seen = listed.iter().zip(records).zip(ties).filter_map(|((friend, record), tie)| {
            // Who has deleted their account is still struck from the lists of others.
            let record = record?;
            let is_blocked = tie.others.blocks.is_some() || tie.own.blocks.is_some();
            let is_seen = match record.visibility() {
                Visibility::Public => true,
                Visibility::Friends => tie.others.lists.is_some(),
                Visibility::Private => false,
            };
            (is_seen && !is_blocked).then(|| (friend.clone(), record.shown_name().to_owned()))
        });
        Ok(seen.collect())
    }

    /// Reads their progress, if they have any: the head, and the months since then.
    async fn compared(
        &self,
        seen: Vec<(UserId, String)>,
        distance: &VariableName,
        from: Timestamp,
    ) -> Result<Vec<Friend>, AppError> {
        let mut months = vec![month_of(from), month_of(self.clock.now())];
        months.dedup();
        let months = months.into_iter().map(|month| values_name(distance.as_str(), month));
        let names: Vec<Arc<str>> = [ProgressRecord::NAME.into()].into_iter().chain(months).collect();
        let aggregates = seen.iter().map(|(user, _)| aggregate(user));
        let keys: Vec<_> =
            aggregates.flat_map(|of| names.iter().map(move |name| of.key(name)).collect::<Vec<_>>()).collect();
        let values = self.backend.read(&keys).await?;
        let mut friends = Vec::new();
        for ((user, name), values) in seen.into_iter().zip(values.chunks(names.len())) {
            let mut values = values.iter().map(|value| value.value.as_deref());
            let Some(head) = values.next().flatten() else { continue };
            let mut book: Book = decode::<ProgressRecord>(head)?.book()?;
            for (name, value) in names.iter().skip(1).zip(values) {
                record::load(&mut book, name, value)?;
            }
            // What lacks is of other months, which a clock that was wrong has brought about.
            let distance_m = book.sum_since(distance, from).unwrap_or(0.0);
            friends.push(Friend { user, name, levels: book.levels, distance_m });
        }
        Ok(friends)
    }
}
