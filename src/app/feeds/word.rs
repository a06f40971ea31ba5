//! What a feed says of one run: where it is now, or that it is not to be seen there any more.

use serde::{Deserialize, Serialize};

use crate::app::AppError;
use crate::app::transact::decode;
use crate::domain::cell::Cell;
use crate::domain::geo::Place;
use crate::domain::ids::RunId;
use crate::domain::run::{Run, State};
use crate::domain::user::Visibility;

/// The newest of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Word {
    pub run: RunId,
    /// Of the run's own topic: what has the higher one is newer.
    pub offset: u64,
    /// The runner's in the event; 0 on the map. Of one that is gone [`Word::AT_ONCE`], or 0.
    pub number: u32,
    /// `None`: not to be seen here any more.
    pub spot: Option<Spot>,
}

/// Where a runner is, as exactly as it is drawn: a metre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// In hundred-thousandths of a degree.
    pub north: i32,
    /// The same.
    pub east: i32,
    /// By the phone's clock, in milliseconds since 1970.
    pub time_ms: i64,
    pub is_paused: bool,
}

/// Hundred-thousandths.
const PARTS: f64 = 100_000.0;

impl Spot {
    /// `None`: the run is not live, or it is not known where it is.
    pub fn of(run: &Run) -> Option<Self> {
        if !matches!(run.state, State::Live | State::Paused) {
            return None;
        }
        let fix = run.tally.position?;
        #[allow(clippy::cast_possible_truncation)] // 18 million at most
        let parts = |degrees: f64| (degrees * PARTS).round() as i32;
        let (north, east) = (parts(fix.place.latitude.degrees()), parts(fix.place.longitude.degrees()));
        Some(Self { north, east, time_ms: fix.time.as_millis(), is_paused: run.state == State::Paused })
    }

    /// The finest cell that it lies in. By the rounded place, so that all agree on it.
    pub fn cell(&self) -> Option<Cell> {
        let place = Place::new(f64::from(self.north) / PARTS, f64::from(self.east) / PARTS).ok()?;
        Some(Cell::of(place, Cell::ZOOM_MAX))
    }

    /// The finest cell of the map in which everybody may see the run.
    pub fn cell_of(&self, run: &Run) -> Option<Cell> {
        if run.visibility == Visibility::Public { self.cell() } else { None }
    }
}

/// A word as it is told: `[run, offset, number, north, east, time_ms, is_paused]`, the first three of one that is gone.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Told {
    Here(String, u64, u32, i32, i32, i64, bool),
    Gone(String, u64, u32),
}

impl Serialize for Word {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { run, offset, number, spot } = *self;
        let run = run.to_string();
        match spot {
            Some(Spot { north, east, time_ms, is_paused }) => {
                Told::Here(run, offset, number, north, east, time_ms, is_paused)
            }
            None => Told::Gone(run, offset, number),
        }
        .serialize(serializer)
    }
}

impl Word {
    /// The number of a word that must not wait for the next tick: somebody may see the run here no more.
    pub const AT_ONCE: u32 = 1;

    /// Whether it must be said at once.
    pub fn is_urgent(&self) -> bool {
        self.spot.is_none() && self.number == Self::AT_ONCE
    }

    /// What one change of a feed says.
    ///
    /// # Errors
    /// It is none that was told here.
    pub fn read_all(payload: &[u8]) -> Result<Vec<Self>, AppError> {
        let read = |told| {
            let (run, offset, number, spot) = match told {
                Told::Here(run, offset, number, north, east, time_ms, is_paused) => {
                    (run, offset, number, Some(Spot { north, east, time_ms, is_paused }))
                }
                Told::Gone(run, offset, number) => (run, offset, number, None),
            };
            Ok(Self { run: RunId::parse(&run).ok_or(AppError::Internal)?, offset, number, spot })
        };
        decode::<Vec<Told>>(payload)?.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_as_it_was_told() {
        let spot = Spot { north: 6_017_001, east: -2_494_000, time_ms: 1_790_000_000_123, is_paused: true };
        let here = Word { run: RunId::from_u128(7), offset: 3, number: 12, spot: Some(spot) };
        let gone = Word { spot: None, number: 0, ..here };
        let told = serde_json::to_vec(&[here, gone]).unwrap();
        assert_eq!(Word::read_all(&told).unwrap(), [here, gone]);
        assert!(Word::read_all(b"[[1]]").is_err() && Word::read_all(br#"[["x",1,0]]"#).is_err());
    }
}
