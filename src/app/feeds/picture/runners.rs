//! Where each runner of an event or of a cell is.
//!
//! In an event runners go by their numbers on its roster. In a cell each is given a number when it comes, so that its id is
//! said once.

use std::collections::{BTreeSet, HashMap, HashSet};

use bytes::Bytes;

use super::frames;
use crate::app::AppError;
use crate::app::feeds::{Listing, ListingOf, Spot, Word};
use crate::domain::ids::RunId;
use crate::domain::time::Timestamp;

pub struct Runners {
    of: ListingOf,
    runs: HashMap<RunId, Runner>,
    /// In an event: whose a number is.
    owners: HashMap<u32, RunId>,
    /// The offsets of those that went lately, and when that was heard.
    went: HashMap<RunId, (u64, u64)>,
    /// To be said in the next frame.
    moved: HashSet<RunId>,
    left: BTreeSet<u32>,
    heard: u64,
    /// When the last listing was begun.
    listed: u64,
    last_number: u32,
}

struct Runner {
    number: u32,
    offset: u64,
    spot: Spot,
    /// When it was last heard of.
    heard: u64,
    /// It was in a frame, or in a picture before all frames.
    is_named: bool,
    /// It was in a frame or in a picture: somebody must be told when it goes.
    is_shown: bool,
}

impl Runners {
    pub fn new(of: ListingOf) -> Self {
        Self {
            of,
            runs: HashMap::new(),
            owners: HashMap::new(),
            went: HashMap::new(),
            moved: HashSet::new(),
            left: BTreeSet::new(),
            heard: 0,
            listed: 0,
            last_number: 0,
        }
    }

    pub fn heard(&self) -> u64 {
        self.heard
    }

    pub fn known(&self) -> HashSet<RunId> {
        self.runs.keys().copied().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The newest of one, if it is shown.
    pub fn word_of(&self, run: RunId) -> Option<Word> {
        let Runner { number, offset, spot, .. } = *self.runs.get(&run)?;
        Some(Word { run, offset, number, spot: Some(spot) })
    }

    /// The newest of all who are shown.
    pub fn words(&self) -> impl Iterator<Item = Word> {
        self.runs.keys().filter_map(|run| self.word_of(*run))
    }

    pub fn has_changed(&self) -> bool {
        !self.moved.is_empty() || !self.left.is_empty()
    }

    pub fn hear(&mut self, word: &Word) {
        self.heard += 1;
        self.take(word);
    }

    pub fn correct(&mut self, listing: &Listing, heard: u64) {
        listing.words.iter().for_each(|word| self.take(word));
        let listed: HashSet<RunId> = listing.runs.iter().map(|(run, _)| *run).collect();
        // Whom the listing had no room for may be there all the same.
        let is_gone =
            |(run, runner): &(&RunId, &Runner)| !listing.is_cut && runner.heard <= heard && !listed.contains(*run);
        let gone: Vec<RunId> = self.runs.iter().filter(is_gone).map(|(run, _)| *run).collect();
        gone.iter().for_each(|run| self.remove(*run));
        // Nothing that is read or told from now on is older than the listing before.
        let before = std::mem::replace(&mut self.listed, heard);
        self.went.retain(|_, (_, heard)| *heard > before);
    }

    /// Nobody has come yet: whoever does is told of all these by the picture.
    pub fn settle(&mut self) {
        self.moved.clear();
        self.runs.values_mut().for_each(|runner| runner.is_named = true);
    }

    fn take(&mut self, word: &Word) {
        let Word { run, offset, number, spot } = *word;
        let is_old = self.went.get(&run).is_some_and(|(went, _)| *went > offset)
            || self.runs.get(&run).is_some_and(|known| known.offset > offset);
        if is_old {
            return;
        }
        match spot {
            Some(spot) if self.is_here(&spot) => self.put(run, offset, number, spot),
            Some(_) => self.remove(run),
            None => {
                self.remove(run);
                if self.went.len() < self.of.len_max() {
                    self.went.insert(run, (offset, self.heard));
                }
            }
        }
    }

    fn is_here(&self, spot: &Spot) -> bool {
        match self.of {
            ListingOf::Event(_) => true,
            ListingOf::Cell(cell) | ListingOf::Region(cell) => spot.cell().is_some_and(|finest| cell.holds(finest)),
        }
    }

    fn put(&mut self, run: RunId, offset: u64, number: u32, spot: Spot) {
        if let Some(known) = self.runs.get_mut(&run) {
            if known.spot != spot {
                self.moved.insert(run);
            }
            (known.offset, known.spot, known.heard) = (offset, spot, self.heard);
            return;
        }
        if self.runs.len() >= self.of.len_max() {
            return;
        }
        let number = match self.of {
            ListingOf::Event(_) => match self.owners.get(&number) {
                // A runner's next run, whose last one is yet to be heard of; or the other way round.
                Some(owner) if self.runs.get(owner).is_some_and(|known| known.spot.time_ms > spot.time_ms) => return,
                Some(owner) => {
                    self.remove(*owner);
                    number
                }
                None => number,
            },
            ListingOf::Cell(_) | ListingOf::Region(_) => {
                self.last_number = self.last_number.wrapping_add(1);
                self.last_number
            }
        };
        self.owners.insert(number, run);
        let is_shown = self.left.remove(&number);
        self.moved.insert(run);
        self.runs.insert(run, Runner { number, offset, spot, heard: self.heard, is_named: false, is_shown });
    }

    fn remove(&mut self, run: RunId) {
        let Some(runner) = self.runs.remove(&run) else { return };
        self.moved.remove(&run);
        self.owners.remove(&runner.number);
        if runner.is_shown {
            self.left.insert(runner.number);
        }
    }

    pub fn frame(&mut self, now: Timestamp) -> Result<Bytes, AppError> {
        let (mut came, mut spots) = (Vec::new(), Vec::with_capacity(self.moved.len()));
        for run in std::mem::take(&mut self.moved) {
            let Some(runner) = self.runs.get_mut(&run) else { continue };
            runner.is_shown = true;
            if !std::mem::replace(&mut runner.is_named, true) && matches!(self.of, ListingOf::Cell(_)) {
                came.push((runner.number, run.to_string()));
            }
            spots.push((runner.number, runner.spot));
        }
        came.sort_unstable();
        spots.sort_unstable_by_key(|(number, _)| *number);
        let gone: Vec<u32> = std::mem::take(&mut self.left).into_iter().collect();
        frames::positions(now, &came, &spots, &gone)
    }

    pub fn whole(&mut self, now: Timestamp) -> Result<Bytes, AppError> {
        self.runs.values_mut().for_each(|runner| runner.is_shown = true);
        let mut spots: Vec<_> = self.runs.values().map(|runner| (runner.number, runner.spot)).collect();
        spots.sort_unstable_by_key(|(number, _)| *number);
        let mut came = Vec::new();
        if let ListingOf::Cell(_) = self.of {
            came = self.runs.iter().map(|(run, runner)| (runner.number, run.to_string())).collect();
            came.sort_unstable();
        }
        frames::picture(now, &came, &spots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cell::Cell;
    use crate::domain::ids::EventId;
    use crate::limits;
    use serde_json::{Value, json};

    const AT: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn event() -> Runners {
        Runners::new(ListingOf::Event(EventId::new(17).unwrap()))
    }

    /// A run is its number in the event, and so many parts north.
    fn word(run: u128, offset: u64, north: Option<i32>) -> Word {
        let time_ms = AT.as_millis() - 800 + i64::try_from(run).unwrap() / 100 * 100;
        let spot = north.map(|north| Spot { north, east: 5, time_ms, is_paused: false });
        let number = u32::try_from(run % 100).unwrap();
        Word { run: RunId::from_u128(run), offset, number, spot }
    }

    fn json(bytes: &Bytes) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    fn frame(runners: &mut Runners) -> Value {
        json(&runners.frame(AT).unwrap())
    }

    /// Numbers and how far north, of the whole picture.
    fn all(runners: &mut Runners) -> Vec<(u64, i64)> {
        let whole = json(&runners.whole(AT).unwrap());
        let north = whole["origin"][0].as_i64().unwrap_or_default();
        let row = |row: &Value| (row[0].as_u64().unwrap(), row[1].as_i64().unwrap() + north);
        whole["runners"].as_array().unwrap().iter().map(row).collect()
    }

    #[test]
    fn a_frame_says_who_has_moved_and_who_has_left() {
        let mut runners = event();
        for (run, north) in [(2, 40), (1, 30)] {
            runners.hear(&word(run, 1, Some(north)));
        }
        let at_ms = AT.as_millis();
        let expected =
            json!({ "type": "positions", "at_ms": at_ms, "origin": [30, 5], "runners": [[1, 0, 0, 8], [2, 10, 0, 8]] });
        assert_eq!(frame(&mut runners), expected);
        assert!(!runners.has_changed());
        runners.hear(&word(2, 2, Some(40)));
        assert!(!runners.has_changed(), "it has not moved");
        runners.hear(&word(2, 3, Some(41)));
        runners.hear(&word(1, 2, None));
        let expected =
            json!({ "type": "positions", "at_ms": at_ms, "origin": [41, 5], "runners": [[2, 0, 0, 8]], "gone": [1] });
        assert_eq!(frame(&mut runners), expected);
        assert_eq!(all(&mut runners), [(2, 41)]);
        // One who came and left between two frames was never there.
        runners.hear(&word(3, 1, Some(1)));
        runners.hear(&word(3, 2, None));
        assert!(!runners.has_changed());
    }

    #[test]
    fn what_is_older_changes_nothing_however_late_it_is_told() {
        let mut runners = event();
        runners.hear(&word(1, 5, Some(50)));
        runners.hear(&word(1, 4, Some(40)));
        assert_eq!(all(&mut runners), [(1, 50)]);
        runners.hear(&word(1, 6, None));
        runners.hear(&word(1, 5, Some(50)));
        assert_eq!(all(&mut runners), []);
        let listing =
            Listing { runs: vec![(RunId::from_u128(1), None)], words: vec![word(1, 5, Some(50))], is_cut: false };
        runners.correct(&listing, 0);
        assert_eq!(all(&mut runners), [], "it was read before it went");
        runners.hear(&word(1, 7, Some(70)));
        assert_eq!(all(&mut runners), [(1, 70)], "it is to be seen again");
    }

    #[test]
    fn a_listing_corrects_what_was_not_heard() {
        let mut runners = event();
        for run in 1..=3 {
            runners.hear(&word(run, 1, Some(10)));
        }
        frame(&mut runners);
        let heard = runners.heard();
        // Heard of while the store was read, and not listed: it came after that.
        runners.hear(&word(3, 2, Some(11)));
        let listed = |run| (RunId::from_u128(run), None);
        let listing = Listing { runs: vec![listed(1), listed(4)], words: vec![word(4, 1, Some(12))], is_cut: false };
        runners.correct(&listing, heard);
        assert_eq!(all(&mut runners), [(1, 10), (3, 11), (4, 12)]);
        assert_eq!(frame(&mut runners)["gone"], json!([2]));
        assert_eq!(runners.known().len(), 3);
    }

    #[test]
    fn a_runners_next_run_takes_its_number_over() {
        let mut runners = event();
        runners.hear(&word(107, 9, Some(10)));
        frame(&mut runners);
        runners.hear(&word(207, 1, Some(20)));
        runners.hear(&word(107, 10, None));
        runners.hear(&word(107, 11, Some(11)));
        let said = frame(&mut runners);
        assert_eq!((&said["runners"], &said["gone"]), (&json!([[7, 0, 0, 6]]), &Value::Null));
        assert_eq!(all(&mut runners), [(7, 20)]);
        runners.hear(&word(207, 2, None));
        assert_eq!(frame(&mut runners)["gone"], json!([7]));
    }

    #[test]
    fn in_a_cell_each_is_named_once_and_leaves_at_its_edge() {
        let here = Spot { north: 6_017_000, east: 2_494_000, time_ms: 0, is_paused: true };
        let cell = here.cell().unwrap();
        let mut runners = Runners::new(ListingOf::Cell(cell));
        let word = |offset, spot| Word { run: RunId::from_u128(1), offset, number: 0, spot: Some(spot) };
        let away = Spot { north: -3_000_000, ..here };
        runners.hear(&word(1, away));
        assert!(!runners.has_changed());
        runners.hear(&word(2, here));
        let id = RunId::from_u128(1).to_string();
        let said = frame(&mut runners);
        assert_eq!((&said["came"], &said["runners"][0][4]), (&json!([[1, id]]), &json!(1)));
        runners.hear(&word(3, Spot { north: here.north + 1, ..here }));
        assert_eq!(frame(&mut runners)["came"], Value::Null);
        runners.hear(&word(4, away));
        assert_eq!(frame(&mut runners)["gone"], json!([1]));
        runners.hear(&word(5, here));
        assert_eq!(frame(&mut runners)["came"], json!([[2, id]]));
        assert_eq!(json(&runners.whole(AT).unwrap())["came"], json!([[2, id]]));
        assert_eq!(cell.zoom(), Cell::ZOOM_MAX);
    }

    #[test]
    fn who_was_in_a_picture_is_said_to_be_gone_though_no_frame_has_named_it() {
        let mut runners = event();
        let listing =
            Listing { runs: vec![(RunId::from_u128(1), None)], words: vec![word(1, 1, Some(1))], is_cut: false };
        runners.correct(&listing, 0);
        runners.settle();
        assert!(!runners.has_changed(), "whoever comes finds it in the picture");
        assert_eq!(all(&mut runners), [(1, 1)]);
        runners.hear(&word(1, 2, None));
        assert_eq!(frame(&mut runners)["gone"], json!([1]));
        runners.hear(&word(2, 1, Some(1)));
        assert_eq!(all(&mut runners), [(2, 1)]);
        runners.hear(&word(2, 2, None));
        assert_eq!(frame(&mut runners)["gone"], json!([2]));
    }

    #[test]
    fn there_is_an_end_to_what_is_shown() {
        let mut runners = event();
        for run in 0..=limits::SEEN_LEN_MAX as u64 {
            let number = u32::try_from(run).unwrap();
            runners.hear(&Word { run: RunId::from_u128(run.into()), number, ..word(1, 1, Some(1)) });
        }
        assert_eq!(runners.known().len(), limits::SEEN_LEN_MAX);
        assert!(runners.whole(AT).unwrap().len() < limits::OUTBOUND_BYTES_MAX / 2);
    }
}
