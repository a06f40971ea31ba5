//! A store that carries some commits out and loses the answer, and does not carry out others: those who ask it are told the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use runnity::backend::{Backend, BackendError, Commit, CommitError, Committed};

use crate::support::{Around, Verbs};

pub struct Lossy {
    /// Whether commits without an idempotency key are lost too.
    all: bool,
    /// Commits of these that have come.
    count: AtomicUsize,
}

impl Lossy {
    pub fn on(inner: Arc<dyn Backend>) -> Arc<Around<Self>> {
        Self { all: false, count: AtomicUsize::new(0) }.around(inner)
    }

    /// Loses commits without an idempotency key too.
    pub fn all_on(inner: Arc<dyn Backend>) -> Arc<Around<Self>> {
        Self { all: true, count: AtomicUsize::new(0) }.around(inner)
    }
}

fn lost() -> CommitError {
    CommitError::Backend(BackendError::Unavailable("the answer was lost".into()))
}

impl Verbs for Lossy {
    fn commit<'a>(&'a self, inner: &'a dyn Backend, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        Box::pin(async move {
            if commit.once.is_empty() && !self.all {
                return inner.commit(commit).await;
            }
            match self.count.fetch_add(1, Ordering::SeqCst) % 3 {
                0 => inner.commit(commit).await.and_then(|_| Err(lost())),
                1 => Err(lost()),
                _ => inner.commit(commit).await,
            }
        })
    }
}
