//! The storage engine: redb, as one ordered map of bytes. Knows nothing of what the rows mean.
//!
//! Whoever reads sees one moment of the map, and never waits for who writes. A write is on disk when it returns.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use redb::{DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition};

use super::OpenError;
use super::rows::Span;
use crate::backend::{BackendError, Order};
use crate::limits;

const ROWS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");

pub struct Engine {
    open: Open,
    /// `None` when closed, or not yet open again after a fault.
    database: RwLock<Option<redb::Database>>,
    /// After a fault of the disk redb refuses everything until it is opened anew.
    faulty: AtomicBool,
}

type Open = Box<dyn Fn() -> Result<redb::Database, DatabaseError> + Send + Sync>;

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
    dirty: bool,
}

impl Engine {
    /// Opens the database file, or makes it.
    pub fn open(file: &Path) -> Result<Self, OpenError> {
        let path: PathBuf = file.to_owned();
        let engine = Self::with(move || {
            redb::Database::builder()
                .set_cache_size(limits::STORE_CACHE_BYTES)
                .set_repair_callback(|session| {
                    tracing::info!(progress = session.progress(), "the store was not closed; checking it");
                })
                .create(&path)
        });
        engine.reopen().map_err(|fault| open_error(fault, file))?;
        Ok(engine)
    }

    /// An engine that is not open yet, on whatever `open` opens.
    pub fn with(open: impl Fn() -> Result<redb::Database, DatabaseError> + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open), database: RwLock::new(None), faulty: AtomicBool::new(true) }
    }

    /// Whether a fault has been met, so that nothing can be written before [`Engine::reopen`].
    pub fn is_faulty(&self) -> bool {
        self.faulty.load(Ordering::Acquire)
    }

    /// Opens the database again after a fault. Reads that are under way fail.
    pub fn reopen(&self) -> Result<(), DatabaseError> {
        let mut database = self.database.write();
        // The old one holds the file's lock; what it has to say about its fault was said.
        if let Some(old) = database.take() {
            drop(old.close());
        }
        *database = Some((self.open)()?);
        self.faulty.store(false, Ordering::Release);
        Ok(())
    }

    /// Closes the file and gives up its lock.
    pub fn close(&self) -> Result<(), BackendError> {
        self.database.write().take().map_or(Ok(()), |database| database.close().map_err(fault))
    }

    /// The rows as they are now.
    pub fn view(&self) -> Result<View, BackendError> {
        let transaction = self.opened(|database| database.begin_read().map_err(fault))?;
        Ok(View(transaction.open_table(ROWS).map_err(fault)?))
    }

    /// Carries out `work` and makes it safe on disk, or nothing of it. Work that changes nothing costs no fsync.
    pub fn write<T>(&self, work: impl FnOnce(&mut Write<'_>) -> Result<T, BackendError>) -> Result<T, BackendError> {
        let done = self.try_write(work);
        if matches!(done, Err(BackendError::Unavailable(_))) {
            self.faulty.store(true, Ordering::Release);
        }
        done
    }

    fn try_write<T>(&self, work: impl FnOnce(&mut Write<'_>) -> Result<T, BackendError>) -> Result<T, BackendError> {
        // Durability::Immediate is redb's default: `commit` returns after the fsync.
        let transaction = self.opened(|database| database.begin_write().map_err(fault))?;
        let mut write = Write { rows: transaction.open_table(ROWS).map_err(fault)?, dirty: false };
        let done = work(&mut write);
        let dirty = write.dirty;
        drop(write);
        match done {
            Ok(done) if dirty => transaction.commit().map_err(fault).map(|()| done),
            done => transaction.abort().map_err(fault).and(done),
        }
    }

    fn opened<T>(&self, then: impl FnOnce(&redb::Database) -> Result<T, BackendError>) -> Result<T, BackendError> {
        self.database.read().as_ref().map_or_else(|| Err(BackendError::Unavailable("it is closed".into())), then)
    }
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
        self.dirty = true;
        self.rows.insert(name, row).map_err(fault).map(drop)
    }

    pub fn remove(&mut self, name: &[u8]) -> Result<(), BackendError> {
        self.dirty = true;
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

fn open_error(error: DatabaseError, file: &Path) -> OpenError {
    let path = file.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => OpenError::InUse { path },
        // redb says so of a file that is none of its own.
        DatabaseError::Storage(StorageError::Io(source)) if source.kind() != std::io::ErrorKind::InvalidData => {
            OpenError::Io { path, source }
        }
        error => OpenError::Damaged { path, reason: error.to_string() },
    }
}
