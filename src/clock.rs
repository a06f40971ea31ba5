//! What time it is. The product asks here and nowhere else, so that a test can move time on.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::domain::time::Timestamp;

#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// How far it goes ahead of its source, in milliseconds.
    ahead_ms: Arc<AtomicI64>,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Milliseconds since 1970, moved on by hand.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn system() -> Self {
        Self { source: Source::System, ahead_ms: Arc::default() }
    }

    /// A clock that stands still until [`Clock::advance`].
    pub fn manual(start: Timestamp) -> Self {
        Self { source: Source::Manual(Arc::new(AtomicI64::new(start.as_millis()))), ahead_ms: Arc::default() }
    }

    pub fn now(&self) -> Timestamp {
        self.source.now().plus_millis(self.ahead_ms.load(Ordering::SeqCst))
    }

    /// Sets it, and its clones, by another clock that says `time` at this moment. It goes on from there by itself.
    pub fn set(&self, time: Timestamp) {
        self.ahead_ms.store(time.as_millis().saturating_sub(self.source.now().as_millis()), Ordering::SeqCst);
    }

    /// Moves a manual clock on, for itself and its clones. The system's clock goes its own way.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(millis) = &self.source {
            millis.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

impl Source {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(match self {
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Self::Manual(millis) => millis.load(Ordering::SeqCst),
        })
    }
}
