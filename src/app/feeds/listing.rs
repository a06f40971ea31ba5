//! What the store says of who is to be seen in an event or in a cell of the map, for whoever begins to listen there or may have
//! missed something.

use std::collections::HashSet;
use std::sync::Arc;

use crate::app::feeds::{COUNTS_ZOOM, Spot, Word};
use crate::app::runs::{RunRecord, aggregate, indexes};
use crate::app::transact::decode;
use crate::app::{App, AppError};
use crate::backend::{Bound, Index, Order, Range};
use crate::domain::cell::Cell;
use crate::domain::ids::{EventId, RunId};
use crate::limits;

/// Of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListingOf {
    /// Who runs in the event.
    Event(EventId),
    /// Public runs in the cell. Down to [`COUNTS_ZOOM`] it is only told in which cell each is.
    Cell(Cell),
    /// Public runs in the cell, for all the rooms that show a part of it: as the cell, but of more runs than one picture holds.
    Region(Cell),
}

impl ListingOf {
    /// How many there may be.
    pub fn len_max(self) -> usize {
        match self {
            Self::Cell(cell) if cell.zoom() <= COUNTS_ZOOM => limits::REGION_LEN_MAX,
            Self::Event(_) | Self::Cell(_) => limits::SEEN_LEN_MAX,
            Self::Region(_) => limits::REGION_LEN_MAX,
        }
    }
}

/// All who were to be seen at one moment.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// With the finest cell, where a cell was asked about.
    pub runs: Vec<(RunId, Option<Cell>)>,
    /// The newest of those that were not known.
    pub words: Vec<Word>,
    /// There are more than it has room for: who is not in it may be there.
    pub is_cut: bool,
}

impl App {
    /// Everybody who is to be seen there; where exactly, only of those who are not `known`.
    pub async fn list_seen(&self, of: ListingOf, known: &HashSet<RunId>) -> Result<Listing, AppError> {
        let (index, from, until) = match of {
            ListingOf::Event(event) => (indexes::live_of_event(event), Bound::Start, Bound::End),
            ListingOf::Cell(cell) | ListingOf::Region(cell) => {
                let finest = cell.finest();
                (indexes::on_map(), Bound::Score(finest.start), Bound::Score(finest.end))
            }
        };
        let members = self.members(index, from, until, of.len_max()).await?;
        let is_cut = members.len() >= of.len_max();
        let mut runs = Vec::with_capacity(members.len());
        for (score, member) in members {
            let run = RunId::parse(&member).ok_or(AppError::Internal)?;
            let cell = match of {
                ListingOf::Event(_) => None,
                ListingOf::Cell(_) | ListingOf::Region(_) => Cell::numbered(Cell::ZOOM_MAX, score),
            };
            runs.push((run, cell));
        }
        let needs_spots = !matches!(of, ListingOf::Cell(cell) if cell.zoom() <= COUNTS_ZOOM);
        let unknown = runs.iter().map(|(run, _)| *run).filter(|run| needs_spots && !known.contains(run)).collect();
        let words = self.words_of(of, unknown).await?;
        Ok(Listing { runs, words, is_cut })
    }

    async fn members(
        &self,
        index: Index,
        from: Bound,
        until: Bound,
        len_max: usize,
    ) -> Result<Vec<(i64, Arc<str>)>, AppError> {
        let (mut all, mut from) = (Vec::new(), from);
        let limit = limits::SEEN_READ_LEN;
        while all.len() < len_max {
            let (order, until) = (Order::Ascending, until.clone());
            let range = Range { index: index.clone(), from, until, order, limit, count: false };
            let members = self.backend.range(&range).await?.members;
            let Some((score, last)) = members.last().cloned() else { break };
            let is_all = members.len() < limit;
            all.extend(members);
            if is_all {
                break;
            }
            from = Bound::After(score, last);
            tokio::task::yield_now().await;
        }
        all.truncate(len_max);
        Ok(all)
    }

    async fn words_of(&self, of: ListingOf, runs: Vec<RunId>) -> Result<Vec<Word>, AppError> {
        let mut words = Vec::with_capacity(runs.len());
        for runs in runs.chunks(limits::PAGE_SIZE_MAX) {
            let keys: Vec<_> = runs.iter().map(|run| aggregate(*run).head()).collect();
            for value in self.backend.read(&keys).await?.into_iter().filter_map(|value| value.value) {
                words.extend(word(of, &decode(&value)?));
            }
            tokio::task::yield_now().await;
        }
        Ok(words)
    }
}

/// What the feed would say. `None`: it went away since it was listed.
fn word(of: ListingOf, record: &RunRecord) -> Option<Word> {
    let spot = Spot::of(&record.run)?;
    let number = match of {
        ListingOf::Event(event) => record.place_in_event().filter(|(in_event, _)| *in_event == event)?.1,
        ListingOf::Cell(cell) | ListingOf::Region(cell) => {
            spot.cell_of(&record.run).filter(|finest| cell.holds(*finest))?;
            0
        }
    };
    Some(Word { run: record.run.id, offset: record.offset, number, spot: Some(spot) })
}
