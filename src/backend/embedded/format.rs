//! The format of the database file: made new, recognised, and upgraded from older ones.
//!
//! | format | what is new in it |
//! |---|---|
//! | 1 | the rows of [`super`], without totals |
//! | 2 | a total for each index, so that counting an index reads one row |

use std::ops::ControlFlow;

use super::engine::{Rows, Write};
use super::rows;
use super::topics::new_epoch;
use crate::backend::{BackendError, Epoch, Order};

/// The format that this code reads and writes.
pub const CURRENT: u64 = 2;

/// What a store says of itself.
pub struct Ready {
    pub epoch: Epoch,
    /// The last version that was given to a key.
    pub version: u64,
    /// The last number that was given to an aggregate or a topic.
    pub number: u64,
}

/// What to do with a store, once its format is known.
pub enum Found {
    Ready(Ready),
    /// A format that only a newer program knows. Nothing was touched.
    Newer(u64),
}

/// Makes the store if there is none, and brings an older one up to [`CURRENT`], in one write.
pub fn prepare(rows: &mut Write<'_>) -> Result<Found, BackendError> {
    match rows.get(&rows::meta("format"), rows::number)?.transpose()? {
        None => create(rows)?,
        Some(CURRENT) => {}
        Some(found @ 1..CURRENT) => upgrade(rows, found)?,
        Some(newer) => return Ok(Found::Newer(newer)),
    }
    let missing = || rows::damaged("the store does not say what it is");
    let number = |name| rows.get(&rows::meta(name), rows::number)?.transpose()?.ok_or_else(missing);
    Ok(Found::Ready(Ready {
        epoch: rows.get(&rows::meta("epoch"), rows::epoch)?.transpose()?.ok_or_else(missing)?,
        version: number("version")?,
        number: number("number")?,
    }))
}

pub fn store_version(rows: &mut Write<'_>, version: u64) -> Result<(), BackendError> {
    rows.put(&rows::meta("version"), &version.to_be_bytes())
}

pub fn store_number(rows: &mut Write<'_>, number: u64) -> Result<(), BackendError> {
    rows.put(&rows::meta("number"), &number.to_be_bytes())
}

fn create(rows: &mut Write<'_>) -> Result<(), BackendError> {
    rows.put(&rows::meta("format"), &CURRENT.to_be_bytes())?;
    rows.put(&rows::meta("epoch"), new_epoch().0.as_bytes())?;
    store_version(rows, 0)?;
    store_number(rows, 0)
}

/// Takes the steps from `found` to [`CURRENT`], one after another.
fn upgrade(rows: &mut Write<'_>, found: u64) -> Result<(), BackendError> {
    tracing::info!(found, current = CURRENT, "upgrading the store's format");
    for format in found..CURRENT {
        match format {
            1 => count_indexes(rows)?,
            format => return Err(rows::damaged(&format!("there is no way on from format {format}"))),
        }
    }
    rows.put(&rows::meta("format"), &CURRENT.to_be_bytes())
}

/// 1 → 2.
fn count_indexes(rows: &mut Write<'_>) -> Result<(), BackendError> {
    let mut totals: Vec<(String, u64)> = Vec::new();
    let mut unreadable = None;
    rows.scan(&rows::ranks_of_all(), Order::Ascending, |name, _| {
        match (rows::rank_parts(name), totals.last_mut()) {
            (Ok((index, ..)), Some((last, total))) if last == index => *total += 1,
            (Ok((index, ..)), _) => totals.push((index.to_owned(), 1)),
            (Err(error), _) => {
                unreadable = Some(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    unreadable.map_or(Ok(()), Err)?;
    totals.iter().try_for_each(|(index, total)| rows.put(&rows::total(index), &total.to_be_bytes()))
}
