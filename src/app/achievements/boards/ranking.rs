//! Parts of the boards that are indexes: a page, or what is around somebody.
//!
//! Whom a reader does not see is no gap: positions are those among the ones who are seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};

use super::standings::{Found, Placed, Window, standing};
use super::{Board, value_of};
use crate::app::documents::StandingDocument;
use crate::app::listing::Page;
use crate::app::users::Identity;
use crate::app::users::record::UserRecord;
use crate::app::{App, AppError, mentions};
use crate::backend::{Bound, Index, Order, Range};
use crate::domain::ids::UserId;
use crate::limits;

/// An index of a board, as somebody reads it.
pub(super) struct Ranking<'a> {
    pub identity: &'a Identity,
    pub board: &'a Board,
    pub index: Index,
    /// Whose users alone are shown; folded.
    pub city: Option<&'a str>,
}

/// Where somebody stands in an index.
struct Place {
    score: i64,
    /// How many come before, seen or not.
    rank: u64,
}

impl App {
    pub(super) async fn ranked(&self, ranking: &Ranking<'_>, window: Window) -> Result<Found, AppError> {
        let (hidden, all) = (self.hidden_on(ranking).await?, self.len_of(ranking.index.clone()).await?);
        let total = all.saturating_sub(hidden.len() as u64);
        match window {
            Window::Page(page) => Ok(Found { total, me: None, standings: self.ranked_page(ranking, page).await? }),
            Window::Around { len } => {
                let (me, standings) = self.around(ranking, &hidden, len).await?;
                Ok(Found { total, me, standings })
            }
        }
    }

    async fn ranked_page(&self, ranking: &Ranking<'_>, page: Page) -> Result<Vec<StandingDocument>, AppError> {
        let indexes = vec![ranking.index.clone()];
        let mut listed = if ranking.board.lowest_first { page.ascending(indexes) } else { page.descending(indexes) };
        while let Some(members) = self.next_of(&mut listed).await? {
            listed.extend(self.shown_of(ranking, members).await?);
        }
        let first = page.skipped() as u64 + 1;
        let shown = listed.page().into_iter().zip(first..);
        Ok(shown.map(|((score, user, record), position)| standing(position, &user, &record, value_of(score))).collect())
    }

    async fn shown_of(&self, ranking: &Ranking<'_>, members: Vec<(i64, Arc<str>)>) -> Result<Placed, AppError> {
        let users = mentions::users(&members)?;
        let records = self.shown_on_board(Some(ranking.identity), &users, ranking.city).await?;
        let shown = members.into_iter().zip(users).zip(records);
        Ok(shown.filter_map(|(((score, _), user), record)| Some((score, user, record?))).collect())
    }

    /// The reader, and as many before as after.
    async fn around(
        &self,
        ranking: &Ranking<'_>,
        hidden: &BTreeSet<(i64, UserId)>,
        len: usize,
    ) -> Result<(Option<StandingDocument>, Vec<StandingDocument>), AppError> {
        let me = &ranking.identity.user;
        let Some(record) = self.users.read(&crate::app::users::aggregate(me)).await? else { return Ok((None, vec![])) };
        let place = self.place_in(ranking, me).await?;
        let is_listed = place.is_some();
        let Some(Place { score, rank }) = (match place {
            Some(place) => Some(place),
            None => self.place_of_unlisted(ranking, &record).await?,
        }) else {
            return Ok((None, vec![]));
        };
        let own = (score, me.clone());
        let is_before = |other: &&(i64, UserId)| if ranking.board.lowest_first { **other < own } else { **other > own };
        let position = rank.saturating_sub(hidden.iter().filter(is_before).count() as u64) + 1;
        let half = len / 2;
        // Somewhat more is read, for those who are not shown.
        let limit = (half + hidden.len() + half / 2 + 1).min(limits::PAGE_SIZE_MAX);
        let [mut before, mut after] =
            [self.beside(ranking, score, me, limit, true).await?, self.beside(ranking, score, me, limit, false).await?];
        before.truncate(half);
        after.truncate(half);
        let me = standing(position, me, &record, value_of(score));
        let next = position + u64::from(is_listed);
        let mut standings: Vec<_> = before
            .iter()
            .zip(1..)
            .map(|((score, user, record), back)| {
                standing(position.saturating_sub(back).max(1), user, record, value_of(*score))
            })
            .collect();
        standings.reverse();
        standings.extend(is_listed.then(|| me.clone()));
        let after = after.iter().zip(next..);
        standings.extend(after.map(|((score, user, record), at)| standing(at, user, record, value_of(*score))));
        Ok((Some(me), standings))
    }

    /// Those next to this place who are shown, the nearest first.
    async fn beside(
        &self,
        ranking: &Ranking<'_>,
        score: i64,
        user: &UserId,
        limit: usize,
        is_before: bool,
    ) -> Result<Placed, AppError> {
        let member: Arc<str> = user.as_str().into();
        let (from, until, order) = match is_before == ranking.board.lowest_first {
            true => (Bound::Start, Bound::At(score, member), Order::Descending),
            false => (Bound::After(score, member), Bound::End, Order::Ascending),
        };
        let range = Range { index: ranking.index.clone(), from, until, order, limit, count: false };
        let members = self.backend.range(&range).await?.members;
        self.shown_of(ranking, members).await
    }

    /// Where a user stands in the index, if they do.
    async fn place_in(&self, ranking: &Ranking<'_>, user: &UserId) -> Result<Option<Place>, AppError> {
        let (from, until, order) = (Bound::Member(user.as_str().into()), Bound::End, Order::Ascending);
        let range = Range { index: ranking.index.clone(), from, until, order, limit: 1, count: true };
        let ranged = self.backend.range(&range).await?;
        let Some((score, _)) = ranged.members.first().filter(|(_, member)| **member == *user.as_str()) else {
            return Ok(None);
        };
        let standing = ranged.standing.ok_or(AppError::Internal)?;
        let rank = match ranking.board.lowest_first {
            true => standing.rank,
            false => standing.total.saturating_sub(standing.rank + 1),
        };
        Ok(Some(Place { score: *score, rank }))
    }

    /// Where somebody would stand who stands on no board: that is for themselves alone.
    async fn place_of_unlisted(&self, ranking: &Ranking<'_>, record: &UserRecord) -> Result<Option<Place>, AppError> {
        let user = &ranking.identity.user;
        let values = self.values_of(ranking.board, &[(user.clone(), record)]).await?;
        let Some(value) = values.first().copied().flatten() else { return Ok(None) };
        let (score, member) = (super::score(value), Arc::<str>::from(user.as_str()));
        let (from, until, order) = match ranking.board.lowest_first {
            true => (Bound::At(score, member), Bound::End, Order::Ascending),
            false => (Bound::Start, Bound::At(score, member), Order::Descending),
        };
        let range = Range { index: ranking.index.clone(), from, until, order, limit: 1, count: true };
        let standing = self.backend.range(&range).await?.standing.ok_or(AppError::Internal)?;
        Ok(Some(Place { score, rank: standing.rank }))
    }

    /// Those on the index who have blocked the reader, with their scores.
    async fn hidden_on(&self, ranking: &Ranking<'_>) -> Result<BTreeSet<(i64, UserId)>, AppError> {
        let blocking = self.who_block(&ranking.identity.user).await?;
        let places: Vec<_> = blocking.iter().map(|user| self.place_in(ranking, user).boxed()).collect();
        let places: Vec<_> = stream::iter(places).buffered(limits::INDEXES_READ_AT_ONCE).try_collect().await?;
        let placed = places.into_iter().zip(&blocking);
        Ok(placed.filter_map(|(place, user)| Some((place?.score, user.clone()))).collect())
    }
}
