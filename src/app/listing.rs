//! Pages of lists. A page is filled after visibility: what may not be seen is not there, and leaves no gap.
//!
//! A list is read window by window from one index or from several that are merged, until the page is full, the indexes end,
//! or a bounded number of members was looked at. Who may see what, and what a member stands for, is for the asker to know.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use crate::app::{App, AppError, Period};
use crate::backend::{Bound, Index, Order, Range};
use crate::domain::time::Timestamp;
use crate::limits;

/// A page, counted from 1, and how many things it holds.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub page: usize,
    pub size: usize,
}

/// A list that is being read: the indexes, how far they are read, and what was found in them.
pub struct Listing<T> {
    indexes: Vec<Index>,
    order: Order,
    /// Scores below the first and from the second on are left out.
    bounds: (Option<i64>, Option<i64>),
    page: Page,
    /// The last member that was looked at. Scores and members tell the place in all indexes alike.
    last: Option<(i64, Arc<str>)>,
    looked_at: usize,
    is_over: bool,
    found: Vec<T>,
}

/// Members of an index, with their scores.
pub type Members = Vec<(i64, Arc<str>)>;

impl Page {
    /// How many things come before this page.
    pub fn skipped(self) -> usize {
        (self.page - 1).saturating_mul(self.size)
    }

    /// How many things there must be to fill it.
    fn wanted(self) -> usize {
        self.skipped().saturating_add(self.size)
    }

    /// To be filled from these indexes, the lowest scores first. What stands in several of them is met once, if it has the same
    /// score there.
    pub fn ascending<T>(self, indexes: Vec<Index>) -> Listing<T> {
        Listing::new(self, indexes, Order::Ascending)
    }

    /// As [`Page::ascending`], the highest scores first.
    pub fn descending<T>(self, indexes: Vec<Index>) -> Listing<T> {
        Listing::new(self, indexes, Order::Descending)
    }
}

impl<T> Listing<T> {
    fn new(page: Page, indexes: Vec<Index>, order: Order) -> Self {
        // So far out that it is not looked at: the list ends before.
        let is_over = page.wanted() > limits::LIST_LOOKED_AT_MAX || indexes.is_empty();
        Self { indexes, order, bounds: (None, None), page, last: None, looked_at: 0, is_over, found: Vec::new() }
    }

    /// With scores of this period alone, in milliseconds.
    pub fn within(self, period: Period) -> Self {
        let ms = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
        Self { bounds: (ms(period.from), ms(period.until)), ..self }
    }

    /// These belong to the list.
    pub fn extend(&mut self, found: impl IntoIterator<Item = T>) {
        self.found.extend(found);
    }

    /// What is on the page, of all that was found.
    pub fn page(self) -> Vec<T> {
        self.found.into_iter().skip(self.page.skipped()).take(self.page.size).collect()
    }

    /// How many members are looked at between two readings.
    fn window(&self) -> usize {
        self.page.size.clamp(limits::LIST_WINDOW_LEN_MIN, limits::PAGE_SIZE_MAX)
    }

    fn range(&self, index: &Index) -> Range {
        let first = || self.bounds.0.map_or(Bound::Start, Bound::Score);
        let end = || self.bounds.1.map_or(Bound::End, Bound::Score);
        let (from, until) = match (&self.last, self.order) {
            (None, _) => (first(), end()),
            (Some((score, member)), Order::Ascending) => (Bound::After(*score, member.clone()), end()),
            (Some((score, member)), Order::Descending) => (first(), Bound::At(*score, member.clone())),
        };
        Range { index: index.clone(), from, until, order: self.order, limit: self.window(), count: false }
    }
}

impl App {
    /// The next members to be looked at; `None` when the page is full or there are no more.
    pub(in crate::app) async fn next_of<T>(&self, listing: &mut Listing<T>) -> Result<Option<Members>, AppError> {
        if listing.is_over || listing.found.len() >= listing.page.wanted() {
            return Ok(None);
        }
        // Others have their turn between two readings: a far page reads thousands of records.
        tokio::task::yield_now().await;
        let ranges: Vec<_> = listing.indexes.iter().map(|index| listing.range(index)).collect();
        let reads = ranges.into_iter().map(|range| async move { self.backend.range(&range).await });
        let read: Vec<_> = stream::iter(reads).buffered(limits::INDEXES_READ_AT_ONCE).try_collect().await?;
        let window = listing.window();
        let is_last = read.iter().all(|ranged| ranged.members.len() < window);
        let mut members: Members = read.into_iter().flat_map(|ranged| ranged.members).collect();
        members.sort_unstable();
        members.dedup();
        if listing.order == Order::Descending {
            members.reverse();
        }
        listing.is_over = is_last && members.len() <= window;
        members.truncate(window);
        listing.looked_at += members.len();
        listing.is_over |= listing.looked_at >= limits::LIST_LOOKED_AT_MAX || members.is_empty();
        listing.last = members.last().cloned();
        Ok((!members.is_empty()).then_some(members))
    }
}
