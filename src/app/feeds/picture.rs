//! What a room that is told of many runners at once knows of them: the newest of each, and whose has changed since it was last
//! said. It is fed by words of a feed and by listings of the store, in any order, and says frames and whole pictures.
//!
//! A run's own offset tells which of two words is newer. What a listing leaves out goes, unless it was heard of after the
//! listing was begun. So whatever was missed, told twice, or told by an instance that is slow, the picture comes right.

mod counts;
mod frames;
mod runners;

use std::collections::HashSet;

use bytes::Bytes;

use crate::app::AppError;
use crate::app::feeds::{COUNTS_ZOOM, Listing, ListingOf, Word};
use crate::domain::ids::RunId;
use crate::domain::time::Timestamp;

use counts::Counts;
pub(super) use runners::Runners;

pub enum Picture {
    /// Where each is.
    Runners(Runners),
    /// How many are where.
    Counts(Counts),
}

impl Picture {
    pub fn new(of: ListingOf) -> Self {
        match of {
            ListingOf::Cell(cell) if cell.zoom() <= COUNTS_ZOOM => Self::Counts(Counts::new(cell)),
            ListingOf::Event(_) | ListingOf::Cell(_) | ListingOf::Region(_) => Self::Runners(Runners::new(of)),
        }
    }

    /// Takes in a change of the feed.
    pub fn hear(&mut self, words: &[Word]) {
        match self {
            Self::Runners(runners) => words.iter().for_each(|word| runners.hear(word)),
            Self::Counts(counts) => words.iter().for_each(|word| counts.hear(word)),
        }
    }

    /// How much has been heard so far: where a listing begins.
    pub fn heard(&self) -> u64 {
        match self {
            Self::Runners(runners) => runners.heard(),
            Self::Counts(counts) => counts.heard(),
        }
    }

    /// Of whom a listing need not say where they are.
    pub fn known(&self) -> HashSet<RunId> {
        match self {
            Self::Runners(runners) => runners.known(),
            Self::Counts(_) => HashSet::new(),
        }
    }

    /// Takes in a listing that was begun when so much was `heard`.
    pub fn correct(&mut self, listing: &Listing, heard: u64) {
        match self {
            Self::Runners(runners) => runners.correct(listing, heard),
            Self::Counts(counts) => counts.correct(listing, heard),
        }
    }

    /// What is in it goes without saying: nobody has come yet, and whoever does is told the whole.
    pub fn settle(&mut self) {
        match self {
            Self::Runners(runners) => runners.settle(),
            Self::Counts(counts) => counts.settle(),
        }
    }

    /// Whether there is anything to say.
    pub fn has_changed(&self) -> bool {
        match self {
            Self::Runners(runners) => runners.has_changed(),
            Self::Counts(counts) => counts.has_changed(),
        }
    }

    /// What has changed since the last frame; that is said then.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn frame(&mut self, now: Timestamp) -> Result<Bytes, AppError> {
        match self {
            Self::Runners(runners) => runners.frame(now),
            Self::Counts(counts) => counts.frame(now),
        }
    }

    /// All of it. It says what every frame before has said, and may say some of what the next will say.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn whole(&mut self, now: Timestamp) -> Result<Bytes, AppError> {
        match self {
            Self::Runners(runners) => runners.whole(now),
            Self::Counts(counts) => counts.whole(now),
        }
    }
}
