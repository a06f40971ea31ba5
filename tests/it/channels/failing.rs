//! A store that fails when it is told to: for what is written without anybody waiting for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use futures::future::BoxFuture;
use runnity::backend::{Backend, BackendError, Commit, CommitError, Committed};

use crate::support::{Around, Verbs};

pub struct Failing {
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
    pub fn on(inner: Arc<dyn Backend>) -> Arc<Around<Self>> {
        Self { mode: AtomicU8::new(Mode::Works as u8) }.around(inner)
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

impl Verbs for Failing {
    fn commit<'a>(&'a self, inner: &'a dyn Backend, commit: Commit) -> BoxFuture<'a, Result<Committed, CommitError>> {
        Box::pin(async move {
            if self.is(Mode::Refuses) {
                return Err(gone().into());
            }
            let committed = inner.commit(commit).await;
            if self.is(Mode::LosesAnswers) { Err(gone().into()) } else { committed }
        })
    }
}
