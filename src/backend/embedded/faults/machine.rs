//! A machine with two disks that do as they are told.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use rand::RngExt;
use rand::rngs::StdRng;
use redb::StorageBackend;

use crate::backend::embedded::Embedded;
use crate::backend::embedded::engine::Engine;
use crate::clock::Clock;

const PAGE: usize = 4096;
/// Small, so that the database file is made whole every few writes.
pub const JOURNAL_BYTES: u64 = 8 * 1024;

/// Two disks that outlive their store: the database's and the journal's.
#[derive(Clone, Default)]
pub struct Machine(pub Arc<Mutex<State>>);

#[derive(Clone, Default)]
pub struct State {
    pub files: [File; 2],
    broken: bool,
    /// How often a disk was to be written or synced, and which of these times it refuses.
    pub attempts: usize,
    pub refused: std::ops::Range<usize>,
    /// How often a disk was written or synced.
    pub operations: usize,
    /// What the disks were at that operation.
    pub photograph: Option<(usize, Box<[File; 2]>)>,
}

#[derive(Clone, Default)]
pub struct File {
    pub content: Vec<u8>,
    /// What was written since the last sync, a page or a part of one each: where, and what stood there before.
    unsynced: Vec<(usize, Vec<u8>)>,
}

struct Disk(Machine, usize);

impl Machine {
    pub fn files(&self) -> Result<(redb::Database, Box<dyn StorageBackend>), redb::DatabaseError> {
        // Without a cache, so that every read is one of the disk.
        let mut builder = redb::Database::builder();
        let database = builder.set_cache_size(0).create_with_backend(Disk(self.clone(), 0))?;
        Ok((database, Box::new(Disk(self.clone(), 1))))
    }

    pub fn engine(&self) -> Engine {
        let machine = self.clone();
        let engine = Engine::with(move || machine.files(), JOURNAL_BYTES);
        engine.reopen().expect("opens");
        engine
    }

    pub fn store(&self) -> Embedded {
        Embedded::on(self.engine(), Clock::system(), Path::new("memory")).expect("opens")
    }

    pub fn set_broken(&self, broken: bool) {
        self.0.lock().broken = broken;
    }

    /// The machine after its power was cut: of each page that was not synced, any state since the last sync is left.
    pub fn after_power_cut(mut files: [File; 2], random: &mut StdRng) -> Self {
        for file in &mut files {
            for (at, before) in std::mem::take(&mut file.unsynced).into_iter().rev() {
                if random.random_bool(0.5) {
                    file.content[at..at + before.len()].copy_from_slice(&before);
                }
            }
        }
        Self(Arc::new(Mutex::new(State { files, ..State::default() })))
    }
}

impl Disk {
    /// `torn` is what is left of a change that the disk refuses half-way.
    fn change(&self, change: impl FnOnce(&mut File), torn: impl FnOnce(&mut File)) -> io::Result<()> {
        let mut state = self.0.0.lock();
        state.attempts += 1;
        if state.broken || state.refused.contains(&state.attempts) {
            if !state.broken {
                torn(&mut state.files[self.1]);
            }
            return Err(io::ErrorKind::StorageFull.into());
        }
        change(&mut state.files[self.1]);
        state.operations += 1;
        if state.photograph.as_ref().is_some_and(|(at, _)| *at == state.operations) {
            state.photograph = Some((state.operations, Box::new(state.files.clone())));
        }
        Ok(())
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disk {}", self.1)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.0.lock().files[self.1].content.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let at = offset as usize;
        if self.0.0.lock().broken {
            return Err(io::ErrorKind::Other.into());
        }
        out.copy_from_slice(&self.0.0.lock().files[self.1].content[at..at + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(|file| file.set_len(len as usize), |_| ())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(|file| file.unsynced.clear(), |_| ())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = offset as usize;
        self.change(|file| file.write(at, data), |file| file.write(at, &data[..data.len() / 2]))
    }
}

impl File {
    fn set_len(&mut self, len: usize) {
        self.content.resize(len, 0);
        self.unsynced.retain(|(at, before)| at + before.len() <= len);
    }

    fn write(&mut self, mut at: usize, mut data: &[u8]) {
        self.content.resize(self.content.len().max(at + data.len()), 0);
        while !data.is_empty() {
            let (part, rest) = data.split_at(data.len().min(PAGE - at % PAGE));
            let place = &mut self.content[at..at + part.len()];
            self.unsynced.push((at, place.to_vec()));
            place.copy_from_slice(part);
            (at, data) = (at + part.len(), rest);
        }
    }
}
