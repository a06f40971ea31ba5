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
use crate::backend::copy::{Begun, CopyError, Mark, Origin};
use crate::backend::{BackendError, Epoch, Order};

/// The format that this code reads and writes.
pub const CURRENT: u64 = 2;

/// The state of the store that a copy is coming from, until it is complete.
const COPYING: &str = "copying";
const COPY_MARK: &str = "copy mark";
/// The state of the store that all of this one came from.
const COPIED: &str = "copied";

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
    /// The first part of a copy. Nothing was touched.
    HalfCopied,
}

/// Makes the store if there is none, and brings an older one up to [`CURRENT`], in one write.
pub fn prepare(rows: &mut Write<'_>) -> Result<Found, BackendError> {
    if rows.get(&rows::meta(COPYING), |_| ())?.is_some() {
        return Ok(Found::HalfCopied);
    }
    match rows.get(&rows::meta("format"), rows::number)?.transpose()? {
        None => create(rows, &new_epoch())?,
        Some(CURRENT) => {}
        Some(found @ 1..CURRENT) => upgrade(rows, found)?,
        Some(newer) => return Ok(Found::Newer(newer)),
    }
    Ok(Found::Ready(ready(rows)?))
}

/// What a store of this format says of itself.
pub fn ready(rows: &impl Rows) -> Result<Ready, BackendError> {
    let missing = || rows::damaged("the store does not say what it is");
    let number = |name| rows.get(&rows::meta(name), rows::number)?.transpose()?.ok_or_else(missing);
    Ok(Ready {
        epoch: rows.get(&rows::meta("epoch"), rows::epoch)?.transpose()?.ok_or_else(missing)?,
        version: number("version")?,
        number: number("number")?,
    })
}

pub fn store_version(rows: &mut Write<'_>, version: u64) -> Result<(), BackendError> {
    rows.put(&rows::meta("version"), &version.to_be_bytes())
}

pub fn store_number(rows: &mut Write<'_>, number: u64) -> Result<(), BackendError> {
    rows.put(&rows::meta("number"), &number.to_be_bytes())
}

/// See [`crate::backend::copy::Target::begin`].
pub fn begin_copy(rows: &mut Write<'_>, origin: &Origin) -> Result<Result<Begun, CopyError>, BackendError> {
    let found = rows.get(&rows::meta("format"), rows::number)?.transpose()?;
    if let Some(found) = found.filter(|found| *found > CURRENT) {
        return Ok(Err(CopyError::NewerFormat { found, known: CURRENT }));
    }
    let is_this = |name| rows.get(&rows::meta(name), |state| state == origin.state.as_bytes());
    match (is_this(COPYING)?, is_this(COPIED)?) {
        (Some(true), _) => return Ok(Ok(Begun::At(copy_mark(rows)?))),
        (Some(false), _) => return Ok(Err(CopyError::OtherOrigin)),
        (None, Some(true)) => return Ok(Ok(Begun::Complete)),
        (None, _) => {}
    }
    for span in rows::all_but_meta() {
        let mut is_empty = true;
        rows.scan(&span, Order::Ascending, |_, _| {
            is_empty = false;
            ControlFlow::Break(())
        })?;
        if !is_empty {
            return Ok(Err(CopyError::Occupied));
        }
    }
    create(rows, &origin.epoch)?;
    rows.put(&rows::meta(COPYING), origin.state.as_bytes())?;
    store_copy_mark(rows, &Mark::default())?;
    Ok(Ok(Begun::At(Mark::default())))
}

/// From now on it is a store like any other. It remembers what it was copied from.
pub fn complete_copy(rows: &mut Write<'_>, origin: &Origin) -> Result<(), BackendError> {
    store_version(rows, origin.version.0)?;
    rows.put(&rows::meta(COPIED), origin.state.as_bytes())?;
    rows.remove(&rows::meta(COPYING))?;
    rows.remove(&rows::meta(COPY_MARK))
}

/// How far a copy has come that is not complete.
pub fn copy_mark(rows: &impl Rows) -> Result<Mark, BackendError> {
    let mark = rows.get(&rows::meta(COPY_MARK), Mark::from_stored)?.transpose()?;
    mark.ok_or_else(|| rows::damaged("it does not say how far its copy has come"))
}

pub fn store_copy_mark(rows: &mut Write<'_>, mark: &Mark) -> Result<(), BackendError> {
    rows.put(&rows::meta(COPY_MARK), &mark.as_stored())
}

fn create(rows: &mut Write<'_>, epoch: &Epoch) -> Result<(), BackendError> {
    rows.put(&rows::meta("format"), &CURRENT.to_be_bytes())?;
    rows.put(&rows::meta("epoch"), epoch.0.as_bytes())?;
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
