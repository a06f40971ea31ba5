//! A store that carries some commits out and loses the answer, and does not carry out others: those who ask it are told the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use runnity::backend::{
    Backend, BackendError, Commit, CommitError, Committed, Key, Range, Ranged, Replay, Since, Subscription, Topic,
    Versioned,
};

pub struct Lossy {
    inner: Arc<dyn Backend>,
    /// Whether commits without an idempotency key are lost too.
    all: bool,
    /// Commits of these that have come.
    count: AtomicUsize,
}

impl Lossy {
    pub fn on(inner: Arc<dyn Backend>) -> Arc<Self> {
        Arc::new(Self { inner, all: false, count: AtomicUsize::new(0) })
    }

    /// Loses commits without an idempotency key too.
    pub fn all_on(inner: Arc<dyn Backend>) -> Arc<Self> {
        Arc::new(Self { inner, all: true, count: AtomicUsize::new(0) })
    }
}

fn lost() -> CommitError {
    CommitError::Backend(BackendError::Unavailable("the answer was lost".into()))
}

impl Backend for Lossy {
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
            if commit.once.is_empty() && !self.all {
                return self.inner.commit(commit).await;
            }
            match self.count.fetch_add(1, Ordering::SeqCst) % 3 {
                0 => self.inner.commit(commit).await.and_then(|_| Err(lost())),
                1 => Err(lost()),
                _ => self.inner.commit(commit).await,
            }
        })
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        self.inner.subscribe(topic)
    }
}
