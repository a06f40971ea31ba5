//! The command that copies a store into another: opens both, says on stderr how far it is, and at the end what it has done.
//!
//! Deliberately knows nothing of what is copied but how much of each kind.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::backend::copy::{Copied, CopyError, Source, Tally, Target, copy};
use crate::backend::embedded::{Export, Import};
use crate::backend::{RedisExport, RedisImport};
use crate::clock::Clock;
use crate::config::Place;
use crate::limits;

/// Between two lines that say how far it is.
const PROGRESS_PAUSE: Duration = Duration::from_secs(1);

/// Why nothing, or not all, was copied.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("--from and --to are the same store")]
    Same,
    #[error("--from: {0}")]
    From(Box<dyn Error + Send + Sync>),
    #[error("--to: {0}")]
    To(Box<dyn Error + Send + Sync>),
    #[error(transparent)]
    Copy(#[from] CopyError),
}

/// Copies a store into an empty one, or the rest of it if that was begun before. Answers the closing line.
pub async fn run(from: &Place, to: &Place, clock: Clock) -> Result<String, Failure> {
    if is_same(from, to) {
        return Err(Failure::Same);
    }
    let source: Box<dyn Source> = match from {
        Place::Folder(folder) => Box::new(Export::open(folder, clock.clone()).map_err(|it| Failure::From(it.into()))?),
        Place::Redis(url) => Box::new(RedisExport::open(url).await.map_err(|it| Failure::From(it.into()))?),
    };
    let target: Box<dyn Target> = match to {
        Place::Folder(folder) => Box::new(Import::open(folder, clock).map_err(|it| Failure::To(it.into()))?),
        Place::Redis(url) => Box::new(RedisImport::open(url).await.map_err(|it| Failure::To(it.into()))?),
    };
    let begun = Instant::now();
    let mut said = begun;
    let copied = copy(&*source, &*target, limits::COPY_PART_LEN_MAX, |tally| {
        if said.elapsed() >= PROGRESS_PAUSE {
            said = Instant::now();
            eprintln!("{} so far", amounts(tally));
        }
    });
    Ok(match copied.await? {
        Copied::All(tally) => format!("copied {} in {:.1} s", amounts(&tally), begun.elapsed().as_secs_f64()),
        Copied::Before => "this store was copied there before, completely: nothing was done".to_owned(),
    })
}

fn is_same(from: &Place, to: &Place) -> bool {
    let canonical = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    match (from, to) {
        (Place::Folder(from), Place::Folder(to)) => canonical(from) == canonical(to),
        _ => false,
    }
}

fn amounts(tally: &Tally) -> String {
    let Tally { values, standings, topics, changes, once, bytes } = tally;
    let megabytes = *bytes as f64 / 1e6;
    format!(
        "{values} values, {standings} index entries, {topics} topics, {changes} changes, {once} idempotency keys, \
         {megabytes:.1} MB"
    )
}
