//! What time it is. The product asks here and nowhere else, so that a test can move time on.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::Timestamp;

#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// How far it goes ahead of its source, in milliseconds.
    ahead_ms: Arc<AtomicI64>,
    began: Began,
}

/// When the clock was made.
#[derive(Clone, Copy, Debug)]
enum Began {
    System(Instant),
    /// By the manual clock itself.
    Manual(i64),
}

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Milliseconds since 1970, moved on by hand.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn system() -> Self {
        Self { source: Source::System, ahead_ms: Arc::default(), began: Began::System(Instant::now()) }
    }

    /// A clock that stands still until [`Clock::advance`].
    pub fn manual(start: Timestamp) -> Self {
        let start_ms = start.as_millis();
        let source = Source::Manual(Arc::new(AtomicI64::new(start_ms)));
        Self { source, ahead_ms: Arc::default(), began: Began::Manual(start_ms) }
    }

    pub fn now(&self) -> Timestamp {
        self.source.now().plus_millis(self.ahead_ms.load(Ordering::SeqCst))
    }

    /// How long it is going: what it is set to makes no difference, so this never goes back.
    pub fn going(&self) -> Duration {
        match self.began {
            Began::System(instant) => instant.elapsed(),
            Began::Manual(start_ms) => {
                Duration::from_millis(u64::try_from(self.source.now().as_millis() - start_ms).unwrap_or(0))
            }
        }
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
