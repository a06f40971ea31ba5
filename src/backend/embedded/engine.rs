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
    /// `None` when closed, or not yet open again after a fault.
    database: RwLock<Option<redb::Database>>,
    journal: Mutex<Option<Journal>>,
    /// How long the journal may be.
    journal_bytes: u64,
    /// After a fault of the disk it is not known what is on it, until it is opened anew.
    faulty: AtomicBool,
}

/// Opens the database, and the disk that its journal is on.
type Open = Box<dyn Fn() -> Result<(redb::Database, Box<dyn StorageBackend>), DatabaseError> + Send + Sync>;

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
pub struct View(redb::ReadOnlyTable<&'static [u8], &'static [u8]>);

/// The rows as a write has them so far.
pub struct Write<'write> {
    rows: redb::Table<'write, &'static [u8], &'static [u8]>,
    steps: Steps,
}

impl Engine {
    /// Opens the database and its journal in `dir`, or makes them. After a crash the journal is carried out first.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.to_owned();
        let open = move || {
            // Its lock keeps other processes off both files.
            let journal = open_journal(&path.join("runnity.journal"))?;
            Ok((open_database(&path.join("runnity.redb"))?, journal))
        };
        let engine = Self::with(open, limits::STORE_JOURNAL_BYTES);
        // A process that was killed a moment ago may still hold its locks.
        let given_up = Instant::now() + limits::STORE_LOCK_WAIT;
        loop {
            match engine.reopen() {
                Err(redb::Error::DatabaseAlreadyOpen) if Instant::now() < given_up => {
                    std::thread::sleep(limits::STORE_LOCK_WAIT / 20);
                }
                opened => return opened.map(|()| engine).map_err(|error| open_error(error, dir)),
            }
        }
    }

    /// An engine that is not open yet, on whatever `open` opens, with a journal of about `journal_bytes`.
    pub fn with(
        open: impl Fn() -> Result<(redb::Database, Box<dyn StorageBackend>), DatabaseError> + Send + Sync + 'static,
        journal_bytes: u64,
    ) -> Self {
        Self {
            open: Box::new(open),
            journal_bytes,
            database: RwLock::new(None),
            journal: Mutex::new(None),
            faulty: AtomicBool::new(true),
        }
    }

    /// Whether a fault has been met, so that nothing can be written before [`Engine::reopen`].
    pub fn is_faulty(&self) -> bool {
        self.faulty.load(Ordering::Acquire)
    }

    /// Opens the database, again after a fault, with all that its journal has. Until it is done, reads fail.
    pub fn reopen(&self) -> Result<(), redb::Error> {
        let mut journal = self.journal.lock();
        // The old ones hold the locks; what they have to say about their fault was said.
        journal.take();
        let old = self.database.write().take();
        if let Some(old) = old {
            drop(old.close());
        }
        let (database, disk) = (self.open)()?;
        *journal = Some(recover(&database, disk)?);
        *self.database.write() = Some(database);
        self.faulty.store(false, Ordering::Release);
        Ok(())
    }

    /// Makes the database file whole, and gives up the locks.
    pub fn close(&self) -> Result<(), BackendError> {
        let mut journal = self.journal.lock();
        // Taken out first: nobody waits at the lock while the file is synced.
        let database = self.database.write().take();
        let closed = database.map_or(Ok(()), |database| database.close().map_err(fault));
        journal.take();
        closed
    }

    /// The rows as they are now.
    pub fn view(&self) -> Result<View, BackendError> {
        let transaction = self.opened(|database| database.begin_read().map_err(fault))?;
        Ok(View(transaction.open_table(ROWS).map_err(fault)?))
    }

    /// Carries out `work` and makes it safe on disk, or nothing of it. Work that changes nothing costs no fsync. After
    /// an error other than of `work` itself, it is not known whether it is on disk.
    pub fn write<T>(&self, work: impl FnOnce(&mut Write<'_>) -> Result<T, BackendError>) -> Result<T, BackendError> {
        let done = self.try_write(work);
        if matches!(done, Err(BackendError::Unavailable(_))) {
            self.faulty.store(true, Ordering::Release);
        }
        done
    }

    fn try_write<T>(&self, work: impl FnOnce(&mut Write<'_>) -> Result<T, BackendError>) -> Result<T, BackendError> {
        let mut journal = self.journal.lock();
        let journal = journal.as_mut().ok_or_else(closed)?;
        let mut transaction = self.opened(|database| database.begin_write().map_err(fault))?;
        let makes_whole = journal.len() >= self.journal_bytes;
        set_durability(&mut transaction, makes_whole)?;
        let mut write = Write { rows: transaction.open_table(ROWS).map_err(fault)?, steps: Steps::default() };
        let done = work(&mut write);
        let steps = std::mem::take(&mut write.steps);
        drop(write);
        if done.is_err() || steps.is_empty() {
            transaction.abort().map_err(fault)?;
            return done;
        }
        let number = journal.next();
        transaction.open_table(JOURNAL).map_err(fault)?.insert((), number).map_err(fault)?;
        if makes_whole {
            transaction.commit().map_err(fault)?;
            journal.restart(number);
        } else {
            // On disk first, seen second.
            journal.append(&steps)?;
            transaction.commit().map_err(fault)?;
        }
        done
    }

    fn opened<T>(&self, then: impl FnOnce(&redb::Database) -> Result<T, BackendError>) -> Result<T, BackendError> {
        self.database.read().as_ref().map_or_else(|| Err(closed()), then)
    }
}

fn open_journal(file: &Path) -> Result<Box<dyn StorageBackend>, DatabaseError> {
    let opened = private(File::options().read(true).write(true).create(true).truncate(false)).open(file);
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

/// Opens the database file. A new one gets its name when it is whole: redb does not know one that was only begun.
fn open_database(file: &Path) -> Result<redb::Database, DatabaseError> {
    let mut builder = redb::Database::builder();
    builder.set_cache_size(limits::STORE_CACHE_BYTES).set_repair_callback(|session| {
        tracing::warn!(progress = session.progress(), "the store was not closed; checking all of it");
    });
    if !file.exists() {
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

/// Carries out what the journal has and the database has not, and makes the database whole.
fn recover(database: &redb::Database, disk: Box<dyn StorageBackend>) -> Result<Journal, redb::Error> {
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
    let last = journal.next() - 1;
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
        get(&self.0, name, read)
    }

    fn scan(
        &self,
        span: &Span,
        order: Order,
        each: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        scan(&self.0, span, order, each)
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
