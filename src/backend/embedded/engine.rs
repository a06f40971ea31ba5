//! The storage engine: redb with a journal, as one ordered map of bytes. Knows nothing of what the rows mean.
//!
//! Whoever reads sees one moment of the map, and never waits for who writes. A write is on disk when it returns, and is
//! seen by nobody before that.
//!
//! redb alone would write every page that a group has touched, and each run that sends a fix touches pages of its own:
//! 20 KB for a fix of 1 KB. So a write goes to the journal, in one piece, and to redb without an fsync; redb's file is made
//! whole only when the journal is full, and then each page is written once for all the fixes that it took.

mod journal;

use std::fs::{File, OpenOptions, TryLockError};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Instant;

use parking_lot::{Mutex, RwLock};
use redb::backends::FileBackend;
use redb::{
    DatabaseError, Durability, ReadableDatabase, ReadableTable, StorageBackend, StorageError, TableDefinition,
    WriteTransaction,
};

use self::journal::{Journal, Step, Steps};
use super::OpenError;
use super::rows::Span;
use crate::backend::{BackendError, Order};
use crate::limits;

const ROWS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");
/// The number of the last record of the journal that is in the rows.
const JOURNAL: TableDefinition<(), u64> = TableDefinition::new("journal");

pub struct Engine {
    open: Open,
    /// `None` when closed, or not yet open again after a fault. Nobody does anything slow under this lock.
    database: RwLock<Option<Opened>>,
    /// Held by who writes, opens or closes; never waited for by who reads.
    log: Mutex<Log>,
    /// How long the journal may be.
    journal_bytes: u64,
    mender: Arc<OnceLock<Thread>>,
}

/// The database, and the disk that its journal is on.
type Files = (redb::Database, Box<dyn StorageBackend>);

type Open = Box<dyn Fn() -> Result<Files, DatabaseError> + Send + Sync>;

#[derive(Default)]
struct Log {
    journal: Option<Journal>,
    /// The number of the last write that was said to be on disk; `None` before the first opening.
    safe: Option<u64>,
}

struct Opened {
    database: redb::Database,
    health: Arc<Health>,
}

/// Whether a fault was met since an opening: it is then not known what is on disk, until it is opened anew. Each opening
/// has its own, so that a read which outlives its database says nothing against the next one.
struct Health {
    faulty: AtomicBool,
    /// Who is woken by the first fault.
    mender: Arc<OnceLock<Thread>>,
}

/// What can be read: the rows of one moment, or the rows as a write has them so far.
pub trait Rows {
    /// Hands the row of this name to `read`.
    fn get<T>(&self, name: &[u8], read: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, BackendError>;

    /// Hands names and rows to `each`, in order, until it breaks off.
    fn scan(
        &self,
        span: &Span,
        order: Order,
        each: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), BackendError>;
}

/// The rows of one moment.
pub struct View {
    rows: redb::ReadOnlyTable<&'static [u8], &'static [u8]>,
    health: Arc<Health>,
}

/// The rows as a write has them so far.
pub struct Write<'write> {
    rows: redb::Table<'write, &'static [u8], &'static [u8]>,
    steps: Steps,
}

impl Engine {
    /// Opens the database and its journal in `dir`, or makes them. After a crash the journal is carried out first.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.to_owned();
        // After a fault nothing is made anew: a file that is gone is no store without rows.
        let engine = Self::with(move || open_files(&path, false), limits::STORE_JOURNAL_BYTES);
        // A process that was killed a moment ago may still hold its locks.
        let given_up = Instant::now() + limits::STORE_LOCK_WAIT;
        loop {
            let opened = open_files(dir, true).map_err(redb::Error::from);
            match opened.and_then(|files| engine.take_up(&mut engine.log.lock(), files)) {
                Err(redb::Error::DatabaseAlreadyOpen) if Instant::now() < given_up => {
                    std::thread::sleep(limits::STORE_LOCK_WAIT / 20);
                }
                opened => return opened.map(|()| engine).map_err(|error| open_error(error, dir)),
            }
        }
    }

    /// An engine that is not open yet, on whatever `open` opens, with a journal of about `journal_bytes`.
    pub fn with(open: impl Fn() -> Result<Files, DatabaseError> + Send + Sync + 'static, journal_bytes: u64) -> Self {
        Self {
            open: Box::new(open),
            journal_bytes,
            database: RwLock::new(None),
            log: Mutex::default(),
            mender: Arc::default(),
        }
    }

    /// Has this thread woken (unparked) when a fault is met. It is expected to [`Engine::reopen`].
    pub fn mended_by(&self, thread: Thread) {
        // There is one writer, which says so once.
        let _ = self.mender.set(thread);
    }

    /// The number of the last write that changed something; 0 before the first one.
    pub fn last_write(&self) -> u64 {
        self.log.lock().safe.unwrap_or(0)
    }

    /// Whether a fault has been met, in a write or a read, so that nothing can be written before [`Engine::reopen`].
    pub fn is_faulty(&self) -> bool {
        self.database.read().as_ref().is_none_or(|opened| opened.health.is_faulty())
    }

    /// Opens the database, again after a fault, with all that its journal has, which may take long. Meanwhile reads fail
    /// at once, those under way too.
    pub fn reopen(&self) -> Result<(), redb::Error> {
        let mut log = self.log.lock();
        // The old ones hold the locks; what they have to say about their fault was said.
        let old = self.database.write().take();
        if let Some(old) = old {
            drop(old.database.close());
        }
        log.journal.take();
        self.take_up(&mut log, (self.open)()?)
    }

    fn take_up(&self, log: &mut Log, (database, disk): Files) -> Result<(), redb::Error> {
        let journal = recover(&database, disk, log.safe)?;
        *log = Log { safe: Some(journal.last()), journal: Some(journal) };
        let health = Arc::new(Health { faulty: AtomicBool::new(false), mender: self.mender.clone() });
        *self.database.write() = Some(Opened { database, health });
        Ok(())
    }

    /// Makes the database file whole, and gives up the locks.
    pub fn close(&self) -> Result<(), BackendError> {
        let mut log = self.log.lock();
        // Taken out first: nobody waits at the lock while the file is synced.
        let old = self.database.write().take();
        let closed = old.map_or(Ok(()), |old| old.database.close().map_err(fault));
        log.journal.take();
        closed
    }

    /// The rows as they are now.
    pub fn view(&self) -> Result<View, BackendError> {
        let (begun, health) = self.opened(|database| database.begin_read())?;
        let rows = begun.map_err(fault).and_then(|transaction| transaction.open_table(ROWS).map_err(fault));
        Ok(View { rows: health.noted(rows)?, health })
    }

    /// Carries out `work` and makes it safe on disk, or nothing of it. Work that changes nothing costs no fsync. After
    /// an error other than of `work` itself, it is not known whether it is on disk, and the engine is faulty.
    pub fn write<T>(&self, work: impl FnOnce(&mut Write<'_>) -> Result<T, BackendError>) -> Result<T, BackendError> {
        let mut log = self.log.lock();
        let (begun, health) = self.opened(|database| database.begin_write())?;
        if health.is_faulty() {
            return Err(BackendError::Unavailable("it has met a fault of the disk".into()));
        }
        let mut transaction = health.noted(begun.map_err(fault))?;
        let journal = log.journal.as_mut().ok_or_else(closed)?;
        let makes_whole = journal.len() >= self.journal_bytes;
        health.noted(set_durability(&mut transaction, makes_whole))?;
        let rows = health.noted(transaction.open_table(ROWS).map_err(fault))?;
        let mut write = Write { rows, steps: Steps::default() };
        let done = health.noted(work(&mut write));
        let steps = std::mem::take(&mut write.steps);
        drop(write);
        let ended = if done.is_err() || steps.is_empty() {
            transaction.abort().map_err(fault)
        } else {
            finish(transaction, journal, &steps, makes_whole).map(|number| log.safe = Some(number))
        };
        // Whatever kind of error it is: the journal may have what the rows have not.
        ended.inspect_err(|_| health.fail()).and(done)
    }

    fn opened<T>(&self, then: impl FnOnce(&redb::Database) -> T) -> Result<(T, Arc<Health>), BackendError> {
        self.database
            .read()
            .as_ref()
            .map_or_else(|| Err(closed()), |opened| Ok((then(&opened.database), opened.health.clone())))
    }
}

impl Health {
    fn is_faulty(&self) -> bool {
        self.faulty.load(Ordering::Acquire)
    }

    fn fail(&self) {
        if !self.faulty.swap(true, Ordering::AcqRel)
            && let Some(mender) = self.mender.get()
        {
            mender.unpark();
        }
    }

    /// Passes on what was done, and notes whether it met a fault.
    fn noted<T>(&self, done: Result<T, BackendError>) -> Result<T, BackendError> {
        if matches!(done, Err(BackendError::Unavailable(_))) {
            self.fail();
        }
        done
    }
}

/// Makes a write safe on disk, and then seen. Says its number.
fn finish(
    transaction: WriteTransaction,
    journal: &mut Journal,
    steps: &Steps,
    makes_whole: bool,
) -> Result<u64, BackendError> {
    let number = journal.last() + 1;
    transaction.open_table(JOURNAL).map_err(fault)?.insert((), number).map_err(fault)?;
    if makes_whole {
        transaction.commit().map_err(fault)?;
        journal.restart(number);
    } else {
        // On disk first, seen second.
        journal.append(steps)?;
        transaction.commit().map_err(fault)?;
    }
    Ok(number)
}

/// Opens the files in `dir`; those that are missing are made if `make` says so.
fn open_files(dir: &Path, make: bool) -> Result<Files, DatabaseError> {
    // Its lock keeps other processes off both files.
    let journal = open_journal(&dir.join("runnity.journal"), make)?;
    Ok((open_database(&dir.join("runnity.redb"), make)?, journal))
}

fn open_journal(file: &Path, make: bool) -> Result<Box<dyn StorageBackend>, DatabaseError> {
    let opened = private(File::options().read(true).write(true).create(make).truncate(false)).open(file);
    let opened = opened.map_err(StorageError::Io)?;
    match opened.try_lock() {
        Ok(()) => {
            close_to_others(file);
            Ok(Box::new(FileBackend::new(opened)?))
        }
        Err(TryLockError::WouldBlock) => Err(DatabaseError::DatabaseAlreadyOpen),
        Err(TryLockError::Error(error)) => Err(StorageError::Io(error).into()),
    }
}

/// Opens the database file, or makes it if it may. A new one gets its name when it is whole: redb does not know one that was only begun.
fn open_database(file: &Path, make: bool) -> Result<redb::Database, DatabaseError> {
    let mut builder = redb::Database::builder();
    builder.set_cache_size(limits::STORE_CACHE_BYTES).set_repair_callback(|session| {
        tracing::warn!(progress = session.progress(), "the store was not closed; checking all of it");
    });
    if make && !file.exists() {
        let begun = file.with_extension("begun");
        if begun.exists() {
            std::fs::remove_file(&begun).map_err(StorageError::Io)?;
        }
        drop(private(File::options().write(true).create_new(true)).open(&begun).map_err(StorageError::Io)?);
        builder.create(&begun)?.close()?;
        std::fs::rename(&begun, file).map_err(StorageError::Io)?;
    }
    close_to_others(file);
    builder.open(file)
}

/// What is made with these options is for this user's eyes only: the directory may be one that others read, and the files
/// hold password hashes.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// The same for a file of an earlier version.
fn close_to_others(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let closed = std::fs::metadata(file).and_then(|metadata| match metadata.permissions().mode() & 0o077 {
            0 => Ok(()),
            _ => std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)),
        });
        if let Err(error) = closed {
            // Only its owner may do so; with a file that was handed over it is the operator's decision.
            tracing::warn!(%error, file = %file.display(), "others on this machine may read the store");
        }
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// Carries out what the journal has and the database has not, and makes the database whole. Changes nothing when that is
/// not what this process has left there: `safe` is the last write that it knows to be on disk.
fn recover(
    database: &redb::Database,
    disk: Box<dyn StorageBackend>,
    safe: Option<u64>,
) -> Result<Journal, redb::Error> {
    let mut transaction = database.begin_write()?;
    set_durability(&mut transaction, true).map_err(unfit)?;
    let mut numbers = transaction.open_table(JOURNAL)?;
    let whole = numbers.get(())?.map_or(0, |number| number.value());
    let mut journal = Journal::new(disk, whole);
    let mut rows = transaction.open_table(ROWS)?;
    journal
        .replay(|step| {
            match step {
                Step::Put { name, row } => rows.insert(name, row).map(drop),
                Step::Remove { name } => rows.remove(name).map(drop),
            }
            .map_err(fault)
        })
        .map_err(unfit)?;
    let last = journal.last();
    // One more may be there: the one that met the fault.
    if let Some(safe) = safe
        && !(safe..=safe + 1).contains(&last)
    {
        return Err(redb::Error::Corrupted(format!("write {safe} was the last one, and {last} is on disk")));
    }
    numbers.insert((), last)?;
    drop((numbers, rows));
    if last > whole {
        tracing::info!(writes = last - whole, "the store was not closed; its journal is carried out");
    }
    transaction.commit()?;
    journal.restart(last);
    Ok(journal)
}

/// A write that makes the file whole also says which pages are free: else all of it were to be read after a crash.
fn set_durability(transaction: &mut WriteTransaction, makes_whole: bool) -> Result<(), BackendError> {
    transaction.set_quick_repair(makes_whole);
    let durability = if makes_whole { Durability::Immediate } else { Durability::None };
    transaction.set_durability(durability).map_err(fault)
}

impl Rows for View {
    fn get<T>(&self, name: &[u8], read: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, BackendError> {
        self.health.noted(get(&self.rows, name, read))
    }

    fn scan(
        &self,
        span: &Span,
        order: Order,
        each: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        self.health.noted(scan(&self.rows, span, order, each))
    }
}

impl Write<'_> {
    pub fn put(&mut self, name: &[u8], row: &[u8]) -> Result<(), BackendError> {
        self.steps.put(name, row);
        self.rows.insert(name, row).map_err(fault).map(drop)
    }

    pub fn remove(&mut self, name: &[u8]) -> Result<(), BackendError> {
        self.steps.remove(name);
        self.rows.remove(name).map_err(fault).map(drop)
    }
}

impl Rows for Write<'_> {
    fn get<T>(&self, name: &[u8], read: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, BackendError> {
        get(&self.rows, name, read)
    }

    fn scan(
        &self,
        span: &Span,
        order: Order,
        each: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        scan(&self.rows, span, order, each)
    }
}

fn get<T>(
    rows: &impl ReadableTable<&'static [u8], &'static [u8]>,
    name: &[u8],
    read: impl FnOnce(&[u8]) -> T,
) -> Result<Option<T>, BackendError> {
    Ok(rows.get(name).map_err(fault)?.map(|row| read(row.value())))
}

fn scan(
    rows: &impl ReadableTable<&'static [u8], &'static [u8]>,
    span: &Span,
    order: Order,
    mut each: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
) -> Result<(), BackendError> {
    if span.from >= span.until {
        return Ok(());
    }
    let mut range = rows.range(span.from.as_slice()..span.until.as_slice()).map_err(fault)?;
    let mut next = || match order {
        Order::Ascending => range.next(),
        Order::Descending => range.next_back(),
    };
    while let Some(row) = next() {
        let (name, row) = row.map_err(fault)?;
        if each(name.value(), row.value()).is_break() {
            break;
        }
    }
    Ok(())
}

fn fault(fault: impl Into<redb::Error>) -> BackendError {
    match fault.into() {
        redb::Error::Io(error) => BackendError::Unavailable(error.to_string().into()),
        error @ (redb::Error::PreviousIo | redb::Error::DatabaseClosed) => {
            BackendError::Unavailable(error.to_string().into())
        }
        error => BackendError::Damaged(error.to_string().into()),
    }
}

fn closed() -> BackendError {
    BackendError::Unavailable("it is closed".into())
}

/// An error of the rows as one of the engine's.
fn unfit(error: BackendError) -> redb::Error {
    match error {
        BackendError::Unavailable(reason) => redb::Error::Io(std::io::Error::other(reason.to_string())),
        BackendError::Damaged(reason) => redb::Error::Corrupted(reason.to_string()),
    }
}

fn open_error(error: redb::Error, dir: &Path) -> OpenError {
    let path = dir.to_owned();
    match error {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => OpenError::InUse { path },
        // redb says so of a file that is none of its own.
        redb::Error::Io(source) if source.kind() != std::io::ErrorKind::InvalidData => OpenError::Io { path, source },
        error => OpenError::Damaged { path, reason: error.to_string() },
    }
}
