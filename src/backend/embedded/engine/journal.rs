//! The journal: what was written since the database file was last made whole, one record for each write.
//!
//! A record is on disk before the write is seen by anybody, and costs one sequential write and one fsync. When the
//! journal is full, the database file itself is synced with all that it holds, and records start again at the front.
//!
//! | bytes | of a record |
//! |---|---|
//! | 8 | the first bytes of the SHA-256 of all that follows |
//! | 8 | the record's number, one above the one before |
//! | 8 | how many bytes of steps follow |
//! | … | steps: `+` name row or `-` name; each part after its length in four bytes |
//!
//! Each record is on disk before the next is begun, so only the last one can be torn, and nobody was told of that one.
//! Behind it may lie whole records of an earlier round; their numbers tell that the database file has them.

use std::io;

use redb::StorageBackend;
use sha2::{Digest, Sha256};

use crate::backend::BackendError;
use crate::backend::embedded::rows::damaged;

const HEAD_LEN: usize = 24;

pub struct Journal {
    disk: Box<dyn StorageBackend>,
    /// Where the next record goes.
    end: u64,
    /// The number of the last record.
    last: u64,
}

/// The steps of one write, as they are recorded.
#[derive(Default)]
pub struct Steps(Vec<u8>);

/// One of them.
pub enum Step<'a> {
    Put { name: &'a [u8], row: &'a [u8] },
    Remove { name: &'a [u8] },
}

impl Journal {
    /// A journal whose records up to number `whole` are in the database file.
    pub fn new(disk: Box<dyn StorageBackend>, whole: u64) -> Self {
        Self { disk, end: 0, last: whole }
    }

    /// Hands the steps of each record that is not in the database file to `replay`. Afterwards the database file has to be
    /// synced, and [`Journal::restart`] called.
    pub fn replay(&mut self, mut replay: impl FnMut(Step<'_>) -> Result<(), BackendError>) -> Result<(), BackendError> {
        let len = self.disk.len().map_err(unreadable)?;
        let mut at = 0;
        while let Some((number, steps)) = self.record(at, len).map_err(unreadable)? {
            if number > self.last + 1 {
                return Err(damaged("the database file is older than its journal"));
            }
            if number == self.last + 1 {
                steps.each(&mut replay)?;
                self.last = number;
            }
            at += (HEAD_LEN + steps.0.len()) as u64;
        }
        Ok(())
    }

    /// How many bytes the records take.
    pub fn len(&self) -> u64 {
        self.end
    }

    /// The number of the last record.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Makes the steps of one write safe on disk.
    pub fn append(&mut self, steps: &Steps) -> Result<(), BackendError> {
        let mut record = Vec::with_capacity(HEAD_LEN + steps.0.len());
        record.extend_from_slice(&[0; 8]);
        record.extend_from_slice(&(self.last + 1).to_be_bytes());
        record.extend_from_slice(&(steps.0.len() as u64).to_be_bytes());
        record.extend_from_slice(&steps.0);
        let checksum = checksum(&record[8..]);
        record[..8].copy_from_slice(&checksum);
        self.disk.write(self.end, &record).and_then(|()| self.disk.sync_data()).map_err(unreadable)?;
        self.end += record.len() as u64;
        self.last += 1;
        Ok(())
    }

    /// All records up to number `whole` are in the database file.
    pub fn restart(&mut self, whole: u64) {
        (self.end, self.last) = (0, whole);
    }

    /// The number and steps of the record at `at`; `None` where there is no whole record.
    fn record(&self, at: u64, len: u64) -> io::Result<Option<(u64, Steps)>> {
        let mut head = [0; HEAD_LEN];
        if at + HEAD_LEN as u64 > len {
            return Ok(None);
        }
        self.disk.read(at, &mut head)?;
        let (number, steps_len) = (eight(&head[8..16]), eight(&head[16..]));
        if steps_len > len - at - HEAD_LEN as u64 {
            return Ok(None);
        }
        let Ok(steps_len) = usize::try_from(steps_len) else { return Ok(None) };
        let mut summed = head[8..].to_vec();
        summed.resize(HEAD_LEN - 8 + steps_len, 0);
        self.disk.read(at + HEAD_LEN as u64, &mut summed[HEAD_LEN - 8..])?;
        if checksum(&summed) != head[..8] {
            return Ok(None);
        }
        Ok(Some((number, Steps(summed.split_off(HEAD_LEN - 8)))))
    }
}

impl Steps {
    pub fn put(&mut self, name: &[u8], row: &[u8]) {
        self.0.push(b'+');
        self.part(name);
        self.part(row);
    }

    pub fn remove(&mut self, name: &[u8]) {
        self.0.push(b'-');
        self.part(name);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn part(&mut self, part: &[u8]) {
        // A row of 4 GiB does not get here: the writer's queue is smaller.
        #[allow(clippy::cast_possible_truncation)]
        self.0.extend_from_slice(&(part.len() as u32).to_be_bytes());
        self.0.extend_from_slice(part);
    }

    fn each(&self, mut each: impl FnMut(Step<'_>) -> Result<(), BackendError>) -> Result<(), BackendError> {
        let mut rest = self.0.as_slice();
        while let Some((kind, after)) = rest.split_first() {
            rest = after;
            let name = next_part(&mut rest)?;
            each(match kind {
                b'+' => Step::Put { name, row: next_part(&mut rest)? },
                b'-' => Step::Remove { name },
                _ => return Err(damaged("a step of the journal cannot be read")),
            })?;
        }
        Ok(())
    }
}

fn next_part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], BackendError> {
    let torn = || damaged("a record of the journal is too short");
    let (len, after) = rest.split_first_chunk().ok_or_else(torn)?;
    let (part, after) = after.split_at_checked(u32::from_be_bytes(*len) as usize).ok_or_else(torn)?;
    *rest = after;
    Ok(part)
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut checksum = [0; 8];
    checksum.copy_from_slice(&Sha256::digest(bytes)[..8]);
    checksum
}

fn eight(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn unreadable(error: io::Error) -> BackendError {
    BackendError::Unavailable(error.to_string().into())
}
