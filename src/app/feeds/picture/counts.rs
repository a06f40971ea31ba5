//! How many are in each cell of a large one, where a map shows so much that single runners would be specks.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bytes::Bytes;

use super::frames;
use crate::app::AppError;
use crate::app::feeds::{CELL_ZOOM, Listing, Word};
use crate::domain::cell::Cell;
use crate::domain::ids::RunId;
use crate::domain::time::Timestamp;
use crate::limits;

pub struct Counts {
    around: Cell,
    runs: HashMap<RunId, Counted>,
    counts: BTreeMap<Cell, usize>,
    /// To be said in the next frame.
    changed: BTreeSet<Cell>,
    heard: u64,
}

/// Where a run is counted.
struct Counted {
    /// `None`: nowhere, as it went lately.
    cell: Option<Cell>,
    /// 0 when only the store told of it.
    offset: u64,
    heard: u64,
}

impl Counts {
    pub fn new(around: Cell) -> Self {
        let (runs, counts, changed) = (HashMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { around, runs, counts, changed, heard: 0 }
    }

    pub fn heard(&self) -> u64 {
        self.heard
    }

    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Nobody has come yet: whoever does is told of all these by the picture.
    pub fn settle(&mut self) {
        self.changed.clear();
    }

    pub fn hear(&mut self, word: &Word) {
        self.heard += 1;
        if self.runs.get(&word.run).is_some_and(|known| known.offset > word.offset) {
            return;
        }
        let cell = word.spot.and_then(|spot| spot.cell()).filter(|finest| self.around.holds(*finest));
        self.count(word.run, cell, word.offset, self.heard);
    }

    pub fn correct(&mut self, listing: &Listing, heard: u64) {
        let is_known = |runs: &HashMap<RunId, Counted>, run| runs.get(run).is_some_and(|it: &Counted| it.heard > heard);
        let listed: HashSet<RunId> = listing.runs.iter().map(|(run, _)| *run).collect();
        // Whom the listing had no room for may be there all the same.
        let is_gone = |(run, it): &(&RunId, &Counted)| {
            let may_be_there = listing.is_cut && it.cell.is_some();
            !may_be_there && it.heard <= heard && !listed.contains(*run)
        };
        let gone: Vec<RunId> = self.runs.iter().filter(is_gone).map(|(run, _)| *run).collect();
        for run in gone {
            self.count(run, None, 0, 0);
            self.runs.remove(&run);
        }
        for (run, cell) in &listing.runs {
            if !is_known(&self.runs, run) {
                self.count(*run, *cell, 0, 0);
            }
        }
    }

    fn count(&mut self, run: RunId, finest: Option<Cell>, offset: u64, heard: u64) {
        if self.runs.len() >= limits::REGION_LEN_MAX && !self.runs.contains_key(&run) {
            return;
        }
        let cell = finest.map(|cell| cell.at(CELL_ZOOM));
        let before = self.runs.insert(run, Counted { cell, offset, heard }).and_then(|before| before.cell);
        if before == cell {
            return;
        }
        for cell in [before, cell].into_iter().flatten() {
            self.changed.insert(cell);
        }
        if let Some(count) = before.and_then(|cell| self.counts.get_mut(&cell)) {
            *count -= 1;
        }
        if let Some(cell) = cell {
            *self.counts.entry(cell).or_default() += 1;
        }
        self.counts.retain(|_, count| *count > 0);
    }

    pub fn frame(&mut self, now: Timestamp) -> Result<Bytes, AppError> {
        let count = |cell: Cell| (cell.to_string(), self.counts.get(&cell).copied().unwrap_or_default());
        let cells = std::mem::take(&mut self.changed).into_iter().map(count).collect();
        frames::counts(now, cells)
    }

    pub fn whole(&self, now: Timestamp) -> Result<Bytes, AppError> {
        frames::counts(now, self.counts.iter().map(|(cell, count)| (cell.to_string(), *count)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::feeds::Spot;
    use serde_json::{Value, json};

    const AT: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn word(run: u128, offset: u64, east: Option<i32>) -> Word {
        let spot = east.map(|east| Spot { north: 6_017_000, east, time_ms: 0, is_paused: false });
        Word { run: RunId::from_u128(run), offset, number: 0, spot }
    }

    fn cells(bytes: &Bytes) -> Value {
        serde_json::from_slice::<Value>(bytes).unwrap()["cells"].clone()
    }

    #[test]
    fn runs_are_counted_where_they_are() {
        let [here, there] =
            [2_494_000, 1_000_000].map(|east| word(1, 1, Some(east)).spot.unwrap().cell().unwrap().at(6));
        assert_ne!(here, there);
        let mut counts = Counts::new(here.at(2));
        counts.hear(&word(1, 1, Some(2_494_000)));
        counts.hear(&word(2, 1, Some(2_494_001)));
        assert_eq!(cells(&counts.frame(AT).unwrap()), json!([[here.to_string(), 2]]));
        counts.hear(&word(1, 2, Some(2_494_002)));
        assert!(!counts.has_changed());
        counts.hear(&word(1, 3, Some(1_000_000)));
        counts.hear(&word(2, 2, None));
        counts.hear(&word(2, 1, Some(2_494_001)));
        let mut both = vec![(here, 0), (there, 1)];
        both.sort_unstable();
        let both: Vec<_> = both.into_iter().map(|(cell, count)| (cell.to_string(), count)).collect();
        assert_eq!(cells(&counts.frame(AT).unwrap()), json!(both));
        assert_eq!(cells(&counts.whole(AT).unwrap()), json!([[there.to_string(), 1]]));

        let heard = counts.heard();
        counts.hear(&word(3, 1, Some(2_494_000)));
        let listing = Listing { runs: vec![(RunId::from_u128(4), Some(here))], words: Vec::new(), is_cut: false };
        counts.correct(&listing, heard);
        assert_eq!(cells(&counts.whole(AT).unwrap()), json!([[here.to_string(), 2]]));
        // On the other side of the Earth.
        counts.hear(&word(3, 2, Some(-17_900_000)));
        assert_eq!(cells(&counts.whole(AT).unwrap()), json!([[here.to_string(), 1]]));
    }
}
