//! A store that goes away in the middle of what a user's friends count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use runnity::backend::{Backend, BackendError, Commit, CommitError, Committed};

use crate::support::{Around, Verbs};

pub struct BrokenOff {
    /// Commits of what sources contribute that are still taken.
    left: AtomicUsize,
}

impl BrokenOff {
    /// After so many commits of what sources contribute.
    pub fn after(commits: usize, inner: Arc<dyn Backend>) -> Arc<Around<Self>> {
        Self { left: AtomicUsize::new(commits) }.around(inner)
    }
}

impl Verbs for BrokenOff {
    fn commit<'a>(&'a self, inner: &'a dyn Backend, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        Box::pin(async move {
            let counts = commit.puts.iter().any(|put| put.key.name.starts_with("progress/c/"));
            let less = |left: usize| left.checked_sub(1);
            if counts && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err() {
                return Err(CommitError::Backend(BackendError::Unavailable("the store has gone away".into())));
            }
            inner.commit(commit).await
        })
    }
}
