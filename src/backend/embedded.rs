//! The embedded store: everything in one directory, on one machine, written by one thread.
//!
//! Deliberately knows no run, event or user, and nobody outside this process: subscribers are listeners in memory.
//!
//! A commit goes into a bounded queue. The writer takes all that waits as one group, checks and carries out each commit
//! in order inside one write, and makes the group safe with one fsync; then subscribers hear of it, then the senders are
//! answered. Reads see one moment and wait for nobody. A `kill -9` or a power cut leaves the last whole group.
//!
//! `runnity.redb` holds the rows, `runnity.journal` the groups since it was last made whole: they belong together.
//!
//! # What lies where
//!
//! One map of bytes in their order. A name is a letter for its kind and then its parts; `·` is the byte `FF`, which no text
//! has, numbers are eight bytes, big-endian, and scores have their sign turned, so that they sort.
//!
//! | kind | name | row |
//! |---|---|---|
//! | meta | `m` name | `format`, `epoch`, `version` (last given), `number` (last given), and of a copy: `copying` or `copied` (what from), `copy mark` |
//! | aggregate | `a` aggregate | its number |
//! | value | `d` aggregate's number, `v` name | version, then the value |
//! | topic | `d` aggregate's number, `t` name | number, floor, how many are kept (four bytes), its changes' names, epoch |
//! | change | `d` aggregate's number, `b` (trimmed) or `z` (log), topic's number, offset | the payload |
//! | grave | `g` topic's number | its changes' names: it was cleared, and they are still to be swept |
//! | place | `p` index `·` member | score |
//! | rank | `r` index `·` score, member | nothing |
//! | total | `n` index | how many members it has |
//! | once | `o` aggregate `·` key | when it expires (ms since 1970), then the record |

mod engine;
mod export;
#[cfg(test)]
mod faults;
mod format;
mod import;
mod indexes;
mod ledger;
mod listeners;
mod rows;
mod topics;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use futures::future::BoxFuture;
use parking_lot::Mutex;

pub use self::export::Export;
pub use self::import::Import;

use self::engine::{Engine, Rows};
use self::format::{Found, Ready};
use self::ledger::Ledger;
use self::listeners::Listeners;
use self::writer::Queue;
use crate::backend::{
    Backend, BackendError, Commit, CommitError, Committed, Cursor, Epoch, Key, Range, Ranged, Replay, Since,
    Subscription, Topic, Version, Versioned,
};
use crate::clock::Clock;
use crate::limits;

/// The store in one directory. Dropping it lets the writer finish what was accepted; [`Embedded::close`] waits for that.
pub struct Embedded {
    engine: Arc<Engine>,
    listeners: Arc<Listeners>,
    epoch: Epoch,
    queue: Queue,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Why a store could not be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{path} is in use by another process: stop that one first, or choose another directory")]
    InUse { path: PathBuf },
    #[error("the store has format {found}, and this version knows no format above {known}: use a newer version")]
    NewerFormat { found: u64, known: u64 },
    #[error("there is no store in {path}")]
    Missing { path: PathBuf },
    #[error("{path} holds the first part of a copy: start the same `runnity copy` again, and it goes on, or remove it")]
    HalfCopied { path: PathBuf },
    #[error("{path} is damaged, or no store: {reason}")]
    Damaged { path: PathBuf, reason: String },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

impl Embedded {
    /// Opens the store in `dir`, or makes it there. Blocks: after a crash it first checks the whole file.
    pub fn open(dir: &Path, clock: Clock) -> Result<Self, OpenError> {
        Self::on(open_engine(dir)?, clock, dir)
    }

    fn on(engine: Engine, clock: Clock, path: &Path) -> Result<Self, OpenError> {
        let ready = prepare(&engine, path)?;
        let (engine, listeners) = (Arc::new(engine), Arc::<Listeners>::default());
        let epoch = ready.epoch.clone();
        let (queue, writer) = writer::start(engine.clone(), listeners.clone(), Ledger::new(ready), clock)
            .map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        Ok(Self { engine, listeners, epoch, queue, writer: Mutex::new(Some(writer)) })
    }

    /// Takes no more commits, carries out those accepted, ends all subscriptions and gives the directory free. An error
    /// says that the disk did not let it finish within [`limits::STORE_CLOSE`]; what was not acknowledged may be lost.
    pub async fn close(&self) -> Result<(), BackendError> {
        let closed = async {
            self.queue.close().await;
            let writer = self.writer.lock().take();
            match writer {
                Some(writer) => tokio::task::spawn_blocking(move || writer.join()).await.is_ok_and(|end| end.is_ok()),
                None => true,
            }
        };
        match tokio::time::timeout(limits::STORE_CLOSE, closed).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(BackendError::Unavailable("the writer has failed".into())),
            Err(_) => Err(BackendError::Unavailable("the disk takes too long".into())),
        }
    }

    /// Ephemeral changes go straight to those who listen; nothing is written.
    fn tell(&self, commit: &Commit) -> Result<Committed, CommitError> {
        if self.listeners.is_closed() {
            return Err(writer::closed().into());
        }
        let cursor = Cursor { epoch: self.epoch.clone(), offset: 0 };
        let committed = Committed { version: Version::ABSENT, cursors: vec![cursor; commit.appends.len()] };
        writer::tell(&self.listeners, &commit.appends, &committed);
        Ok(committed)
    }
}

impl Backend for Embedded {
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        Box::pin(async move {
            if keys.len() <= limits::STORE_INLINE_ROWS_MAX {
                return read_all(&self.engine, keys);
            }
            let keys = keys.to_vec();
            aside(&self.engine, move |engine| read_all(engine, &keys)).await
        })
    }

    fn range<'a>(&'a self, range: &'a Range) -> BoxFuture<'a, Result<Ranged, BackendError>> {
        Box::pin(async move {
            if range.limit <= limits::STORE_INLINE_ROWS_MAX && !range.count {
                return indexes::range(&self.engine.view()?, range);
            }
            let range = range.clone();
            aside(&self.engine, move |engine| indexes::range(&engine.view()?, &range)).await
        })
    }

    fn replay<'a>(
        &'a self,
        topic: &'a Topic,
        since: &'a Since,
        limit: usize,
    ) -> BoxFuture<'a, Result<Replay, BackendError>> {
        Box::pin(async move {
            if limit <= limits::STORE_INLINE_ROWS_MAX {
                return topics::replay(&self.engine.view()?, &self.epoch, topic, since, limit);
            }
            let (epoch, topic, since) = (self.epoch.clone(), topic.clone(), since.clone());
            aside(&self.engine, move |engine| topics::replay(&engine.view()?, &epoch, &topic, &since, limit)).await
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            debug_assert!(commit.is_whole(), "a commit touches its own aggregate only");
            if commit.is_ephemeral() { self.tell(&commit) } else { self.queue.commit(commit).await }
        })
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        Box::pin(async move { self.listeners.subscribe(topic).ok_or_else(writer::closed) })
    }
}

/// Makes the store in `path` ready for this version.
fn prepare(engine: &Engine, path: &Path) -> Result<Ready, OpenError> {
    let path = path.to_owned();
    match engine.write(format::prepare) {
        Ok(Found::Ready(ready)) => Ok(ready),
        Ok(Found::Newer(found)) => Err(OpenError::NewerFormat { found, known: format::CURRENT }),
        Ok(Found::HalfCopied) => Err(OpenError::HalfCopied { path }),
        Err(BackendError::Damaged(reason)) => Err(OpenError::Damaged { path, reason: reason.to_string() }),
        Err(BackendError::Unavailable(reason)) => {
            Err(OpenError::Io { path, source: std::io::Error::other(reason.to_string()) })
        }
    }
}

/// Opens the rows in `dir`, or makes them there.
fn open_engine(dir: &Path) -> Result<Engine, OpenError> {
    let io = |source| OpenError::Io { path: dir.to_owned(), source };
    make_dir(dir).map_err(io)?;
    let engine = Engine::open(dir)?;
    // The names of new files are safe only when their directory is.
    sync_dir(dir).map_err(io)?;
    Ok(engine)
}

/// Carries out a long reading or writing where it holds up no async thread.
async fn aside<T: Send + 'static>(
    engine: &Arc<Engine>,
    work: impl FnOnce(&Engine) -> Result<T, BackendError> + Send + 'static,
) -> Result<T, BackendError> {
    let engine = engine.clone();
    tokio::task::spawn_blocking(move || work(&engine))
        .await
        .unwrap_or_else(|_| Err(BackendError::Unavailable("the work was broken off".into())))
}

/// Makes the directory if it is missing, for this user's eyes only: where people run is their own business. A power cut
/// does not take it away again.
fn make_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let missing = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect::<Vec<_>>();
    builder.create(dir)?;
    for made in missing {
        match made.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent)?,
            _ => sync_dir(Path::new("."))?,
        }
    }
    Ok(())
}

/// Makes what was made in a directory outlast a power cut.
fn sync_dir(dir: &Path) -> std::io::Result<()> {
    std::fs::File::open(dir)?.sync_all()
}

/// All of one moment.
fn read_all(engine: &Engine, keys: &[Key]) -> Result<Vec<Versioned>, BackendError> {
    let view = engine.view()?;
    keys.iter().map(|key| read(&view, key)).collect()
}

fn read(rows: &impl Rows, key: &Key) -> Result<Versioned, BackendError> {
    let Some(owner) = rows.get(&rows::aggregate(&key.aggregate), rows::number)?.transpose()? else {
        return Ok(Versioned::ABSENT);
    };
    let found = rows.get(&rows::value(owner, &key.name), |row| {
        let (version, value) = rows::numbered_parts(row)?;
        Ok(Versioned { version: Version(version), value: Some(Bytes::copy_from_slice(value)) })
    })?;
    found.unwrap_or(Ok(Versioned::ABSENT))
}
