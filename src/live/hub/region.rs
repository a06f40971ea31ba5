//! The ears of rooms that show cells of the map: one for each cell that has a feed, however many rooms show parts of it.
//!
//! It hears the feed, reads each word once and hands it to the rooms that it concerns. It compares what it knows with the
//! store now and then, for all of them. When they say what, to whom, is theirs to know.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::app::AppError;
use crate::app::feeds::{self, Listing, ListingOf, Region, Word};
use crate::backend::{Heard, Subscription};
use crate::domain::cell::Cell;
use crate::limits;
use crate::live::hub::Hub;
use crate::live::hub::reads::Reads;
use crate::live::hub::room::Show;

/// Those that somebody shows a part of.
#[derive(Default)]
pub(super) struct Regions(Mutex<HashMap<Cell, Arc<Ear>>>);

/// Of one region.
struct Ear {
    cell: Cell,
    opened: OnceCell<()>,
    /// The store has closed, or nobody is here any more.
    ended: CancellationToken,
    state: Mutex<State>,
}

struct State {
    region: Region,
    rooms: HashMap<Cell, Arc<Show>>,
    /// How many are coming or here.
    seats: usize,
}

/// A room's place. Dropping it is leaving.
pub(super) struct RegionSeat {
    hub: Arc<Hub>,
    ear: Arc<Ear>,
    room: Option<(Cell, Arc<Show>)>,
}

impl RegionSeat {
    /// Begins to hear what happens in the cell; the room's picture is that of now.
    pub async fn take(hub: &Arc<Hub>, cell: Cell, show: &Arc<Show>) -> Result<Self, AppError> {
        let mut seat = Self { hub: hub.clone(), ear: hub.regions.sit_down(cell.at(feeds::CELL_ZOOM)), room: None };
        seat.ear.opened.get_or_try_init(|| open(hub, &seat.ear)).await?;
        let mut state = seat.ear.state.lock();
        let listing = state.region.listing_of(cell);
        show.with(|picture| {
            picture.correct(&listing, 0);
            picture.settle();
        });
        state.rooms.insert(cell, show.clone());
        drop(state);
        seat.room = Some((cell, show.clone()));
        Ok(seat)
    }

    /// Until there may be something new in the room's picture. `None`: the store has closed.
    pub async fn next(&self) -> Option<()> {
        let (_, show) = self.room.as_ref()?;
        tokio::select! {
            () = self.ear.ended.cancelled() => None,
            () = show.stirred() => Some(()),
        }
    }
}

impl Drop for RegionSeat {
    fn drop(&mut self) {
        let mut ears = self.hub.regions.0.lock();
        let mut state = self.ear.state.lock();
        if let Some((cell, show)) = &self.room
            // The cell may have another room by now.
            && state.rooms.get(cell).is_some_and(|present| Arc::ptr_eq(present, show))
        {
            state.rooms.remove(cell);
        }
        state.seats -= 1;
        if state.seats == 0 {
            self.ear.ended.cancel();
            if ears.get(&self.ear.cell).is_some_and(|present| Arc::ptr_eq(present, &self.ear)) {
                ears.remove(&self.ear.cell);
            }
        }
    }
}

impl Regions {
    fn sit_down(&self, cell: Cell) -> Arc<Ear> {
        let mut ears = self.0.lock();
        let ear = match ears.get(&cell) {
            Some(ear) if !ear.ended.is_cancelled() => ear.clone(),
            _ => {
                let state = Mutex::new(State { region: Region::new(cell), rooms: HashMap::new(), seats: 0 });
                let (opened, ended) = (OnceCell::new(), CancellationToken::new());
                let ear = Arc::new(Ear { cell, opened, ended, state });
                ears.insert(cell, ear.clone());
                ear
            }
        };
        // Under the lock of them all: an ear that nobody needs ends under it.
        ear.state.lock().seats += 1;
        ear
    }
}

async fn open(hub: &Arc<Hub>, ear: &Arc<Ear>) -> Result<(), AppError> {
    // Subscribe before reading: what is heard twice changes nothing.
    let feed = hub.backend.subscribe(&feeds::cell_topic(ear.cell)).await?;
    let listing = (hub.rules.list)(ListingOf::Region(ear.cell), HashSet::new()).await?;
    ear.state.lock().region.correct(&listing, 0);
    let (hub, ear) = (hub.clone(), ear.clone());
    let closing = hub.workers.closing().clone();
    hub.workers.clone().spawn(async move {
        tokio::select! {
            biased;
            () = ear.ended.cancelled() => {}
            // The rooms end by themselves.
            () = closing.cancelled() => {}
            () = ear.work(&hub, feed) => ear.ended.cancel(),
        }
    });
    Ok(())
}

impl Ear {
    /// Until the store closes.
    async fn work(&self, hub: &Hub, mut feed: Subscription) {
        let mut reads = Reads::after(limits::SEEN_READ_EVERY);
        self.rest(&mut reads);
        let begin = || {
            let state = self.state.lock();
            (state.region.heard(), (hub.rules.list)(ListingOf::Region(self.cell), state.region.known()))
        };
        loop {
            tokio::select! {
                heard = feed.next() => match heard {
                    Some(Heard::Change { payload, .. }) => match Word::read_all(&payload) {
                        Ok(words) => self.hear(&words),
                        // What cannot be read was reported where it was read.
                        Err(_) => reads.soon(),
                    },
                    Some(Heard::Gap) => reads.soon(),
                    None => return,
                },
                (heard, listing) = reads.next(begin) => {
                    self.correct(&listing, heard);
                    self.rest(&mut reads);
                }
            }
        }
    }

    /// Where nobody is, nobody can have gone unheard.
    fn rest(&self, reads: &mut Reads) {
        if self.state.lock().region.is_empty() {
            reads.not_before(limits::SEEN_READ_EMPTY_EVERY);
        }
    }

    fn hear(&self, words: &[Word]) {
        let mut state = self.state.lock();
        let State { region, rooms, .. } = &mut *state;
        let mut stirred: BTreeSet<Cell> = BTreeSet::new();
        for (word, cells) in region.hear(words) {
            for (cell, show) in cells.iter().filter_map(|cell| rooms.get_key_value(cell)) {
                show.hear(&[word]);
                stirred.insert(*cell);
            }
        }
        stirred.iter().filter_map(|cell| rooms.get(cell)).for_each(|show| show.stir());
    }

    /// Compares what is known with the store.
    fn correct(&self, listing: &Listing, heard: u64) {
        let mut state = self.state.lock();
        let State { region, rooms, .. } = &mut *state;
        region.correct(listing, heard);
        let mut listings = region.listings();
        for (cell, show) in rooms {
            let listing = listings.remove(cell).unwrap_or_default();
            show.with(|picture| {
                // Of all that the region has heard, the room has heard what concerns it.
                let heard = picture.heard();
                picture.correct(&listing, heard);
            });
            show.stir();
        }
    }
}
