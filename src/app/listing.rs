//! Pages of lists. A page is filled after visibility: what may not be seen is not there, and leaves no gap.
//!
//! A list is read window by window from one index or from several that are merged, until the page is full, the indexes end,
//! or a bounded number of members was looked at, of all indexes together. Nothing is read twice: what was read of one index and
//! has not had its turn yet is kept. Who may see what, and what a member stands for, is for the asker to know.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use crate::app::{App, AppError, Period, looked_at};
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
    sources: Vec<Source>,
    order: Order,
    /// Scores below the first and from the second on are left out.
    bounds: (Option<i64>, Option<i64>),
    page: Page,
    /// What was read of the indexes and was not looked at yet. Scores and members tell the place in all indexes alike.
    waiting: BTreeSet<Placed>,
    looked_at: usize,
    is_over: bool,
    found: Vec<T>,
}

/// One of the indexes, and how far it is read.
struct Source {
    index: Index,
    last: Option<Placed>,
    /// How many members are read next: of many indexes most have little to give, so the first reading is short.
    len: usize,
    is_dry: bool,
}

/// A member of an index, after its score.
type Placed = (i64, Arc<str>);

/// Members of an index, with their scores.
pub type Members = Vec<Placed>;

impl Page {
    /// How many things come before this page.
    pub fn skipped(self) -> usize {
        (self.page - 1).saturating_mul(self.size)
    }

    /// How many members are looked at between two readings.
    fn window(self) -> usize {
        self.size.clamp(limits::LIST_WINDOW_LEN_MIN, limits::PAGE_SIZE_MAX)
    }

    /// How many things there must be to fill it.
    fn wanted(self) -> usize {
        self.skipped().saturating_add(self.size)
    }

    /// As much as a list may look at, for those who put it into another order than an index has.
    pub fn all() -> Self {
        Self { page: 1, size: limits::LIST_LOOKED_AT_MAX }
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
        let window = page.window();
        let len = if indexes.len() == 1 { window } else { limits::MERGED_READ_LEN_MIN };
        let source = |index| Source { index, last: None, len, is_dry: false };
        let sources = indexes.into_iter().map(source).collect();
        let (bounds, waiting, found) = ((None, None), BTreeSet::new(), Vec::new());
        Self { sources, order, bounds, page, waiting, looked_at: 0, is_over, found }
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

    /// What is not yet read of a source, as far as it is read next.
    fn range(&self, source: &Source) -> Range {
        let first = || self.bounds.0.map_or(Bound::Start, Bound::Score);
        let end = || self.bounds.1.map_or(Bound::End, Bound::Score);
        let (from, until) = match (&source.last, self.order) {
            (None, _) => (first(), end()),
            (Some((score, member)), Order::Ascending) => (Bound::After(*score, member.clone()), end()),
            (Some((score, member)), Order::Descending) => (first(), Bound::At(*score, member.clone())),
        };
        Range { index: source.index.clone(), from, until, order: self.order, limit: source.len, count: false }
    }

    /// The next of those that were read, if no index can have one that comes before it.
    fn next(&mut self) -> Option<Placed> {
        let next = match self.order {
            Order::Ascending => self.waiting.first(),
            Order::Descending => self.waiting.last(),
        };
        let next = next.filter(|next| !self.sources.iter().any(|source| source.may_precede(next, self.order)))?.clone();
        self.waiting.remove(&next);
        Some(next)
    }

    /// The sources that have to be read before there is a next one.
    fn thirsty(&self) -> Vec<usize> {
        let next = match self.order {
            Order::Ascending => self.waiting.first(),
            Order::Descending => self.waiting.last(),
        };
        let is_thirsty = |source: &Source| match next {
            Some(next) => source.may_precede(next, self.order),
            None => !source.is_dry,
        };
        self.sources.iter().enumerate().filter_map(|(at, source)| is_thirsty(source).then_some(at)).collect()
    }

    fn take_in(&mut self, at: usize, members: Members) {
        let Some(source) = self.sources.get_mut(at) else { return };
        source.is_dry = members.len() < source.len;
        source.len = source.len.saturating_mul(2).min(limits::PAGE_SIZE_MAX);
        source.last = members.last().cloned().or(source.last.take());
        self.waiting.extend(members);
    }
}

impl Source {
    /// Whether it may have members, not read yet, that come before this one.
    fn may_precede(&self, placed: &Placed, order: Order) -> bool {
        let is_behind = |last: &Placed| match order {
            Order::Ascending => last < placed,
            Order::Descending => last > placed,
        };
        !self.is_dry && self.last.as_ref().is_none_or(is_behind)
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
        let window = listing.page.window().min(limits::LIST_LOOKED_AT_MAX - listing.looked_at);
        let mut members = Members::new();
        while members.len() < window {
            match listing.next() {
                Some(next) => members.push(next),
                None if self.read_on(listing).await? => {}
                None => {
                    listing.is_over = true;
                    break;
                }
            }
        }
        listing.looked_at += members.len();
        looked_at::add(members.len());
        listing.is_over |= listing.looked_at >= limits::LIST_LOOKED_AT_MAX;
        Ok((!members.is_empty()).then_some(members))
    }

    /// Reads on in the indexes whose turn it is. `false`: they are all at their ends.
    async fn read_on<T>(&self, listing: &mut Listing<T>) -> Result<bool, AppError> {
        let thirsty = listing.thirsty();
        let sources = thirsty.iter().filter_map(|&at| listing.sources.get(at));
        let ranges: Vec<_> = sources.map(|source| listing.range(source)).collect();
        let reads = ranges.into_iter().map(|range| async move { self.backend.range(&range).await });
        let read: Vec<_> = stream::iter(reads).buffered(limits::INDEXES_READ_AT_ONCE).try_collect().await?;
        let has_read = !read.is_empty();
        for (at, ranged) in thirsty.into_iter().zip(read) {
            listing.take_in(at, ranged.members);
        }
        Ok(has_read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads as a store does → what is listed, and how many readings it took.
    fn listed(indexes: &[Members], order: Order) -> (Members, usize) {
        let names = (0..indexes.len()).map(|number| Index::new(format!("{number}"))).collect();
        let mut listing = Listing::<()>::new(Page { page: 1, size: 50 }, names, order);
        let (mut found, mut readings) = (Members::new(), 0);
        loop {
            while let Some(next) = listing.next() {
                found.push(next);
            }
            let thirsty = listing.thirsty();
            if thirsty.is_empty() {
                return (found, readings);
            }
            for at in thirsty {
                readings += 1;
                let Source { last, len, .. } = &listing.sources[at];
                let is_next = |placed: &&Placed| match (last, order) {
                    (None, _) => true,
                    (Some(last), Order::Ascending) => *placed > last,
                    (Some(last), Order::Descending) => *placed < last,
                };
                let mut members: Members = indexes[at].iter().filter(is_next).cloned().collect();
                members.sort();
                if order == Order::Descending {
                    members.reverse();
                }
                members.truncate(*len);
                listing.take_in(at, members);
            }
        }
    }

    #[test]
    fn many_indexes_are_merged_in_order_and_nothing_is_read_twice() {
        // Of different lengths and densities; every seventh member stands in two of them.
        let member = |number: i64| (number / 3, Arc::<str>::from(format!("{number:05}")));
        let of = |index: i64| (0..index * 7).map(move |number| member(number * (index + 1) + index));
        let mut indexes: Vec<Members> = (0..60).map(|index| of(index).collect()).collect();
        let shared: Members = indexes[41].iter().step_by(7).cloned().collect();
        indexes.push(shared);
        let mut expected: Members = indexes.iter().flatten().cloned().collect();
        expected.sort();
        expected.dedup();
        let (ascending, readings) = listed(&indexes, Order::Ascending);
        assert_eq!(ascending, expected);
        let longest = indexes.iter().map(Vec::len).max().unwrap_or(0);
        assert!(readings <= indexes.len() * (2 + longest / limits::PAGE_SIZE_MAX + 4), "{readings}");
        expected.reverse();
        assert_eq!(listed(&indexes, Order::Descending).0, expected);
    }
}
