//! Commits under way: how many there may be, and how big together. More are refused at once, so that memory stays bounded
//! while Redis is slow.

use std::sync::atomic::{AtomicUsize, Ordering};

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

use super::failure;
use crate::backend::{BackendError, Commit};
use crate::limits;

pub struct Flights {
    places: Semaphore,
    bytes: AtomicUsize,
    under_way: Gauge,
}

/// A commit under way, until it is dropped.
pub struct Flight<'a> {
    flights: &'a Flights,
    bytes: usize,
    _place: SemaphorePermit<'a>,
}

impl Flights {
    pub fn new(under_way: Gauge) -> Self {
        Self { places: Semaphore::new(limits::STORE_QUEUE_LEN_MAX), bytes: AtomicUsize::new(0), under_way }
    }

    pub fn board(&self, commit: &Commit) -> Result<Flight<'_>, BackendError> {
        let place = self.places.try_acquire().map_err(|refused| match refused {
            TryAcquireError::Closed => failure::closed(),
            TryAcquireError::NoPermits => failure::too_much_waits(),
        })?;
        let bytes = commit.bytes_len();
        self.under_way.inc();
        let flight = Flight { flights: self, bytes, _place: place };
        if self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > limits::STORE_QUEUE_BYTES_MAX {
            return Err(failure::too_much_waits());
        }
        Ok(flight)
    }

    /// Waits for those under way, and lets no more go.
    pub async fn land(&self) {
        let everyone = u32::try_from(limits::STORE_QUEUE_LEN_MAX).unwrap_or(u32::MAX);
        if self.places.acquire_many(everyone).await.is_ok() {
            self.close();
        }
    }

    pub fn close(&self) {
        self.places.close();
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.flights.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.flights.under_way.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{AggregateId, Put};

    fn commit(bytes: usize) -> Commit {
        let run = AggregateId::new("run", "7");
        let mut commit = Commit::on(run.clone());
        commit.puts.push(Put { key: run.head(), value: Some(vec![0; bytes].into()) });
        commit
    }

    #[test]
    fn too_many_bytes_wait_for_a_place() {
        let flights = Flights::new(Gauge::default());
        let half = commit(limits::STORE_QUEUE_BYTES_MAX / 2);
        let first = flights.board(&half).expect("room");
        assert!(flights.board(&half).is_err(), "what a commit is beside its values counts too");
        let small = flights.board(&commit(1)).expect("room for a small one");
        drop(first);
        let second = flights.board(&half).expect("room again");
        assert_eq!(flights.under_way.get(), 2);
        drop((small, second));
        assert_eq!((flights.under_way.get(), flights.bytes.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn too_many_commits_wait_for_a_place() {
        let flights = Flights::new(Gauge::default());
        let all: Vec<_> = (0..limits::STORE_QUEUE_LEN_MAX).map(|_| flights.board(&commit(0)).expect("room")).collect();
        assert!(flights.board(&commit(0)).is_err());
        drop(all);
        assert!(flights.board(&commit(0)).is_ok());
        flights.close();
        assert!(flights.board(&commit(0)).is_err_and(|error| error.to_string().contains("closed")));
    }
}
