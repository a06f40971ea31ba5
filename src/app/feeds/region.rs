//! What is known of one cell that has a feed, for all who show it or a part of it: each word is read once and goes to those
//! whom it concerns, and the store is asked once for all of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::picture::Runners;
use super::{CELL_ZOOM, Listing, ListingOf, Word};
use crate::domain::cell::Cell;
use crate::domain::ids::RunId;

/// The zooms of the cells in it that are shown.
const SHOWN_ZOOMS: [u8; 3] = [CELL_ZOOM, 10, Cell::ZOOM_MAX];

pub struct Region(Runners);

impl Region {
    /// Of the cell at [`CELL_ZOOM`].
    pub fn new(cell: Cell) -> Self {
        Self(Runners::new(ListingOf::Region(cell)))
    }

    /// Takes in a change of the feed → in which cells each word is to be heard.
    pub fn hear(&mut self, words: &[Word]) -> Vec<(Word, BTreeSet<Cell>)> {
        let hear = |word: &Word| {
            let before = self.0.word_of(word.run);
            self.0.hear(word);
            // Where the run was, for it may have left; and where it is.
            let cells = cells_of(before).chain(cells_of(self.0.word_of(word.run)));
            (*word, cells.collect::<BTreeSet<_>>())
        };
        words.iter().map(hear).filter(|(_, cells)| !cells.is_empty()).collect()
    }

    /// As of a [`Picture`](super::Picture).
    pub fn heard(&self) -> u64 {
        self.0.heard()
    }

    pub fn known(&self) -> HashSet<RunId> {
        self.0.known()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn correct(&mut self, listing: &Listing, heard: u64) {
        self.0.correct(listing, heard);
    }

    /// All who are in this cell, as the store would list them.
    pub fn listing_of(&self, cell: Cell) -> Listing {
        let is_in = |word: &Word| finest_of(Some(*word)).is_some_and(|finest| cell.holds(finest));
        let mut listing = Listing::default();
        self.0.words().filter(is_in).for_each(|word| add(&mut listing, word));
        listing
    }

    /// The same for each cell where somebody is.
    pub fn listings(&self) -> HashMap<Cell, Listing> {
        let mut listings: HashMap<Cell, Listing> = HashMap::new();
        for word in self.0.words() {
            cells_of(Some(word)).for_each(|cell| add(listings.entry(cell).or_default(), word));
        }
        listings
    }
}

fn add(listing: &mut Listing, word: Word) {
    listing.runs.push((word.run, None));
    // Each cell gives it a number of its own.
    listing.words.push(Word { number: 0, ..word });
}

fn finest_of(word: Option<Word>) -> Option<Cell> {
    word?.spot?.cell()
}

fn cells_of(word: Option<Word>) -> impl Iterator<Item = Cell> {
    finest_of(word).into_iter().flat_map(|finest| SHOWN_ZOOMS.map(|zoom| finest.at(zoom)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::feeds::Spot;

    #[test]
    fn a_word_goes_where_its_run_was_and_where_it_is() {
        let spot = |east| Spot { north: 6_017_000, east, time_ms: 0, is_paused: false };
        let word = |offset, spot| Word { run: RunId::from_u128(1), offset, number: 0, spot };
        let (here, there) = (spot(2_494_000), spot(2_500_000));
        let [from, to] = [here, there].map(|spot| spot.cell().unwrap());
        assert!(from != to && from.at(6) == to.at(6));
        let mut region = Region::new(from.at(6));
        let cells =
            |said: Vec<(Word, BTreeSet<Cell>)>| said.into_iter().flat_map(|(_, cells)| cells).collect::<Vec<_>>();
        assert_eq!(cells(region.hear(&[word(2, Some(here))])), [from.at(6), from.at(10), from]);
        let both = cells(region.hear(&[word(3, Some(there))]));
        assert!(both.contains(&from) && both.contains(&to) && both.contains(&from.at(6)));
        assert_eq!(region.listing_of(to).words, [word(3, Some(there))]);
        assert!(region.listing_of(from).runs.is_empty());
        assert_eq!(region.listings().len(), 3);
        assert_eq!(cells(region.hear(&[word(4, None)])), [to.at(6), to.at(10), to]);
        assert!(region.hear(&[word(3, Some(there))])[..].is_empty(), "what is older concerns nobody");
        assert!(region.listings().is_empty());
    }
}
