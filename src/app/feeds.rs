//! Feeds: where runners are, told as they move, to whoever draws many of them at once.
//!
//! An event has a feed, and so has each cell of the map at zoom 6; each cell at zoom 2 has one that tells who enters and leaves
//! those. What has moved on this instance is gathered for a moment, the newest of each run alone, and told in one commit for all
//! cells of a part of the map and in one for each event. Feeds keep nothing: what is missed is read from the store, by those who
//! listen ([`Picture`]). Frames, ticks and sockets are not known here.

mod barred;
mod listing;
mod picture;
mod region;
mod word;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::app::runs::RunRecord;
use crate::app::transact::encode;
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Append, Commit, Keep, Topic};
use crate::domain::cell::Cell;
use crate::domain::ids::{EventId, RunId};
use crate::limits;

pub(in crate::app) use barred::{Barred, barred};
pub use listing::{Listing, ListingOf};
pub use picture::Picture;
pub use region::Region;
pub use word::{Spot, Word};

/// The zoom of the cells that have feeds of their own.
pub const CELL_ZOOM: u8 = 6;
/// The zoom of the cells where it is counted how many are in each of those.
pub const COUNTS_ZOOM: u8 = 2;

/// What has moved here and is yet to be told.
#[derive(Default)]
pub struct Feeds {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

/// What is to be told in one topic: the newest word of each run.
type Telling = (Topic, HashMap<RunId, Word>);

#[derive(Default)]
struct Waiting {
    words: HashMap<Topic, HashMap<RunId, Word>>,
    len: usize,
}

/// Where a run is to be seen.
#[derive(Clone, Copy, PartialEq)]
struct Shown {
    event: Option<(EventId, u32)>,
    /// Its cell at [`CELL_ZOOM`], if it is for everybody.
    cell: Option<Cell>,
    spot: Spot,
}

/// Where an event's feed is told.
pub fn event_topic(event: EventId) -> Topic {
    AggregateId::new("positions", &event.to_string()).topic("")
}

/// Where it is told what happens in this cell, in the feed of a larger one if it has none of its own.
pub fn cell_topic(cell: Cell) -> Topic {
    let name = if cell.zoom() < CELL_ZOOM { String::new() } else { cell.at(CELL_ZOOM).to_string() };
    AggregateId::new("map", &cell.at(COUNTS_ZOOM).to_string()).topic(&name)
}

impl Feeds {
    /// A run's record was `before` and is `after`: what there is to tell of that waits to be told.
    pub(in crate::app) fn moved(&self, before: Option<&RunRecord>, after: Option<&RunRecord>) {
        let (was, is) = (before.and_then(Shown::of), after.and_then(Shown::of));
        let Some(record) = after.or(before).filter(|_| was != is) else { return };
        // One that is no more goes after all that was said of it.
        let (run, offset) = (record.run.id, record.offset + u64::from(after.is_none()));
        let here = |number| is.map(|is| Word { run, offset, number, spot: Some(is.spot) });
        // Who goes though the run goes on may be seen there no more, or is somewhere else.
        let is_barred = after.is_none_or(|after| Spot::of(&after.run).is_some());
        let gone = |is_barred| Word { run, offset, number: if is_barred { Word::AT_ONCE } else { 0 }, spot: None };
        let (from, to) = (was.and_then(|was| was.event), is.and_then(|is| is.event));
        if let Some((event, number)) = to {
            self.tell(event_topic(event), here(number));
        }
        if let Some((event, _)) = from.filter(|(event, _)| to.is_none_or(|(to, _)| to != *event)) {
            self.tell(event_topic(event), Some(gone(is_barred)));
        }
        let (from, to) = (was.and_then(|was| was.cell), is.and_then(|is| is.cell));
        if let Some(cell) = to {
            self.tell(cell_topic(cell), here(0));
        }
        if from == to {
            return;
        }
        if let Some(cell) = from {
            self.tell(cell_topic(cell), Some(gone(is_barred && to.is_none())));
        }
        let (from, to) = (from.map(|cell| cell.at(COUNTS_ZOOM)), to.map(|cell| cell.at(COUNTS_ZOOM)));
        if let Some(cell) = to {
            self.tell(cell_topic(cell), here(0));
        }
        if let Some(cell) = from.filter(|_| from != to) {
            self.tell(cell_topic(cell), Some(gone(false)));
        }
    }

    fn tell(&self, topic: Topic, word: Option<Word>) {
        let Some(word) = word else { return };
        self.waiting.lock().add(topic, word);
        self.wake.notify_one();
    }

    fn take(&self) -> HashMap<AggregateId, Vec<Telling>> {
        let Waiting { words, .. } = std::mem::take(&mut *self.waiting.lock());
        let mut by_aggregate: HashMap<_, Vec<_>> = HashMap::new();
        for (topic, words) in words {
            by_aggregate.entry(topic.aggregate.clone()).or_default().push((topic, words));
        }
        by_aggregate
    }

    /// What could not be told waits again, unless something newer does.
    fn put_back(&self, told: Vec<Telling>) {
        let mut waiting = self.waiting.lock();
        for (topic, words) in told {
            words.into_values().for_each(|word| waiting.add(topic.clone(), word));
        }
    }
}

impl Waiting {
    fn add(&mut self, topic: Topic, word: Word) {
        match self.words.entry(topic).or_default().entry(word.run) {
            Entry::Occupied(mut known) if known.get().offset <= word.offset => *known.get_mut() = word,
            Entry::Occupied(_) => {}
            // What is left out is found when the store is read again.
            Entry::Vacant(_) if self.len >= limits::FEED_WORDS_LEN_MAX => {}
            Entry::Vacant(place) => {
                place.insert(word);
                self.len += 1;
            }
        }
    }
}

impl Shown {
    fn of(record: &RunRecord) -> Option<Self> {
        let spot = Spot::of(&record.run)?;
        let cell = spot.cell_of(&record.run).map(|cell| cell.at(CELL_ZOOM));
        Some(Self { event: record.place_in_event(), cell, spot })
    }
}

impl App {
    /// Starts the worker that tells what has moved here. It ends with the others, when all is told.
    pub(in crate::app) fn start_feeds(self: &Arc<Self>) {
        let app = self.clone();
        self.workers.spawn(async move {
            let closing = app.workers.closing().clone();
            loop {
                let gathered = async {
                    app.feeds.wake.notified().await;
                    tokio::time::sleep(limits::FEED_GATHER).await;
                };
                tokio::select! {
                    () = closing.cancelled() => break,
                    () = gathered => {}
                }
                if !app.tell_feeds().await {
                    app.feeds.wake.notify_one();
                    tokio::time::sleep(limits::GAP_PAUSE).await;
                }
            }
            app.tell_feeds().await;
        });
    }

    /// Tells all that waits → whether it could be told.
    async fn tell_feeds(&self) -> bool {
        let telling = futures::stream::iter(self.feeds.take()).map(|(aggregate, words)| async move {
            let told = self.tell_feeds_of(aggregate, &words).await;
            if let Err(error) = &told {
                tracing::debug!(%error, "it could not be told who has moved; it is tried again");
                self.feeds.put_back(words);
            }
            told.is_ok()
        });
        // To the end, whoever fails: what is dropped on the way would never be told.
        telling.buffer_unordered(limits::FEEDS_AT_ONCE).fold(true, |all, told| async move { all & told }).await
    }

    async fn tell_feeds_of(
        &self,
        aggregate: AggregateId,
        words: &[(Topic, HashMap<RunId, Word>)],
    ) -> Result<(), AppError> {
        let mut commit = Commit::on(aggregate);
        for (topic, words) in words {
            let payload: Bytes = encode(&words.values().collect::<Vec<_>>())?;
            commit.appends.push(Append { topic: topic.clone(), keep: Keep::Nothing, payload });
        }
        self.backend.commit(commit).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
