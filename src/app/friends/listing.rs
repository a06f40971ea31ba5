//! Lists of friends, and of whom there is something between.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::documents::FriendDocument;
use crate::app::friends::record;
use crate::app::listing::Page;
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::backend::{Bound, Index, Order, Range};
use crate::domain::ids::UserId;
use crate::limits;

/// Which of all those with whom there is something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FriendFilter {
    /// Those whom the caller lists.
    #[default]
    Friend,
    /// Those whom the caller has asked.
    Asked,
    /// Those who ask the caller.
    Asking,
    /// Those who list the caller, whether the caller lists them or not.
    Listed,
    Blocked,
}

impl FriendFilter {
    fn index(self, user: &UserId) -> Index {
        match self {
            Self::Friend => record::listed_by(user),
            Self::Asked => record::asked_by(user),
            Self::Asking => record::asking(user),
            Self::Listed => record::listing(user),
            Self::Blocked => record::blocked_by(user),
        }
    }
}

impl App {
    /// The newest first.
    pub async fn friends(
        &self,
        identity: &Identity,
        filter: FriendFilter,
        page: Page,
    ) -> Result<Vec<FriendDocument>, AppError> {
        let mut listed = page.descending(vec![filter.index(&identity.user)]);
        while let Some(members) = self.next_of(&mut listed).await? {
            let others = users(members.iter().map(|(_, member)| member))?;
            let others: Vec<_> = others.iter().collect();
            let friendships = self.friendships(&identity.user, &others).await?;
            let names = self.names_of(others.iter().copied()).await?;
            // An account that has gone is still struck from the lists of others.
            listed.extend(
                others
                    .iter()
                    .zip(&friendships)
                    .filter_map(|(other, friendship)| Some(FriendDocument::of(other, names.get(*other)?, friendship))),
            );
        }
        Ok(listed.page())
    }

    /// All whom the user lists.
    pub(in crate::app) async fn friends_of(&self, user: &UserId) -> Result<BTreeSet<UserId>, AppError> {
        // Those who list somebody at once may exceed the bound by their number.
        let range = Range::all(record::listed_by(user), limits::LIST_LOOKED_AT_MAX);
        Ok(users(self.backend.range(&range).await?.members.iter().map(|(_, member)| member))?.into_iter().collect())
    }

    /// Those who have blocked the user.
    pub(in crate::app) async fn who_block(&self, user: &UserId) -> Result<BTreeSet<UserId>, AppError> {
        let range = Range::all(record::with(user), limits::LIST_LOOKED_AT_MAX);
        let others = users(self.backend.range(&range).await?.members.iter().map(|(_, member)| member))?;
        let mut found = BTreeSet::new();
        for others in others.chunks(limits::BOARD_READ_LEN) {
            let ties = self.friendships(user, &others.iter().collect::<Vec<_>>()).await?;
            let blocking = others.iter().zip(ties).filter(|(_, tie)| tie.others.blocks.is_some());
            found.extend(blocking.map(|(other, _)| other.clone()));
        }
        Ok(found)
    }

    /// Those who list the user, the newest of them: what they have for their friends the user may see. So many that what they all
    /// do can be looked at for one page of a list.
    pub(in crate::app) async fn who_list(&self, user: &UserId) -> Result<Vec<UserId>, AppError> {
        let (from, until, order) = (Bound::Start, Bound::End, Order::Descending);
        let limit = limits::FRIENDS_MERGED_LEN_MAX;
        let range = Range { index: record::listing(user), from, until, order, limit, count: false };
        users(self.backend.range(&range).await?.members.iter().map(|(_, member)| member))
    }
}

fn users<'a>(members: impl Iterator<Item = &'a Arc<str>>) -> Result<Vec<UserId>, AppError> {
    members.map(|member| UserId::parse(member).ok_or(AppError::Internal)).collect()
}
