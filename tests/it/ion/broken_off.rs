//! A store that goes away in the middle of what a user's friends count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use runnity::backend::{
    Backend, BackendError, Commit, CommitError, Committed, Key, Range, Ranged, Replay, Since, Subscription, Topic,
    Versioned,
};

pub struct BrokenOff {
    inner: Arc<dyn Backend>,
    /// Commits of what sources contribute that are still taken.
    left: AtomicUsize,
}

impl BrokenOff {
    /// After so many commits of what sources contribute.
    pub fn after(commits: usize, inner: Arc<dyn Backend>) -> Arc<Self> {
        Arc::new(Self { inner, left: AtomicUsize::new(commits) })
    }
}

impl Backend for BrokenOff {
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
            let counts = commit.puts.iter().any(|put| put.key.name.starts_with("progress/c/"));
            let less = |left: usize| left.checked_sub(1);
            if counts && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err() {
                return Err(CommitError::Backend(BackendError::Unavailable("the store has gone away".into())));
            }
            self.inner.commit(commit).await
        })
    }

    fn subscribe<'a>(&'a self, topic: &'a Topic) -> BoxFuture<'a, Result<Subscription, BackendError>> {
        self.inner.subscribe(topic)
    }
}
