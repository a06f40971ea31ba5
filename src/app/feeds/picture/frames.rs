//! Frames and pictures as they stand on the wire.

use bytes::Bytes;
use serde::{Serialize, Serializer};

use crate::app::AppError;
use crate::app::feeds::Spot;
use crate::app::transact::encode;
use crate::domain::time::Timestamp;

/// `positions`: what has changed; `picture`: everything.
#[derive(Serialize)]
pub struct RunnersFrame<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    at_ms: i64,
    /// `[number, run id]` of each whom the room has not named before. On the map alone.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    came: &'a [(u32, String)],
    /// `[latitude, longitude]` in hundred-thousandths of a degree, from which rows count.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<(i32, i32)>,
    runners: Vec<Row>,
    /// Numbers.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    gone: &'a [u32],
}

/// `[number, north, east, age]`, and a 1 behind it when the run is paused. The age in tenths of a second.
struct Row {
    number: u32,
    north: i32,
    east: i32,
    age: i64,
    is_paused: bool,
}

/// `[quadkey, how many]` of each cell.
#[derive(Serialize)]
struct CountsFrame {
    #[serde(rename = "type")]
    kind: &'static str,
    at_ms: i64,
    cells: Vec<(String, usize)>,
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { number, north, east, age, is_paused } = *self;
        if is_paused {
            (number, north, east, age, 1).serialize(serializer)
        } else {
            (number, north, east, age).serialize(serializer)
        }
    }
}

pub fn positions(
    at: Timestamp,
    came: &[(u32, String)],
    spots: &[(u32, Spot)],
    gone: &[u32],
) -> Result<Bytes, AppError> {
    runners("positions", at, came, spots, gone)
}

pub fn picture(at: Timestamp, came: &[(u32, String)], spots: &[(u32, Spot)]) -> Result<Bytes, AppError> {
    runners("picture", at, came, spots, &[])
}

pub fn counts(at: Timestamp, cells: Vec<(String, usize)>) -> Result<Bytes, AppError> {
    encode(&CountsFrame { kind: "counts", at_ms: at.as_millis(), cells })
}

fn runners(
    kind: &'static str,
    at: Timestamp,
    came: &[(u32, String)],
    spots: &[(u32, Spot)],
    gone: &[u32],
) -> Result<Bytes, AppError> {
    let north = spots.iter().map(|(_, spot)| spot.north).min();
    let east = spots.iter().map(|(_, spot)| spot.east).min();
    let origin = north.zip(east);
    let (north, east) = origin.unwrap_or_default();
    let row = |(number, spot): &(u32, Spot)| Row {
        number: *number,
        north: spot.north - north,
        east: spot.east - east,
        // A phone's clock may be ahead a little.
        age: (at.as_millis().saturating_sub(spot.time_ms).max(0) + 50) / 100,
        is_paused: spot.is_paused,
    };
    let runners = spots.iter().map(row).collect();
    encode(&RunnersFrame { kind, at_ms: at.as_millis(), came, origin, runners, gone })
}
