//! A store that fails when it is told to: for what is written without anybody waiting for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use futures::future::BoxFuture;
use runnity::backend::{
    Backend, BackendError, Commit, CommitError, Committed, Key, Range, Ranged, Replay, Since, Subscription, Topic,
    Versioned,
};

pub struct Failing {
    inner: Arc<dyn Backend>,
    mode: AtomicU8,
}

#[derive(Clone, Copy)]
pub enum Mode {
    Works,
    /// Nothing is written.
    Refuses,
    /// It is written, and said that it was not.
    LosesAnswers,
}

impl Failing {
    pub fn on(inner: Arc<dyn Backend>) -> Arc<Self> {
        Arc::new(Self { inner, mode: AtomicU8::new(Mode::Works as u8) })
    }

    pub fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }

    fn is(&self, mode: Mode) -> bool {
        self.mode.load(Ordering::SeqCst) == mode as u8
    }
}

fn gone() -> BackendError {
    BackendError::Unavailable("for the test".into())
}

impl Backend for Failing {
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Versioned>, BackendError>> {
        self.inner.read(keys)
    }

    fn range<'a>(&'a self, range: &'a Range) -> BoxFuture<'a, Result<Ranged, BackendError>> {
        self.inner.range(range)
    }

    fn replay<'a>(
        &'a self,
        topic: &'a Topic,
        since: &'a Since,
        limit: usize,
    ) -> BoxFuture<'a, Result<Replay, BackendError>> {
        self.inner.replay(topic, since, limit)
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, CommitError>> {
        Box::pin(async move {
            if self.is(Mode::Refuses) {
                return Err(gone().into());
            }
            let committed = self.inner.commit(commit).await;
            if self.is(Mode::LosesAnswers) { Err(gone().into()) } else { committed }
        })
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        self.inner.subscribe(topic)
    }
}
